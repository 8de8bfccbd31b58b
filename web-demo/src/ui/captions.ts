import type { Strings } from '../i18n/index.js';
import type { Caption } from '../model/captions.js';
import { h, setText } from './dom.js';

export interface CaptionView {
  element: HTMLElement;
  update(caption: Caption): void;
  /** What stands there before anybody has said anything, or instead of it. */
  setIdleText(text: string): void;
}

/** Lines of fixed height: words are appended, and only whole lines move up. Silent for screen readers (see `Announcer`). */
export function createCaptions({ transcript }: Strings): CaptionView {
  const who = h('span', { class: 'captions__who' });
  const words = h('span', { class: 'captions__words' });
  const line = h('p', { class: 'captions__text' }, who, words);
  const element = h('div', { class: 'captions', 'data-speaker': 'none', 'aria-hidden': 'true' }, line);
  let key = '';
  let idleText = '';

  return {
    element,
    update(caption) {
      const shown = caption.speaker === 'none' && idleText ? [idleText] : caption.words;
      if (caption.key !== key) words.replaceChildren();
      key = caption.key;
      element.dataset.speaker = caption.speaker;
      element.dataset.status = caption.status;
      setText(who, caption.speaker === 'visitor' ? transcript.you : '');
      shown.forEach((word, index) => {
        const span = words.children[index];
        if (span) setText(span, `${word} `);
        else words.append(h('span', {}, `${word} `));
      });
      while (words.children.length > shown.length) words.lastElementChild?.remove();
      const isSpoken = caption.speaker === 'avatar' && caption.status === 'growing';
      for (const span of words.querySelectorAll('.is-current')) span.classList.remove('is-current');
      if (isSpoken) words.lastElementChild?.classList.add('is-current');
      element.scrollTop = element.scrollHeight;
    },
    setIdleText(text) {
      idleText = text;
      if (element.dataset.speaker === 'none') this.update({ speaker: 'none', key: 'idle', words: [], status: 'final' });
    },
  };
}
