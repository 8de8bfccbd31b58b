import { HistogramCounts, WORKER_HISTOGRAM_BOUNDS_MS, type WorkerHistograms } from '../../histogram.js';
import type { WorkerStats } from '../control.js';
import type { CallReport } from '../speech/client.js';

/** The value below which `share` of the ascending `sorted` values lie; 0 when there are none. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

const MAX_SAMPLES = 20_000;

/** Render and encode times of all avatars: since the last `take()`, bounded, and as histograms since the start. */
export class FrameTimes {
  readonly #renderCounts = new HistogramCounts(WORKER_HISTOGRAM_BOUNDS_MS.frameRender);
  readonly #encodeCounts = new HistogramCounts(WORKER_HISTOGRAM_BOUNDS_MS.frameEncode);
  #render: number[] = [];
  #encode: number[] = [];

  add(stats: { renderMs: readonly number[]; encodeMs: readonly number[] }): void {
    for (const ms of stats.renderMs) this.#renderCounts.observe(ms);
    for (const ms of stats.encodeMs) this.#encodeCounts.observe(ms);
    if (this.#render.length > MAX_SAMPLES) return;
    this.#render.push(...stats.renderMs);
    this.#encode.push(...stats.encodeMs);
  }

  get histograms(): Pick<WorkerHistograms, 'frameRender' | 'frameEncode'> {
    return { frameRender: this.#renderCounts.snapshot(), frameEncode: this.#encodeCounts.snapshot() };
  }

  take(): WorkerStats['frameMs'] {
    const render = this.#render.sort((a, b) => a - b);
    const encode = this.#encode.sort((a, b) => a - b);
    this.#render = [];
    this.#encode = [];
    return {
      renderP50: percentile(render, 0.5),
      renderP95: percentile(render, 0.95),
      encodeP50: percentile(encode, 0.5),
      encodeP95: percentile(encode, 0.95),
      count: render.length,
    };
  }
}

export type SpeechHistograms = Omit<
  WorkerHistograms,
  'pacerLateness' | 'frameInterval' | 'skew' | 'frameRender' | 'frameEncode'
>;

const ENGINE_OF = { recognise: 'recognition', speak: 'synthesis', embed: 'embedding' } as const;

/** What the speech worker's answers say of their cost, since the start. */
export class SpeechCalls {
  readonly #counts: { [K in keyof SpeechHistograms]: HistogramCounts } = {
    recognitionQueue: new HistogramCounts(WORKER_HISTOGRAM_BOUNDS_MS.recognitionQueue),
    recognitionCompute: new HistogramCounts(WORKER_HISTOGRAM_BOUNDS_MS.recognitionCompute),
    synthesisQueue: new HistogramCounts(WORKER_HISTOGRAM_BOUNDS_MS.synthesisQueue),
    synthesisCompute: new HistogramCounts(WORKER_HISTOGRAM_BOUNDS_MS.synthesisCompute),
    embeddingQueue: new HistogramCounts(WORKER_HISTOGRAM_BOUNDS_MS.embeddingQueue),
    embeddingCompute: new HistogramCounts(WORKER_HISTOGRAM_BOUNDS_MS.embeddingCompute),
  };

  add({ type, queueMs, computeMs }: Pick<CallReport, 'type' | 'queueMs' | 'computeMs'>): void {
    const engine = ENGINE_OF[type];
    this.#counts[`${engine}Queue`].observe(queueMs);
    this.#counts[`${engine}Compute`].observe(computeMs);
  }

  get histograms(): SpeechHistograms {
    const counts = this.#counts;
    return {
      recognitionQueue: counts.recognitionQueue.snapshot(),
      recognitionCompute: counts.recognitionCompute.snapshot(),
      synthesisQueue: counts.synthesisQueue.snapshot(),
      synthesisCompute: counts.synthesisCompute.snapshot(),
      embeddingQueue: counts.embeddingQueue.snapshot(),
      embeddingCompute: counts.embeddingCompute.snapshot(),
    };
  }
}
