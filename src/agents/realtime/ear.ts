/** The ear of a speech model: what visitors say goes to the model while they say it, and becomes text for turn-taking beside it. */
import { throwIfAborted } from '../../abort.js';
import { VisavisError } from '../../errors.js';
import {
  RECOGNITION_RATE_HZ,
  type RecognitionStream,
  type SpeechRecogniser,
  type Transcript,
} from '../../inference/engines.js';

/** Where the sound goes. */
export interface HearingModel {
  hear(samples: Float32Array): void;
  /** What was heard so far stands in the conversation. */
  commit(): void;
  /** The model's own text of the turn, once it is known. */
  transcribe(signal: AbortSignal): Promise<string>;
  /** What the visitor is taken to have said. */
  understand(text: string): void;
  endTurn(): void;
}

export class RealtimeEar implements SpeechRecogniser {
  readonly #model: HearingModel;
  readonly #local: SpeechRecogniser | undefined;
  readonly #language: string | undefined;

  /** `local` makes the texts where it knows `language`; else the model's server does, and there are no partial ones. */
  constructor(model: HearingModel, o: { local?: SpeechRecogniser | undefined; language?: string | undefined }) {
    this.#model = model;
    this.#language = o.language;
    this.#local = o.local !== undefined && knows(o.local, o.language) ? o.local : undefined;
  }

  /** The model's server is asked for texts. */
  get needsTranscription(): boolean {
    return this.#local === undefined;
  }

  open(o: { language?: string | undefined } = {}): RecognitionStream {
    const language = o.language ?? this.#language;
    return new EarStream(this.#model, this.#local?.open({ language }));
  }

  async close(): Promise<void> {}
}

function knows(recogniser: SpeechRecogniser, language: string | undefined): boolean {
  try {
    recogniser.open({ language }).close();
    return true;
  } catch {
    return false;
  }
}

class EarStream implements RecognitionStream {
  readonly #model: HearingModel;
  readonly #local: RecognitionStream | undefined;
  #samples = 0;
  #closed = false;

  constructor(model: HearingModel, local: RecognitionStream | undefined) {
    this.#model = model;
    this.#local = local;
  }

  push(samples: Float32Array): void {
    if (this.#closed) return;
    this.#samples += samples.length;
    this.#local?.push(samples);
    this.#model.hear(samples);
  }

  async partial(o: { signal: AbortSignal }): Promise<Transcript> {
    this.#requireOpen();
    throwIfAborted(o.signal);
    if (this.#local === undefined) {
      throw new VisavisError('unavailable', 'there are no partial texts: no recogniser here knows the language');
    }
    return this.#local.partial(o);
  }

  async final(o: { signal: AbortSignal }): Promise<Transcript> {
    this.#requireOpen();
    throwIfAborted(o.signal);
    const audioMs = (this.#samples * 1000) / RECOGNITION_RATE_HZ;
    if (this.#samples === 0) return { text: '', audioMs, computeMs: 0 };
    const startedMs = performance.now();
    this.#model.commit();
    const transcript =
      this.#local === undefined
        ? { text: await this.#model.transcribe(o.signal), audioMs, computeMs: performance.now() - startedMs }
        : await this.#local.final(o);
    throwIfAborted(o.signal);
    this.#model.understand(transcript.text);
    return transcript;
  }

  reset(): void {
    // Another microphone's turn is none of its business.
    if (!this.#closed && this.#samples > 0) this.#model.endTurn();
    this.#samples = 0;
    this.#local?.reset();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#local?.close();
    if (this.#samples > 0) this.#model.endTurn();
  }

  #requireOpen(): void {
    if (this.#closed) throw new VisavisError('conflict', 'recognition stream is closed');
  }
}
