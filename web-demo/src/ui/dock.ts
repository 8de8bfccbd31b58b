import type { Strings } from '../i18n/index.js';
import { h } from './dom.js';
import { icon } from './icons.js';

export type MicrophoneState = 'off' | 'asking' | 'on' | 'muted';

export interface DockActions {
  onMicrophone: () => void;
  onAsk: (text: string) => void;
  onEnd: () => void;
}

export interface Dock {
  element: HTMLElement;
  input: HTMLInputElement;
  microphone: HTMLButtonElement;
  setMicrophone(state: MicrophoneState): void;
  /** 0…1; moves nothing but the halo around the button. */
  setLevel(level: number): void;
  /** False while there is nobody to send to: what was typed stays. */
  setCanSend(canSend: boolean): void;
}

const MAX_TEXT_LENGTH = 4_000;

/** The row of controls: microphone, typing, ending. */
export function createDock({ onMicrophone, onAsk, onEnd }: DockActions, { dock: words }: Strings): Dock {
  const glyph = h('span', { class: 'round-button__glyph' });
  const microphone = h(
    'button',
    { class: 'round-button round-button--mic', type: 'button', 'aria-keyshortcuts': 'm', onclick: onMicrophone },
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

  const dock: Dock = {
    element: h('div', { class: 'dock', role: 'group', 'aria-label': words.label }, microphone, composer, end),
    input,
    microphone,
    setMicrophone(state) {
      if (state === shown) return;
      shown = state;
      microphone.dataset.state = state;
      microphone.setAttribute('aria-label', words.microphone[state]);
      microphone.title = words.microphone[state];
      microphone.setAttribute('aria-busy', String(state === 'asking'));
      glyph.replaceChildren(icon(state === 'on' || state === 'asking' ? 'microphone' : 'microphone-off'));
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
