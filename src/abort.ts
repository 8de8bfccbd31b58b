/** The `AbortError` to reject with: the signal's own reason where it is one, else a new one that carries the reason. */
export function abortError(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  if (reason instanceof Error && reason.name === 'AbortError') return reason;
  const error = new Error('aborted', { cause: reason });
  error.name = 'AbortError';
  return error;
}

/** Like `signal.throwIfAborted()`, but what is thrown is always an `AbortError`. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal);
}
