import { describe, expect, it } from 'vitest';
import { blinks, eyeOpenness } from '../../../src/bench/face/blinks.js';
import { closedLimitOf, cosineOf } from '../../../src/bench/face/judge.js';
import { isMet, renderFigures } from '../../../src/bench/face/report.js';
import { largestStep, steps } from '../../../src/bench/face/steps.js';
import { backgroundOf, difference } from '../../../src/bench/face/stillness.js';
import { trackOf } from '../../../src/bench/face/track.js';
import { face, track } from './tracks.js';

describe('steps', () => {
  it('finds the landmark that goes farthest from one frame to the next, and where it belongs', () => {
    const found = steps(track([{}, { gap: 3 }, { gap: 4 }, { gap: 4, eyes: 0.1 }]));
    expect(found.map(({ frame, region }) => [frame, region])).toEqual([
      [1, 'lips'],
      [2, 'lips'],
      [3, 'eyes'],
    ]);
    expect(found[0]!.percent).toBeCloseTo(1.5, 5);
    expect(largestStep(found)!.percent).toBeCloseTo(2, 5);
  });

  it('does not step over frames without a face, and leaves the irises out', () => {
    expect(steps(track([{}, null, { dx: 40 }]))).toEqual([]);
    const looked = face({});
    looked.set([300, 300], 468 * 2);
    expect(largestStep(steps(trackOf([face({}), looked], 25)))!.percent).toBe(0);
    expect(largestStep([])).toBeUndefined();
  });
});

describe('blinks', () => {
  const eyes = (values: readonly number[]) => eyeOpenness(track(values.map((value) => ({ eyes: value }))));
  const still = (count: number) => Array.from({ length: count }, () => 0.3);

  it('counts lids that go down and up again, with the time they were at most half open', () => {
    const open = eyes([...still(10), 0.2, 0.06, 0.03, 0.09, 0.2, ...still(10), 0.1, 0.03, 0.2, ...still(5)]);
    expect(blinks(open, 25).map(({ frame, durationMs }) => [frame, durationMs])).toEqual([
      [11, 120],
      [25, 80],
    ]);
  });

  it('takes no squint, no look downwards and no sleep for a blink', () => {
    expect(blinks(eyes([...still(10), ...Array.from({ length: 4 }, () => 0.15), ...still(10)]), 25)).toEqual([]);
    expect(blinks(eyes([...still(40), ...Array.from({ length: 25 }, () => 0.03), ...still(10)]), 25)).toEqual([]);
  });

  it('counts only those that begin and end within the frames asked for', () => {
    const open = eyes([...still(5), 0.03, 0.03, ...still(5), 0.03, 0.03, ...still(5)]);
    expect(blinks(open, 25, 0, 10)).toHaveLength(1);
    expect(blinks(open, 25, 0, 13)).toHaveLength(1);
  });
});

describe('backgroundOf', () => {
  const mask = { width: 4, height: 4, data: Float32Array.from({ length: 16 }, (_, i) => (i % 4 === 0 ? 1 : 0)) };

  it('keeps what is farther from the person than the margin, on every side', () => {
    const columns = (margin: number) => new Set([...backgroundOf(mask, 40, 40, margin)].map((at) => at % 40));
    const near = Math.min(...columns(0));
    expect(near).toBeGreaterThan(5);
    expect(Math.min(...columns(8))).toBe(near + 8);
    expect(Math.max(...columns(8))).toBe(39);
    expect(backgroundOf(mask, 40, 40, 40)).toHaveLength(0);
  });

  it('sees a change there and nowhere else', () => {
    const where = backgroundOf(mask, 40, 40, 4);
    const a = new Uint8Array(1600).fill(100);
    const b = a.map((value, i) => (i % 40 < 5 ? 200 : value));
    expect(difference(a, b, where)).toBe(0);
    expect(
      difference(
        a,
        a.map((value) => value + 2),
        where,
      ),
    ).toBe(2);
  });
});

describe('closedLimitOf', () => {
  it('is what the mesh sees of closed lips, its noise, and a margin', () => {
    expect(closedLimitOf([0.1, 0.1, 0.1])).toBeCloseTo(0.5, 6);
    const noisy = closedLimitOf(Array.from({ length: 101 }, (_, i) => 0.1 + (i - 50) * 0.004));
    expect(noisy).toBeGreaterThan(0.8);
  });

  it('does not take lips that are parted at rest for closed ones', () => {
    expect(closedLimitOf([3, 3.1, 2.9])).toBeCloseTo(0.5, 6);
    expect(closedLimitOf([])).toBeCloseTo(0.5, 6);
  });
});

describe('cosineOf', () => {
  it('is 1 for the same descriptor and about 0 for those of two people', () => {
    expect(cosineOf(0)).toBe(1);
    expect(Math.abs(cosineOf(0.84))).toBeLessThan(0.02);
    expect(cosineOf(0.6)).toBeLessThan(0.85);
  });
});

describe('isMet', () => {
  it('judges by the least, by the most, by both, and never accepts what could not be measured', () => {
    expect(isMet({ goal: 'closed', value: 100 })).toBe(true);
    expect(isMet({ goal: 'closed', value: 99 })).toBe(false);
    expect(isMet({ goal: 'step-drawn', value: 4.1 })).toBe(false);
    expect([2, 15, 40].map((value) => isMet({ goal: 'blinks', value }))).toEqual([false, true, false]);
    expect(isMet({ goal: 'opening', value: Number.NaN })).toBe(false);
  });

  it('stands beside every figure of the table', () => {
    const lines = renderFigures([
      { goal: 'closed', value: 98, note: 'm in mama 2.0' },
      { goal: 'opening', value: 0.912, note: '' },
    ]).split('\n');
    expect(lines[2]).toMatch(/p, b, m .* 98 +≥ 100 +missed {2}m in mama 2\.0/);
    expect(lines[3]).toMatch(/0\.91 +≥ 0\.8 +met$/);
  });
});
