import type { BatchCosts } from './batch-cost.js';
import type { GraphLoad } from './response.js';

/** What a run took too long counts so often: others have been kept waiting by it. */
const PENALTY = 4;
/** In leads: so much may be owed before the graph has to wait. Times vary. */
const ALLOWANCE = 1;

/** What one graph may take of a loop, and by how much it took more. */
export class GraphShare implements GraphLoad {
  readonly name: string;
  readonly costs: BatchCosts;
  conversations = 0;
  /** Before then it is not run. */
  freeAtMs = Number.NEGATIVE_INFINITY;
  readonly #leadMs: number;
  readonly #promisedMs: Float64Array;
  readonly #beforeMs: Float64Array;
  #owedMs = 0;
  #owedAtMs = 0;

  constructor(name: string, costs: BatchCosts, leadMs: number) {
    this.name = name;
    this.costs = costs;
    this.#leadMs = leadMs;
    this.#promisedMs = new Float64Array(costs.maxBatch + 1);
    this.#beforeMs = new Float64Array(costs.maxBatch + 1);
    this.reserve();
  }

  get maxBatch(): number {
    return this.costs.maxBatch;
  }

  /** What a run of `batch` frames may take. */
  costMs(batch: number): number {
    return this.#promisedMs[batch]!;
  }

  /** Makes what was measured what it may take. */
  reserve(): void {
    for (let batch = 1; batch <= this.maxBatch; batch++) this.#promisedMs[batch] = this.costs.costMs(batch);
  }

  /** As `reserve`; `revert` takes it back. */
  tryReserve(): void {
    this.#beforeMs.set(this.#promisedMs);
    this.reserve();
  }

  revert(): void {
    this.#promisedMs.set(this.#beforeMs);
  }

  /** A run of `batch` frames that took `ms` has ended. */
  charge(batch: number, ms: number, nowMs: number): void {
    const rate = this.#share;
    this.#owedMs = Math.max(0, this.#owedMs - (nowMs - this.#owedAtMs) * rate);
    this.#owedAtMs = nowMs;
    // Runs that take less than they may make up for some that take more: what may be taken is a high quantile.
    const overMs = ms - this.costMs(batch);
    this.#owedMs = Math.max(0, this.#owedMs + (overMs > 0 ? PENALTY * overMs : overMs));
    const beyondMs = this.#owedMs - ALLOWANCE * this.#leadMs;
    this.freeAtMs = beyondMs > 0 ? nowMs + beyondMs / rate : Number.NEGATIVE_INFINITY;
  }

  /** Of the thread's time, as it was promised. */
  get #share(): number {
    const full = Math.max(1, Math.min(this.conversations, this.maxBatch));
    const frames = Math.max(1, this.conversations);
    return Math.min(1, (Math.ceil(frames / this.maxBatch) * this.costMs(full)) / this.#leadMs);
  }
}
