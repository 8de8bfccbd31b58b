import { describe, expect, it } from 'vitest';
import { Follower } from '../../../../src/inference/avatar/motion/follower.js';

const STEP_S = 0.04;

describe('follower', () => {
  it('arrives at its target without going past it', () => {
    const follower = new Follower(12, 10);
    const values = Array.from({ length: 50 }, () => follower.next(STEP_S, 1));
    expect(Math.max(...values)).toBeLessThanOrEqual(1 + 1e-9);
    expect(values.at(-1)).toBeCloseTo(1, 6);
    for (let i = 1; i < values.length; i++) expect(values[i]!).toBeGreaterThanOrEqual(values[i - 1]! - 1e-12);
  });

  it('is never faster than its bound, whatever the target does', () => {
    const follower = new Follower(17, 0.5);
    let last = 0;
    for (let i = 0; i < 400; i++) {
      const value = follower.next(STEP_S, Math.sign(Math.sin(i / 7)) * 3);
      expect(Math.abs(value - last)).toBeLessThanOrEqual(0.5 * STEP_S + 1e-12);
      last = value;
    }
  });

  it('comes to the same place by many small steps as by few', () => {
    const [coarse, fine] = [new Follower(9, 100), new Follower(9, 100)];
    for (let i = 0; i < 10; i++) coarse.next(STEP_S, 1);
    for (let i = 0; i < 100; i++) fine.next(STEP_S / 10, 1);
    expect(fine.value).toBeCloseTo(coarse.value, 9);
  });
});
