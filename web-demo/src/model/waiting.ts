/** Waiting for a place on a full server: when the next try is due. Times in ms of one clock. */
export interface Waiting {
  attempt: number;
  nextTryAtMs: number;
}

const STANDARD_WAIT_S = 5;
const MIN_WAIT_S = 2;
const MAX_WAIT_S = 120;
/** Waiting visitors must not come back all at once. */
const SPREAD = 0.25;

/** The wait after one more refusal. `retryAfterS`: what the server asks for; `random`: 0…1. */
export function waitAgain(
  before: Waiting | undefined,
  retryAfterS: number | undefined,
  nowMs: number,
  random: number,
): Waiting {
  const asked = retryAfterS !== undefined && retryAfterS > 0 ? retryAfterS : STANDARD_WAIT_S;
  const seconds = Math.min(MAX_WAIT_S, Math.max(MIN_WAIT_S, asked)) * (1 + SPREAD * random);
  return { attempt: (before?.attempt ?? 0) + 1, nextTryAtMs: nowMs + Math.round(seconds * 1_000) };
}

/** Whole seconds until the next try; 0: it is due. */
export function secondsLeft({ nextTryAtMs }: Waiting, nowMs: number): number {
  return Math.max(0, Math.ceil((nextTryAtMs - nowMs) / 1_000));
}

/** Refusals after which waiting helps. */
export function isBusy(code: string): boolean {
  return code === 'unavailable' || code === 'too-many-requests';
}
