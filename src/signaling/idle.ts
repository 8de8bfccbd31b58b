/** Ends a session that nobody joins or in which nothing is said any more. One timer, re-armed when it fires too early. */
export class IdleWatch {
  readonly #idleMs: number;
  readonly #onIdle: (reason: 'expired' | 'idle') => void;
  #lastActiveMs = performance.now();
  #timer: NodeJS.Timeout;
  #joined = false;

  constructor(joinWithinMs: number, idleMs: number, onIdle: (reason: 'expired' | 'idle') => void) {
    this.#idleMs = idleMs;
    this.#onIdle = onIdle;
    this.#timer = setTimeout(() => onIdle('expired'), joinWithinMs);
  }

  joined(): void {
    this.active();
    if (this.#joined) return;
    this.#joined = true;
    clearTimeout(this.#timer);
    this.#arm(this.#idleMs);
  }

  active(): void {
    this.#lastActiveMs = performance.now();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #arm(ms: number): void {
    this.#timer = setTimeout(() => {
      const remainingMs = this.#lastActiveMs + this.#idleMs - performance.now();
      if (remainingMs > 0) this.#arm(remainingMs);
      else this.#onIdle('idle');
    }, ms);
  }
}
