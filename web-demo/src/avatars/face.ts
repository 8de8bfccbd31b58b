import type { AvatarInfo } from '../client/api.js';
import { h, setText } from '../ui/dom.js';
import { createIdleFilm } from '../ui/idle-film.js';

export interface Face {
  element: HTMLElement;
  show(avatar: AvatarInfo): void;
  setMoving(moving: boolean): void;
}

/** An avatar's portrait (its name stands beside it), over which its film fades in as soon as there is one. */
export function createFace(): Face {
  const initial = h('span', { class: 'stage__initial', 'aria-hidden': 'true' });
  const poster = h('img', { class: 'stage__poster', alt: '', draggable: 'false', loading: 'lazy' });
  const film = createIdleFilm();
  poster.addEventListener('load', () => poster.classList.add('is-shown'));
  poster.addEventListener('error', () => poster.removeAttribute('src'));
  film.setNeeded(false);
  return {
    element: h('div', { class: 'face' }, initial, poster, film.element),
    show({ name, poster: portrait, still, idle }) {
      setText(initial, name.slice(0, 1));
      const url = still ?? portrait;
      if (url !== undefined && poster.getAttribute('src') !== url) poster.src = url;
      film.show(idle);
    },
    setMoving: (moving) => film.setNeeded(moving),
  };
}
