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
  light:
    'M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8ZM12 2.8v2M12 19.2v2M2.8 12h2M19.2 12h2M5.5 5.5l1.4 1.4M17.1 17.1l1.4 1.4M5.5 18.5l1.4-1.4M17.1 6.9l1.4-1.4',
  dark: 'M19.5 14.2A8 8 0 0 1 9.8 4.5a8 8 0 1 0 9.7 9.7Z',
  settings:
    'M4 7.5h8M17.5 7.5H20M4 16.5h2.5M12 16.5h8M14.7 5.2a2.4 2.4 0 1 1 0 4.7 2.4 2.4 0 0 1 0-4.7ZM9.3 14.2a2.4 2.4 0 1 1 0 4.7 2.4 2.4 0 0 1 0-4.7Z',
  'picture-in-picture': 'M20.5 11V5.5h-17v13H10M13 13.5h7.5v5H13z',
  'full-screen': 'M4.5 9V4.5H9M15 4.5h4.5V9M19.5 15v4.5H15M9 19.5H4.5V15',
  'leave-full-screen': 'M9 4.5V9H4.5M19.5 9H15V4.5M15 19.5V15h4.5M4.5 15H9v4.5',
  delete: 'M5 7.5h14M9.5 7.5V5h5v2.5M7 7.5l.8 11.5h8.4L17 7.5M10.3 11v5M13.7 11v5',
  save: 'M12 4.5v9.5M7.8 10.2l4.2 4.2 4.2-4.2M5 15.5v3.5h14v-3.5',
  photo: 'M4 8.5h3.2l1.6-2.5h6.4l1.6 2.5H20v10H4zM12 10a3.2 3.2 0 1 1 0 6.4 3.2 3.2 0 0 1 0-6.4Z',
  faces:
    'M9 5.5a3 3 0 1 1 0 6 3 3 0 0 1 0-6ZM3.5 18.5a5.5 5.5 0 0 1 11 0M15.5 6.2a2.6 2.6 0 1 1 0 5M17 13.6a5 5 0 0 1 3.5 4.9',
  pause: 'M9 7v10M15 7v10',
  play: 'M9 6.5l8 5.5-8 5.5z',
  keyboard: 'M3.5 6.5h17v11h-17zM7 10.2h.01M10.3 10.2h.01M13.7 10.2h.01M17 10.2h.01M8.5 14h7',
  machine:
    'M12 3.2l1.9 5.2 5.2 1.9-5.2 1.9L12 17.4l-1.9-5.2-5.2-1.9 5.2-1.9ZM18.5 15.5l.8 2.2 2.2.8-2.2.8-.8 2.2-.8-2.2-2.2-.8 2.2-.8Z',
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
