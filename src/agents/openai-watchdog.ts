import { abortError } from '../abort.js';
import { VisavisError } from '../errors.js';

/** Aborts a request when the caller does or when a wait takes too long, and tells the two apart. */
export class Watchdog {
  readonly #abort = new AbortController();
  readonly #outer: AbortSignal;
  readonly #onOuter = (): void => this.#abort.abort();
  #timer: NodeJS.Timeout | undefined;
  #timedOut = false;

  constructor(outer: AbortSignal) {
    this.#outer = outer;
    outer.addEventListener('abort', this.#onOuter, { once: true });
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  arm(ms: number): void {
    this.disarm();
    this.#timer = setTimeout(
      () => {
        this.#timedOut = true;
        this.#abort.abort();
      },
      Math.max(0, ms),
    );
  }

  disarm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Throws what ended the request: the client library ends an aborted stream without an error. */
  check(): void {
    if (this.#outer.aborted) throw abortError(this.#outer);
    if (this.#timedOut) throw new VisavisError('upstream-timeout', 'the language model did not answer in time');
  }

  close(): void {
    this.disarm();
    this.#outer.removeEventListener('abort', this.#onOuter);
    this.#abort.abort();
  }
}
