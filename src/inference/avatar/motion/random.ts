/** A seeded source of random numbers (mulberry32, public domain, by T. Ettinger): the same seed, the same life. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed ^ 0x9e3779b9) >>> 0;
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** Standard normal (Box–Muller). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Log-normal with this median; `spread` is the standard deviation of its logarithm. */
  logNormal(median: number, spread: number): number {
    return median * Math.exp(spread * this.normal());
  }
}

/** Endless smooth noise in about −1…1 that never repeats: random values every `periodS`, joined by cubic curves. */
export class SmoothNoise {
  readonly #random: Random;
  readonly #periodS: number;
  readonly #values: [number, number, number, number];
  #phase = 0;

  constructor(seed: number, periodS: number) {
    this.#random = new Random(seed);
    this.#periodS = periodS;
    this.#values = [this.#draw(), this.#draw(), this.#draw(), this.#draw()];
  }

  #draw(): number {
    return this.#random.between(-1, 1);
  }

  /** Advances and gives the new value; steps must be shorter than the period. */
  next(stepS: number): number {
    this.#phase += stepS / this.#periodS;
    const v = this.#values;
    if (this.#phase >= 1) {
      this.#phase -= 1;
      v[0] = v[1];
      v[1] = v[2];
      v[2] = v[3];
      v[3] = this.#draw();
    }
    const t = this.#phase;
    // Uniform cubic B-spline: curvature is continuous, so nothing ever starts with a jerk.
    const b0 = (1 - t) ** 3;
    const b1 = 3 * t ** 3 - 6 * t ** 2 + 4;
    const b2 = -3 * t ** 3 + 3 * t ** 2 + 3 * t + 1;
    return ((b0 * v[0] + b1 * v[1] + b2 * v[2] + t ** 3 * v[3]) / 6) * 1.5;
  }
}
