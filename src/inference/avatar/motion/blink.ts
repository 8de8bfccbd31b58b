import { Random } from './random.js';

/**
 * Spontaneous blinks: lids fall in 145 to 160 ms, more slowly than measured (75 to 110 ms, VanderWerf et al. 2003, see below). Faster, a lid that
 * is about to meet the other would be seen to jump by more than 4 % of the face's width in a frame of 40 ms.
 */
const CLOSE_MS = 145;
const HOLD_MS = 15;
const OPEN_MS = 225;
/** The fall is fast at first and braked from a part of its time on, when so much of it is done. */
const BRAKED = { at: 0.38, done: 0.55 };
/** Blinks differ in length by these factors. */
const SLOWNESS = [1, 1.1] as const;
/** No one blinks again at once, save for the occasional double blink. */
const MIN_PAUSE_MS = 900;

/**
 * When the lids close. Intervals are log-normal; rates in conversation follow Bentivoglio et al., "Analysis of blink rate
 * patterns in normal subjects" (Movement Disorders 1997): about 17 a minute at rest, more in talk. Lids fall faster than they
 * rise (VanderWerf et al., "Eyelid movements", J. Neurophysiology 2003).
 */
export class Blink {
  readonly #random: Random;
  #untilMs: number;
  #phaseMs = Number.POSITIVE_INFINITY;
  #depth = 1;
  #slowness = 1;

  constructor(seed: number) {
    this.#random = new Random(seed);
    this.#untilMs = this.#random.between(600, 2_800);
  }

  /** Closes the lids soon if they have not lately been closed (with a large turn of the eyes). */
  prompt(): void {
    if (this.#phaseMs > MIN_PAUSE_MS) this.#untilMs = Math.min(this.#untilMs, 40);
  }

  /** Advances; `perMinute` is the mean rate wanted now. */
  next(stepMs: number, perMinute: number): number {
    this.#untilMs -= stepMs;
    this.#phaseMs += stepMs;
    if (this.#untilMs <= 0) this.#begin(perMinute);
    const t = this.#phaseMs / this.#slowness;
    if (t < CLOSE_MS) return this.#depth * fall(t / CLOSE_MS);
    if (t < CLOSE_MS + HOLD_MS) return this.#depth;
    if (t < CLOSE_MS + HOLD_MS + OPEN_MS) return this.#depth * (1 - rise((t - CLOSE_MS - HOLD_MS) / OPEN_MS));
    return 0;
  }

  #begin(perMinute: number): void {
    const random = this.#random;
    this.#phaseMs = random.between(0, 30);
    this.#depth = random.uniform() < 0.1 ? random.between(0.75, 0.9) : 1;
    this.#slowness = random.between(...SLOWNESS);
    // The mean of a log-normal lies exp(spread²/2) above its median.
    const spread = 0.5;
    const median = 60_000 / perMinute / Math.exp((spread * spread) / 2);
    // A double blink begins when the lids have come up again.
    const wholeMs = (CLOSE_MS + HOLD_MS + OPEN_MS) * this.#slowness;
    this.#untilMs =
      random.uniform() < 0.05
        ? wholeMs + random.between(0, 80)
        : Math.max(MIN_PAUSE_MS, random.logNormal(median, spread));
  }
}

/** Fast at once, then braked: the burst of the orbicularis comes first (Evinger, Manning & Sibony, "Eyelid movements", IOVS 1991). */
function fall(t: number): number {
  const { at, done } = BRAKED;
  return t < at ? (done * t) / at : done + ((1 - done) * (t - at)) / (1 - at);
}

/** Half-way between an even course, which is the slowest, and a smooth one. */
function rise(t: number): number {
  return 0.5 * t + 0.5 * t * t * (3 - 2 * t);
}
