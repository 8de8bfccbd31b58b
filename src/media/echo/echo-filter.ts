import { VAD_WINDOW } from '../../inference/engines.js';
import { RealFft } from './fft.js';

const BLOCK = VAD_WINDOW;
const SIZE = 2 * BLOCK;
const BINS = BLOCK + 1;
/** Length of the echo path that is learned, in blocks of 32 ms. */
export const PATH_BLOCKS = 8;
/** How much of the path is still the same after one block, and how sure the filter is of nothing at first. */
const PERSISTENCE = 0.9995;
const FIRST_UNCERTAINTY = 0.3;
const NEAR_SMOOTHING = 0.6;
/** Bins that count when energies are compared: 200–4000 Hz. */
const FIRST_BIN = 13;
const LAST_BIN = 256;

/** Energies of one block, 200–4000 Hz, in the same arbitrary unit. */
export interface EchoBlock {
  microphone: number;
  /** Of what was played, at its loudest in the first half of the path. */
  reference: number;
  /** Of the echo as the filter knows it. */
  echo: number;
  /** Of what is left without it. */
  rest: number;
  /** Of the echo that the filter expects to have left. */
  expected: number;
}

/**
 * An adaptive model of the way from the loudspeaker to the microphone: the frequency-domain Kalman filter in partitioned blocks (Enzner
 * and Vary, 2006; Kuech, Mabande and Enzner, 2014). It needs no detector of double talk: how far each bin moves follows from how sure the
 * filter is of it, and from what else the microphone hears. Blocks of 512 samples at 16 kHz, without delay.
 */
export class EchoFilter {
  readonly #fft = new RealFft(SIZE);
  /** Spectra of the last blocks played, the newest at `#newest`. */
  readonly #xRe = spectra();
  readonly #xIm = spectra();
  #newest = 0;
  readonly #wRe = spectra();
  readonly #wIm = spectra();
  readonly #uncertainty = spectra();
  readonly #near = new Float32Array(BINS);
  readonly #expected = new Float32Array(BINS);
  readonly #previous = new Float32Array(BLOCK);
  readonly #time = new Float32Array(SIZE);
  readonly #yRe = new Float32Array(BINS);
  readonly #yIm = new Float32Array(BINS);
  readonly #eRe = new Float32Array(BINS);
  readonly #eIm = new Float32Array(BINS);
  readonly #result: EchoBlock = { microphone: 0, reference: 0, echo: 0, rest: 0, expected: 0 };
  #constrained = 0;

  constructor() {
    this.reset();
  }

