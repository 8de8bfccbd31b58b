/**
 * Streaming sample-rate conversion by a polyphase windowed-sinc filter (J. O. Smith, "Digital Audio Resampling"; window: J. F. Kaiser,
 * 1974). Pass band: flat within 0.1 dB to 90 % of the lower of the two Nyquist frequencies; stop band: below −80 dB from 110 %.
 */

/** Zero crossings of the sinc on either side of its centre, counted at the lower of the two rates. */
const ZERO_CROSSINGS = 26;
/** Kaiser's β for 80 dB of attenuation. */
const KAISER_BETA = 7.86;
const MAX_PHASES = 2048;

/**
 * Converts one stream chunk by chunk; the result does not depend on how the input is cut. Output sample n lies at the input
 * time n·inputRate/outputRate: there is no delay in time, only output that waits for the input after it (`latencyMs`).
 */
export class Resampler {
  readonly #up: number;
  readonly #down: number;
  /** Taps on either side of the centre, in input samples. */
  readonly #half: number;
  /** One row of 2·half taps per phase. */
  readonly #taps: Float32Array;
  #history: Float32Array;
  /** Input samples from the history's start to the next output's centre tap, and the phase after it. */
  #index: number;
  #phase = 0;
  #inputCount = 0;
  #outputCount = 0;
  readonly #inputRateHz: number;

  /** @throws TypeError for rates that are no positive integers or whose ratio is not a fraction of small numbers. */
  constructor(inputRateHz: number, outputRateHz: number) {
    for (const rate of [inputRateHz, outputRateHz]) {
      if (!Number.isInteger(rate) || rate <= 0) throw new TypeError('sample rates must be positive integers');
    }
    const divisor = greatestCommonDivisor(inputRateHz, outputRateHz);
    this.#up = outputRateHz / divisor;
    this.#down = inputRateHz / divisor;
    if (this.#up > MAX_PHASES) throw new TypeError(`cannot convert ${inputRateHz} Hz to ${outputRateHz} Hz`);
    const cutoff = Math.min(1, this.#up / this.#down);
    this.#half = this.#up === this.#down ? 1 : Math.ceil(ZERO_CROSSINGS / cutoff);
    this.#taps = designTaps(this.#up, this.#half, cutoff);
    this.#inputRateHz = inputRateHz;
    this.#history = new Float32Array(this.#half - 1);
    this.#index = this.#half - 1;
  }

  /** How much later an output sample leaves than the input sample of the same time came. */
  get latencyMs(): number {
    return (this.#half * 1000) / this.#inputRateHz;
  }

  /** The output that is complete with `input`. */
  process(input: Float32Array): Float32Array<ArrayBuffer> {
    this.#inputCount += input.length;
    return this.#run(input);
  }

  /**
   * The rest, as if silence followed; the stream's output is then exactly ⌈input·outputRate/inputRate⌉ samples. Begins a new
   * stream.
   */
  flush(): Float32Array<ArrayBuffer> {
    const total = Math.ceil((this.#inputCount * this.#up) / this.#down);
    const missing = total - this.#outputCount;
    const rest = this.#run(new Float32Array(this.#half + 1)).slice(0, missing);
    this.reset();
    return rest;
  }

  /** Forgets the past: the next input begins a new stream. */
  reset(): void {
    this.#history = new Float32Array(this.#half - 1);
    this.#index = this.#half - 1;
    this.#phase = 0;
    this.#inputCount = 0;
    this.#outputCount = 0;
  }

  #run(input: Float32Array): Float32Array<ArrayBuffer> {
    const data = new Float32Array(this.#history.length + input.length);
    data.set(this.#history);
    data.set(input, this.#history.length);
    const width = 2 * this.#half;
    const out = new Float32Array(Math.ceil(((data.length + 1) * this.#up) / this.#down) + 1);
    let count = 0;
    // The taps reach from index − half + 1 to index + half.
    while (this.#index + this.#half < data.length) {
      const row = this.#phase * width;
      const start = this.#index - this.#half + 1;
      let sum = 0;
      for (let k = 0; k < width; k++) sum += (this.#taps[row + k] as number) * (data[start + k] as number);
      out[count++] = sum;
      this.#phase += this.#down;
      this.#index += Math.floor(this.#phase / this.#up);
      this.#phase %= this.#up;
    }
    const keep = Math.min(this.#index - this.#half + 1, data.length);
    this.#history = data.slice(keep);
    this.#index -= keep;
    this.#outputCount += count;
    return out.slice(0, count);
  }
}

function designTaps(phases: number, half: number, cutoff: number): Float32Array {
  const width = 2 * half;
  const taps = new Float32Array(phases * width);
  for (let phase = 0; phase < phases; phase++) {
    let sum = 0;
    for (let k = 0; k < width; k++) {
      // From the tap's input sample to the output's place, in input samples.
      const distance = phase / phases - (k - half + 1);
      const value = sinc(distance * cutoff) * kaiser(distance / half);
      taps[phase * width + k] = value;
      sum += value;
    }
    // Every phase passes a constant unchanged, so that no tone appears at the rate of the phases.
    for (let k = 0; k < width; k++) taps[phase * width + k] = (taps[phase * width + k] as number) / sum;
  }
  return taps;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function kaiser(x: number): number {
  return Math.abs(x) >= 1 ? 0 : besselI0(KAISER_BETA * Math.sqrt(1 - x * x)) / besselI0(KAISER_BETA);
}

/** The modified Bessel function of the first kind and order 0, by its power series. */
function besselI0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > 1e-12 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** All of `samples` at another rate: ⌈length·outputRate/inputRate⌉ samples. */
export function resample(samples: Float32Array, inputRateHz: number, outputRateHz: number): Float32Array<ArrayBuffer> {
  const resampler = new Resampler(inputRateHz, outputRateHz);
  const body = resampler.process(samples);
  const rest = resampler.flush();
  const out = new Float32Array(body.length + rest.length);
  out.set(body);
  out.set(rest, body.length);
  return out;
}

/** −1…1 to 16 bits, rounded, clipped beyond; NaN becomes silence. */
export function floatToInt16(samples: Float32Array): Int16Array<ArrayBuffer> {
  const out = new Int16Array(samples.length);
  for (let i = 0; i < samples.length; i++) {
    out[i] = Math.max(-32_768, Math.min(32_767, Math.round((samples[i] as number) * 32_768)));
  }
  return out;
}

/** 16 bits to −1…1. */
export function int16ToFloat(samples: Int16Array): Float32Array<ArrayBuffer> {
  const out = new Float32Array(samples.length);
  for (let i = 0; i < samples.length; i++) out[i] = (samples[i] as number) / 32_768;
  return out;
}
