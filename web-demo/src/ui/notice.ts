import { h, setText } from './dom.js';
import { icon } from './icons.js';

export interface Notice {
  element: HTMLElement;
  /** Shows `text` until it is dismissed or replaced; `forMs` takes it away by itself. */
  show(text: string, forMs?: number): void;
  hide(): void;
}

/** One friendly line that floats above the page and moves nothing. */
export function createNotice(): Notice {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const text = h('p', {});
  const close = h('button', { type: 'button', class: 'notice__close', 'aria-label': 'Dismiss' }, icon('end'));
  const box = h('div', { class: 'notice__box' }, text, close);
  const element = h('div', { class: 'notice', role: 'alert' }, box);
  const notice: Notice = {
    element,
    show(message, forMs) {
      clearTimeout(timer);
      setText(text, message);
      box.classList.add('is-shown');
      box.inert = false;
      if (forMs !== undefined) timer = setTimeout(() => notice.hide(), forMs);
    },
    hide() {
      clearTimeout(timer);
      box.classList.remove('is-shown');
      box.inert = true;
      setText(text, '');
    },
  };
  close.addEventListener('click', () => notice.hide());
  notice.hide();
  return notice;
}
