import { RECOGNITION_RATE_HZ } from '../engines.js';

/** Whisper's input: 80 mel bands every 10 ms (preprocessor_config.json of the model). */
export const WHISPER_BANDS = 80;
export const WHISPER_HOP = 160;
const WINDOW = 400;
const BINS = WINDOW / 2 + 1;
/** The transform of 400 points is taken apart into 16 × 25 (Cooley & Tukey 1965). */
const ROWS = 16;
const COLUMNS = WINDOW / ROWS;

const hann = Float64Array.from({ length: WINDOW }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / WINDOW));
const cos = Float64Array.from({ length: WINDOW }, (_, n) => Math.cos((2 * Math.PI * n) / WINDOW));
const sin = Float64Array.from({ length: WINDOW }, (_, n) => -Math.sin((2 * Math.PI * n) / WINDOW));

interface Band {
  first: number;
  weights: Float64Array;
}

/** Mel as Slaney has it (Auditory Toolbox, 1998): linear up to 1 kHz, logarithmic above. */
function hzOfMel(mel: number): number {
  return mel < 15 ? (200 / 3) * mel : 1_000 * 6.4 ** ((mel - 15) / 27);
}

/** Triangles of equal area over the bins, 0 to 8 kHz, as librosa's `mel` makes them. */
const bands: readonly Band[] = (() => {
  const top = 15 + (27 * Math.log(RECOGNITION_RATE_HZ / 2 / 1_000)) / Math.log(6.4);
  const edges = Array.from({ length: WHISPER_BANDS + 2 }, (_, i) => hzOfMel((top * i) / (WHISPER_BANDS + 1)));
  return Array.from({ length: WHISPER_BANDS }, (_, band) => {
    const [low, centre, high] = [edges[band]!, edges[band + 1]!, edges[band + 2]!];
    const weights = Array.from({ length: BINS }, (_, bin) => {
      const hz = (bin * RECOGNITION_RATE_HZ) / WINDOW;
      const rise = (hz - low) / (centre - low);
      const fall = (high - hz) / (high - centre);
      return (Math.max(0, Math.min(rise, fall)) * 2) / (high - low);
    });
    const first = weights.findIndex((weight) => weight > 0);
    const last = weights.findLastIndex((weight) => weight > 0);
    return { first: Math.max(0, first), weights: Float64Array.from(first < 0 ? [] : weights.slice(first, last + 1)) };
  });
})();

/**
 * Log-mel spectrum of 16 kHz audio followed by silence, [80 × frames] row by row, scaled as Whisper expects it: logarithms to base 10, no more than 8 below the
 * loudest, then (x + 4) / 4. Frame j is centred on sample 160·j; before the first sample the audio is mirrored.
 */
export function whisperMel(samples: Float32Array, frames: number): Float32Array {
  const out = new Float32Array(WHISPER_BANDS * frames).fill(Math.log10(1e-10));
  const voiced = Math.min(frames, Math.ceil((samples.length + WINDOW / 2) / WHISPER_HOP));
  const at = (index: number): number => samples[index < 0 ? -index : index] ?? 0;
  const re = new Float64Array(WINDOW);
  const im = new Float64Array(WINDOW);
  const spectrum = new Transform();
  // Two real signals make one complex one; the spectra are told apart by their symmetry.
  for (let frame = 0; frame < voiced; frame += 2) {
    const start = frame * WHISPER_HOP - WINDOW / 2;
    for (let n = 0; n < WINDOW; n++) {
      re[n] = at(start + n) * hann[n]!;
      im[n] = at(start + WHISPER_HOP + n) * hann[n]!;
    }
    spectrum.run(re, im);
    writeFrame(out, frames, frame, (k) => {
      const m = (WINDOW - k) % WINDOW;
      return ((re[k]! + re[m]!) ** 2 + (im[k]! - im[m]!) ** 2) / 4;
    });
    if (frame + 1 < voiced)
      writeFrame(out, frames, frame + 1, (k) => {
        const m = (WINDOW - k) % WINDOW;
        return ((im[k]! + im[m]!) ** 2 + (re[k]! - re[m]!) ** 2) / 4;
      });
  }
  let loudest = Number.NEGATIVE_INFINITY;
  for (const value of out) loudest = Math.max(loudest, value);
  for (let i = 0; i < out.length; i++) out[i] = (Math.max(out[i]!, loudest - 8) + 4) / 4;
  return out;
}

function writeFrame(out: Float32Array, frames: number, frame: number, power: (bin: number) => number): void {
  const powers = new Float64Array(BINS);
  for (let k = 0; k < BINS; k++) powers[k] = power(k);
  bands.forEach(({ first, weights }, band) => {
    let sum = 0;
    for (let i = 0; i < weights.length; i++) sum += weights[i]! * powers[first + i]!;
    out[band * frames + frame] = Math.log10(Math.max(1e-10, sum));
  });
}

/** Discrete Fourier transform of 400 complex points, in place. */
class Transform {
  readonly #re = new Float64Array(WINDOW);
  readonly #im = new Float64Array(WINDOW);

  run(re: Float64Array, im: Float64Array): void {
    // n = COLUMNS·r + c, k = q + ROWS·p.
    for (let c = 0; c < COLUMNS; c++) {
      for (let q = 0; q < ROWS; q++) {
        let x = 0;
        let y = 0;
        for (let r = 0; r < ROWS; r++) {
          const t = (COLUMNS * ((r * q) % ROWS)) % WINDOW;
          const n = COLUMNS * r + c;
          x += re[n]! * cos[t]! - im[n]! * sin[t]!;
          y += re[n]! * sin[t]! + im[n]! * cos[t]!;
        }
        const t = (c * q) % WINDOW;
        this.#re[q * COLUMNS + c] = x * cos[t]! - y * sin[t]!;
        this.#im[q * COLUMNS + c] = x * sin[t]! + y * cos[t]!;
      }
    }
    for (let q = 0; q < ROWS; q++) {
      for (let p = 0; p < COLUMNS; p++) {
        let x = 0;
        let y = 0;
        for (let c = 0; c < COLUMNS; c++) {
          const t = ROWS * ((c * p) % COLUMNS);
          const n = q * COLUMNS + c;
          x += this.#re[n]! * cos[t]! - this.#im[n]! * sin[t]!;
          y += this.#re[n]! * sin[t]! + this.#im[n]! * cos[t]!;
        }
        re[q + ROWS * p] = x;
        im[q + ROWS * p] = y;
      }
    }
  }
}
