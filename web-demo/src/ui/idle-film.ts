import { h } from './dom.js';

export interface IdleFilm {
  element: HTMLVideoElement;
  /** Plays this film in a loop; undefined: none. */
  show(url: string | undefined): void;
  /** False while something else is seen: nothing is then decoded. */
  setNeeded(needed: boolean): void;
}

/** Covers the fade from the film to the live picture. */
const FADE_MS = 500;

/**
 * The avatar at rest, before and between conversations. Not fetched by visitors who asked their system for less movement or their
 * browser for less data; a browser that cannot play it leaves the portrait in sight.
 */
export function createIdleFilm(): IdleFilm {
  const element = h('video', {
    class: 'stage__idle',
    'aria-hidden': 'true',
    tabindex: '-1',
    muted: true,
    loop: true,
    playsinline: true,
    disablepictureinpicture: true,
  });
  element.muted = true;
  const stillness = matchMedia('(prefers-reduced-motion: reduce)');
  let wanted: string | undefined;
  let needed = true;
  let pausing: ReturnType<typeof setTimeout> | undefined;

  const refresh = (): void => {
    clearTimeout(pausing);
    const url = stillness.matches || savesData() ? undefined : wanted;
    if (url === undefined) {
      element.classList.remove('is-shown');
      element.removeAttribute('src');
      element.load();
      return;
    }
    if (element.getAttribute('src') !== url) {
      element.classList.remove('is-shown');
      if (needed) element.src = url;
    }
    if (needed) element.play().catch(() => undefined);
    else pausing = setTimeout(() => element.pause(), FADE_MS);
  };
  element.addEventListener('playing', () => element.classList.add('is-shown'));
  element.addEventListener('error', () => element.classList.remove('is-shown'));
  stillness.addEventListener('change', refresh);

  return {
    element,
    show(url) {
      if (url === wanted) return;
      wanted = url;
      refresh();
    },
    setNeeded(next) {
      if (next === needed) return;
      needed = next;
      refresh();
    },
  };
}

function savesData(): boolean {
  const { connection } = navigator as { connection?: { saveData?: boolean } };
  return connection?.saveData === true;
}
