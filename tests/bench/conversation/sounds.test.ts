import { describe, expect, it } from 'vitest';
import { assemble, CLIP_RATE_HZ, cutAt, VISITOR_LEVEL } from '../../../src/bench/conversation/clips.js';
import {
  activeLevel,
  babble,
  fanNoise,
  NOISES,
  noiseSound,
  rms,
  roomResponse,
} from '../../../src/bench/conversation/sounds.js';
import { phraseEnds } from '../../../src/bench/conversation/visitors.js';

const RATE = 16_000;

function sine(ms: number, hz: number, amplitude: number, rateHz = CLIP_RATE_HZ): Float32Array {
  return Float32Array.from(
    { length: (ms * rateHz) / 1000 },
    (_, i) => amplitude * Math.sin((2 * Math.PI * hz * i) / rateHz),
  );
}

/** Energy of a band around `hz`, by a single bin of a Fourier transform. */
function power(samples: Float32Array, hz: number, rateHz: number): number {
  let [re, im] = [0, 0];
  samples.forEach((value, i) => {
    re += value * Math.cos((2 * Math.PI * hz * i) / rateHz);
    im += value * Math.sin((2 * Math.PI * hz * i) / rateHz);
  });
  return (re * re + im * im) / samples.length;
}

describe('what a visitor says', () => {
  const quiet = new Float32Array(4_800);
  const phrase = Float32Array.from([...quiet, ...sine(400, 300, 0.2), ...quiet]);

  it('has silences of exactly the scripted length between the phrases, and none at its edges', () => {
    const { samples, pauses } = assemble([phrase, phrase, phrase], [500, 300]);
    expect(pauses.map(({ fromMs, toMs }) => toMs - fromMs)).toEqual([500, 300]);
    expect(pauses[0]!.fromMs).toBeCloseTo(400, -1);
    for (const { fromMs, toMs } of pauses) {
      const silence = samples.subarray((fromMs * CLIP_RATE_HZ) / 1000, (toMs * CLIP_RATE_HZ) / 1000);
      expect(silence.every((value) => value === 0)).toBe(true);
    }
    expect(samples.length / CLIP_RATE_HZ).toBeCloseTo(3 * 0.4 + 0.8, 1);
  });

  it('is as loud as every other visitor, pauses not counted', () => {
    for (const amplitude of [0.02, 0.7]) {
      const { samples } = assemble([sine(400, 300, amplitude), sine(300, 200, amplitude)], [900]);
      expect(activeLevel(samples, CLIP_RATE_HZ)).toBeCloseTo(VISITOR_LEVEL, 2);
    }
  });

  it('stays silent when a voice made no sound', () => {
    expect(assemble([new Float32Array(100)], []).samples.every((value) => value === 0)).toBe(true);
  });

  it('is cut half way between the words of two phrases', () => {
    const words = [0, 1, 2, 3].map((i) => ({ startMs: 100 + i * 300, endMs: 300 + i * 300 }));
    expect(phraseEnds(['Well, I', 'mean', 'this.'], words)).toEqual([650, 950]);
    expect(cutAt(new Float32Array(1_600), RATE, [40, 70]).map(({ length }) => length)).toEqual([640, 480, 480]);
  });

  it('is said phrase by phrase where the words are not those that were written', () => {
    expect(phraseEnds(['twenty-one', 'days'], [{ startMs: 0, endMs: 1 }])).toBeUndefined();
  });
});

describe('sounds that are no speech', () => {
  it.each(NOISES)('%s is the same for the same seed, peaks at one half and ends within two seconds', (noise) => {
    const sound = noiseSound(noise, RATE, 7);
    expect(noiseSound(noise, RATE, 7)).toEqual(sound);
    expect(noiseSound(noise, RATE, 8)).not.toEqual(sound);
    expect(Math.max(...sound.map(Math.abs))).toBeCloseTo(0.5, 3);
    expect(sound.length).toBeLessThan(2 * RATE);
    expect(sound.every(Number.isFinite)).toBe(true);
  });

  it('tell a door, which is low, from a cough, which is high', () => {
    const tilt = (noise: 'door' | 'cough') => {
      const sound = noiseSound(noise, RATE, 3);
      const sum = (from: number, to: number) => {
        let total = 0;
        for (let hz = from; hz <= to; hz += 20) total += power(sound, hz, RATE);
        return total;
      };
      return sum(60, 300) / sum(1_000, 3_000);
    };
    expect(tilt('door')).toBeGreaterThan(3);
    expect(tilt('cough')).toBeLessThan(0.3);
  });

  it('make laughter of four bursts or more', () => {
    const laugh = noiseSound('laugh', RATE, 5);
    const step = RATE / 100;
    const loud = Array.from(
      { length: Math.floor(laugh.length / step) },
      (_, i) => rms(laugh.subarray(i * step, (i + 1) * step)) > 0.03,
    );
    expect(loud.filter((is, i) => is && !loud[i - 1]).length).toBeGreaterThanOrEqual(4);
  });
});

describe('a room', () => {
  it('is filled with noise of RMS 1 that falls towards high frequencies, or with a crowd', () => {
    const fan = fanNoise(4, RATE, 1);
    expect(rms(fan)).toBeCloseTo(1, 3);
    const band = (from: number, to: number) => {
      let total = 0;
      for (let hz = from; hz <= to; hz += 7) total += power(fan, hz, RATE);
      return total / ((to - from) / 7);
    };
    expect(band(200, 300)).toBeGreaterThan(4 * band(3_000, 3_300));
    expect(rms(babble([sine(300, 200, 0.1, RATE), sine(500, 330, 0.4, RATE)], 2, RATE))).toBeCloseTo(1, 3);
  });

  it('answers a click after its delay, with energy 1, and decays by 60 dB', () => {
    const room = roomResponse({ delayMs: 120, reverberationS: 0.3, rateHz: RATE, seed: 1 });
    const delay = 0.12 * RATE;
    expect(room.subarray(0, delay).every((value) => value === 0)).toBe(true);
    expect(room[delay]).toBeGreaterThan(0.5);
    expect(Math.sqrt(room.reduce((sum, value) => sum + value * value, 0))).toBeCloseTo(1, 5);
    const early = rms(room.subarray(delay + 0.01 * RATE, delay + 0.03 * RATE));
    const late = rms(room.subarray(delay + 0.27 * RATE, delay + 0.29 * RATE));
    expect(20 * Math.log10(early / late)).toBeGreaterThan(45);
  });
});
