import { describe, expect, it } from 'vitest';
import { isBusy, secondsLeft, waitAgain } from '../../web-demo/src/model/waiting.js';

describe('waitAgain', () => {
  it('waits as long as the server asks for, and up to a quarter longer, so that not all come back at once', () => {
    expect(waitAgain(undefined, 8, 1_000, 0)).toEqual({ attempt: 1, nextTryAtMs: 9_000 });
    expect(waitAgain(undefined, 8, 1_000, 1).nextTryAtMs).toBe(11_000);
  });

  it('counts the tries and keeps within limits, whatever is asked for', () => {
    const first = waitAgain(undefined, undefined, 0, 0);
    expect(waitAgain(first, 3, 0, 0).attempt).toBe(2);
    for (const asked of [0, -5, Number.NaN, 1e9]) {
      const { nextTryAtMs } = waitAgain(first, asked, 0, 1);
      expect(nextTryAtMs).toBeGreaterThanOrEqual(2_000);
      expect(nextTryAtMs).toBeLessThanOrEqual(150_000);
    }
  });
});

describe('secondsLeft', () => {
  it('counts down to zero and not below', () => {
    const waiting = { attempt: 1, nextTryAtMs: 5_000 };
    expect([0, 1, 4_001, 4_999, 5_000, 9_000].map((nowMs) => secondsLeft(waiting, nowMs))).toEqual([5, 5, 1, 1, 0, 0]);
  });
});

describe('isBusy', () => {
  it('is what waiting helps against', () => {
    expect(isBusy('unavailable')).toBe(true);
    expect(isBusy('too-many-requests')).toBe(true);
    expect(isBusy('unauthorized')).toBe(false);
    expect(isBusy('unreachable')).toBe(false);
  });
});
