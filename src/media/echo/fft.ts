/**
 * The discrete Fourier transform of real signals whose length is a power of two: radix 2, decimation in time (Cooley and Tukey, 1965),
 * on half the length by packing even and odd samples into one complex signal (Press et al., "Numerical Recipes", "FFT of Real Functions").
 * Buffers are made once: transforms allocate nothing.
 */
export class RealFft {
  readonly size: number;
  /** Bins 0…size/2. */
  readonly bins: number;
  readonly #half: number;
  readonly #order: Uint32Array;
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;
  readonly #re: Float64Array;
  readonly #im: Float64Array;

  /** @throws TypeError unless `size` is a power of two from 4 on. */
  constructor(size: number) {
    if (!Number.isInteger(Math.log2(size)) || size < 4) throw new TypeError(`no power of two: ${size}`);
    this.size = size;
    this.#half = size / 2;
    this.bins = this.#half + 1;
    this.#cos = Float64Array.from({ length: this.bins }, (_, k) => Math.cos((2 * Math.PI * k) / size));
    this.#sin = Float64Array.from({ length: this.bins }, (_, k) => Math.sin((2 * Math.PI * k) / size));
    this.#re = new Float64Array(this.#half);
    this.#im = new Float64Array(this.#half);
    const bits = Math.log2(this.#half);
    this.#order = Uint32Array.from({ length: this.#half }, (_, i) => {
      let reversed = 0;
      for (let b = 0; b < bits; b++) reversed |= ((i >> b) & 1) << (bits - 1 - b);
      return reversed;
    });
  }

  /** X[k] = Σ x[n]·e^(−2πikn/size) of `size` samples into `re` and `im` (`bins` values each). */
  forward(samples: Float32Array, re: Float32Array, im: Float32Array): void {
    const half = this.#half;
    const zr = this.#re;
    const zi = this.#im;
    for (let i = 0; i < half; i++) {
      const at = 2 * (this.#order[i] as number);
      zr[i] = samples[at] as number;
      zi[i] = samples[at + 1] as number;
    }
    this.#butterflies();
    for (let k = 0; k <= half; k++) {
      const a = k % half;
      const b = (half - k) % half;
      const evenRe = 0.5 * ((zr[a] as number) + (zr[b] as number));
      const evenIm = 0.5 * ((zi[a] as number) - (zi[b] as number));
      const oddRe = 0.5 * ((zi[a] as number) + (zi[b] as number));
      const oddIm = -0.5 * ((zr[a] as number) - (zr[b] as number));
      const c = this.#cos[k] as number;
      const s = this.#sin[k] as number;
      re[k] = evenRe + c * oddRe + s * oddIm;
      im[k] = evenIm + c * oddIm - s * oddRe;
    }
  }

  /** The samples whose transform `re` and `im` are: the inverse of `forward`. */
  inverse(re: Float32Array, im: Float32Array, samples: Float32Array): void {
    const half = this.#half;
    const zr = this.#re;
    const zi = this.#im;
    for (let i = 0; i < half; i++) {
      const k = this.#order[i] as number;
      const mirror = half - k;
      const evenRe = 0.5 * ((re[k] as number) + (re[mirror] as number));
      const evenIm = 0.5 * ((im[k] as number) - (im[mirror] as number));
      const diffRe = 0.5 * ((re[k] as number) - (re[mirror] as number));
      const diffIm = 0.5 * ((im[k] as number) + (im[mirror] as number));
      const c = this.#cos[k] as number;
      const s = this.#sin[k] as number;
      const oddRe = c * diffRe - s * diffIm;
      const oddIm = c * diffIm + s * diffRe;
      // The conjugate, so that the forward butterflies give the inverse.
      zr[i] = evenRe - oddIm;
      zi[i] = -(evenIm + oddRe);
    }
    this.#butterflies();
    const scale = 1 / half;
    for (let i = 0; i < half; i++) {
      samples[2 * i] = (zr[i] as number) * scale;
      samples[2 * i + 1] = -(zi[i] as number) * scale;
    }
  }

  #butterflies(): void {
    const half = this.#half;
    const zr = this.#re;
    const zi = this.#im;
    for (let span = 1; span < half; span *= 2) {
      const stride = half / span;
      for (let j = 0; j < span; j++) {
        const wr = this.#cos[j * stride] as number;
        const wi = -(this.#sin[j * stride] as number);
        for (let a = j; a < half; a += 2 * span) {
          const b = a + span;
          const br = zr[b] as number;
          const bi = zi[b] as number;
          const tr = br * wr - bi * wi;
          const ti = br * wi + bi * wr;
          zr[b] = (zr[a] as number) - tr;
          zi[b] = (zi[a] as number) - ti;
          zr[a] = (zr[a] as number) + tr;
          zi[a] = (zi[a] as number) + ti;
        }
      }
    }
  }
}
