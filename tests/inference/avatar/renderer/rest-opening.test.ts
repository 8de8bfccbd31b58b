import { describe, expect, it } from 'vitest';
import { openingOf, restShare } from '../../../../src/inference/avatar/renderer/rest-opening.js';
import { pose } from '../stock.js';

describe('a mouth that is open in the portrait', () => {
  it('is as open as the portrait while nothing is asked, and as asked where the portrait is closed', () => {
    expect(openingOf(5, 0, 1)).toBe(5);
    expect(openingOf(0, 8, 1)).toBeCloseTo(8, 4);
  });

  it('opens a little more for a little more, and never as far as both together', () => {
    let last = openingOf(6, 0, 1);
    for (let more = 0.5; more < 30; more += 0.5) {
      const now = openingOf(6, more, 1);
      expect(now).toBeGreaterThan(last);
      expect(now).toBeGreaterThanOrEqual(Math.max(6, more));
      expect(now).toBeLessThan(6 + more);
      last = now;
    }
  });

  it('closes by what is asked of lips that come together', () => {
    expect(openingOf(6, -2, 1)).toBe(4);
  });

  it('gives up most of its own opening while it speaks', () => {
    expect(restShare(pose({}))).toBe(1);
    expect(restShare(pose({ jawOpen: 0.06 }))).toBeGreaterThan(0.5);
    expect(restShare(pose({ jawOpen: 0.3 }))).toBeCloseTo(0.25);
  });
});
