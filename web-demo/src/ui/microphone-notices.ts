import type { MicrophoneFailure } from '../client/microphone.js';
import type { Strings } from '../i18n/index.js';
import { describeMicrophoneFailure } from '../model/status.js';
import type { Notice } from './notice.js';

/** Says what is wrong with the microphone, with the way to mend it, until it works. */
export class MicrophoneNotices {
  readonly #notice: Notice;
  readonly #strings: Strings;
  readonly #actions: { onTryAgain: () => void; onChoose: () => void };
  #shown: { failure: MicrophoneFailure | 'silent'; text: string } | undefined;

  constructor(notice: Notice, strings: Strings, actions: { onTryAgain: () => void; onChoose: () => void }) {
    this.#notice = notice;
    this.#strings = strings;
    this.#actions = actions;
  }

  show(failure: MicrophoneFailure | 'silent'): void {
    const { tryAgain, settings } = this.#strings;
    const { onTryAgain, onChoose } = this.#actions;
    const action =
      failure === 'silent' ? { label: settings.title, onClick: onChoose } : { label: tryAgain, onClick: onTryAgain };
    const text = describeMicrophoneFailure(failure, window.isSecureContext, this.#strings);
    this.#shown = { failure, text };
    this.#notice.show(text, {
      actions: window.isSecureContext ? [action] : [],
    });
  }

  /** The microphone is on (`failed`) or heard (`silent`): what was said against it no longer holds. */
  hide(what: 'failed' | 'silent'): void {
    const shown = this.#shown;
    if (shown === undefined || (shown.failure === 'silent') !== (what === 'silent')) return;
    this.#shown = undefined;
    // Something newer may stand in its place.
    if (this.#notice.text === shown.text) this.#notice.hide();
  }
}
