import { loudnessEnvelope } from '../media/loudness.js';
import { floatToInt16, int16ToFloat, resample } from '../media/resample.js';
import type { Wav } from '../media/wav.js';

/** −42 dBFS: below every voice, above what a codec makes of silence. */
const VOICED = 0.008;
const STEP_MS = 10;
/** A recording is kept to this length. */
const MAX_S = 30 * 60;
const MARGIN_MS = 200;

/** When, from the first sample, the first / last 10 ms with voice begins / ends; undefined when there is no voice. */
export function voicedSpan(samples: Float32Array, sampleRateHz: number): { fromMs: number; toMs: number } | undefined {
  const levels = loudnessEnvelope(samples, sampleRateHz);
  const from = levels.findIndex((level) => level >= VOICED);
  if (from < 0) return undefined;
  return { fromMs: from * STEP_MS, toMs: (levels.findLastIndex((level) => level >= VOICED) + 1) * STEP_MS };
}

/** The avatar's voice as it is played out: pieces with the wall-clock time of their first sample. */
export class VoiceRecording {
  readonly #pieces: { atMs: number; samples: Int16Array }[] = [];
  #rateHz = 48_000;
  #length = 0;

  push(atMs: number, samples: Int16Array, sampleRateHz: number): void {
    if (this.#length > MAX_S * this.#rateHz) return;
    if (this.#length === 0) this.#rateHz = sampleRateHz;
    const fitting =
      sampleRateHz === this.#rateHz
        ? samples
        : floatToInt16(resample(int16ToFloat(samples), sampleRateHz, this.#rateHz));
    this.#pieces.push({ atMs, samples: fitting });
    this.#length += fitting.length;
  }

  /** Wall-clock time of the first voiced 10 ms at or after `sinceMs`. */
  firstVoicedAtMs(sinceMs: number): number | undefined {
    for (const { atMs, samples } of this.#pieces) {
      if (atMs + this.#msOf(samples) <= sinceMs) continue;
      const skipped = Math.max(0, Math.round(((sinceMs - atMs) * this.#rateHz) / 1000));
      const span = voicedSpan(int16ToFloat(samples.subarray(skipped)), this.#rateHz);
      if (span !== undefined) return Math.max(atMs, sinceMs) + span.fromMs;
    }
    return undefined;
  }

  /** How much of what came at or after `sinceMs` is voice. */
  voicedMs(sinceMs = 0): number {
    let steps = 0;
    for (const { atMs, samples } of this.#pieces) {
      if (atMs < sinceMs) continue;
      for (const level of loudnessEnvelope(int16ToFloat(samples), this.#rateHz)) if (level >= VOICED) steps++;
    }
    return steps * STEP_MS;
  }

  /** Everything from shortly before the first to shortly after the last voiced sample; empty when nothing was voiced. */
  wav(): Wav {
    const all = new Float32Array(this.#length);
    let at = 0;
    for (const { samples } of this.#pieces) {
      all.set(int16ToFloat(samples), at);
      at += samples.length;
    }
    const span = voicedSpan(all, this.#rateHz);
    const frame = (ms: number) => Math.max(0, Math.round((ms * this.#rateHz) / 1000));
    const kept =
      span === undefined ? all.slice(0, 0) : all.slice(frame(span.fromMs - MARGIN_MS), frame(span.toMs + MARGIN_MS));
    return { sampleRateHz: this.#rateHz, channels: [kept] };
  }

  #msOf(samples: Int16Array): number {
    return (samples.length * 1000) / this.#rateHz;
  }
}
