/**
 * One reply of a model that speaks itself, on its way to the voice. As with `Reply`, it may be prepared while it is still unclear
 * whether the visitor has finished: held, it waits for `release()`; cancelled, it leaves no trace.
 */
import { isAbort, VisavisError } from '../errors.js';
import type { ReplyOptions as AskOptions, SpokenAnswer } from '../inference/engines.js';
import { MAX_BACKLOG_MS, type ReplyMarks } from './reply.js';
import type { Voice } from './voice.js';

export interface SpokenReplyOptions {
  /** Asks the model; called once. */
  answer: (o: AskOptions) => SpokenAnswer;
  voice: Voice;
  onError: (error: VisavisError) => void;
  now?: () => number;
}

export class SpokenReply {
  readonly marks: ReplyMarks = {};
  /** Resolves when everything is handed to the voice, or the reply is cancelled. Never rejects. */
  readonly done: Promise<void>;
  readonly #o: SpokenReplyOptions;
  readonly #abort = new AbortController();
  readonly #now: () => number;
  readonly #answer: SpokenAnswer;
  readonly #released: Promise<void>;
  #release!: () => void;
  #utteranceId: number | undefined;
  #unspoken = false;

  constructor(options: SpokenReplyOptions) {
    this.#o = options;
    this.#now = options.now ?? (() => performance.timeOrigin + performance.now());
    this.#released = new Promise((resolve) => {
      this.#release = resolve;
    });
    this.#answer = options.answer({ signal: this.#abort.signal, committed: this.#released });
    this.done = this.#speak();
  }

  /** Known once the reply is released. */
  get utteranceId(): number | undefined {
    return this.#utteranceId;
  }

  /** The model failed before it had said everything. */
  get isUnspoken(): boolean {
    return this.#unspoken;
  }

  get isCancelled(): boolean {
    return this.#abort.signal.aborted;
  }

  /** Lets the reply be heard and returns its utterance's number. */
  release(): number {
    this.#utteranceId ??= this.#o.voice.begin();
    this.#release();
    return this.#utteranceId;
  }

  /** Stops the model. What the voice already has is the caller's to stop; `cutAt` then says how much of it was heard. */
  cancel(): void {
    this.#abort.abort();
    this.#release();
  }

  cutAt(heardMs: number): void {
    this.#answer.cutAt(heardMs);
  }

  async #speak(): Promise<void> {
    const { signal } = this.#abort;
    try {
      for await (const chunk of this.#answer) {
        // Words and sound are one: nothing is waited for in between.
        this.marks.firstTextAtMs ??= this.#now();
        this.marks.firstSegmentAtMs ??= this.marks.firstTextAtMs;
        this.marks.firstAudioAtMs ??= this.marks.firstTextAtMs;
        await this.#released;
        const utteranceId = this.#utteranceId;
        if (signal.aborted || utteranceId === undefined || !this.#o.voice.speak(utteranceId, chunk, this.#now()))
          return;
        await this.#waitForRoom(utteranceId);
      }
    } catch (thrown) {
      if (!isAbort(thrown) && !signal.aborted) {
        this.#unspoken = true;
        this.#o.onError(VisavisError.from(thrown, 'upstream-failed'));
      }
    } finally {
      await this.#released;
      if (this.#utteranceId !== undefined) this.#o.voice.finish(this.#utteranceId);
    }
  }

  async #waitForRoom(utteranceId: number): Promise<void> {
    for (;;) {
      const excessMs = this.#o.voice.backlogMs(utteranceId, this.#now()) - MAX_BACKLOG_MS;
      if (excessMs <= 0 || this.#abort.signal.aborted) return;
      await new Promise((resolve) => setTimeout(resolve, Math.min(excessMs, 250)));
    }
  }
}
