import { vi } from 'vitest';

/** Waits until `check` no longer throws; generous, since nothing is asserted about time. */
export function eventually<T>(check: () => T | Promise<T>, timeoutMs = 15_000): Promise<T> {
  return vi.waitFor(check, { timeout: timeoutMs, interval: 50 });
}