  /** Forgets the path. */
  reset(): void {
    for (let k = 0; k < PATH_BLOCKS; k++) {
      (this.#wRe[k] as Float32Array).fill(0);
      (this.#wIm[k] as Float32Array).fill(0);
      // Rooms decay: later parts of the path are smaller.
      (this.#uncertainty[k] as Float32Array).fill(FIRST_UNCERTAINTY * 0.6 ** k);
    }
    this.#near.fill(0);
    this.forget();
  }

  /** Forgets what was played, not the path: the next block does not follow the last one. */
  forget(): void {
    for (const spectrum of [...this.#xRe, ...this.#xIm]) spectrum.fill(0);
    this.#previous.fill(0);
  }

  /**
   * Takes the echo out of `microphone` (512 samples) into `out`, which may be the same; `played` is the block of the reference at the
   * path's beginning. `learns`: the path follows what is heard. The result is overwritten by the next call.
   */
  process(microphone: Float32Array, played: Float32Array, out: Float32Array, learns = true): Readonly<EchoBlock> {
    this.#take(played);
    this.#predict();
    const time = this.#time;
    this.#fft.inverse(this.#yRe, this.#yIm, time);
    // Overlap-save: the second half is the echo.
    for (let i = 0; i < BLOCK; i++) out[i] = (microphone[i] as number) - (time[BLOCK + i] as number);
    const result = this.#result;
    result.echo = this.#energyOf(time.subarray(BLOCK));
    result.microphone = this.#energyOf(microphone);
    time.fill(0, 0, BLOCK);
    time.set(out.subarray(0, BLOCK), BLOCK);
    this.#fft.forward(time, this.#eRe, this.#eIm);
    result.rest = bandEnergy(this.#eRe, this.#eIm);
    result.expected = this.#expect();
    result.reference = this.#referenceEnergy();
    if (learns) this.#learn();
    return result;
  }

  #take(played: Float32Array): void {
    this.#newest = (this.#newest + PATH_BLOCKS - 1) % PATH_BLOCKS;
    this.#time.set(this.#previous);
    this.#time.set(played, BLOCK);
    this.#previous.set(played);
    this.#fft.forward(this.#time, this.#xRe[this.#newest] as Float32Array, this.#xIm[this.#newest] as Float32Array);
  }

  #predict(): void {
    const { xRe, xIm } = { xRe: this.#xRe, xIm: this.#xIm };
    this.#yRe.fill(0);
    this.#yIm.fill(0);
    for (let k = 0; k < PATH_BLOCKS; k++) {
      const at = (this.#newest + k) % PATH_BLOCKS;
      const xr = xRe[at] as Float32Array;
      const xi = xIm[at] as Float32Array;
      const wr = this.#wRe[k] as Float32Array;
      const wi = this.#wIm[k] as Float32Array;
      for (let b = 0; b < BINS; b++) {
        const ar = xr[b] as number;
        const ai = xi[b] as number;
        const br = wr[b] as number;
        const bi = wi[b] as number;
        this.#yRe[b] = (this.#yRe[b] as number) + ar * br - ai * bi;
        this.#yIm[b] = (this.#yIm[b] as number) + ar * bi + ai * br;
      }
    }
  }

  /** Power that the path's uncertainty leaves in each bin; half a frame is zeros, hence the half. */
  #expect(): number {
    this.#expected.fill(0);
    for (let k = 0; k < PATH_BLOCKS; k++) {
      const at = (this.#newest + k) % PATH_BLOCKS;
      const xr = this.#xRe[at] as Float32Array;
      const xi = this.#xIm[at] as Float32Array;
      const p = this.#uncertainty[k] as Float32Array;
      for (let b = 0; b < BINS; b++) {
        const power = (xr[b] as number) ** 2 + (xi[b] as number) ** 2;
        this.#expected[b] = (this.#expected[b] as number) + 0.5 * power * (p[b] as number);
      }
    }
    let sum = 0;
    for (let b = FIRST_BIN; b <= LAST_BIN; b++) sum += this.#expected[b] as number;
    return sum;
  }

  #referenceEnergy(): number {
    let most = 0;
    for (let k = 0; k < PATH_BLOCKS / 2; k++) {
      const at = (this.#newest + k) % PATH_BLOCKS;
      most = Math.max(most, bandEnergy(this.#xRe[at] as Float32Array, this.#xIm[at] as Float32Array) / 2);
    }
    return most;
  }

  #learn(): void {
    const near = this.#near;
    for (let b = 0; b < BINS; b++) {
      const error = (this.#eRe[b] as number) ** 2 + (this.#eIm[b] as number) ** 2;
      near[b] = NEAR_SMOOTHING * (near[b] as number) + (1 - NEAR_SMOOTHING) * error;
    }
    for (let k = 0; k < PATH_BLOCKS; k++) this.#learnPart(k);
    this.#constrain(this.#constrained);
    this.#constrained = (this.#constrained + 1) % PATH_BLOCKS;
    this.#constrain(this.#constrained);
    this.#constrained = (this.#constrained + 1) % PATH_BLOCKS;
  }

  #learnPart(k: number): void {
    const at = (this.#newest + k) % PATH_BLOCKS;
    const xr = this.#xRe[at] as Float32Array;
    const xi = this.#xIm[at] as Float32Array;
    const wr = this.#wRe[k] as Float32Array;
    const wi = this.#wIm[k] as Float32Array;
    const p = this.#uncertainty[k] as Float32Array;
    const persists = PERSISTENCE * PERSISTENCE;
    for (let b = 0; b < BINS; b++) {
      const ar = xr[b] as number;
      const ai = xi[b] as number;
      const gain = (p[b] as number) / ((this.#expected[b] as number) + (this.#near[b] as number) + 1e-9);
      const er = this.#eRe[b] as number;
      const ei = this.#eIm[b] as number;
      const nr = (wr[b] as number) + gain * (ar * er + ai * ei);
      const ni = (wi[b] as number) + gain * (ar * ei - ai * er);
      wr[b] = nr;
      wi[b] = ni;
      const left = Math.max(0, 1 - 0.5 * gain * (ar * ar + ai * ai));
      p[b] = persists * left * (p[b] as number) + (1 - persists) * (nr * nr + ni * ni) + 1e-9;
    }
  }

  /** Keeps one part of the path to 512 samples, without which blocks would wrap around. */
  #constrain(k: number): void {
    const wr = this.#wRe[k] as Float32Array;
    const wi = this.#wIm[k] as Float32Array;
    this.#fft.inverse(wr, wi, this.#time);
    this.#time.fill(0, BLOCK);
    this.#fft.forward(this.#time, wr, wi);
  }

  #energyOf(block: Float32Array): number {
    const time = this.#time;
    const copy = this.#spare;
    copy.set(block);
    time.fill(0, 0, BLOCK);
    time.set(copy, BLOCK);
    this.#fft.forward(time, this.#eRe, this.#eIm);
    return bandEnergy(this.#eRe, this.#eIm);
  }

  readonly #spare = new Float32Array(BLOCK);
}

function spectra(): Float32Array[] {
  return Array.from({ length: PATH_BLOCKS }, () => new Float32Array(BINS));
}

function bandEnergy(re: Float32Array, im: Float32Array): number {
  let sum = 0;
  for (let b = FIRST_BIN; b <= LAST_BIN; b++) sum += (re[b] as number) ** 2 + (im[b] as number) ** 2;
  return sum;
}
