/** How many observations fell into each bucket since the start, and their sum. Plain data: it crosses processes. */
export interface HistogramSnapshot {
  /** One more than there are bounds: the last one counts what is above them all. */
  counts: number[];
  sum: number;
}

/** From a word of recognition to a whole queue of sentences. */
const SPEECH_BOUNDS_MS = [5, 10, 20, 50, 100, 200, 350, 500, 750, 1000, 1500, 2500, 5000, 10_000, 30_000] as const;

/**
 * What the avatar worker counts, by upper bounds in milliseconds. Fixed here for both ends, so that counts of several workers and of
 * successive ones can be added.
 */
export const WORKER_HISTOGRAM_BOUNDS_MS = {
  /** Between the moment a packet was due and the moment it was handed to the socket. */
  pacerLateness: [0.5, 1, 2, 3, 5, 7.5, 10, 15, 20, 30, 50],
  /** Between the starts of neighbouring pictures of one conversation; 40 ms when all is well. */
  frameInterval: [20, 30, 35, 38, 39, 41, 42, 45, 50, 60, 80, 120, 200, 500],
  frameRender: [1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 100],
  frameEncode: [0.5, 1, 1.5, 2, 3, 5, 7, 10, 15, 20, 30, 50],
  /** How far a picture left before or after the sound it belongs to, absolute. */
  skew: [0.5, 1, 2, 5, 10, 20, 40, 80, 160],
  /** How long calls to the speech worker waited for their engine there, and how long it computed. */
  recognitionQueue: SPEECH_BOUNDS_MS,
  recognitionCompute: SPEECH_BOUNDS_MS,
  synthesisQueue: SPEECH_BOUNDS_MS,
  synthesisCompute: SPEECH_BOUNDS_MS,
  embeddingQueue: SPEECH_BOUNDS_MS,
  embeddingCompute: SPEECH_BOUNDS_MS,
} as const;

export type WorkerHistogramName = keyof typeof WORKER_HISTOGRAM_BOUNDS_MS;
export type WorkerHistograms = Record<WorkerHistogramName, HistogramSnapshot>;

/** Counts observations by ascending upper bounds (inclusive, as Prometheus has them). */
export class HistogramCounts {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Array(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    if (!Number.isFinite(value)) return;
    let bucket = 0;
    while (bucket < this.#bounds.length && value > (this.#bounds[bucket] ?? 0)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += value;
  }

  snapshot(): HistogramSnapshot {
    return { counts: [...this.#counts], sum: this.#sum };
  }
}

/** The lowest bound that at least `share` of the observations do not exceed; Infinity above the last, 0 without any. */
export function quantileBound(bounds: readonly number[], counts: readonly number[], share: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return 0;
  let seen = 0;
  for (const [bucket, count] of counts.entries()) {
    seen += count;
    if (seen >= total * share) return bounds[bucket] ?? Number.POSITIVE_INFINITY;
  }
  return Number.POSITIVE_INFINITY;
}
