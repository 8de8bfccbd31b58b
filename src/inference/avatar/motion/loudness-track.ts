import type { SpeechMotion } from '../../engines.js';

const STEP_MS = 10;
/** Loudness below this is taken for silence however quiet the voice is. */
const FLOOR = 0.004;

/** Loudness of a stretch of speech relative to its own loud places, smoothed to the speed of a jaw. */
export class LoudnessTrack {
  readonly #values: Float32Array;

  constructor(speech: Pick<SpeechMotion, 'loudness'>) {
    const sorted = Float32Array.from(speech.loudness).sort();
    const loud = Math.max(FLOOR * 3, sorted[Math.floor(sorted.length * 0.9)] ?? 0);
    // A symmetric window of 70 ms, weighted towards its middle.
    this.#values = speech.loudness.map((_, i) => {
      let sum = 0;
      let weight = 0;
      for (let k = -3; k <= 3; k++) {
        const value = speech.loudness[i + k];
        if (value === undefined) continue;
        sum += (4 - Math.abs(k)) * value;
        weight += 4 - Math.abs(k);
      }
      return Math.min(1.4, Math.max(0, sum / weight - FLOOR) / loud);
    });
  }

  /** 0 silence, about 1 loud; between measurements linearly. */
  at(ms: number): number {
    const x = ms / STEP_MS - 0.5;
    const i = Math.floor(x);
    const a = this.#values[Math.max(0, i)] ?? 0;
    const b = this.#values[Math.max(0, i + 1)] ?? 0;
    return a + (b - a) * (x - i);
  }
}
