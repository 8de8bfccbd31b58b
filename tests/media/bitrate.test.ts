import { describe, expect, it } from 'vitest';
import { BitrateGovernor, MIN_VIDEO_KBPS, videoKbps } from '../../src/media/bitrate.js';

describe('BitrateGovernor', () => {
  it('stays at the configured rate while every viewer has room', () => {
    const governor = new BitrateGovernor(1_200);
    expect(governor.update('a', 3_000_000, 0)).toBeUndefined();
    expect(governor.update('b', 2_000_000, 5_000)).toBeUndefined();
    expect(governor.currentKbps).toBe(1_200);
  });

  it('follows the poorest viewer, and comes back when that one leaves', () => {
    const governor = new BitrateGovernor(1_200);
    governor.update('rich', 3_000_000, 0);
    expect(governor.update('poor', 600_000, 1_000)).toBe(482);
    expect(governor.remove('poor', 3_000)).toBe(1_200);
  });

  it('changes at most once in its interval', () => {
    const governor = new BitrateGovernor(1_200, 1_000);
    expect(governor.update('a', 900_000, 0)).toBe(752);
    expect(governor.update('a', 500_000, 999)).toBeUndefined();
    expect(governor.update('a', 500_000, 1_000)).toBe(392);
  });

  it('ignores changes that nobody would see, but reaches its bounds', () => {
    const governor = new BitrateGovernor(1_200, 0);
    governor.update('a', 1_364_000, 0);
    expect(governor.update('a', 1_000_000, 1)).toBe(842);
    expect(governor.update('a', 1_010_000, 2)).toBeUndefined();
    expect(governor.update('a', 1_390_000, 3)).toBe(1_193);
    expect(governor.update('a', 2_000_000, 4)).toBe(1_200);
  });

  it.each([0, 50_000, 150_000])('never goes below its floor at %d bit/s', (bps) => {
    expect(new BitrateGovernor(1_200).update('a', bps, 0)).toBe(MIN_VIDEO_KBPS);
  });

  it('returns to the full rate when nobody is left', () => {
    const governor = new BitrateGovernor(1_200, 0);
    governor.update('a', 300_000, 0);
    expect(governor.remove('a', 1)).toBe(1_200);
    expect(governor.remove('a', 2)).toBeUndefined();
  });
});

describe('videoKbps', () => {
  it('gives more pixels more, but less than in proportion', () => {
    expect(videoKbps(1200, { width: 512, height: 512 })).toBe(1200);
    const wide = videoKbps(1200, { width: 1024, height: 576 });
    expect(wide).toBe(videoKbps(1200, { width: 768, height: 768 }));
    expect(wide).toBeGreaterThan(1.5 * 1200);
    expect(wide).toBeLessThan(2.25 * 1200);
  });

  it('never falls below what the encoder needs', () => {
    expect(videoKbps(200, { width: 128, height: 128 })).toBe(200);
  });
});
