import { describe, expect, it } from 'vitest';
import { TurnAudio } from '../../../src/inference/speech/recognition-audio.js';

/** Samples whose value is their own number. */
function ramp(from: number, count: number): Float32Array {
  return new Float32Array(count).map((_, i) => from + i);
}

describe('TurnAudio', () => {
  it('gives back what was pushed, whatever the sizes of the pieces', () => {
    const audio = new TurnAudio(100_000);
    let pushed = 0;
    for (const count of [1, 15_999, 1, 40_000, 7, 320]) {
      audio.push(ramp(pushed, count));
      pushed += count;
    }
    expect(audio.end).toBe(pushed);
    expect(audio.read(0, pushed)).toEqual(ramp(0, pushed));
    expect(audio.read(15_990, 16_010)).toEqual(ramp(15_990, 20));
  });

  it('keeps no more than its limit, and drops the oldest', () => {
    const audio = new TurnAudio(20_000);
    for (let at = 0; at < 100_000; at += 512) audio.push(ramp(at, 512));
    expect(audio.end - audio.start).toBe(20_000);
    expect(audio.read(0, audio.end)).toEqual(ramp(audio.start, 20_000));
  });

  it('keeps the end of one push that is longer than its limit', () => {
    const audio = new TurnAudio(20_000);
    audio.push(ramp(0, 70_000));
    expect([audio.start, audio.end]).toEqual([50_000, 70_000]);
    expect(audio.read(50_000, 70_000)).toEqual(ramp(50_000, 20_000));
  });

  it('gives copies, which later audio does not change', () => {
    const audio = new TurnAudio(20_000);
    audio.push(ramp(0, 10));
    const copy = audio.read(0, 10);
    audio.push(ramp(10, 30_000));
    expect(copy).toEqual(ramp(0, 10));
  });

  it('counts from zero again after reset', () => {
    const audio = new TurnAudio(20_000);
    audio.push(ramp(0, 30_000));
    audio.reset();
    expect([audio.start, audio.end]).toEqual([0, 0]);
    audio.push(ramp(5, 3));
    expect(audio.read(0, 100)).toEqual(ramp(5, 3));
  });
});
