/** Stroke icons on a 24 × 24 grid. */
const PATHS = {
  microphone: 'M12 3.5a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0v-5a3 3 0 0 1 3-3ZM5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3',
  'microphone-off':
    'M9 8v3.5a3 3 0 0 0 4.9 2.3M15 10.5v-4a3 3 0 0 0-5.7-1.3M5.5 11.5a6.5 6.5 0 0 0 10.6 5M18.2 13.5c.2-.6.3-1.3.3-2M12 18v3M4 4l16 16',
  send: 'M12 19V5.5M6 11l6-6 6 6',
  end: 'M6.5 6.5l11 11M17.5 6.5l-11 11',
  stop: 'M8 8h8v8H8z',
  copy: 'M9 9h9.5v10.5H9zM6 15V4.5h9',
  check: 'M5.5 12.5l4.2 4.2 8.8-9.4',
  sound: 'M4.5 9.5v5h3l4.5 4v-13l-4.5 4zM15.5 9a4 4 0 0 1 0 6M18 6.5a7.5 7.5 0 0 1 0 11',
  chevron: 'M7 10l5 5 5-5',
} as const;

export type IconName = keyof typeof PATHS;

/** A decorative icon in the colour of its text. */
export function icon(name: IconName): SVGSVGElement {
  const namespace = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(namespace, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(namespace, 'path');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}
