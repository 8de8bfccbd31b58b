import { isAbort, VisavisError } from '../errors.js';
import type { SpeechChunk } from '../inference/engines.js';
import type { Voice } from './voice.js';

/** What is made stays at most this far ahead of what is heard: a barge-in wastes little and other conversations get their turn. */
const MAX_BACKLOG_MS = 6_000;
const LOOK_EVERY_MS = 250;

export interface ReplyMarks {
  firstTextAtMs?: number;
  firstSegmentAtMs?: number;
  firstAudioAtMs?: number;
  synthesisComputeMs?: number;
}

export interface HeldReplyOptions {
  voice: Voice;
  onError: (error: VisavisError) => void;
  now?: () => number;
}

/**
 * Speech on its way to the voice, prepared while it is still unclear whether the visitor has finished: held, its first chunk waits for
 * `release()`; cancelled, it leaves no trace.
 */
export abstract class HeldReply {
  readonly marks: ReplyMarks = {};
  /** Resolves when everything is handed to the voice, or the reply is cancelled. Never rejects. */
  abstract readonly done: Promise<void>;
  protected readonly now: () => number;
  protected readonly released: Promise<void>;
  readonly #voice: Voice;
  readonly #onError: (error: VisavisError) => void;
  readonly #abort = new AbortController();
  #release!: () => void;
  #utteranceId: number | undefined;
  #unspoken = false;

  constructor(options: HeldReplyOptions) {
    this.#voice = options.voice;
    this.#onError = options.onError;
    this.now = options.now ?? (() => performance.timeOrigin + performance.now());
    this.released = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  /** Known once the reply is released. */
  get utteranceId(): number | undefined {
    return this.#utteranceId;
  }

  /** Something failed, and it and what followed it was not spoken. */
  get isUnspoken(): boolean {
    return this.#unspoken;
  }

  get isCancelled(): boolean {
    return this.#abort.signal.aborted;
  }

  /** Lets the reply be heard and returns its utterance's number. */
  release(): number {
    this.#utteranceId ??= this.#voice.begin();
    this.#release();
    return this.#utteranceId;
  }

  /** Stops what makes it. What the voice already has is the caller's to stop. */
  cancel(): void {
    this.#abort.abort();
    this.#release();
  }

  /** Aborted by `cancel()`. */
  protected get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Hands `chunks` to the voice, in time; never rejects. `code`: of failures that are no `VisavisError`. */
  protected async speak(chunks: AsyncIterable<SpeechChunk>, code: 'engine-failed' | 'upstream-failed'): Promise<void> {
    const { signal } = this.#abort;
    try {
      for await (const chunk of chunks) {
        await this.released;
        const utteranceId = this.#utteranceId;
        if (signal.aborted || utteranceId === undefined || !this.#voice.speak(utteranceId, chunk, this.now())) return;
        await this.#waitForRoom(utteranceId);
      }
    } catch (thrown) {
      if (!isAbort(thrown) && !signal.aborted) {
        this.#unspoken = true;
        this.#onError(VisavisError.from(thrown, code));
      }
    } finally {
      await this.released;
      if (this.#utteranceId !== undefined) this.#voice.finish(this.#utteranceId);
    }
  }

  async #waitForRoom(utteranceId: number): Promise<void> {
    for (;;) {
      const excessMs = this.#voice.backlogMs(utteranceId, this.now()) - MAX_BACKLOG_MS;
      if (excessMs <= 0 || this.isCancelled) return;
      await new Promise((resolve) => setTimeout(resolve, Math.min(excessMs, LOOK_EVERY_MS)));
    }
  }
}
