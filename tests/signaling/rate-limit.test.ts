import { describe, expect, it } from 'vitest';
import { VisavisError } from '../../src/errors.js';
import { AccessLimits } from '../../src/signaling/access-limits.js';
import { KeyedBuckets, OpenCounts, Penalties, TokenBucket } from '../../src/signaling/rate-limit.js';

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

  it('says how long to wait, and after that there is one', () => {
    const bucket = new TokenBucket(1, 0.5, 0);
    expect(bucket.take(0)).toBe(true);
    const waitMs = bucket.waitMs(500);
    expect(waitMs).toBe(1_500);
    expect(bucket.take(500 + waitMs)).toBe(true);
  });
});

describe('KeyedBuckets', () => {
  it('count each key for itself, in bounded memory', () => {
    const buckets = new KeyedBuckets({ burst: 1, perSecond: 1 }, 100);
    expect(buckets.take('a', 0)).toBe(0);
    expect(buckets.take('a', 0)).toBe(1_000);
    expect(buckets.take('b', 0)).toBe(0);
    for (let i = 0; i < 10_000; i++) {
      buckets.take(`flood ${i}`, 0);
      // Who comes again and again is not forgotten for the sake of those who came once.
      if (i % 50 === 0) expect(buckets.take('a', 0)).toBeGreaterThan(0);
    }
    expect(buckets.size).toBe(100);
  });
});

describe('OpenCounts', () => {
  it('counts each key on its own, down to none', () => {
    const counts = new OpenCounts();
    const ends = [counts.open('a'), counts.open('a'), counts.open('b')];
    expect([counts.of('a'), counts.of('b'), counts.of('c')]).toEqual([2, 1, 0]);
    for (const end of ends.slice(1)) end();
    expect([counts.of('a'), counts.of('b')]).toEqual([1, 0]);
  });
});

describe('Penalties', () => {
  const rule = { free: 2, firstMs: 1_000, longestMs: 8_000, forgetAfterMs: 60_000 };

  it('double with each failure up to the longest, and end with a success or with time', () => {
    const penalties = new Penalties(rule);
    const pauses = Array.from({ length: 8 }, () => {
      penalties.failed('a', 0);
      return penalties.waitMs('a', 0);
    });
    expect(pauses).toEqual([0, 0, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
    expect(penalties.waitMs('a', 7_999)).toBe(1);
    expect(penalties.waitMs('b', 0)).toBe(0);
    penalties.failed('a', 70_000);
    expect(penalties.waitMs('a', 70_000)).toBe(0);
    penalties.succeeded('a');
    expect(penalties.size).toBe(0);
  });
});

describe('AccessLimits', () => {
  let nowMs = 0;
  const limits = new AccessLimits(() => nowMs);
  const unauthorized = () => {
    throw new VisavisError('unauthorized', 'no');
  };
  const failure = (work: () => unknown): VisavisError => {
    try {
      work();
    } catch (thrown) {
      return VisavisError.from(thrown);
    }
    throw new Error('it was let through');
  };
  const untilRefused = (work: () => unknown, most = 10_000): VisavisError => {
    for (let i = 0; i < most; i++) {
      try {
        work();
      } catch (thrown) {
        return VisavisError.from(thrown);
      }
    }
    throw new Error('it was never refused');
  };

  it('refuse too many requests, connections and sessions of one address, typed, with the time to wait', () => {
    const kinds = [
      () => limits.request('192.0.2.1'),
      () => limits.connection('192.0.2.1'),
      () => limits.creation('192.0.2.1', undefined),
      () => limits.creation('192.0.2.1', 'key 0'),
    ];
    for (const work of kinds) {
      const error = untilRefused(work);
      expect(error).toMatchObject({ code: 'too-many-requests', status: 429, retryable: true });
      nowMs += error.retryAfterS! * 1000;
      expect(work).not.toThrow();
    }
    expect(() => limits.creation('192.0.2.2', undefined)).not.toThrow();
    expect(() => limits.creation('192.0.2.1', 'key 1')).not.toThrow();
  });

  it('count one /64 network of IPv6 as one', () => {
    let i = 0;
    expect(untilRefused(() => limits.connection(`2001:db8::${(++i).toString(16)}`)).code).toBe('too-many-requests');
    expect(() => limits.connection('2001:db8:0:1::1')).not.toThrow();
  });

  it('make wrong keys ever slower, without a look at the key while the pause lasts', () => {
    const guess = () => failure(() => limits.authorization('192.0.2.9', unauthorized));
    const answers = Array.from({ length: 12 }, guess);
    expect(answers.map(({ status }) => status)).toEqual([...Array.from({ length: 11 }, () => 401), 429]);
    expect(failure(() => limits.authorization('192.0.2.9', () => 'right')).retryAfterS).toBe(1);
    nowMs += 1_000;
    expect(guess().code).toBe('unauthorized');
    expect(guess().retryAfterS).toBe(2);
    nowMs += 2_000;
    expect(limits.authorization('192.0.2.9', () => 'right')).toBe('right');
    expect(guess().code).toBe('unauthorized');
    expect(limits.authorization('192.0.2.10', () => 'right')).toBe('right');
  });

  it('do not count other failures as guesses', async () => {
    const lost = () => Promise.reject(new VisavisError('unavailable', 'later'));
    for (let i = 0; i < 50; i++) await expect(limits.join('192.0.2.11', lost)).rejects.toThrow('later');
    await expect(limits.join('192.0.2.11', async () => 'seat')).resolves.toBe('seat');
  });
});
