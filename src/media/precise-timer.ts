/** Below this the thread sleeps in a futex, which wakes within some 0.1 ms; above it in the event loop, which counts whole milliseconds. */
const FUTEX_MS = 2;
/** What the event loop's timers may be late by, with their rounding. */
const TIMER_MARGIN_MS = 1.5;
const LONGEST_SLEEP_MS = 1000;

export interface PreciseTimerOptions {
  now(): number;
  /** When `run` is wanted next; Infinity for not at all. Asked anew after every run. */
  nextMs(): number;
  run(nowMs: number): void;
}

/**
 * Calls `run` within a fraction of a millisecond of the time that `nextMs` names, without spinning: the last stretch is slept
 * away in `Atomics.wait`, so it belongs on a thread that has nothing else to do.
 */
export class PreciseTimer {
  readonly #options: PreciseTimerOptions;
  readonly #cell = new Int32Array(new SharedArrayBuffer(4));
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;

  constructor(options: PreciseTimerOptions) {
    this.#options = options;
  }

  /** To be called when something may be due earlier than before. */
  wake(): void {
    this.stop();
    const leftMs = this.#options.nextMs() - this.#options.now();
    if (leftMs === Number.POSITIVE_INFINITY) return;
    if (leftMs > FUTEX_MS) {
      const sleepMs = Math.min(LONGEST_SLEEP_MS, Math.max(1, Math.floor(leftMs - TIMER_MARGIN_MS)));
      this.#timer = setTimeout(() => this.wake(), sleepMs);
    } else {
      // Through the event loop once, so that packets and messages are never starved by what is due.
      this.#immediate = setImmediate(() => this.#fire());
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
  }

  #fire(): void {
    const leftMs = this.#options.nextMs() - this.#options.now();
    if (leftMs > 0 && leftMs <= FUTEX_MS) Atomics.wait(this.#cell, 0, 0, leftMs);
    this.#options.run(this.#options.now());
    this.wake();
  }
}
