import { throwIfAborted } from '../../abort.js';
import { VisavisError } from '../../errors.js';
import type { RecognitionStream, SpeechRecogniser, Transcript } from '../engines.js';
import { MoonshineModel } from './moonshine.js';
import { requireEnglish } from './recognition-language.js';
import { speechOnsets } from './recognition-onset.js';
import { type Pass, RecognitionTurn } from './recognition-turn.js';
import { SileroVad } from './silero.js';

/** From how many onsets of speech an empty result is tried again. */
const MAX_ONSETS = 3;
/** Two seconds. */
const WARM_UP_SAMPLES = 32_000;

/**
 * Moonshine in this process, on the calling thread: base for final texts, tiny for partial ones, which costs half as much
 * and differs in a comma or a word here and there. A service runs it inside the speech worker instead
 * (`SpeechWorkerClient`), where requests of all conversations are ordered by priority.
 *
 * Audio is given to the model from the onset of speech: with about 0.8 s of silence before the first word Moonshine returns
 * nothing at all, while silence after the last does no harm. Where a sound that is no speech passed for the onset (a cough,
 * then a pause), the result is empty as well, and the next onset is tried. Without any speech the model does not run.
 */
export class MoonshineRecogniser implements SpeechRecogniser {
  readonly #models: Record<Pass, MoonshineModel>;
  readonly #vad: SileroVad;

  private constructor(models: Record<Pass, MoonshineModel>, vad: SileroVad) {
    this.#models = models;
    this.#vad = vad;
  }

  static async create(o: { threads: number }): Promise<MoonshineRecogniser> {
    const final = await MoonshineModel.create({ size: 'base', threads: o.threads });
    const partial = await MoonshineModel.create({ size: 'tiny', threads: o.threads });
    return new MoonshineRecogniser({ final, partial }, await SileroVad.create());
  }

  open(o: { language?: string | undefined } = {}): RecognitionStream {
    requireEnglish(o.language);
    return new LocalStream(this);
  }

  /** Runs both models once: a first run takes many times as long as all others, and no visitor should wait for it. */
  async warmUp(): Promise<void> {
    const noise = Float32Array.from({ length: WARM_UP_SAMPLES }, (_, i) => 0.05 * Math.sin(i * i));
    await this.#models.final.transcribe(noise);
    await this.#models.partial.transcribe(noise);
  }

  /** The text of up to about 30 s of audio, by the model that serves `pass`. Rejects with AbortError when aborted. */
  async decode(samples: Float32Array, pass: Pass, o: { signal?: AbortSignal } = {}): Promise<string> {
    throwIfAborted(o.signal);
    const stream = this.#vad.open();
    try {
      let onsets = 0;
      for await (const onset of speechOnsets(samples, stream)) {
        const text = await this.#models[pass].transcribe(samples.subarray(onset), o);
        onsets += 1;
        if (text !== '' || onsets === MAX_ONSETS) return text;
      }
      return '';
    } finally {
      stream.close();
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#models.final.close(), this.#models.partial.close(), this.#vad.close()]);
  }
}

class LocalStream implements RecognitionStream {
  readonly #recogniser: MoonshineRecogniser;
  readonly #turn = new RecognitionTurn();
  #closed = false;

  constructor(recogniser: MoonshineRecogniser) {
    this.#recogniser = recogniser;
  }

  push(samples: Float32Array): void {
    if (!this.#closed) this.#turn.push(samples);
  }

  partial(o: { signal: AbortSignal }): Promise<Transcript> {
    return this.#transcribe('partial', o.signal);
  }

  final(o: { signal: AbortSignal }): Promise<Transcript> {
    return this.#transcribe('final', o.signal);
  }

  reset(): void {
    this.#turn.reset();
  }

  close(): void {
    this.#closed = true;
    this.#turn.reset();
  }

  async #transcribe(pass: Pass, signal: AbortSignal): Promise<Transcript> {
    if (this.#closed) throw new VisavisError('conflict', 'recognition stream is closed');
    const decode = async (samples: Float32Array, model: Pass) => {
      const started = performance.now();
      const text = await this.#recogniser.decode(samples, model, { signal });
      return { text, computeMs: performance.now() - started };
    };
    return this.#turn.transcribe(pass, decode, signal);
  }
}
