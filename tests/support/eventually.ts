import { vi } from 'vitest';

/** Waits until `check` no longer throws; generous, since nothing is asserted about time. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 15_000, interval: 50 });
}
