import { Random } from '../motion/random.js';

/** A turn comes no sooner after the last than this many frames … */
const LEAST_FRAMES = 38;
/** … and then, at a place where one is possible, with this chance. */
const CHANCE = 0.3;

/**
 * Goes to and fro through a clip for ever, one frame a step, and turns only in places where the picture stands nearly still, so that neither a seam nor a turn is
 * seen; at which of them is left to chance, so that no two minutes are alike. Deterministic for a seed.
 */
export class ClipWalk {
  readonly #turns: ReadonlySet<number>;
  readonly #first: number;
  readonly #last: number;
  readonly #random: Random;
  #at: number;
  #step = 1;
  #since = 0;

  /** `turns`: frames where the picture stands still, ascending; at least one. It goes no farther than the first and the last of them. */
  constructor(turns: readonly number[], seed: number) {
    this.#turns = new Set(turns);
    this.#first = turns[0] ?? 0;
    this.#last = turns.at(-1) ?? 0;
    this.#random = new Random(seed);
    this.#at = this.#first;
  }

  get frame(): number {
    return this.#at;
  }

  /** Goes on by one frame. */
  next(): void {
    if (this.#first === this.#last) return;
    this.#since++;
    const isEnd = this.#at === (this.#step > 0 ? this.#last : this.#first);
    const mayTurn = this.#turns.has(this.#at) && this.#since >= LEAST_FRAMES && this.#random.uniform() < CHANCE;
    if (isEnd || mayTurn) {
      this.#step = -this.#step;
      this.#since = 0;
    }
    this.#at += this.#step;
  }
}

/**
 * The frames of a way through a clip that ends where it began: `length` of them, one step at a time from the first turn to others and back, as far as fits; what is left over is
 * spent standing at the first.
 */
export function loopOf(turns: readonly number[], length: number): number[] {
  const [first = 0] = turns;
  const path: number[] = [];
  for (;;) {
    const left = length - path.length;
    const end = turns.findLast((turn) => turn > first && 2 * (turn - first) <= left);
    if (end === undefined) break;
    for (let frame = first; frame < end; frame++) path.push(frame);
    for (let frame = end; frame > first; frame--) path.push(frame);
  }
  while (path.length < length) path.push(first);
  return path;
}

/** Goes through the same frames again and again. */
export class ClipLoop {
  readonly #path: readonly number[];
  #at = -1;

  constructor(path: readonly number[]) {
    this.#path = path;
  }

  get frame(): number {
    return this.#path[Math.max(0, this.#at)]!;
  }

  next(): void {
    this.#at = (this.#at + 1) % this.#path.length;
  }
}
