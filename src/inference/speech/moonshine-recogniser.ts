import type { RecognitionStream, SpeechRecogniser, Transcript } from '../engines.js';
import { MoonshineModel } from './moonshine.js';
import { requireEnglish } from './recognition-language.js';
import { type Pass, RecognitionTurn } from './recognition-turn.js';

/**
 * Moonshine in this process, on the calling thread: base for final texts, tiny for partial ones, which costs half as much
 * and differs in a comma here and there. A service runs it inside the speech worker instead (`SpeechWorkerClient`), where
 * requests of all conversations are ordered by priority.
 */
export class MoonshineRecogniser implements SpeechRecogniser {
  readonly #models: Record<Pass, MoonshineModel>;

  private constructor(models: Record<Pass, MoonshineModel>) {
    this.#models = models;
  }

  static async create(o: { threads: number }): Promise<MoonshineRecogniser> {
    const final = await MoonshineModel.create({ size: 'base', threads: o.threads });
    const partial = await MoonshineModel.create({ size: 'tiny', threads: o.threads });
    return new MoonshineRecogniser({ final, partial });
  }

  open(o: { language?: string } = {}): RecognitionStream {
    requireEnglish(o.language);
    return new LocalStream(this.#models);
  }

  /** One pass of the model that serves `pass`. */
  async decode(
    samples: Float32Array,
    pass: Pass,
    o: { signal?: AbortSignal },
  ): Promise<{ text: string; computeMs: number }> {
    return decode(this.#models[pass], samples, o.signal);
  }

  async close(): Promise<void> {
    await this.#models.final.close();
    await this.#models.partial.close();
  }
}

class LocalStream implements RecognitionStream {
  readonly #models: Record<Pass, MoonshineModel>;
  readonly #turn = new RecognitionTurn();

  constructor(models: Record<Pass, MoonshineModel>) {
    this.#models = models;
  }

  push(samples: Float32Array): void {
    this.#turn.push(samples);
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
    this.#turn.reset();
  }

  #transcribe(pass: Pass, signal: AbortSignal): Promise<Transcript> {
    return this.#turn.transcribe(pass, (samples, model) => decode(this.#models[model], samples, signal), signal);
  }
}

async function decode(model: MoonshineModel, samples: Float32Array, signal: AbortSignal | undefined) {
  const started = performance.now();
  const text = await model.transcribe(samples, { signal });
  return { text, computeMs: performance.now() - started };
}
