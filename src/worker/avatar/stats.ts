import type { WorkerStats } from '../control.js';

/** The value below which `share` of the ascending `sorted` values lie; 0 when there are none. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

const MAX_SAMPLES = 20_000;

/** Render and encode times of all avatars since the last `take()`; bounded. */
export class FrameTimes {
  #render: number[] = [];
  #encode: number[] = [];

  add(stats: { renderMs: readonly number[]; encodeMs: readonly number[] }): void {
    if (this.#render.length > MAX_SAMPLES) return;
    this.#render.push(...stats.renderMs);
    this.#encode.push(...stats.encodeMs);
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
