import type { PacerStats } from './output-protocol.js';

const MAX_SAMPLES = 4096;

/** What all conversations of a pacer thread count together; `take()` reports and begins anew. */
export class PacerCounters {
  readonly #lateness = new Float64Array(MAX_SAMPLES);
  #samples = 0;
  #stats = emptyStats();

  audioSent(latenessMs: number): void {
    // Overwrites the oldest when nobody asks.
    this.#lateness[this.#samples % MAX_SAMPLES] = latenessMs;
    this.#samples++;
    this.#stats.audioPacketsSent++;
  }

  frameSent(late: boolean): void {
    this.#stats.framesSent++;
    if (late) this.#stats.framesLate++;
  }

  framesMissed(count: number): void {
    this.#stats.framesLate += count;
  }

  keyFrameRequested(): void {
    this.#stats.keyFramesRequested++;
  }

  underrun(): void {
    this.#stats.underruns++;
  }

  take(): PacerStats {
    const latenessMs = Array.from(this.#lateness.subarray(0, Math.min(this.#samples, MAX_SAMPLES)));
    const stats = { ...this.#stats, latenessMs };
    this.#samples = 0;
    this.#stats = emptyStats();
    return stats;
  }
}

function emptyStats(): PacerStats {
  return { latenessMs: [], framesSent: 0, framesLate: 0, keyFramesRequested: 0, audioPacketsSent: 0, underruns: 0 };
}
