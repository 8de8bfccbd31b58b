import type { Caption } from '../model/captions.js';
import { h, setText } from './dom.js';

export interface CaptionView {
  element: HTMLElement;
  update(caption: Caption): void;
  /** What stands there before anybody has said anything. */
  setIdleText(text: string): void;
}

/** Two lines of fixed height: words are appended, and only whole lines move up. Silent for screen readers (see `Announcer`). */
export function createCaptions(): CaptionView {
  const line = h('p', { class: 'captions__text' });
  const element = h('div', { class: 'captions', 'data-speaker': 'none', 'aria-hidden': 'true' }, line);
  let key = '';
  let idleText = '';

  return {
    element,
    update(caption) {
      const words = caption.speaker === 'none' && idleText ? idleText.split(' ') : caption.words;
      if (caption.key !== key) line.replaceChildren();
      key = caption.key;
      element.dataset.speaker = caption.speaker;
      element.dataset.status = caption.status;
      words.forEach((word, index) => {
        const span = line.children[index];
        if (span) setText(span, `${word} `);
        else line.append(h('span', {}, `${word} `));
      });
      while (line.children.length > words.length) line.lastElementChild?.remove();
      element.scrollTop = element.scrollHeight;
    },
    setIdleText(text) {
      idleText = text;
      if (element.dataset.speaker === 'none') this.update({ speaker: 'none', key: 'idle', words: [], status: 'final' });
    },
  };
}
