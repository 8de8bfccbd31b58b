import { VisavisError } from '../../errors.js';
import { VAD_WINDOW, type VoiceActivityDetector, type VoiceActivityStream } from '../engines.js';
import { modelFile } from '../models.js';
import { createSession, type OnnxSession, Tensor } from '../onnx.js';

/** Samples of the previous window that precede the new ones; without them the v5 and v6 models hear nothing. */
const CONTEXT = 64;
const STATE_SHAPE = [2, 1, 128] as const;
const STATE_LENGTH = 2 * 128;

/**
 * Silero VAD v6 at 16 kHz: the speech probability of every 32 ms window, for any number of streams over one loaded
 * model. A window costs about 0.1 ms of one core, little enough to run on a thread that has other work.
 *
 * Streams give the raw probability of each window, with no hysteresis: turn-taking needs the probability at the moment
 * of the window, and its own thresholds differ by state (onset while the avatar speaks, silence while a turn ends).
 * `SpeechSegmenter` adds start and end events for callers that want segments.
 */
export class SileroVad implements VoiceActivityDetector {
  readonly #session: OnnxSession;

  private constructor(session: OnnxSession) {
    this.#session = session;
  }

  static async create(): Promise<SileroVad> {
    return new SileroVad(await createSession(modelFile('silero-vad-v6.onnx'), { threads: 1 }));
  }

  open(): VoiceActivityStream {
    return new SileroStream(this.#session);
  }

  async close(): Promise<void> {
    await this.#session.release();
  }
}

/** Input `input` f32 [1, 576], `state` f32 [2, 1, 128], `sr` int64 scalar; output `output` [1, 1] and `stateN`. */
class SileroStream implements VoiceActivityStream {
  readonly #session: OnnxSession;
  readonly #samples = new Float32Array(CONTEXT + VAD_WINDOW);
  readonly #input = new Tensor('float32', this.#samples, [1, CONTEXT + VAD_WINDOW]);
  readonly #rate = new Tensor('int64', BigInt64Array.of(16_000n), []);
  #state = zeroState();
  /** Grows with every `reset()`, so that a run under way cannot put back the state it started from. */
  #epoch = 0;
  #busy = false;
  #closed = false;

  constructor(session: OnnxSession) {
    this.#session = session;
  }

  async process(window: Float32Array): Promise<number> {
    if (this.#closed) throw new VisavisError('conflict', 'voice activity stream is closed');
    if (this.#busy) throw new VisavisError('conflict', 'voice activity windows of one stream must not overlap');
    if (window.length !== VAD_WINDOW) {
      throw new VisavisError('bad-request', `expected ${VAD_WINDOW} samples, got ${window.length}`, {
        field: 'window',
      });
    }
    this.#busy = true;
    const epoch = this.#epoch;
    try {
      this.#samples.set(window, CONTEXT);
      const result = await this.#session.run({ input: this.#input, state: this.#state, sr: this.#rate });
      if (epoch === this.#epoch) {
        this.#state = result['stateN'] as Tensor;
        this.#samples.copyWithin(0, VAD_WINDOW);
      }
      return (result['output']!.data as Float32Array)[0]!;
    } catch (thrown) {
      throw VisavisError.from(thrown, 'engine-failed');
    } finally {
      this.#busy = false;
    }
  }

  reset(): void {
    this.#epoch += 1;
    this.#state = zeroState();
    this.#samples.fill(0, 0, CONTEXT);
  }

  close(): void {
    this.#closed = true;
  }
}

function zeroState(): Tensor {
  return new Tensor('float32', new Float32Array(STATE_LENGTH), STATE_SHAPE);
}
