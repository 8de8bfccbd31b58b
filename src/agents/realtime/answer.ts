/** One answer of a speech model on its way in: audio and words as the events bring them, out as chunks that know their words. */
import { abortError, throwIfAborted } from '../../abort.js';
import { VisavisError } from '../../errors.js';
import type { SpeechChunk, SpokenAnswer } from '../../inference/engines.js';
import { OUTPUT_RATE_HZ } from '../../media/output-protocol.js';
import { int16ToFloat, Resampler } from '../../media/resample.js';
import { REALTIME_RATE_HZ, type RealtimeEvent } from './events.js';
import { WordTimes } from './word-times.js';

/** The first piece is short: it is what the visitor waits for. */
const FIRST_PIECE = OUTPUT_RATE_HZ * 0.1;
const PIECE = OUTPUT_RATE_HZ * 0.24;
/** Models speak faster than they are heard; nobody listens to more in one go. */
const MAX_WAITING_MS = 300_000;

export interface AnswerOptions {
  signal: AbortSignal;
  committed?: Promise<void> | undefined;
  /** Until the first sound, and between two events. */
  timeoutMs: number;
  idleTimeoutMs: number;
  /** Asks the model; resolves when it was asked. */
  begin: (answer: RealtimeAnswer) => Promise<void>;
  /** The reply is no longer wanted. */
  onAbort: (answer: RealtimeAnswer) => void;
  /** So much of it was heard. */
  onCut: (answer: RealtimeAnswer, heardMs: number) => void;
  /** It takes longer than the model is allowed to. */
  onTooLong: (answer: RealtimeAnswer) => void;
}

/** A message of the model that this answer consists of; most often there is one. */
export interface AnswerItem {
  id: string;
  receivedMs: number;
}

export class RealtimeAnswer implements SpokenAnswer {
  readonly items: AnswerItem[] = [];
  /** The server's name for it, once it has begun. */
  responseId: string | undefined;
  /** The server has nothing more to say. */
  isDone = false;
  /** Nobody heard any of it: the model must not know of it. */
  isForgotten = false;
  readonly #o: AnswerOptions;
  readonly #resampler = new Resampler(REALTIME_RATE_HZ, OUTPUT_RATE_HZ);
  readonly #times = new WordTimes(OUTPUT_RATE_HZ);
  #unfinished = new Float32Array(0);
  #pieces: Float32Array[] = [];
  #waitingMs = 0;
  #hasSound = false;
  #isCommitted = false;
  #ended = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(options: AnswerOptions) {
    this.#o = options;
    const { signal, committed } = options;
    if (committed === undefined) this.#isCommitted = true;
    else
      void committed.then(() => {
        this.#isCommitted ||= !signal.aborted;
      });
    signal.addEventListener('abort', () => this.#handleAbort(), { once: true });
  }

  get isAborted(): boolean {
    return this.#o.signal.aborted;
  }

  async *[Symbol.asyncIterator](): AsyncIterator<SpeechChunk> {
    const { signal } = this.#o;
    throwIfAborted(signal);
    await this.#o.begin(this);
    let count = 0;
    for (;;) {
      const samples = await this.#nextPiece();
      if (samples === undefined) break;
      // All of the rest is known: its words share its time.
      if (this.#ended) this.#times.settle([samples, ...this.#pieces]);
      const words = this.#times.take(samples, this.#ended && this.#pieces.length === 0);
      count++;
      yield { samples, sampleRateHz: OUTPUT_RATE_HZ, words, computeMs: 0 };
    }
    if (count === 0) throw new VisavisError('upstream-failed', 'the speech model gave an empty answer');
  }

  cutAt(heardMs: number): void {
    if (this.#isCommitted) this.#o.onCut(this, heardMs);
  }

  // ------------------------------------------------------------ from the server

  handle(event: RealtimeEvent): void {
    switch (event.type) {
      case 'output-item':
        this.items.push({ id: event.itemId, receivedMs: 0 });
        break;
      case 'audio':
        this.#take(event.itemId, event.samples);
        break;
      case 'words':
        this.#times.push(event.text);
        break;
      case 'response-done':
        this.#finish(event.status, event.code);
        break;
      default:
        return;
    }
    this.#wake?.();
  }

  fail(error: Error): void {
    if (this.isDone) return;
    this.isDone = true;
    this.#failure = error;
    this.#wake?.();
  }

  #take(itemId: string, received: Int16Array): void {
    let item = this.items.find(({ id }) => id === itemId);
    if (item === undefined) {
      item = { id: itemId, receivedMs: 0 };
      this.items.push(item);
    }
    item.receivedMs += (received.length * 1000) / REALTIME_RATE_HZ;
    if (this.isAborted || this.#ended) return;
    this.#append(this.#resampler.process(int16ToFloat(received)));
    if (this.#waitingMs <= MAX_WAITING_MS) return;
    this.#end();
    this.#o.onTooLong(this);
  }

  #append(samples: Float32Array): void {
    const joined = new Float32Array(this.#unfinished.length + samples.length);
    joined.set(this.#unfinished);
    joined.set(samples, this.#unfinished.length);
    this.#unfinished = joined;
    while (this.#unfinished.length >= (this.#hasSound ? PIECE : FIRST_PIECE)) {
      this.#push(this.#unfinished.slice(0, this.#hasSound ? PIECE : FIRST_PIECE));
    }
  }

  #push(piece: Float32Array): void {
    this.#hasSound = true;
    this.#unfinished = this.#unfinished.slice(piece.length);
    this.#pieces.push(piece);
    this.#waitingMs += (piece.length * 1000) / OUTPUT_RATE_HZ;
  }

  #finish(status: string, code: string | undefined): void {
    this.isDone = true;
    if (status === 'failed') {
      this.#failure ??= new VisavisError('upstream-failed', `the speech model failed (${code ?? 'no reason given'})`);
    }
    this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.#append(this.#resampler.flush());
    if (this.#unfinished.length > 0) this.#push(this.#unfinished);
    this.#times.end();
    this.#ended = true;
  }

  // ------------------------------------------------------------ to the listener

  #handleAbort(): void {
    this.isForgotten ||= !this.#isCommitted;
    this.#pieces = [];
    this.#wake?.();
    this.#o.onAbort(this);
  }

  async #nextPiece(): Promise<Float32Array | undefined> {
    const { signal, timeoutMs, idleTimeoutMs } = this.#o;
    for (;;) {
      if (signal.aborted) throw abortError(signal);
      const piece = this.#pieces.shift();
      if (piece !== undefined) {
        this.#waitingMs -= (piece.length * 1000) / OUTPUT_RATE_HZ;
        return piece;
      }
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#ended) return undefined;
      await this.#change(this.#hasSound ? idleTimeoutMs : timeoutMs);
    }
  }

  /** Resolves with the next event; without one within `limitMs` the answer has failed. */
  async #change(limitMs: number): Promise<void> {
    const timer = setTimeout(
      () => this.fail(new VisavisError('upstream-timeout', 'the speech model did not answer in time')),
      limitMs,
    );
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
    clearTimeout(timer);
  }
}
