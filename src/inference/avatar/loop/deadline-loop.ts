import { VisavisError } from '../../../errors.js';
import type { BatchCosts } from './batch-cost.js';
import { GraphShare } from './graph-share.js';
import { worstResponseMs } from './response.js';

/** Runs after which what graphs may take is looked at again, if none took longer before. */
const SETTLE_EVERY = 16;
/** When another conversation may fit, in seconds: conversations last minutes. */
const RETRY_AFTER_S = 15;
/** Of sums of times. */
const ROUNDING_MS = 1e-6;

/** A conversation's place in the loop. One frame at a time: announcing the next before the last is drawn drops that one. */
interface Seat {
  readonly id: string;
  readonly graph: GraphShare;
  /** The frame that waits is shown then; NaN: none waits. */
  dueMs: number;
  /** By when it is promised: `dueMs`, unless it was announced too late or too soon after another. */
  promisedMs: number;
  /** By when the frame drawn last was promised. */
  lastPromisedMs: number;
  /** When the frame that is being drawn is shown; NaN: none is. */
  runningDueMs: number;
  hasLeft: boolean;
}

/** What to draw in one run. Reused by the next: read it before. */
export interface Batch {
  graph: string;
  /** The first `size` are meant. */
  readonly conversations: string[];
  size: number;
}

export interface LoopCounts {
  /** Frames announced, and those of them that were drawn after they were due or not at all. */
  due: number;
  missed: number;
  runs: number;
  drawn: number;
}

/**
 * Decides which frames of which conversations are drawn next by one thread that runs one graph at a time: the frame that is due first, together with others of the same
 * graph. A conversation is admitted only while every frame of all of them will be drawn by the time it is due, by what runs were measured to cost
 * (`worstResponseMs`); what a conversation announces may come in any order. A conversation that announces nothing costs nothing.
 *
 * A frame cannot be drawn earlier than `leadMs` before it is due, and is worth the promise only if it is announced by then, and due at least `leadMs` after the
 * conversation's last one; frames that are not are drawn as soon as that hurts nobody else. Frames that can no longer be drawn in time are left out: their conversation
 * shows the last one once more. A graph that takes longer than it was admitted with, where that does not fit, waits until it has made up
 * for it (after the constant bandwidth server of L. Abeni, G. Buttazzo, RTSS 1998), so that its frames are missed and not those of others.
 *
 * Pure: times are parameters, in ms of any steady clock. No allocation but at `addGraph` and `admit`.
 */
export class DeadlineLoop {
  readonly counts: LoopCounts = { due: 0, missed: 0, runs: 0, drawn: 0 };
  readonly #leadMs: number;
  readonly #onMissed: (conversation: string) => void;
  readonly #graphs = new Map<string, GraphShare>();
  readonly #seats = new Map<string, Seat>();
  readonly #batch: Batch = { graph: '', conversations: [], size: 0 };
  readonly #running: Seat[] = [];
  #runningSince = 0;
  #wakeAtMs = Number.POSITIVE_INFINITY;

  /** `onMissed` hears of every frame that is left out. */
  constructor(o: { leadMs: number; onMissed?: (conversation: string) => void }) {
    if (!(o.leadMs > 0)) throw new VisavisError('bad-request', `leadMs: got ${o.leadMs}, expected a positive number`);
    this.#leadMs = o.leadMs;
    this.#onMissed = o.onMissed ?? (() => {});
  }

