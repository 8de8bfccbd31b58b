import type { MadeAvatar } from '../client/avatars.js';
import type { AvatarStrings } from '../i18n/avatars/index.js';
import { h, setText } from '../ui/dom.js';
import { createFace } from './face.js';

export interface Newcomer {
  element: HTMLElement;
  /** Undefined: nobody. */
  show(avatar: MadeAvatar | undefined, talkUrl?: string): void;
  setMoving(moving: boolean): void;
  focus(): void;
}

/** The avatar that was just made, as it comes alive. */
export function createNewcomer(onAgain: () => void, strings: AvatarStrings): Newcomer {
  const face = createFace();
  const title = h('h2', { tabindex: '-1' });
  const drawing = h('p', { class: 'newcomer__drawing', role: 'status' });
  const talk = h('a', { class: 'button button--primary' });
  const again = h('button', { class: 'button button--quiet', type: 'button', onclick: onAgain }, strings.make.again);
  // What the server remarks is English.
  const remarks = h('ul', { class: 'newcomer__remarks', lang: 'en' });
  const details = h('details', { class: 'newcomer__details' }, h('summary', {}, strings.remarks), remarks);
  const element = h(
    'section',
    { class: 'newcomer', hidden: true },
    face.element,
    h('div', { class: 'newcomer__text' }, title, drawing, h('div', { class: 'maker__actions' }, talk, again), details),
  );
  return {
    element,
    show(avatar, talkUrl) {
      element.hidden = avatar === undefined;
      face.setMoving(avatar !== undefined);
      if (avatar === undefined) return;
      face.show(avatar);
      setText(title, strings.done(avatar.name));
      setText(drawing, avatar.idle === undefined ? strings.drawing : '');
      setText(talk, strings.talkWith(avatar.name));
      talk.hidden = talkUrl === undefined;
      if (talkUrl !== undefined) talk.href = talkUrl;
      const sentences = avatar.remarks ?? [];
      details.hidden = sentences.length === 0;
      remarks.replaceChildren(...sentences.map((sentence) => h('li', {}, sentence)));
    },
    setMoving: (moving) => face.setMoving(moving && !element.hidden),
    focus: () => title.focus(),
  };
}
