import type { AvatarStrings } from '../i18n/avatars/index.js';
import { h, setText } from '../ui/dom.js';

export interface KeyForm {
  element: HTMLElement;
  /** After a key that was tried in vain. */
  setWrong(wrong: boolean): void;
}

/** Characters that a header may carry. */
const KEY = /^[\x21-\x7e]+$/;

/** Where avatars are made by whoever holds a key: asks for one, and says why. It stays in this page. */
export function createKeyForm(onKey: (key: string) => void, { key: words }: AvatarStrings): KeyForm {
  const input = h('input', { type: 'password', id: 'key', autocomplete: 'off', 'aria-describedby': 'key-problem' });
  const problem = h('p', { class: 'field__problem', id: 'key-problem', role: 'alert' });
  const element = h(
    'form',
    { class: 'key' },
    h('h3', {}, words.title),
    h('p', { class: 'field__hint' }, words.hint),
    h('div', { class: 'field' }, h('label', { for: 'key' }, words.label), input, problem),
    h('button', { class: 'button button--primary', type: 'submit' }, words.use),
  );
  const setWrong = (wrong: boolean): void => {
    setText(problem, wrong ? words.wrong : '');
    input.setAttribute('aria-invalid', String(wrong));
    if (wrong) input.focus();
  };
  element.addEventListener('submit', (event) => {
    event.preventDefault();
    const key = input.value.trim();
    setWrong(false);
    if (KEY.test(key)) onKey(key);
    else setWrong(true);
  });
  return { element, setWrong };
}
