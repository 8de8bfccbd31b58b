import type { Strings } from '../i18n/index.js';
import { type Caption, completedSentences } from '../model/captions.js';
import { h } from './dom.js';

export interface Announcer {
  element: HTMLElement;
  update(caption: Caption): void;
}

const KEPT_SENTENCES = 20;

/** Gives a screen reader the avatar's words by the sentence: word by word would be noise. */
export function createAnnouncer({ transcript }: Strings): Announcer {
  const element = h('div', {
    class: 'visually-hidden',
    role: 'log',
    'aria-live': 'polite',
    'aria-label': transcript.captions,
  });
  let key = '';
  let announced = 0;
  return {
    element,
    update(caption) {
      if (caption.speaker !== 'avatar') return;
      if (caption.key !== key) announced = 0;
      key = caption.key;
      const { text, upTo } = completedSentences(caption.words, announced, caption.status !== 'growing');
      announced = upTo;
      if (text) element.append(h('p', {}, text));
      while (element.children.length > KEPT_SENTENCES) element.firstElementChild?.remove();
    },
  };
}
