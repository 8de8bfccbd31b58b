const STEP_MS = 10;

/**
 * Keeps an opening, given as a function of time, from changing faster than lips can move, and never makes it wider: at every moment it is at
 * most what the fastest lips could reach from every moment around it (the largest function below the given one with that slope; Pasch and
 * Hausdorff's envelope). So places where it is 0, the closures, stay 0 and as long as they were, and the mouth begins to close in time.
 */
export class OpeningLimit {
  readonly #opening: (ms: number) => number;
  readonly #perMs: number;
  readonly #reach: number;
  /** The given opening every `STEP_MS` from `#fromMs` on; NaN where nobody has asked yet. */
  readonly #grid: Float32Array;
  readonly #fromMs: number;

  /** `perMs`: the fastest change. `most`: the widest opening there is. Moments from `fromMs` to `toMs` can be asked for. */
  constructor(o: { opening: (ms: number) => number; perMs: number; most: number; fromMs: number; toMs: number }) {
    this.#opening = o.opening;
    this.#perMs = o.perMs;
    this.#reach = Math.ceil(o.most / o.perMs / STEP_MS);
    this.#fromMs = o.fromMs - this.#reach * STEP_MS;
    this.#grid = new Float32Array(Math.ceil((o.toMs - this.#fromMs) / STEP_MS) + this.#reach + 2).fill(Number.NaN);
  }

  /** The opening at a moment, where `opening` is the one given for it. */
  at(ms: number, opening: number): number {
    let limited = opening;
    const middle = Math.round((ms - this.#fromMs) / STEP_MS);
    const first = Math.max(0, middle - this.#reach);
    const last = Math.min(this.#grid.length - 1, middle + this.#reach);
    for (let i = first; i <= last; i++) {
      const atMs = this.#fromMs + i * STEP_MS;
      let value = this.#grid[i]!;
      if (Number.isNaN(value)) {
        value = this.#opening(atMs);
        this.#grid[i] = value;
      }
      const reachable = value + this.#perMs * Math.abs(ms - atMs);
      if (reachable < limited) limited = reachable;
    }
    return limited;
  }
}
