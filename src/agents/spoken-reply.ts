import type { ReplyOptions as AskOptions, SpeechChunk, SpokenAnswer } from '../inference/engines.js';
import { HeldReply, type HeldReplyOptions } from './held-reply.js';

export interface SpokenReplyOptions extends HeldReplyOptions {
  /** Asks the model; called once. */
  answer: (o: AskOptions) => SpokenAnswer;
}

/** One reply of a model that speaks itself, on its way to the voice. */
export class SpokenReply extends HeldReply {
  readonly done: Promise<void>;
  readonly #answer: SpokenAnswer;

  constructor(options: SpokenReplyOptions) {
    super(options);
    this.#answer = options.answer({ signal: this.signal, committed: this.released });
    this.done = this.speak(this.#chunks(), 'upstream-failed');
  }

  /** How much was heard, once what the voice had was stopped. */
  cutAt(heardMs: number): void {
    this.#answer.cutAt(heardMs);
  }

  /** Words and sound are one: nothing is waited for in between. */
  async *#chunks(): AsyncIterable<SpeechChunk> {
    for await (const chunk of this.#answer) {
      this.marks.firstTextAtMs ??= this.now();
      this.marks.firstSegmentAtMs ??= this.marks.firstTextAtMs;
      this.marks.firstAudioAtMs ??= this.marks.firstTextAtMs;
      yield chunk;
    }
  }
}
