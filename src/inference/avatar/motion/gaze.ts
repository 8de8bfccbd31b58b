import { Random } from './random.js';

/** A saccade of this size takes one to two frames (main sequence: about 2.2 ms a degree + 21 ms, Carpenter 1988). */
const SACCADE_MS = 45;

export interface GazeTarget {
  /** 0…1: how much the eyes should look away as someone does who thinks. */
  away: number;
  /** 0…1: how steadily they should hold the visitor's eyes. */
  attention: number;
}

/**
 * Where the eyes look, −1…1 (positive: the avatar's left, up). Mostly at the visitor, with small fixation changes around
 * the eyes and mouth of the other and now and then a short glance aside; thinking looks up and to one side.
 */
export class Gaze {
  readonly #random: Random;
  #fromX = 0;
  #fromY = 0;
  #toX = 0;
  #toY = 0;
  #sinceMs = 1_000;
  #holdMs: number;
  #wasAway = false;
  #side: number;
  x = 0;
  y = 0;
  /** Set when this step began a large turn of the eyes. */
  turned = false;

  constructor(seed: number) {
    this.#random = new Random(seed);
    this.#holdMs = this.#random.between(700, 2_000);
    this.#side = this.#random.uniform() < 0.5 ? -1 : 1;
  }

  next(stepMs: number, { away, attention }: GazeTarget): void {
    this.turned = false;
    this.#sinceMs += stepMs;
    const isAway = away > 0.5;
    if (isAway !== this.#wasAway || this.#sinceMs > this.#holdMs) this.#choose(isAway, attention);
    this.#wasAway = isAway;
    const t = Math.min(1, this.#sinceMs / SACCADE_MS);
    const k = t * t * (3 - 2 * t);
    this.x = this.#fromX + (this.#toX - this.#fromX) * k;
    this.y = this.#fromY + (this.#toY - this.#fromY) * k;
  }

  #choose(isAway: boolean, attention: number): void {
    const random = this.#random;
    if (isAway && !this.#wasAway) this.#side = random.uniform() < 0.7 ? this.#side : -this.#side;
    let [x, y, hold] = [0.05 * random.normal(), 0.035 * random.normal(), random.logNormal(900, 0.5)];
    if (isAway) {
      [x, y, hold] = [this.#side * random.between(0.35, 0.6), random.between(0.2, 0.45), random.logNormal(800, 0.4)];
    } else if (random.uniform() < 0.1 * (1 - attention)) {
      [x, y, hold] = [random.between(-0.4, 0.4), random.between(-0.2, 0.1), random.between(350, 800)];
    }
    this.#fromX = this.x;
    this.#fromY = this.y;
    this.#toX = x;
    this.#toY = y;
    this.#holdMs = hold;
    this.#sinceMs = 0;
    this.turned = Math.hypot(x - this.x, y - this.y) > 0.3;
  }
}
