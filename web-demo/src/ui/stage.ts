import type { Status } from '../model/status.js';
import { h, setText } from './dom.js';
import { icon } from './icons.js';

export interface StageActions {
  onInterrupt: () => void;
  onUnlockSound: () => void;
  onStartAgain: () => void;
}

export interface Stage {
  element: HTMLElement;
  video: HTMLVideoElement;
  showPoster(url: string | undefined, name: string): void;
  setStatus(status: Status): void;
  /** Fades from the poster to the live picture and back. */
  setPictureShown(shown: boolean): void;
  setInterruptible(interruptible: boolean): void;
  setSoundBlocked(blocked: boolean): void;
  /** Covers the picture with what happened and the way on; undefined: uncovers it. */
  showEnd(message: { title: string; hint: string } | undefined): void;
}

/** The avatar: poster, live picture, what it is doing, and what can be done about it. */
export function createStage({ onInterrupt, onUnlockSound, onStartAgain }: StageActions): Stage {
  const poster = h('img', { class: 'stage__poster', alt: '', draggable: 'false' });
  const initial = h('span', { class: 'stage__initial', 'aria-hidden': 'true' });
  const video = h('video', { class: 'stage__video', playsinline: true, disablepictureinpicture: true });
  const label = h('span', {}, 'Ready');
  const pill = h('p', { class: 'pill', role: 'status' }, h('span', { class: 'pill__dot' }), label);
  const interrupt = h(
    'button',
    { class: 'glass-button stage__interrupt', type: 'button', 'aria-keyshortcuts': 'Escape', onclick: onInterrupt },
    icon('stop'),
    'Interrupt',
  );
  const unlock = h(
    'button',
    { class: 'glass-button stage__unlock', type: 'button', onclick: onUnlockSound },
    icon('sound'),
    'Turn on sound',
  );
  const title = h('h2', {});
  const hint = h('p', {});
  const again = h('button', { class: 'button button--primary', type: 'button', onclick: onStartAgain }, 'Start again');
  const end = h('div', { class: 'stage__end' }, title, hint, again);
  const frame = h('div', { class: 'stage__frame' }, initial, poster, video, pill, unlock, interrupt, end);
  const element = h('div', { class: 'stage', 'data-tone': 'idle' }, h('div', { class: 'stage__ring' }), frame);

  const show = (target: HTMLElement, shown: boolean): void => {
    target.classList.toggle('is-shown', shown);
    target.inert = !shown;
  };
  for (const hidden of [interrupt, unlock, end]) show(hidden, false);
  poster.addEventListener('error', () => poster.removeAttribute('src'));
  poster.addEventListener('load', () => poster.classList.add('is-shown'));

  return {
    element,
    video,
    showPoster(url, name) {
      setText(initial, name.slice(0, 1));
      poster.alt = name;
      video.setAttribute('aria-label', `${name}, live`);
      if (poster.getAttribute('src') === (url ?? null)) return;
      poster.classList.remove('is-shown');
      if (url) poster.src = url;
      else poster.removeAttribute('src');
    },
    setStatus({ tone, label: text }) {
      element.dataset.tone = tone;
      setText(label, text);
    },
    setPictureShown: (shown) => video.classList.toggle('is-shown', shown),
    setInterruptible: (interruptible) => show(interrupt, interruptible),
    setSoundBlocked: (blocked) => show(unlock, blocked),
    showEnd(message) {
      if (message) {
        setText(title, message.title);
        setText(hint, message.hint);
      }
      const isNew = message !== undefined && !end.classList.contains('is-shown');
      show(end, message !== undefined);
      if (isNew) again.focus({ preventScroll: true });
    },
  };
}
