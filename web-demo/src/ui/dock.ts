import type { Strings } from '../i18n/index.js';
import type { MicrophoneState } from '../model/microphone-state.js';
import { h } from './dom.js';
import { type HoldButton, makeHoldButton } from './hold-button.js';
import { icon } from './icons.js';

export interface DockActions {
  onMicrophone: () => void;
  /** Push-to-talk. */
  onTalk: (pressed: boolean) => void;
  onAsk: (text: string) => void;
  onEnd: () => void;
}

export interface Dock {
  element: HTMLElement;
  input: HTMLInputElement;
  microphone: HTMLButtonElement;
  hold: HoldButton;
  setMicrophone(state: MicrophoneState): void;
  /** 0…1; moves nothing but the halo around the button. */
  setLevel(level: number): void;
  /** False while there is nobody to send to: what was typed stays. */
  setCanSend(canSend: boolean): void;
}

const MAX_TEXT_LENGTH = 4_000;

/** The row of controls: microphone, typing, ending. */
export function createDock({ onMicrophone, onTalk, onAsk, onEnd }: DockActions, { dock: words }: Strings): Dock {
  const glyph = h('span', { class: 'round-button__glyph' });
  const microphone = h(
    'button',
    { class: 'round-button round-button--mic', type: 'button', 'aria-keyshortcuts': 'm' },
    glyph,
  );
  const input = h('input', {
    type: 'text',
    name: 'message',
    'aria-label': words.message,
    'aria-keyshortcuts': '/',
    placeholder: words.message,
    autocomplete: 'off',
    enterkeyhint: 'send',
    maxlength: String(MAX_TEXT_LENGTH),
  });
  const send = h(
    'button',
    { class: 'composer__send', type: 'submit', 'aria-label': words.send, disabled: true },
    icon('send'),
  );
  const composer = h('form', { class: 'composer' }, input, h('kbd', { 'aria-hidden': 'true' }, '/'), send);
  const end = h(
    'button',
    {
      class: 'round-button round-button--end',
      type: 'button',
      'aria-label': words.end,
      title: words.end,
      onclick: onEnd,
    },
    icon('end'),
  );
  let canSend = false;
  let shown: MicrophoneState | undefined;

  const refresh = (): void => {
    send.disabled = !canSend || input.value.trim() === '';
  };
  input.addEventListener('input', refresh);
  composer.addEventListener('submit', (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (!canSend || text === '') return;
    input.value = '';
    refresh();
    onAsk(text);
  });

  const isHold = (): boolean => shown === 'hold' || shown === 'talking';
  const dock: Dock = {
    element: h('div', { class: 'dock', role: 'group', 'aria-label': words.label }, microphone, composer, end),
    input,
    microphone,
    hold: makeHoldButton(microphone, {
      isHold,
      onTalk(pressed) {
        onTalk(pressed);
        // Nobody is there to hear it at present.
        if (pressed && shown !== 'talking') dock.hold.end();
      },
      onClick: onMicrophone,
    }),
    setMicrophone(state) {
      if (state === shown) return;
      shown = state;
      if (state !== 'talking') dock.hold.end();
      microphone.hidden = state === 'none';
      if (state === 'none') return;
      microphone.dataset.state = state;
      // A pressed state and another name would say it twice: the name stays.
      const label = words.microphone[state === 'talking' ? 'hold' : state];
      microphone.setAttribute('aria-label', label);
      microphone.title = label;
      if (isHold()) microphone.setAttribute('aria-pressed', String(state === 'talking'));
      else microphone.removeAttribute('aria-pressed');
      microphone.setAttribute('aria-busy', String(state === 'asking'));
      const name = state === 'off' || state === 'muted' ? 'microphone-off' : 'microphone';
      // A finger is on it while it is held: an icon that is there stays there.
      if (glyph.dataset.icon !== name) glyph.replaceChildren(icon(name));
      glyph.dataset.icon = name;
      dock.setLevel(0);
    },
    setLevel: (level) => microphone.style.setProperty('--level', level.toFixed(2)),
    setCanSend(next) {
      canSend = next;
      refresh();
    },
  };
  dock.setMicrophone('off');
  return dock;
}
