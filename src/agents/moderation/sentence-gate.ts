import { isAbort } from '../../errors.js';
import { type Segment, SegmentAssembler } from '../segments.js';
import type { ConversationModeration } from './moderation.js';

/** Sentences of one reply that are judged at once. */
const AT_ONCE = 4;
/** A sentence that does not end is judged piece by piece. */
const MAX_SENTENCE_CHARACTERS = 600;

export interface SentenceGateOptions {
  moderation: ConversationModeration;
  /** Of the reply: nothing passes any more. */
  signal: AbortSignal;
  /** Resolves when the reply is to be heard. */
  committed: Promise<void>;
  /** Texts to be spoken, in order. */
  pass: (texts: string[]) => void;
  /** Nothing more of the reply is wanted. */
  stop: () => void;
}

/** A sentence up to this long is synthesised in one go. */
const WHOLE_MS = 3_000;
const NOT_JUDGED = { isRefused: true, isUnchecked: true };

/**
 * Stands between a reply's segments and the voice: the segments of a sentence pass together when the sentence was judged, in the order of
 * the text. In place of a sentence that is refused the operator's own is said, and the reply ends there or goes on as the policy says.
 */
export class SentenceGate {
  readonly #o: SentenceGateOptions;
  readonly #verdicts: Promise<unknown>[] = [];
  #sentence: Segment[] = [];
  #characters = 0;
  #chain: Promise<void> = Promise.resolve();
  #closed = false;
  #saidInstead = false;

  constructor(options: SentenceGateOptions) {
    this.#o = options;
  }

  /** A refused sentence has ended the reply. */
  get isClosed(): boolean {
    return this.#closed;
  }

  push(segments: readonly Segment[]): void {
    for (const segment of segments) {
      this.#sentence.push(segment);
      this.#characters += segment.text.length;
      if (segment.endsSentence || this.#characters >= MAX_SENTENCE_CHARACTERS) this.#judge();
    }
  }

  /** Resolves when everything that was pushed has passed or was refused; never rejects. */
  async end(): Promise<void> {
    if (this.#sentence.length > 0) this.#judge();
    await this.#chain;
  }

  #judge(): void {
    const sentence = this.#sentence;
    this.#sentence = [];
    this.#characters = 0;
    const { moderation, signal, committed } = this.#o;
    const text = sentence.reduce((all, segment) => all + segment.joint + segment.text, '').trim();
    const turn = this.#verdicts.at(-AT_ONCE) ?? Promise.resolve();
    const verdict = turn.then(() =>
      this.#closed ? undefined : moderation.judge('avatar', text, { signal, committed }),
    );
    // What was not judged is not said.
    const settled = verdict.catch((thrown: unknown) => (isAbort(thrown) ? undefined : NOT_JUDGED));
    this.#verdicts.push(settled);
    if (this.#verdicts.length > AT_ONCE) this.#verdicts.shift();
    this.#chain = Promise.all([this.#chain, settled]).then(([, judged]) => {
      if (this.#closed || signal.aborted || judged === undefined) return;
      if (judged.isRefused) this.#sayInstead(judged.isUnchecked ? 'unavailable' : 'avatar');
      else {
        this.#saidInstead = false;
        this.#o.pass(sentence.map((segment) => segment.text));
      }
    });
  }

  /** Once for any number of refused sentences in a row. */
  #sayInstead(kind: 'avatar' | 'unavailable'): void {
    const { moderation, pass, stop } = this.#o;
    // Not cut as short as the beginning of a reply: here nobody waits for the first word.
    const assembler = new SegmentAssembler({ firstMs: WHOLE_MS });
    const segments = [...assembler.push(moderation.sentences[kind]), ...assembler.flush()];
    if (!this.#saidInstead) pass(segments.map((segment) => segment.text));
    this.#saidInstead = true;
    if (moderation.afterRefusal === 'continue') return;
    this.#closed = true;
    stop();
  }
}
