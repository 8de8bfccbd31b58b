import { abortError } from '../../abort.js';
import { VisavisError } from '../../errors.js';

/** After this many failures in a row nothing is asked for a while: each failure costs a visitor its whole wait. */
const FAILURES_IN_A_ROW = 3;
const REST_MS = 10_000;

/** Whether a judge is asked at all. `now`: ms, never goes back. */
export class Breaker {
  readonly #now: () => number;
  #failures = 0;
  #restsUntilMs = Number.NEGATIVE_INFINITY;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  get isOpen(): boolean {
    return this.#now() < this.#restsUntilMs;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  failed(): void {
    // One more failure after a rest is enough for the next.
    if (++this.#failures >= FAILURES_IN_A_ROW) this.#restsUntilMs = this.#now() + REST_MS;
  }
}

/**
 * `work` within `limitMs`; its signal aborts at the limit and with `outer`. Rejects with `upstream-timeout` at the limit, also when `work`
 * does not heed its signal, with AbortError when `outer` aborts, else with what `work` rejects with.
 */
export async function within<T>(
  limitMs: number,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  let end: (error: Error) => void = () => {};
  const ended = new Promise<never>((_, reject) => {
    end = reject;
  });
  const onOuter = () => end(abortError(outer));
  const timer = setTimeout(() => end(new VisavisError('upstream-timeout', 'no judgement in time')), limitMs);
  outer.addEventListener('abort', onOuter, { once: true });
  if (outer.aborted) onOuter();
  try {
    return await Promise.race([work(abort.signal), ended]);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener('abort', onOuter);
    abort.abort();
  }
}
