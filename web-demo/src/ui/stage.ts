import type { AvatarInfo } from '../client/api.js';
import type { Strings } from '../i18n/index.js';
import type { Status } from '../model/status.js';
import { type CardContent, createCard } from './card.js';
import { h, setText } from './dom.js';
import { icon } from './icons.js';
import { createIdleFilm } from './idle-film.js';
import { PictureShape } from './picture-shape.js';
import { createPictureTools } from './picture-tools.js';

export interface StageActions {
  onInterrupt: () => void;
  onUnlockSound: () => void;
  /** Of the picture, as the page's address asks for it. */
  wantedSize?: string | undefined;
}

export interface Stage {
  element: HTMLElement;
  video: HTMLVideoElement;
  /** Of the picture: for `POST /v1/sessions` with the avatar that is shown; undefined: the service's own choice. */
  readonly size: string | undefined;
  /** What is shown while there is no live picture: the avatar's portrait, alive where it can be. */
  showAvatar(avatar: AvatarInfo): void;
  setStatus(status: Status): void;
  /** Loudness of the microphone, 0…1. */
  setLevel(level: number): void;
  /** Fades from the portrait to the live picture and back. */
  setPictureShown(shown: boolean): void;
  setInterruptible(interruptible: boolean): void;
  setSoundBlocked(blocked: boolean): void;
  showCard(content: CardContent | undefined): void;
}

/** The avatar: portrait, live picture, what it is doing, and what can be done about it. */
export function createStage({ onInterrupt, onUnlockSound, wantedSize }: StageActions, strings: Strings): Stage {
  const { stage: words } = strings;
  const glow = h('img', { class: 'stage__glow', alt: '', 'aria-hidden': 'true' });
  const poster = h('img', { class: 'stage__poster', alt: '', draggable: 'false' });
  const initial = h('span', { class: 'stage__initial', 'aria-hidden': 'true' });
  const video = h('video', { class: 'stage__video', playsinline: true });
  const film = createIdleFilm();
  const shape = new PictureShape(wantedSize);
  const bars = h('span', { class: 'pill__bars' }, ...Array.from({ length: 4 }, () => h('span')));
  const label = h('span', {}, strings.status.ready);
  const pill = h('p', { class: 'pill', role: 'status' }, h('span', { class: 'pill__dot' }), bars, label);
  const interrupt = h(
    'button',
    { class: 'glass-button stage__interrupt', type: 'button', 'aria-keyshortcuts': 'Escape', onclick: onInterrupt },
    icon('stop'),
    words.interrupt,
    h('kbd', { 'aria-hidden': 'true' }, 'Esc'),
  );
  const unlock = h(
    'button',
    { class: 'glass-button stage__unlock', type: 'button', onclick: onUnlockSound },
    icon('sound'),
    words.soundOn,
  );
  const tools = createPictureTools(video, words);
  const card = createCard();
  const foot = h('div', { class: 'stage__foot' }, pill, unlock, interrupt);
  // The live picture comes first in the document: whoever looks for "the video" means this one.
  const pictures = [initial, poster, video, film.element];
  const frame = h('div', { class: 'stage__frame' }, ...pictures, tools.element, foot, card.element);
  const element = h('div', { class: 'stage', 'data-tone': 'idle' }, glow, h('div', { class: 'stage__ring' }), frame);

  const show = (target: HTMLElement, shown: boolean): void => {
    target.classList.toggle('is-shown', shown);
    target.inert = !shown;
  };
  for (const hidden of [interrupt, unlock]) show(hidden, false);
  poster.addEventListener('error', () => poster.removeAttribute('src'));
  poster.addEventListener('load', () => poster.classList.add('is-shown'));

  return {
    element,
    video,
    get size() {
      return shape.size;
    },
    showAvatar(avatar) {
      const {
        name,
        poster: portrait,
        still,
        idle,
      } = shape.fit(avatar, element.closest<HTMLElement>('.page') ?? element);
      const url = still ?? portrait;
      setText(initial, name.slice(0, 1));
      poster.alt = name;
      video.setAttribute('aria-label', words.live(name));
      film.show(idle);
      if (poster.getAttribute('src') === (url ?? null)) return;
      poster.classList.remove('is-shown');
      for (const picture of [poster, glow]) {
        if (url) picture.src = url;
        else picture.removeAttribute('src');
      }
    },
    setStatus({ tone, label: text }) {
      element.dataset.tone = tone;
      setText(label, text);
    },
    setLevel: (level) => bars.style.setProperty('--level', level.toFixed(2)),
    setPictureShown(shown) {
      video.classList.toggle('is-shown', shown);
      film.setNeeded(!shown);
      tools.setAvailable(shown);
    },
    setInterruptible: (interruptible) => show(interrupt, interruptible),
    setSoundBlocked: (blocked) => show(unlock, blocked),
    showCard: (content) => card.show(content),
  };
}
