import { describe, expect, it } from 'vitest';
import { hasSound, loopStart, quietestPoint } from '../../../src/inference/speech/recognition-guard.js';
import { concat, noise, silence, tone } from '../../support/speech-audio.js';

describe('loopStart', () => {
  const repeat = (run: number[], times: number) => Array.from({ length: times }, () => run).flat();

  it('lets people repeat themselves', () => {
    expect(loopStart(repeat([7], 5))).toBeNull();
    expect(loopStart([1, 2, ...repeat([3, 4], 4)])).toBeNull();
    expect(loopStart(repeat([1, 2, 3, 4, 5, 6, 7, 8], 5))).toBeNull();
  });

  it('cuts a single token, a pair and a phrase that go round to one occurrence', () => {
    expect(loopStart([1, 2, ...repeat([7], 8)])).toBe(3);
    expect(loopStart([9, ...repeat([3, 4], 6)])).toBe(3);
    expect(loopStart([9, 8, ...repeat([1, 2, 3, 4, 5], 6)])).toBe(7);
  });

  it('is less patient with a decoder that had to be stopped', () => {
    const tokens = [9, 8, ...repeat([1, 2, 3, 4, 5], 3)];
    expect(loopStart(tokens)).toBeNull();
    expect(loopStart(tokens, { stopped: true })).toBe(7);
  });

  it('sees only loops that reach the end', () => {
    expect(loopStart([...repeat([7], 8), 1])).toBeNull();
  });
});

describe('hasSound', () => {
  it('tells a muted microphone from a quiet one', () => {
    expect(hasSound(silence(500))).toBe(false);
    expect(hasSound(noise(500, 0.0002))).toBe(false);
    expect(hasSound(concat(silence(400), tone(40, 300, 0.003)))).toBe(true);
    expect(hasSound(new Float32Array(0))).toBe(false);
  });
});

describe('quietestPoint', () => {
  it('finds the pause between two sounds', () => {
    const samples = concat(tone(1_000, 200), noise(300, 0.01), tone(1_000, 200));
    const cut = quietestPoint(samples, 4_000, samples.length);
    expect(cut).toBeGreaterThan(16_000);
    expect(cut).toBeLessThan(16_000 + 4_800);
  });

  it('does not look outside its range', () => {
    const samples = concat(silence(500), tone(2_000, 200), silence(500));
    const cut = quietestPoint(samples, 12_000, 36_000);
    expect(cut).toBeGreaterThanOrEqual(12_000);
    expect(cut).toBeLessThanOrEqual(36_000);
  });

  it('cuts at the end of a range shorter than its window', () => {
    expect(quietestPoint(tone(1_000, 200), 0, 500)).toBe(500);
  });
});
