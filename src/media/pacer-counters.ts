import { WORKER_HISTOGRAM_BOUNDS_MS as BOUNDS, HistogramCounts } from '../histogram.js';
import type { PacerStats } from './output-protocol.js';

const MAX_SAMPLES = 4096;
/** A frame that leaves this much after its time was late for the viewer. */
const FRAME_LATE_MS = 5;

/** What all conversations of a pacer thread count together; `take()` reports, and all but the histograms begin anew. */
export class PacerCounters {
  readonly #lateness = new Float64Array(MAX_SAMPLES);
  readonly #histograms = {
    pacerLateness: new HistogramCounts(BOUNDS.pacerLateness),
    frameInterval: new HistogramCounts(BOUNDS.frameInterval),
    skew: new HistogramCounts(BOUNDS.skew),
  };
  readonly #conversations = new Map<string, ConversationCounters>();
  #samples = 0;
  #stats = emptyCounts();

  /** The counters of one conversation; `queuedMs` tells how much speech of it waits to be sent. */
  open(conversationId: string, queuedMs: () => number): ConversationCounters {
    const counters = new ConversationCounters(this, queuedMs);
    this.#conversations.set(conversationId, counters);
    return counters;
  }

  close(conversationId: string): void {
    this.#conversations.delete(conversationId);
  }

  audioSent(latenessMs: number): void {
    // Overwrites the oldest when nobody asks.
    this.#lateness[this.#samples % MAX_SAMPLES] = latenessMs;
    this.#samples++;
    this.#histograms.pacerLateness.observe(latenessMs);
    this.#stats.audioPacketsSent++;
  }

  frameSent(o: { late: boolean; skewMs: number | null; intervalMs: number | null }): void {
    this.#stats.framesSent++;
    if (o.late) this.#stats.framesLate++;
    if (o.skewMs !== null) this.#histograms.skew.observe(Math.abs(o.skewMs));
    if (o.intervalMs !== null) this.#histograms.frameInterval.observe(o.intervalMs);
  }

  framesMissed(count: number): void {
    this.#stats.framesLate += count;
    this.#stats.framesMissed += count;
  }

  keyFrameRequested(): void {
    this.#stats.keyFramesRequested++;
  }

  underrun(): void {
    this.#stats.underruns++;
  }

  take(): PacerStats {
    const latenessMs = Array.from(this.#lateness.subarray(0, Math.min(this.#samples, MAX_SAMPLES)));
    const { pacerLateness, frameInterval, skew } = this.#histograms;
    const stats: PacerStats = {
      ...this.#stats,
      latenessMs,
      histograms: {
        pacerLateness: pacerLateness.snapshot(),
        frameInterval: frameInterval.snapshot(),
        skew: skew.snapshot(),
      },
      conversations: [...this.#conversations].map(([conversationId, counters]) => ({
        conversationId,
        framesDue: counters.framesDue,
        framesLate: counters.framesLate,
        queuedSpeechMs: counters.queuedMs(),
      })),
    };
    this.#samples = 0;
    this.#stats = emptyCounts();
    return stats;
  }
}

/** One conversation's share; everything is also counted in the whole. */
export class ConversationCounters {
  readonly queuedMs: () => number;
  readonly #all: PacerCounters;
  #lastFrameMs: number | null = null;
  /** How late the last packet of sound was: the picture is compared with it. */
  #soundLateMs: number | null = null;
  #framesDue = 0;
  #framesLate = 0;

  constructor(all: PacerCounters, queuedMs: () => number) {
    this.#all = all;
    this.queuedMs = queuedMs;
  }

  /** Since the conversation was opened: sent and left out. */
  get framesDue(): number {
    return this.#framesDue;
  }

  get framesLate(): number {
    return this.#framesLate;
  }

  audioSent(latenessMs: number): void {
    this.#soundLateMs = latenessMs;
    this.#all.audioSent(latenessMs);
  }

  /** A frame that was due at `dueMs` left at `nowMs`. */
  frameSent(nowMs: number, dueMs: number): void {
    const lateMs = nowMs - dueMs;
    const late = lateMs > FRAME_LATE_MS;
    this.#framesDue++;
    if (late) this.#framesLate++;
    const intervalMs = this.#lastFrameMs === null ? null : nowMs - this.#lastFrameMs;
    this.#lastFrameMs = nowMs;
    this.#all.frameSent({ late, intervalMs, skewMs: this.#soundLateMs === null ? null : lateMs - this.#soundLateMs });
  }

  /** Frames that were due and never left. */
  framesMissed(count: number): void {
    this.#framesDue += count;
    this.#framesLate += count;
    this.#all.framesMissed(count);
  }

  keyFrameRequested(): void {
    this.#all.keyFrameRequested();
  }

  underrun(): void {
    this.#all.underrun();
  }
}

function emptyCounts() {
  return { framesSent: 0, framesLate: 0, framesMissed: 0, keyFramesRequested: 0, audioPacketsSent: 0, underruns: 0 };
}
