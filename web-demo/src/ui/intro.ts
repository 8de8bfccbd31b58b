import type { AvatarInfo } from '../client/api.js';
import { h, setText } from './dom.js';
import { icon } from './icons.js';

export interface IntroActions {
  onStart: (microphone: boolean) => void;
  onChoose: (avatar: AvatarInfo) => void;
}

export interface Intro {
  element: HTMLElement;
  chooser: HTMLElement;
  setAvatars(avatars: readonly AvatarInfo[], chosen: AvatarInfo | undefined): void;
  setBusy(busy: boolean): void;
  /** Leaves one way to start: without a microphone. */
  setTypingOnly(): void;
  /** What went wrong with the last start; empty: nothing. */
  setProblem(text: string): void;
}

/** What stands beside the poster before a conversation, and the choice of avatar below it. */
export function createIntro({ onStart, onChoose }: IntroActions): Intro {
  const title = h('h1', {}, 'Let’s talk');
  const start = h(
    'button',
    { class: 'button button--primary button--large', type: 'button', onclick: () => onStart(true) },
    icon('microphone'),
    h('span', {}, 'Start talking'),
  );
  const type = h(
    'button',
    { class: 'button button--quiet button--large', type: 'button', onclick: () => onStart(false) },
    'Type instead',
  );
  const problem = h('p', { class: 'intro__problem', role: 'alert' });
  const element = h(
    'section',
    { class: 'intro', 'aria-label': 'Before you start' },
    title,
    h(
      'p',
      { class: 'intro__lead' },
      'Ask anything, out loud. You can interrupt at any time, just as you would a person.',
    ),
    h('div', { class: 'intro__actions' }, start, type),
    h(
      'p',
      { class: 'intro__disclosure' },
      'You will be talking with an AI, not a person. Its face and voice are generated, and what it says may be wrong.',
    ),
    h('div', { class: 'intro__problem-slot' }, problem),
  );
  const chooser = h('div', { class: 'chooser', role: 'radiogroup', 'aria-label': 'Choose an avatar' });

  const choose = (avatars: readonly AvatarInfo[], chosen: AvatarInfo | undefined): void => {
    setText(title, chosen ? `Talk with ${chosen.name}` : 'Let’s talk');
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
        const face = avatar.poster
          ? h('img', { src: avatar.poster, alt: '' })
          : h('span', { class: 'chooser__initial' }, avatar.name.slice(0, 1));
        const button = h(
          'button',
          { type: 'button', role: 'radio', onclick: () => pick(index) },
          face,
          h('span', {}, avatar.name),
        );
        button.addEventListener('keydown', ({ key }) => {
          if (key === 'ArrowRight' || key === 'ArrowDown') pick(index + 1);
          if (key === 'ArrowLeft' || key === 'ArrowUp') pick(index - 1);
        });
        return button;
      });
      chooser.replaceChildren(...(avatars.length > 1 ? buttons : []));
      choose(avatars, chosen);
    },
    setBusy(busy) {
      start.disabled = busy;
      type.disabled = busy;
      chooser.inert = busy;
    },
    setTypingOnly() {
      start.hidden = true;
      type.classList.replace('button--quiet', 'button--primary');
      setText(type, 'Start typing');
    },
    setProblem(text) {
      setText(problem, text);
      if (text) problem.scrollIntoView({ block: 'nearest' });
    },
  };
}