  /** `costs` holds what runs cost, of one frame at least, and is added to. */
  addGraph(name: string, costs: BatchCosts): void {
    if (this.#graphs.has(name)) throw new VisavisError('conflict', `the loop has the graph ${name} already`);
    this.#graphs.set(name, new GraphShare(name, costs, this.#leadMs));
  }

  /** Throws `conflict` while a conversation is drawn by it. */
  removeGraph(name: string): void {
    if ((this.#graphs.get(name)?.conversations ?? 0) > 0)
      throw new VisavisError('conflict', `the graph ${name} is in use`);
    this.#graphs.delete(name);
  }

  hasGraph(name: string): boolean {
    return this.#graphs.has(name);
  }

  /**
   * Promises a conversation frames of `graph`. Throws `unavailable`, reason `capacity`, where they could not all be drawn in time, beside those promised already;
   * nothing changes then.
   */
  admit(conversation: string, graph: string): void {
    const share = this.#graphs.get(graph);
    if (share === undefined) throw new VisavisError('not-found', `the loop has no graph ${graph}`);
    if (this.#seats.get(conversation) !== undefined)
      throw new VisavisError('conflict', `${conversation} is in the loop already`);
    share.conversations++;
    const neededMs = worstResponseMs(this.#measured());
    if (!(neededMs <= this.#leadMs + ROUNDING_MS)) {
      share.conversations--;
      const message = `one more conversation with ${graph} would need ${neededMs.toFixed(1)} ms a frame, of ${this.#leadMs} ms`;
      throw new VisavisError('unavailable', message, { reason: 'capacity', retryAfterS: RETRY_AFTER_S });
    }
    for (const each of this.#graphs.values()) each.reserve();
    const times = {
      dueMs: Number.NaN,
      promisedMs: 0,
      lastPromisedMs: Number.NEGATIVE_INFINITY,
      runningDueMs: Number.NaN,
    };
    this.#seats.set(conversation, { id: conversation, graph: share, ...times, hasLeft: false });
  }

  /** How many more conversations of `graph` fit now. */
  roomFor(graph: string): number {
    const share = this.#graphs.get(graph);
    if (share === undefined) return 0;
    const before = share.conversations;
    do share.conversations++;
    while (worstResponseMs(this.#measured()) <= this.#leadMs + ROUNDING_MS && share.conversations < before + 1_000);
    const room = share.conversations - 1 - before;
    share.conversations = before;
    return room;
  }

  /** Idempotent. What is being drawn for it keeps its place until it is drawn. */
  leave(conversation: string): void {
    const seat = this.#seats.get(conversation);
    if (seat === undefined) return;
    seat.hasLeft = true;
    this.#seats.delete(conversation);
    if (Number.isNaN(seat.runningDueMs)) seat.graph.conversations--;
  }

  /** A conversation shows a frame at `dueMs` and has all that is needed to draw it. */
  announce(conversation: string, dueMs: number, nowMs: number): void {
    const seat = this.#seats.get(conversation);
    if (seat === undefined) throw new VisavisError('not-found', `the loop has no conversation ${conversation}`);
    if (!Number.isFinite(dueMs)) throw new VisavisError('bad-request', `dueMs: got ${dueMs}, expected a number`);
    // One that replaces another has its turn.
    let soonestMs = nowMs + this.#leadMs;
    if (!Number.isNaN(seat.dueMs)) {
      soonestMs = Math.min(soonestMs, seat.promisedMs);
      this.#miss(seat);
    }
    this.counts.due++;
    seat.dueMs = dueMs;
    seat.promisedMs = Math.max(dueMs, soonestMs, seat.lastPromisedMs + this.#leadMs);
  }

  /**
   * What to draw now; null when nothing waits, or a run is under way. Then `wakeAtMs` says when to ask again, if nothing is announced before.
   */
  next(nowMs: number): Batch | null {
    this.#wakeAtMs = Number.POSITIVE_INFINITY;
    if (this.#running.length > 0) return null;
    let first: Seat | undefined;
    for (const seat of this.#seats.values()) {
      if (!this.#mayRun(seat, nowMs)) continue;
      if (first === undefined || seat.promisedMs < first.promisedMs) first = seat;
    }
    if (first === undefined) return null;
    const { graph } = first;
    this.#take(first);
    while (this.#running.length < graph.costs.maxBatch) {
      let more: Seat | undefined;
      for (const seat of this.#seats.values()) {
        if (seat.graph !== graph || !this.#mayRun(seat, nowMs)) continue;
        if (more === undefined || seat.promisedMs < more.promisedMs) more = seat;
      }
      if (more === undefined) break;
      this.#take(more);
    }
    this.#batch.graph = graph.name;
    this.#batch.size = this.#running.length;
    for (const [k, seat] of this.#running.entries()) this.#batch.conversations[k] = seat.id;
    this.#runningSince = nowMs;
    return this.#batch;
  }

  get wakeAtMs(): number {
    return this.#wakeAtMs;
  }

  /** The run that `next` began is over. A frame that was drawn too late counts as missed; it may be shown all the same. */
  finished(nowMs: number): void {
    const graph = this.#running[0]?.graph;
    if (graph === undefined) return;
    const size = this.#running.length;
    const ms = nowMs - this.#runningSince;
    graph.costs.record(size, ms);
    if (ms > graph.costMs(size) || this.counts.runs % SETTLE_EVERY === 0) this.#settle();
    graph.charge(size, ms, nowMs);
    this.counts.runs++;
    this.counts.drawn += size;
    for (const seat of this.#running) {
      if (nowMs > seat.runningDueMs + ROUNDING_MS) this.counts.missed++;
      seat.runningDueMs = Number.NaN;
      if (seat.hasLeft) graph.conversations--;
    }
    this.#running.length = 0;
  }

  /** What was measured becomes what is promised, graph by graph, as long as all fits. */
  #settle(): void {
    for (const graph of this.#graphs.values()) {
      graph.tryReserve();
      if (!(worstResponseMs(this.#graphs.values()) <= this.#leadMs + ROUNDING_MS)) graph.revert();
    }
  }

  #mayRun(seat: Seat, nowMs: number): boolean {
    if (Number.isNaN(seat.dueMs)) return false;
    if (nowMs + seat.graph.costMs(1) > seat.dueMs + ROUNDING_MS) {
      this.#miss(seat);
      return false;
    }
    const freeAtMs = this.#isShared ? seat.graph.freeAtMs : Number.NEGATIVE_INFINITY;
    const fromMs = Math.max(seat.promisedMs - this.#leadMs, freeAtMs);
    if (nowMs >= fromMs) return true;
    this.#wakeAtMs = Math.min(this.#wakeAtMs, fromMs, seat.dueMs);
    return false;
  }

  /** Several graphs are in use: one can keep the others waiting. */
  get #isShared(): boolean {
    let used = 0;
    for (const { conversations } of this.#graphs.values()) if (conversations > 0) used++;
    return used > 1;
  }

  #take(seat: Seat): void {
    seat.runningDueMs = seat.dueMs;
    seat.lastPromisedMs = seat.promisedMs;
    seat.dueMs = Number.NaN;
    this.#running.push(seat);
  }

  #miss(seat: Seat): void {
    seat.dueMs = Number.NaN;
    this.counts.missed++;
    this.#onMissed(seat.id);
  }

  *#measured() {
    for (const { conversations, costs } of this.#graphs.values()) {
      yield { conversations, maxBatch: costs.maxBatch, costMs: (batch: number) => costs.costMs(batch) };
    }
  }
}
