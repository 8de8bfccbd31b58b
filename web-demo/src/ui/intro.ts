import type { AvatarInfo } from '../client/api.js';
import type { Strings } from '../i18n/index.js';
import { h, setText } from './dom.js';
import { icon } from './icons.js';

/** More faces than these stand in one row that can be moved. */
const MANY = 5;

export interface IntroActions {
  onStart: (microphone: boolean) => void;
  onChoose: (avatar: AvatarInfo) => void;
}

export interface Intro {
  element: HTMLElement;
  chooser: HTMLElement;
  setAvatars(avatars: readonly AvatarInfo[], chosen: AvatarInfo | undefined): void;
  /** What the browser already knows about the microphone; undefined: it will ask. */
  setPermission(permission: PermissionState | undefined): void;
  /** Leaves one way to start: without a microphone. */
  setTypingOnly(): void;
  /** Why the page itself could not be set up; empty: nothing. */
  setProblem(text: string): void;
  focus(): void;
}

/** What stands beside the portrait before a conversation, and the choice of avatar below it. */
export function createIntro({ onStart, onChoose }: IntroActions, { intro: words }: Strings): Intro {
  const title = h('h1', {}, words.titleWithoutName);
  const start = h(
    'button',
    { class: 'button button--primary button--large', type: 'button', onclick: () => onStart(true) },
    icon('microphone'),
    h('span', {}, words.start),
  );
  const type = h(
    'button',
    { class: 'button button--quiet button--large', type: 'button', onclick: () => onStart(false) },
    icon('keyboard'),
    h('span', {}, words.typeInstead),
  );
  const problem = h('p', { class: 'intro__problem', role: 'alert' });
  const microphone = h('p', {}, words.microphone);
  const microphoneNote = h('li', {}, icon('microphone'), microphone);
  const notes = h(
    'ul',
    { class: 'intro__notes' },
    h('li', {}, icon('machine'), h('p', {}, words.disclosure)),
    microphoneNote,
  );
  const element = h(
    'section',
    { class: 'intro', 'aria-label': words.label },
    ...[title, h('p', { class: 'intro__lead' }, words.lead)],
    h('div', { class: 'intro__actions' }, start, type),
    ...[notes, h('div', { class: 'intro__problem-slot' }, problem)],
  );
  const chooser = h('div', { class: 'chooser', role: 'radiogroup', 'aria-label': words.chooseAvatar });

  const choose = (avatars: readonly AvatarInfo[], chosen: AvatarInfo | undefined): void => {
    setText(title, chosen ? words.title(chosen.name) : words.titleWithoutName);
    for (const [index, button] of [...chooser.children].entries()) {
      const isChosen = avatars[index]?.id === chosen?.id;
      button.setAttribute('aria-checked', String(isChosen));
      button.setAttribute('tabindex', isChosen || (!chosen && index === 0) ? '0' : '-1');
    }
  };

  return {
    element,
    chooser,
    setAvatars(avatars, chosen) {
      const pick = (index: number): void => {
        const avatar = avatars.at(index % avatars.length);
        if (!avatar) return;
        choose(avatars, avatar);
        onChoose(avatar);
        (chooser.children[avatars.indexOf(avatar)] as HTMLElement).focus();
      };
      const buttons = avatars.map((avatar, index) => {
        const url = avatar.still ?? avatar.poster;
        const face = url
          ? h('img', { src: url, alt: '', width: '48', height: '48' })
          : h('span', { class: 'chooser__initial' }, avatar.name.slice(0, 1));
        const manner = avatar.manner && words.manners[avatar.manner.word];
        const name = h(
          'span',
          { class: 'chooser__text' },
          h('span', {}, avatar.name),
          ...(manner === undefined ? [] : [h('small', {}, manner)]),
        );
        const button = h('button', { type: 'button', role: 'radio', onclick: () => pick(index) }, face, name);
        button.addEventListener('keydown', (event) => {
          const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
          if (step === undefined) return;
          event.preventDefault();
          pick(index + step);
        });
        return button;
      });
      chooser.replaceChildren(...(avatars.length > 1 ? buttons : []));
      chooser.hidden = avatars.length <= 1;
      chooser.toggleAttribute('data-many', avatars.length > MANY);
      choose(avatars, chosen);
      const button = chooser.querySelector<HTMLElement>('[aria-checked="true"]');
      if (button !== null) chooser.scrollLeft = button.offsetLeft - (chooser.clientWidth - button.clientWidth) / 2;
    },
    setPermission(permission) {
      const { microphone: willAsk, microphoneAllowed, microphoneBlocked } = words;
      setText(
        microphone,
        permission === 'granted' ? microphoneAllowed : permission === 'denied' ? microphoneBlocked : willAsk,
      );
    },
    setTypingOnly() {
      start.hidden = true;
      microphoneNote.hidden = true;
      type.classList.replace('button--quiet', 'button--primary');
      type.replaceChildren(icon('keyboard'), h('span', {}, words.startTyping));
    },
    setProblem(text) {
      setText(problem, text);
      if (text) problem.scrollIntoView({ block: 'nearest' });
    },
    focus: () => (start.hidden ? type : start).focus({ preventScroll: true }),
  };
}
