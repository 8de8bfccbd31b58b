import type { AvatarInfo } from '../client/api.js';
import type { AvatarStrings } from '../i18n/avatars/index.js';
import { h, setText } from '../ui/dom.js';

export interface RemoveDialog {
  element: HTMLDialogElement;
  /** Resolves with whether it shall be. */
  ask(avatar: AvatarInfo): Promise<boolean>;
}

/** Asks before a face is deleted; the way back is what Enter and Escape do. */
export function createRemoveDialog({ remove: words }: AvatarStrings): RemoveDialog {
  const title = h('h2', { id: 'remove-title' });
  const keep = h('button', { class: 'button button--quiet', type: 'submit', value: '', autofocus: true }, words.keep);
  const confirm = h('button', { class: 'button button--danger', type: 'submit', value: 'yes' }, words.confirm);
  const element = h(
    'dialog',
    { class: 'settings confirm', 'aria-labelledby': 'remove-title', 'aria-describedby': 'remove-hint' },
    h(
      'form',
      { method: 'dialog' },
      ...[title, h('p', { id: 'remove-hint' }, words.hint), h('div', { class: 'confirm__actions' }, keep, confirm)],
    ),
  );
  return {
    element,
    ask(avatar) {
      setText(title, words.title(avatar.name));
      element.returnValue = '';
      element.showModal();
      return new Promise((resolve) => {
        element.addEventListener('close', () => resolve(element.returnValue === 'yes'), { once: true });
      });
    },
  };
}
