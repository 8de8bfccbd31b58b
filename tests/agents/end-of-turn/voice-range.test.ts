import { describe, expect, it } from 'vitest';
import { VoiceRange } from '../../../src/agents/end-of-turn/voice-range.js';

describe('VoiceRange', () => {
  it('knows the quantiles of what was heard to half a semitone', () => {
    const range = new VoiceRange();
    for (let i = 0; i < 1_000; i++) range.note(10 + (i % 11));
    expect(range.quantile(0.5)).toBeCloseTo(15.25, 0);
    expect(range.quantile(0.1)).toBeCloseTo(11, 0);
    expect(range.quantile(0.9)).toBeCloseTo(19.5, 0);
  });

  it('forgets slowly, and stays exact after hours', () => {
    const range = new VoiceRange();
    for (let i = 0; i < 300_000; i++) range.note(8);
    for (let i = 0; i < 1_400; i++) range.note(20);
    expect(range.quantile(0.45)).toBeCloseTo(8.25, 0);
    expect(range.quantile(0.55)).toBeCloseTo(20.25, 0);
  });

  it('is 0 before anything was heard', () => {
    expect(new VoiceRange().quantile(0.5)).toBe(0);
  });
});
