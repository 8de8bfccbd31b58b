import { throwIfAborted } from '../../abort.js';
import { RECOGNITION_RATE_HZ } from '../engines.js';
import { speechOnsets } from './recognition-onset.js';
import { SileroVad } from './silero.js';
import { type Heard, WhisperModel } from './whisper.js';

const WARM_UP_S = 2;

/** Whisper behind Silero: what holds no speech is not given to the model, which would write something over it. */
export class WhisperDecoder {
  readonly #model: WhisperModel;
  readonly #vad: SileroVad;

  private constructor(model: WhisperModel, vad: SileroVad) {
    this.#model = model;
    this.#vad = vad;
  }

  /** Rejects with `unavailable` where the model is not installed. */
  static async create(o: { threads: number }): Promise<WhisperDecoder> {
    return new WhisperDecoder(await WhisperModel.create(o), await SileroVad.create());
  }

  /** Runs the model once: a first run takes several times as long as all others. */
  async warmUp(): Promise<void> {
    const noise = Float32Array.from({ length: WARM_UP_S * RECOGNITION_RATE_HZ }, (_, i) => 0.05 * Math.sin(i * i));
    await this.#model.transcribe(noise, { language: 'en' });
  }

  /** As `WhisperModel.transcribe`, from the onset of speech. */
  async decode(samples: Float32Array, o: Parameters<WhisperModel['transcribe']>[1] = {}): Promise<Heard> {
    throwIfAborted(o.signal);
    const stream = this.#vad.open();
    try {
      for await (const onset of speechOnsets(samples, stream)) {
        return await this.#model.transcribe(samples.subarray(onset), o);
      }
      return { text: '', language: o.language ?? '' };
    } finally {
      stream.close();
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#model.close(), this.#vad.close()]);
  }
}
