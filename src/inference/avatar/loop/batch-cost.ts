/** Runs of one batch size that are remembered. */
const REMEMBERED = 64;
/** What a run is taken to cost: so many of those remembered took no longer. */
const QUANTILE = 0.95;

/** The last runs of one batch size; the quantile is computed when it is asked for, not when a run is recorded. */
class Runs {
  readonly #ms = new Float64Array(REMEMBERED);
  readonly #sorted = new Float64Array(REMEMBERED);
  #count = 0;
  #next = 0;
  #quantileMs: number | undefined;

  record(ms: number): void {
    this.#ms[this.#next] = ms;
    this.#next = (this.#next + 1) % REMEMBERED;
    this.#count = Math.min(this.#count + 1, REMEMBERED);
    this.#quantileMs = undefined;
  }

  get quantileMs(): number {
    if (this.#quantileMs === undefined) {
      const sorted = this.#sorted.subarray(0, this.#count);
      sorted.set(this.#ms.subarray(0, this.#count));
      sorted.sort();
      this.#quantileMs = sorted[Math.min(this.#count - 1, Math.floor(this.#count * QUANTILE))]!;
    }
    return this.#quantileMs;
  }
}

/**
 * What one run of a graph costs, by batch size: a running 95 % quantile of the last 64 runs of each. Larger batches never cost less than smaller ones. A size
 * that was not measured is taken to cost no more than the next larger one that was, nor more than the largest smaller one as often as it is needed.
 * Recording allocates nothing after the first run of a size.
 */
export class BatchCosts {
  readonly maxBatch: number;
  readonly #runs: (Runs | undefined)[];

  constructor(maxBatch: number) {
    this.maxBatch = maxBatch;
    this.#runs = Array.from({ length: maxBatch + 1 });
  }

  /** `batch` is a whole number from 1 to `maxBatch`; times that are no positive number are left out. */
  record(batch: number, ms: number): void {
    if (!(ms >= 0) || !Number.isFinite(ms)) return;
    let runs = this.#runs[batch];
    if (runs === undefined) {
      runs = new Runs();
      this.#runs[batch] = runs;
    }
    runs.record(ms);
  }

  /** In ms; infinite while nothing was measured. */
  costMs(batch: number): number {
    let below = 0;
    let belowSize = 0;
    for (let size = 1; size <= batch; size++) {
      const runs = this.#runs[size];
      if (runs === undefined) continue;
      below = Math.max(below, runs.quantileMs);
      belowSize = size;
    }
    if (belowSize === batch) return below;
    const inParts = belowSize === 0 ? Number.POSITIVE_INFINITY : Math.ceil(batch / belowSize) * below;
    for (let size = batch + 1; size <= this.maxBatch; size++) {
      const runs = this.#runs[size];
      if (runs !== undefined) return Math.min(inParts, Math.max(below, runs.quantileMs));
    }
    return inParts;
  }
}
