import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../../cache.js';
import { VisavisError } from '../../../errors.js';
import { createSession, type OnnxSession, Tensor } from '../../onnx.js';
import {
  type AudioMotionNetwork,
  type AudioMotionRows,
  type AudioMotionState,
  CLASS_COUNT,
  FRAMES_PER_STEP,
} from './audio-network.js';
import { MEL_BANDS, SILENT_MEL } from './log-mel.js';
import { ARTICULATOR_COUNT } from './visemes.js';

/** The network that `scripts/training/audio-motion.mjs` makes; `assets/motion/README.md` is its report. */
export const AUDIO_MOTION_FILE = join(PROJECT_ROOT, 'assets/motion/audio-motion.onnx');

const CHANNELS = 128;
const PAST_STEPS = 60;
const MEL_PAST = 2;

/** Causal convolutions of 0.5 M parameters in onnxruntime, on one thread. One serves any number of streams. */
export class AudioMotionModel implements AudioMotionNetwork {
  silence: AudioMotionState = {
    melPast: new Float32Array(MEL_PAST * MEL_BANDS).fill(SILENT_MEL),
    past: new Float32Array(CHANNELS * PAST_STEPS),
  };
  readonly #session: OnnxSession;

  private constructor(session: OnnxSession) {
    this.#session = session;
  }

  /** Rejects with `unavailable` when there is no such file, with `engine-failed` when it is no model or not this one. */
  static async create(path = AUDIO_MOTION_FILE): Promise<AudioMotionModel> {
    if (!existsSync(path)) {
      throw new VisavisError('unavailable', `the network of the audio-driven motion is missing (${path})`, {
        retryable: false,
      });
    }
    const model = new AudioMotionModel(await createSession(path, { threads: 1 }));
    const nothing = new Float32Array((PAST_STEPS + 2) * FRAMES_PER_STEP * MEL_BANDS).fill(SILENT_MEL);
    model.silence = (await model.run(nothing, model.silence)).state;
    return model;
  }

  /** Blocks the thread while the network computes. @throws RangeError for an odd number of frames. */
  async run(mel: Float32Array, state: AudioMotionState): Promise<AudioMotionRows> {
    const frames = mel.length / MEL_BANDS;
    if (frames % FRAMES_PER_STEP !== 0) throw new RangeError(`expected an even number of frames, got ${frames}`);
    const outputs = await this.#session
      .run({
        mel: new Tensor('float32', mel, [1, frames, MEL_BANDS]),
        mel_past: new Tensor('float32', state.melPast, [1, MEL_PAST, MEL_BANDS]),
        past: new Tensor('float32', state.past, [1, CHANNELS, PAST_STEPS]),
      })
      .catch((thrown: unknown) => {
        throw VisavisError.from(thrown, 'engine-failed');
      });
    const data = (name: string): Float32Array => outputs[name]?.data as Float32Array;
    const positions = data('positions');
    const classes = data('classes');
    if (positions?.length !== frames * ARTICULATOR_COUNT || classes?.length !== frames * CLASS_COUNT) {
      throw new VisavisError('engine-failed', 'the network of the audio-driven motion is not the one of this version');
    }
    return { positions, classes, state: { melPast: data('mel_past_out'), past: data('past_out') } };
  }

  async close(): Promise<void> {
    await this.#session.release();
  }
}
