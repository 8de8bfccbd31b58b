import { VisavisError } from '../../../errors.js';
import { BatchCosts } from './batch-cost.js';
import { DeadlineLoop, type LoopCounts } from './deadline-loop.js';

/** Draws one frame of each of the first `size` conversations. What is announced meanwhile waits. */
export type DrawBatch = (conversations: readonly string[], size: number) => Promise<void>;

/** How often each batch size is run before anybody is admitted, where nothing else is asked for. */
const CALIBRATION_RUNS = 8;
/** Of the first run of a graph memory is taken and code compiled. */
const WARM_UP_RUNS = 2;
/** Timers fire up to so much late: one is set earlier, and the rest is waited for in short steps. */
const TIMER_MS = 1;

/** Runs a `DeadlineLoop` by the clock on the calling thread: draws what is due, and tells everybody who waits for a frame what became of it. */
export class LoopRunner {
  readonly #loop: DeadlineLoop;
  readonly #now: () => number;
  readonly #onFailure: (graph: string, error: Error) => void;
  readonly #draw = new Map<string, DrawBatch>();
  /** Who waits for the frame that was announced, and for the one that is being drawn. */
  readonly #waiting = new Map<string, (isDrawn: boolean) => void>();
  #timer: NodeJS.Timeout | undefined;
  #pumping: Promise<void> | undefined;
  /** Something was announced since the loop was asked last. */
  #isNew = false;
  #closed = false;

  /** `onFailure` hears of runs that failed; their frames are left out. */
  constructor(o: { leadMs: number; now?: () => number; onFailure?: (graph: string, error: Error) => void }) {
    this.#onFailure = o.onFailure ?? (() => {});
    this.#now = o.now ?? (() => performance.now());
    this.#loop = new DeadlineLoop({ leadMs: o.leadMs, onMissed: (id) => this.#settle(id, false) });
  }

  get counts(): Readonly<LoopCounts> {
    return this.#loop.counts;
  }

  /** Measures what runs cost, by `tryOut`, at each of `sizes` (ascending, the last is the largest batch); then conversations may be admitted. Takes as long as some runs of each. */
  async addGraph(
    name: string,
    o: { sizes: readonly number[]; runs?: number; draw: DrawBatch; tryOut: (size: number) => Promise<void> },
  ): Promise<void> {
    const costs = new BatchCosts(o.sizes.at(-1) ?? 1);
    for (const size of o.sizes) {
      for (let run = -WARM_UP_RUNS; run < (o.runs ?? CALIBRATION_RUNS); run++) {
        const began = this.#now();
        await o.tryOut(size);
        if (run >= 0) costs.record(size, this.#now() - began);
      }
    }
    this.#loop.addGraph(name, costs);
    this.#draw.set(name, o.draw);
  }

  hasGraph(name: string): boolean {
    return this.#loop.hasGraph(name);
  }

  roomFor(graph: string): number {
    return this.#loop.roomFor(graph);
  }

  /** Throws as `DeadlineLoop.admit`. */
  admit(conversation: string, graph: string): void {
    this.#loop.admit(conversation, graph);
  }

  leave(conversation: string): void {
    this.#loop.leave(conversation);
    this.#settle(conversation, false);
  }

  /**
   * Has one frame drawn that is shown at `dueMs`. Resolves with false where it was left out: then the last is shown once more. One frame of a conversation at a
   * time: another one puts out the first.
   */
  frame(conversation: string, dueMs: number): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    this.#loop.announce(conversation, dueMs, this.#now());
    return new Promise((resolve) => {
      this.#waiting.set(conversation, resolve);
      this.#wake();
    });
  }

  /** Resolves when the run under way is over. Frames that wait are left out. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#pumping?.catch(() => undefined);
    for (const id of [...this.#waiting.keys()]) this.#settle(id, false);
  }

  #wake(): void {
    this.#isNew = true;
    if (this.#pumping !== undefined || this.#closed) return;
    clearTimeout(this.#timer);
    this.#pumping = this.#pump().finally(() => {
      this.#pumping = undefined;
      if (this.#closed) return;
      if (this.#isNew) return this.#wake();
      if (this.#loop.wakeAtMs === Number.POSITIVE_INFINITY) return;
      const inMs = Math.max(0, this.#loop.wakeAtMs - this.#now() - TIMER_MS);
      this.#timer = setTimeout(() => this.#wake(), inMs);
    });
  }

  async #pump(): Promise<void> {
    for (;;) {
      // Announcements that came in during a run take part in the next decision.
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (this.#closed) return;
      this.#isNew = false;
      const batch = this.#loop.next(this.#now());
      if (batch === null) {
        if (this.#loop.wakeAtMs - this.#now() > TIMER_MS) return;
        continue;
      }
      const told = batch.conversations.slice(0, batch.size).map((id) => {
        const tell = this.#waiting.get(id);
        this.#waiting.delete(id);
        return tell;
      });
      let isDrawn = false;
      try {
        const draw = this.#draw.get(batch.graph);
        if (draw === undefined) throw new VisavisError('internal', `nothing draws ${batch.graph}`);
        await draw(batch.conversations, batch.size);
        isDrawn = true;
      } catch (thrown) {
        this.#onFailure(batch.graph, VisavisError.from(thrown, 'engine-failed'));
      }
      this.#loop.finished(this.#now());
      for (const tell of told) tell?.(isDrawn);
    }
  }

  #settle(conversation: string, isDrawn: boolean): void {
    const tell = this.#waiting.get(conversation);
    this.#waiting.delete(conversation);
    tell?.(isDrawn);
  }
}
