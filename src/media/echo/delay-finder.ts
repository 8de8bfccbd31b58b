import { RealFft } from './fft.js';

/** Longest delay that is looked for, and how much of the microphone is held against it, in ms. */
export const MAX_DELAY_MS = 1_024;
export const COMPARED_MS = 512;

const RATE_HZ = 8_000;
const SAMPLES_PER_MS = RATE_HZ / 1000;
const MIC_SAMPLES = COMPARED_MS * SAMPLES_PER_MS;
const LAGS = MAX_DELAY_MS * SAMPLES_PER_MS;
const SIZE = 16_384;
const LOWEST_HZ = 200;
const HIGHEST_HZ = 3_600;
/** Of the cross spectrum's magnitude that is taken away: 1 is PHAT, which in rooms and noise is too much. */
const WHITENING = 0.8;

export interface DelayFound {
  delayMs: number;
  /** How far the peak stands out: multiples of the correlation's RMS over all delays. */
  sharpness: number;
}

/**
 * How much later a microphone has what was played, if it has it: generalised cross-correlation (Knapp and Carter, 1976) with a partly
 * whitened spectrum, at 8 kHz. Pure; buffers are made once.
 */
export class DelayFinder {
  readonly #fft = new RealFft(SIZE);
  readonly #time = new Float32Array(SIZE);
  readonly #micRe = new Float32Array(this.#fft.bins);
  readonly #micIm = new Float32Array(this.#fft.bins);
  readonly #refRe = new Float32Array(this.#fft.bins);
  readonly #refIm = new Float32Array(this.#fft.bins);

  /**
   * `microphone`: the last `COMPARED_MS` at 16 kHz; `played`: what was played until the same instant, `COMPARED_MS + MAX_DELAY_MS` long.
   */
  find(microphone: Float32Array, played: Float32Array): DelayFound {
    halve(microphone, this.#time, MIC_SAMPLES);
    this.#fft.forward(this.#time, this.#micRe, this.#micIm);
    halve(played, this.#time, MIC_SAMPLES + LAGS);
    this.#fft.forward(this.#time, this.#refRe, this.#refIm);
    this.#cross();
    this.#fft.inverse(this.#micRe, this.#micIm, this.#time);
    return this.#peak();
  }

  /** conj(played) · microphone, whitened: its inverse transform peaks at the delay less `MAX_DELAY_MS`. */
  #cross(): void {
    const from = Math.round((LOWEST_HZ * SIZE) / RATE_HZ);
    const to = Math.round((HIGHEST_HZ * SIZE) / RATE_HZ);
    for (let k = 0; k < this.#fft.bins; k++) {
      const mr = this.#micRe[k] as number;
      const mi = this.#micIm[k] as number;
      const rr = this.#refRe[k] as number;
      const ri = this.#refIm[k] as number;
      const re = rr * mr + ri * mi;
      const im = rr * mi - ri * mr;
      const magnitude = re * re + im * im;
      const scale = k < from || k > to || magnitude < 1e-20 ? 0 : magnitude ** (-WHITENING / 2);
      this.#micRe[k] = re * scale;
      this.#micIm[k] = im * scale;
    }
  }

  #peak(): DelayFound {
    const correlation = this.#time;
    let sum = 0;
    let best = 0;
    let at = 0;
    for (let lag = 0; lag < LAGS; lag++) {
      // The microphone's part begins `LAGS` samples after the played part.
      const value = correlation[(lag - LAGS + SIZE) % SIZE] as number;
      sum += value * value;
      if (Math.abs(value) > best) {
        best = Math.abs(value);
        at = lag;
      }
    }
    const rms = Math.sqrt(sum / LAGS);
    return { delayMs: at / SAMPLES_PER_MS, sharpness: rms === 0 ? 0 : best / rms };
  }
}

/** 16 kHz → 8 kHz by a half-band filter of 7 taps; the rest of `out` is silence. */
function halve(samples: Float32Array, out: Float32Array, count: number): void {
  const at = (i: number) => samples[i] ?? 0;
  for (let n = 0; n < count; n++) {
    const i = 2 * n;
    out[n] = 0.5 * at(i) + 0.2813 * (at(i - 1) + at(i + 1)) - 0.0313 * (at(i - 3) + at(i + 3));
  }
  out.fill(0, count);
}
