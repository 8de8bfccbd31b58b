import type { StandardVoice } from '../worker/speech/standard-voice.js';
import type { SpeechService } from '../worker/speech-supervisor.js';
import type { SpeechState } from './protocol.js';

/** The guardian's speech service as a gateway process sees it. */
export class RemoteSpeech implements SpeechService {
  readonly #up: Promise<void>;
  #state: SpeechState;
  #resolveUp!: () => void;

  constructor(state: SpeechState) {
    this.#state = state;
    this.#up = new Promise((resolve) => {
      this.#resolveUp = resolve;
    });
    this.update(state);
  }

  update(state: SpeechState): void {
    this.#state = state;
    if (state.isUp) this.#resolveUp();
  }

  get isUp(): boolean {
    return this.#state.isUp;
  }

  get restarts(): number {
    return this.#state.restarts;
  }

  get socketPath(): string {
    return this.#state.socketPath;
  }

  get pid(): number | undefined {
    return this.#state.pid;
  }

  get sparePid(): number | undefined {
    return this.#state.sparePid;
  }

  get standardVoice(): StandardVoice | undefined {
    return this.#state.standardVoice;
  }

  /** Waits as long as it takes: a guardian whose speech service cannot be started ends with all its gateways. */
  start(): Promise<void> {
    return this.#up;
  }

  async close(): Promise<void> {
    // The guardian ends it.
  }
}
