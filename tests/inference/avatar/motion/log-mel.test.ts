import { describe, expect, it } from 'vitest';
import { LogMel, MEL_BANDS, SILENT_MEL } from '../../../../src/inference/avatar/motion/log-mel.js';
import { Random } from '../../../../src/inference/avatar/motion/random.js';

const mel = (hz: number) => 1_127 * Math.log1p(hz / 700);

function noise(length: number, seed = 3): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length }, () => 0.2 * random.normal());
}

function sine(hz: number, sampleRateHz: number, seconds: number): Float32Array {
  return Float32Array.from(
    { length: sampleRateHz * seconds },
    (_, i) => 0.3 * Math.sin((2 * Math.PI * hz * i) / sampleRateHz),
  );
}

/** The definition, summed out: frame `j` of audio at 16 kHz. */
function frameByDefinition(samples: Float32Array, j: number): number[] {
  const end = (j + 1) * 160;
  const powers = Array.from({ length: 257 }, (_, bin) => {
    let re = 0;
    let im = 0;
    for (let n = 0; n < 400; n++) {
      const value = (samples[end - 400 + n] ?? 0) * (0.5 - 0.5 * Math.cos((2 * Math.PI * n) / 400));
      re += value * Math.cos((2 * Math.PI * bin * n) / 512);
      im += value * Math.sin((2 * Math.PI * bin * n) / 512);
    }
    return (re * re + im * im) / 200 ** 2;
  });
  const step = (mel(7_600) - mel(50)) / (MEL_BANDS + 1);
  return Array.from({ length: MEL_BANDS }, (_, band) => {
    const weights = powers.map((_, bin) =>
      Math.max(0, 1 - Math.abs(mel((bin * 16_000) / 512) - mel(50) - (band + 1) * step) / step),
    );
    const sum = weights.reduce((a, b) => a + b, 0);
    return Math.log(powers.reduce((total, power, bin) => total + (power * weights[bin]!) / sum, 0) + 1e-9);
  });
}

describe('log-mel features', () => {
  it('are what their definition says, from the first frame on', () => {
    const samples = noise(1_600);
    const features = new LogMel(16_000).push(samples);
    expect(features.length).toBe(10 * MEL_BANDS);
    for (const j of [0, 1, 2, 9]) {
      frameByDefinition(samples, j).forEach((value, band) => {
        expect(features[j * MEL_BANDS + band], `frame ${j} band ${band}`).toBeCloseTo(value, 4);
      });
    }
  });

  it.each([16_000, 22_050, 24_000, 44_100])('do not depend on how a stream at %i Hz is cut', (rate) => {
    const samples = noise(rate);
    const whole = new LogMel(rate).push(samples);
    const stream = new LogMel(rate);
    const random = new Random(8);
    const pieces: number[] = [];
    for (let at = 0; at < samples.length; ) {
      const size = 1 + Math.floor(random.uniform() * 900);
      const piece = samples.subarray(at, at + size);
      const expected = stream.framesWith(piece.length) * MEL_BANDS;
      const features = stream.push(piece);
      expect(features.length).toBe(expected);
      pieces.push(...features);
      at += size;
    }
    expect(whole.length).toBe(100 * MEL_BANDS);
    expect(Float32Array.from(pieces)).toEqual(whole);
  });

  it.each([22_050, 24_000, 44_100, 48_000])('of a tone are the same at %i Hz as at 16 kHz', (rate) => {
    const strongest = (features: Float32Array) => {
      const frame = [...features.subarray(50 * MEL_BANDS, 51 * MEL_BANDS)];
      const most = Math.max(...frame);
      return { band: frame.indexOf(most), most };
    };
    for (const hz of [220, 1_000, 3_500]) {
      const here = strongest(new LogMel(rate).push(sine(hz, rate, 1)));
      const there = strongest(new LogMel(16_000).push(sine(hz, 16_000, 1)));
      expect(here.band, `${hz} Hz`).toBe(there.band);
      expect(Math.abs(here.most - there.most), `${hz} Hz`).toBeLessThan(0.6);
    }
  });

  it('of silence, and of bands that the rate does not hold, are the floor', () => {
    expect(new Set(new LogMel(16_000).push(new Float32Array(800)))).toEqual(new Set([Math.fround(SILENT_MEL)]));
    expect(new LogMel(8_000).push(noise(800)).at(-1)).toBeCloseTo(SILENT_MEL, 4);
  });

  it.each([0, -16_000, 7_999, 16_000.5, 192_001, Number.NaN, Number.POSITIVE_INFINITY])(
    'refuse a rate of %d Hz',
    (rate) => {
      expect(() => new LogMel(rate)).toThrow(RangeError);
    },
  );
});
