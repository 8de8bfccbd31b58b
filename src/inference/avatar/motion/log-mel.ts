/** Mel bands of one frame. */
export const MEL_BANDS = 64;
export const MEL_STEP_MS = 10;
const WINDOW_MS = 25;
const LOW_HZ = 50;
const HIGH_HZ = 7_600;
/** Power below which everything is silence: white noise of about −66 dBFS. */
const FLOOR = 1e-9;
export const SILENT_MEL = Math.log(FLOOR);
const MIN_RATE_HZ = 8_000;
const MAX_RATE_HZ = 192_000;

/**
 * Log-mel features of a stream of mono audio, the same for every sample rate: powers are those of a sine's amplitude (divided by the squared
 * sum of the Hann window), every band is a weighted mean of the spectrum over a triangle, the triangles evenly spaced in mel
 * (O'Shaughnessy 1987: 1127·ln(1 + f/700)). Frame j ends 10·(j + 1) ms after the stream's beginning and looks back 25 ms; before the beginning is silence.
 * Deterministic, and independent of how the stream is cut into pieces.
 */
export class LogMel {
  readonly sampleRateHz: number;
  readonly #window: Float64Array;
  readonly #spectrum: PowerSpectrum;
  readonly #bands: Band[];
  /** The last samples heard, the newest last; at least one window of them. */
  #past: Float32Array;
  #samples = 0;
  #frames = 0;

  /** @throws RangeError for a rate that is no whole number from 8 to 192 kHz. */
  constructor(sampleRateHz: number) {
    if (!Number.isInteger(sampleRateHz) || sampleRateHz < MIN_RATE_HZ || sampleRateHz > MAX_RATE_HZ) {
      throw new RangeError(
        `sample rate must be a whole number from ${MIN_RATE_HZ} to ${MAX_RATE_HZ}, got ${sampleRateHz}`,
      );
    }
    this.sampleRateHz = sampleRateHz;
    const length = Math.round((sampleRateHz * WINDOW_MS) / 1_000);
    const hann = Float64Array.from({ length }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / length));
    const sum = hann.reduce((a, b) => a + b, 0);
    this.#window = hann.map((value) => value / sum);
    this.#spectrum = new PowerSpectrum(2 ** Math.ceil(Math.log2(length)));
    this.#bands = triangles(sampleRateHz, this.#spectrum.size);
    this.#past = new Float32Array(length);
  }

  /** How many frames the next `samples` samples complete. */
  framesWith(samples: number): number {
    return Math.floor(((this.#samples + samples) * 1_000) / (this.sampleRateHz * MEL_STEP_MS)) - this.#frames;
  }

  /** The frames that are complete with `samples`: [n × 64], one after the other. */
  push(samples: Float32Array): Float32Array {
    const out = new Float32Array(this.framesWith(samples.length) * MEL_BANDS);
    const length = this.#window.length;
    const joined = new Float32Array(this.#past.length + samples.length);
    joined.set(this.#past);
    joined.set(samples, this.#past.length);
    const joinedFrom = this.#samples - this.#past.length;
    for (let at = 0; at < out.length; at += MEL_BANDS) {
      this.#frames++;
      const end = Math.round((this.#frames * MEL_STEP_MS * this.sampleRateHz) / 1_000) - joinedFrom;
      this.#spectrum.of(joined.subarray(Math.max(0, end - length), end), this.#window);
      this.#writeBands(out, at);
    }
    this.#samples += samples.length;
    // One hop more than a window: a frame may end up to a hop before the newest sample.
    const kept = Math.min(joined.length, length + Math.ceil((this.sampleRateHz * MEL_STEP_MS) / 1_000));
    this.#past = joined.slice(joined.length - kept);
    return out;
  }

  #writeBands(out: Float32Array, at: number): void {
    const { power } = this.#spectrum;
    this.#bands.forEach(({ first, weights }, band) => {
      let sum = 0;
      for (let i = 0; i < weights.length; i++) sum += weights[i]! * power[first + i]!;
      out[at + band] = Math.log(sum + FLOOR);
    });
  }
}

interface Band {
  first: number;
  /** Sum 1; none where the rate holds nothing of the band. */
  weights: Float64Array;
}

function mel(hz: number): number {
  return 1_127 * Math.log1p(hz / 700);
}

function triangles(sampleRateHz: number, size: number): Band[] {
  const low = mel(LOW_HZ);
  const step = (mel(HIGH_HZ) - low) / (MEL_BANDS + 1);
  return Array.from({ length: MEL_BANDS }, (_, band) => {
    const centre = low + (band + 1) * step;
    const weights = Array.from({ length: size / 2 + 1 }, (_, bin) =>
      Math.max(0, 1 - Math.abs(mel((bin * sampleRateHz) / size) - centre) / step),
    );
    const first = weights.findIndex((weight) => weight > 0);
    const last = weights.findLastIndex((weight) => weight > 0);
    const sum = weights.reduce((a, b) => a + b, 0);
    return {
      first: Math.max(0, first),
      weights: Float64Array.from(first < 0 ? [] : weights.slice(first, last + 1), (weight) => weight / sum),
    };
  });
}

/** Power spectra of real signals by a radix-2 fast Fourier transform (Cooley & Tukey 1965) of fixed size. */
class PowerSpectrum {
  readonly size: number;
  /** size/2 + 1 bins of the last signal. */
  readonly power: Float64Array;
  readonly #real: Float64Array;
  readonly #imaginary: Float64Array;
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;
  readonly #reversed: Uint16Array;

  constructor(size: number) {
    this.size = size;
    this.power = new Float64Array(size / 2 + 1);
    this.#real = new Float64Array(size);
    this.#imaginary = new Float64Array(size);
    this.#cos = Float64Array.from({ length: size / 2 }, (_, i) => Math.cos((-2 * Math.PI * i) / size));
    this.#sin = Float64Array.from({ length: size / 2 }, (_, i) => Math.sin((-2 * Math.PI * i) / size));
    this.#reversed = new Uint16Array(size);
    for (let i = 1; i < size; i++) this.#reversed[i] = (this.#reversed[i >> 1]! >> 1) | (i & 1 ? size / 2 : 0);
  }

  /** Fills `power` for `signal` times the end of `window`, zeros after it. */
  of(signal: Float32Array, window: Float64Array): void {
    const { size, power } = this;
    const re = this.#real;
    const im = this.#imaginary;
    const offset = window.length - signal.length;
    for (let i = 0; i < size; i++) {
      const n = this.#reversed[i]! - offset;
      re[i] = n >= 0 && n < signal.length ? signal[n]! * window[n + offset]! : 0;
      im[i] = 0;
    }
    for (let half = 1; half < size; half *= 2) {
      const stride = size / (2 * half);
      for (let start = 0; start < size; start += 2 * half) {
        for (let k = 0; k < half; k++) {
          const a = start + k;
          const b = a + half;
          const c = this.#cos[k * stride]!;
          const s = this.#sin[k * stride]!;
          const x = re[b]! * c - im[b]! * s;
          const y = re[b]! * s + im[b]! * c;
          re[b] = re[a]! - x;
          im[b] = im[a]! - y;
          re[a] = re[a]! + x;
          im[a] = im[a]! + y;
        }
      }
    }
    for (let i = 0; i < power.length; i++) power[i] = re[i]! * re[i]! + im[i]! * im[i]!;
  }
}
