import { describe, expect, it } from 'vitest';
import { checkAudio, fade, finishAudio } from '../../../src/inference/speech/trim.js';

const RATE = 24_000;
const ms = (value: number) => Math.round((value * RATE) / 1000);

/** Silence, a 200 Hz tone of the given level, silence. */
function speechLike(o: { leadMs: number; toneMs: number; tailMs: number; level: number }): Float32Array {
  const audio = new Float32Array(ms(o.leadMs + o.toneMs + o.tailMs));
  for (let i = 0; i < ms(o.toneMs); i++) audio[ms(o.leadMs) + i] = o.level * Math.sin((2 * Math.PI * 200 * i) / RATE);
  return audio;
}

const finish = (audio: Float32Array, endMark = '.', voiceBySample = audio.length) =>
  finishAudio(audio, { sampleRateHz: RATE, endMark, voiceBySample });

describe('finishAudio', () => {
  it('keeps at most 30 ms of silence before the voice', () => {
    const { samples, trimmedSamples } = finish(speechLike({ leadMs: 400, toneMs: 500, tailMs: 200, level: 0.3 }));
    const onset = samples.findIndex((value) => Math.abs(value) > 0.01);
    expect(onset).toBeGreaterThan(0);
    expect(onset).toBeLessThanOrEqual(ms(30));
    expect(trimmedSamples).toBeGreaterThanOrEqual(ms(370));
    expect(trimmedSamples).toBeLessThanOrEqual(ms(400));
  });

  it('cuts nothing from a voice that starts at once', () => {
    expect(finish(speechLike({ leadMs: 0, toneMs: 300, tailMs: 100, level: 0.3 })).trimmedSamples).toBe(0);
  });

  it('does not look for the voice beyond the first phoneme', () => {
    const audio = speechLike({ leadMs: 400, toneMs: 500, tailMs: 100, level: 0.3 });
    expect(finish(audio, '.', ms(200)).trimmedSamples).toBeLessThanOrEqual(ms(200));
  });

  it.each([
    ['', 60],
    [',', 120],
    ['.', 250],
    ['?', 250],
    ['…', 300],
  ])('leaves after %j a pause of %i ms, trimmed or padded', (endMark, pauseMs) => {
    for (const tailMs of [20, 600]) {
      const { samples } = finish(speechLike({ leadMs: 20, toneMs: 500, tailMs, level: 0.3 }), endMark);
      expect(samples.length).toBeGreaterThanOrEqual(ms(500 + pauseMs));
      expect(samples.length).toBeLessThanOrEqual(ms(525 + pauseMs));
    }
  });

  it('brings quiet and loud segments to the same level', () => {
    const levels = [0.06, 0.14, 0.3].map((level) => {
      const { samples } = finish(speechLike({ leadMs: 20, toneMs: 1000, tailMs: 20, level }));
      const voiced = samples.subarray(ms(100), ms(900));
      return Math.sqrt(voiced.reduce((sum, value) => sum + value * value, 0) / voiced.length);
    });
    for (const level of levels) expect(level).toBeCloseTo(0.1, 2);
  });

  it('never lets a peak exceed 0.95', () => {
    const audio = speechLike({ leadMs: 20, toneMs: 1000, tailMs: 20, level: 0.05 });
    audio[ms(500)] = 0.9;
    expect(finish(audio).samples.reduce((peak, value) => Math.max(peak, Math.abs(value)), 0)).toBeLessThanOrEqual(
      0.951,
    );
  });

  it('begins and ends at zero', () => {
    const { samples } = finish(speechLike({ leadMs: 0, toneMs: 500, tailMs: 0, level: 0.5 }), '');
    expect(samples[0]).toBe(0);
    expect(Math.abs(samples.at(-1)!)).toBe(0);
  });
});

describe('fade', () => {
  it('leaves the middle alone and meets in the middle of a short sound', () => {
    const long = new Float32Array(100).fill(1);
    fade(long, 10);
    expect(long.slice(10, 90).every((value) => value === 1)).toBe(true);
    expect(long[0]).toBe(0);
    const short = new Float32Array(5).fill(1);
    fade(short, 10);
    expect(short[2]).toBe(1);
  });
});

describe('checkAudio', () => {
  it.each([
    ['not a number', new Float32Array([0.1, Number.NaN, 0.1])],
    ['infinite', new Float32Array([0.1, Number.POSITIVE_INFINITY])],
    ['silent', new Float32Array(1000)],
    ['empty', new Float32Array(0)],
    ['clipped', new Float32Array(1000).fill(1)],
  ])('rejects %s audio as engine-failed', (_name, samples) => {
    expect(() => checkAudio(samples)).toThrow(expect.objectContaining({ code: 'engine-failed', retryable: true }));
  });

  it('accepts a single full-scale sample', () => {
    const samples = new Float32Array(1000).fill(0.1);
    samples[5] = 1;
    expect(() => checkAudio(samples)).not.toThrow();
  });
});
