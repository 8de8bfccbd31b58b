/** Why something long-lived ended; `duration`: the longest time that a session may last was over. */
export const CLOSE_REASONS = ['left', 'idle', 'expired', 'duration', 'replaced', 'shutdown', 'failed'] as const;
export type CloseReason = (typeof CLOSE_REASONS)[number];

/**
 * The closing half of every long-lived object: `close()` runs its disposers once, in reverse order of
 * registration, and `closed` resolves with the reason. A disposer that throws does not stop the others.
 */
export class Lifetime {
  readonly closed: Promise<CloseReason>;
  readonly #abort = new AbortController();
  readonly #disposers: (() => void | Promise<void>)[] = [];
  #resolve!: (reason: CloseReason) => void;
  #reason: CloseReason | undefined;

  constructor() {
    this.closed = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Aborts when `close()` is called. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get isClosed(): boolean {
    return this.#reason !== undefined;
  }

  /** Registers `dispose`; runs it at once when already closed. */
  own(dispose: () => void | Promise<void>): void {
    if (this.isClosed) void dispose();
    else this.#disposers.push(dispose);
  }

  async close(reason: CloseReason = 'left'): Promise<void> {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#abort.abort();
    for (const dispose of this.#disposers.reverse()) {
      try {
        await dispose();
      } catch {
        // A failing disposer must not keep the others from running.
      }
    }
    this.#disposers.length = 0;
    this.#resolve(reason);
  }
}
