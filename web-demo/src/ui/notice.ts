import type { Strings } from '../i18n/index.js';
import { h, setText } from './dom.js';
import { icon } from './icons.js';

export interface NoticeAction {
  label: string;
  onClick: () => void;
}

export interface Notice {
  element: HTMLElement;
  /** What is shown; empty: nothing. */
  readonly text: string;
  /** Shows `text` until it is dismissed or replaced; `forMs` takes it away by itself. */
  show(text: string, o?: { forMs?: number; actions?: readonly NoticeAction[] }): void;
  hide(): void;
}

/** One friendly line that floats above the page and moves nothing. */
export function createNotice({ dismiss }: Strings): Notice {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const text = h('p', {});
  const buttons = h('div', { class: 'notice__actions' });
  const close = h('button', { type: 'button', class: 'icon-button', 'aria-label': dismiss }, icon('end'));
  const box = h(
    'div',
    { class: 'notice__box' },
    h('div', { class: 'notice__text', role: 'alert' }, text),
    buttons,
    close,
  );
  const element = h('div', { class: 'notice' }, box);
  const notice: Notice = {
    element,
    get text() {
      return text.textContent ?? '';
    },
    show(message, { forMs, actions = [] } = {}) {
      clearTimeout(timer);
      setText(text, message);
      buttons.replaceChildren(
        ...actions.map(({ label, onClick }) =>
          h('button', { type: 'button', class: 'button button--small', onclick: onClick }, label),
        ),
      );
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
