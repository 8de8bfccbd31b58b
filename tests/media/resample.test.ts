import { expect, test } from 'vitest';
import { floatToInt16, int16ToFloat, Resampler, resample } from '../../src/media/resample.js';
import { seededRandom, sine } from '../support/media.js';

const PAIRS: [number, number][] = [
  [24_000, 48_000],
  [22_050, 48_000],
  [44_100, 48_000],
  [16_000, 48_000],
  [48_000, 16_000],
  [44_100, 16_000],
];

/** Amplitude of a tone in the middle half of a signal (a Hann-windowed single-bin Fourier sum). */
function amplitude(samples: Float32Array, hz: number, rateHz: number): number {
  const start = Math.floor(samples.length / 4);
  const length = Math.floor(samples.length / 2);
  let real = 0;
  let imaginary = 0;
  let weights = 0;
  for (let i = 0; i < length; i++) {
    const weight = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / length);
    const angle = (2 * Math.PI * hz * (start + i)) / rateHz;
    real += weight * samples[start + i]! * Math.cos(angle);
    imaginary += weight * samples[start + i]! * Math.sin(angle);
    weights += weight;
  }
  return (2 * Math.hypot(real, imaginary)) / weights;
}

const dB = (ratio: number): number => 20 * Math.log10(Math.max(ratio, 1e-12));

test.each(PAIRS)('%i → %i Hz passes 90 %% of the band within 0.1 dB', (from, to) => {
  const nyquist = Math.min(from, to) / 2;
  for (const share of [0.01, 0.25, 0.5, 0.75, 0.9]) {
    const hz = nyquist * share;
    const out = resample(sine(from / 4, hz, from), from, to);
    expect(Math.abs(dB(amplitude(out, hz, to) / 0.5))).toBeLessThan(0.1);
  }
});

test.each(PAIRS)('%i → %i Hz adds nothing above −75 dB', (from, to) => {
  const hz = (Math.min(from, to) / 2) * 0.31;
  const out = resample(sine(from / 2, hz, from), from, to);
  const ideal = sine(out.length, hz, to);
  let error = 0;
  let count = 0;
  for (let i = Math.floor(out.length / 4); i < (out.length * 3) / 4; i++) {
    error += (out[i]! - ideal[i]!) ** 2;
    count++;
  }
  // Also proves that time is kept: the ideal tone has the same phase.
  expect(dB(Math.sqrt(error / count) / (0.5 / Math.SQRT2))).toBeLessThan(-70);
});

test.each([
  [48_000, 16_000, 8900],
  [48_000, 16_000, 12_000],
  [44_100, 16_000, 9000],
])('%i → %i Hz stops what would fold: %i Hz', (from, to, hz) => {
  const out = resample(sine(from / 2, hz, from), from, to);
  const rms = Math.sqrt(out.subarray(2000, 6000).reduce((sum, v) => sum + v * v, 0) / 4000);
  expect(dB(rms / (0.5 / Math.SQRT2))).toBeLessThan(-75);
});

test.each(PAIRS)('%i → %i Hz does not depend on how the input is cut', (from, to) => {
  const random = seededRandom(3);
  const input = Float32Array.from({ length: 5000 }, () => random() * 2 - 1);
  const whole = resample(input, from, to);
  const resampler = new Resampler(from, to);
  const parts: number[] = [];
  for (let offset = 0; offset < input.length; ) {
    const length = Math.floor(random() * random() * 700);
    parts.push(...resampler.process(input.subarray(offset, offset + length)));
    offset += length;
  }
  parts.push(...resampler.flush());
  expect(whole).toHaveLength(Math.ceil((5000 * to) / from));
  expect(Float32Array.from(parts)).toEqual(whole);
});

test('20 ms at 48 kHz give 20 ms at 16 kHz, chunk by chunk, after the first', () => {
  const resampler = new Resampler(48_000, 16_000);
  expect(resampler.latencyMs).toBeLessThan(2);
  resampler.process(new Float32Array(960));
  for (let n = 0; n < 20; n++) expect(resampler.process(new Float32Array(960))).toHaveLength(320);
});

test('a constant stays that constant', () => {
  const out = resample(new Float32Array(4410).fill(0.25), 22_050, 48_000);
  for (const value of out.subarray(500, out.length - 500)) expect(value).toBeCloseTo(0.25, 5);
});

test('equal rates change nothing', () => {
  const input = Float32Array.from([0.1, -0.2, 0.3]);
  expect(resample(input, 16_000, 16_000)).toEqual(input);
});

test('after flush a new stream begins', () => {
  const resampler = new Resampler(24_000, 48_000);
  const tone = sine(500, 440, 24_000);
  const first = [...resampler.process(tone), ...resampler.flush()];
  expect([...resampler.process(tone), ...resampler.flush()]).toEqual(first);
  expect(resampler.flush()).toHaveLength(0);
});

test.each([
  [0, 48_000],
  [48_000.5, 16_000],
  [48_000, 44_101],
])('%d → %d Hz is refused', (from, to) => {
  expect(() => new Resampler(from, to)).toThrow(TypeError);
});

test('16-bit conversion rounds, clips and comes back', () => {
  expect([...floatToInt16(Float32Array.from([0, 1, -1, 2, -2, Number.NaN, 0.5]))]).toEqual([
    0, 32_767, -32_768, 32_767, -32_768, 0, 16_384,
  ]);
  const all = Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768);
  expect(floatToInt16(int16ToFloat(all))).toEqual(all);
});
