import { describe, expect, it } from 'vitest';
import { MEL_BANDS, SILENT_MEL } from '../../../../src/inference/avatar/motion/log-mel.js';
import { Pauses } from '../../../../src/inference/avatar/motion/pauses.js';
import { Random } from '../../../../src/inference/avatar/motion/random.js';

/** Frames of a level that varies as noise does. */
function frames(count: number, level: number, random: Random, spread = 0.15): Float32Array {
  const out = new Float32Array(count * MEL_BANDS);
  for (let j = 0; j < count; j++) out.fill(level + spread * random.normal(), j * MEL_BANDS, (j + 1) * MEL_BANDS);
  return out;
}

const NOISE = -17;
const SPEECH = -12.5;

/** Noise, speech with a stop's closure of 90 ms, noise, speech: of 400, 600, 800 and 300 ms. */
function scene(seed: number): Float32Array[] {
  const random = new Random(seed);
  return [
    frames(40, NOISE, random),
    frames(30, SPEECH, random, 0.5),
    frames(9, NOISE + 0.3, random),
    frames(21, SPEECH, random, 0.5),
    frames(80, NOISE, random),
    frames(30, SPEECH, random, 0.5),
  ];
}

function heard(parts: readonly Float32Array[]): Pauses {
  const pauses = new Pauses();
  for (const part of parts) pauses.push(part);
  return pauses;
}

describe('pauses', () => {
  it.each([1, 2, 3])('bring the mouth to rest, sounds and the closures of stops do not (noise %i)', (seed) => {
    const pauses = heard(scene(seed));
    for (let ms = 0; ms < 240; ms += 10) expect(pauses.restAt(ms)).toBe(1);
    for (let ms = 400; ms < 1_000; ms += 10) expect(pauses.restAt(ms)).toBeLessThan(0.3);
    for (let ms = 1_180; ms < 1_640; ms += 10) expect(pauses.restAt(ms)).toBe(1);
    for (let ms = 1_800; ms < 2_090; ms += 10) expect(pauses.restAt(ms)).toBe(0);
  });

  it('do not depend on how the stream is cut', () => {
    const parts = scene(4);
    const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    const whole = heard([all]);
    const cut = heard(parts);
    for (let ms = 0; ms < 2_100; ms += 7) expect(cut.restAt(ms)).toBe(whole.restAt(ms));
  });

  it('are told in a louder room too, after it was heard for a while', () => {
    const random = new Random(5);
    const pauses = heard([frames(400, -15, random), frames(50, -11, random, 0.4), frames(60, -15, random)]);
    expect(pauses.restAt(3_800)).toBe(1);
    expect(pauses.restAt(4_250)).toBe(0);
    expect(pauses.restAt(4_800)).toBe(1);
  });

  it('are not taken for the background when they are exact silence', () => {
    const random = new Random(6);
    const pauses = heard([frames(50, SILENT_MEL, random, 0), frames(200, NOISE, random), frames(20, SPEECH, random)]);
    expect(pauses.restAt(200)).toBe(1);
    expect(pauses.restAt(1_500)).toBe(1);
    expect(pauses.restAt(2_600)).toBe(0);
  });

  it('do not hide speech that begins at once and never pauses', () => {
    const random = new Random(7);
    const pauses = heard([frames(900, SPEECH, random, 0.6)]);
    for (let ms = 0; ms < 8_900; ms += 20) expect(pauses.restAt(ms)).toBe(0);
  });

  it('are what nothing is known of', () => {
    expect(new Pauses().restAt(1_000)).toBe(1);
  });
});
