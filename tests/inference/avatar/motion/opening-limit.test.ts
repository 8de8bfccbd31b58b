import { describe, expect, it } from 'vitest';
import { OpeningLimit } from '../../../../src/inference/avatar/motion/opening-limit.js';

const PER_MS = 0.003;
/** Opens to 0.5 at once between 200 and 300 ms, closed before and after. */
const given = (ms: number) => (ms > 200 && ms < 300 ? 0.5 : 0);
const limit = () => new OpeningLimit({ opening: given, perMs: PER_MS, most: 0.6, fromMs: 0, toMs: 600 });
const at = (l: OpeningLimit, ms: number) => l.at(ms, given(ms));

describe('opening limit', () => {
  it('never opens wider than asked and never changes faster than allowed', () => {
    const l = limit();
    let last = at(l, 0);
    for (let ms = 1; ms <= 600; ms++) {
      const now = at(l, ms);
      expect(now).toBeLessThanOrEqual(given(ms));
      expect(Math.abs(now - last)).toBeLessThanOrEqual(
        PER_MS * 1.001 + (given(ms) === given(ms - 1) ? 0 : PER_MS * 10),
      );
      last = now;
    }
  });

  it('leaves closures as they are and reaches in their middle what there is time for', () => {
    const l = limit();
    for (const ms of [0, 150, 200, 300, 420]) expect(at(l, ms)).toBe(0);
    expect(at(l, 250)).toBeCloseTo(50 * PER_MS, 3);
  });

  it('leaves alone what changes slowly', () => {
    const slow = (ms: number) => 0.2 + 0.1 * Math.sin(ms / 120);
    const l = new OpeningLimit({ opening: slow, perMs: PER_MS, most: 0.6, fromMs: 0, toMs: 1_000 });
    for (let ms = 0; ms < 1_000; ms += 7) expect(l.at(ms, slow(ms))).toBeCloseTo(slow(ms), 4);
  });

  it('answers for moments beyond its ends', () => {
    const l = limit();
    expect(l.at(-5_000, 0.2)).toBe(0.2);
    expect(l.at(9_000, 0.2)).toBe(0.2);
  });
});
