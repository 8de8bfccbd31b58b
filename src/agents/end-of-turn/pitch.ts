/** Lowest and highest pitch that is looked for. */
export const PITCH_RANGE_HZ = { low: 65, high: 420 };
/** Two samples at 16 kHz become one: what is above 4 kHz says nothing about pitch. */
const RATE_HZ = 8_000;
const LONGEST_LAG = Math.ceil(RATE_HZ / PITCH_RANGE_HZ.low);
const SHORTEST_LAG = Math.floor(RATE_HZ / PITCH_RANGE_HZ.high);
/** Samples that are compared with those a lag later: 24 ms, one and a half periods of the lowest pitch. */
const COMPARED = 192;
/** A dip of the difference function below this is a period at once; up to `MOST_APERIODIC` the deepest dip is. */
const PERIODIC = 0.15;
const MOST_APERIODIC = 0.4;

/** Samples at 16 kHz that one estimate looks back on. */
export const PITCH_SPAN = (COMPARED + LONGEST_LAG) * 2;

/** `hz` is 0 where there is no pitch. `aperiodicity`: 0 a perfect period … 1 none (the power share that is not repeated). */
export interface Pitch {
  hz: number;
  aperiodicity: number;
}

/**
 * Fundamental frequency by YIN: the cumulative mean normalised difference function, its first dip below a threshold, parabolic interpolation
 * (de Cheveigné and Kawahara 2002, "YIN, a fundamental frequency estimator for speech and music", J. Acoust. Soc. Am. 111(4), steps 2 to 5).
 * No allocation after the constructor; about 0.04 ms an estimate.
 */
export class PitchEstimator {
  readonly #samples = new Float32Array(COMPARED + LONGEST_LAG);
  readonly #difference = new Float32Array(LONGEST_LAG + 1);
  readonly #pitch: Pitch = { hz: 0, aperiodicity: 1 };

  /** Of the last `PITCH_SPAN` samples (16 kHz) before `end` in `audio`. What is returned is overwritten by the next call. */
  estimate(audio: Float32Array, end: number): Readonly<Pitch> {
    const samples = this.#samples;
    for (let i = 0, at = end - PITCH_SPAN; i < samples.length; i++, at += 2) {
      samples[i] = ((audio[at] ?? 0) + (audio[at + 1] ?? 0)) / 2;
    }
    const lag = this.#bestLag();
    const pitch = this.#pitch;
    pitch.aperiodicity = lag === 0 ? 1 : Math.min(1, Math.max(0, this.#difference[lag]!));
    pitch.hz = lag === 0 || pitch.aperiodicity > MOST_APERIODIC ? 0 : RATE_HZ / this.#refined(lag);
    return pitch;
  }

  #bestLag(): number {
    const samples = this.#samples;
    const difference = this.#difference;
    difference[0] = 1;
    let sum = 0;
    for (let lag = 1; lag <= LONGEST_LAG; lag++) {
      let squared = 0;
      for (let i = 0; i < COMPARED; i++) {
        const delta = samples[i]! - samples[i + lag]!;
        squared += delta * delta;
      }
      sum += squared;
      difference[lag] = sum === 0 ? 1 : (squared * lag) / sum;
    }
    let best = 0;
    for (let lag = SHORTEST_LAG; lag < LONGEST_LAG; lag++) {
      const value = difference[lag]!;
      if (value > difference[lag - 1]! || value > difference[lag + 1]!) continue;
      if (value < PERIODIC) return lag;
      if (best === 0 || value < difference[best]!) best = lag;
    }
    return best;
  }

  #refined(lag: number): number {
    const [before, here, after] = [
      this.#difference[lag - 1]!,
      this.#difference[lag]!,
      this.#difference[lag + 1] ?? this.#difference[lag]!,
    ];
    const curve = before - 2 * here + after;
    return curve <= 0 ? lag : lag + Math.max(-0.5, Math.min(0.5, (before - after) / (2 * curve)));
  }
}
