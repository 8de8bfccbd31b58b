import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../../src/signaling/rate-limit.js';

describe('TokenBucket', () => {
  it('allows a burst, then its rate', () => {
    const bucket = new TokenBucket(3, 2, 0);
    expect([0, 0, 0, 0].map((now) => bucket.take(now))).toEqual([true, true, true, false]);
    expect([499, 500, 501, 1_000].map((now) => bucket.take(now))).toEqual([false, true, false, true]);
  });

  it('never saves up more than its capacity, and ignores a clock that goes back', () => {
    const bucket = new TokenBucket(2, 10, 1_000);
    expect([90_000, 90_000, 90_000].map((now) => bucket.take(now))).toEqual([true, true, false]);
    expect(bucket.take(0)).toBe(false);
  });
});
