import { describe, expect, it } from 'vitest';
import { PROSODY_FEATURES, ProsodyTracker } from '../../../src/agents/end-of-turn/prosody.js';
import { noise, syllables, voice, windows } from './sounds.js';

type Name = (typeof PROSODY_FEATURES)[number];

function describeSound(...sounds: Float32Array[]): Record<Name, number> {
  const tracker = new ProsodyTracker();
  tracker.beginTurn();
  for (const window of windows(...sounds)) tracker.push(window);
  const features = tracker.describe();
  return Object.fromEntries(PROSODY_FEATURES.map((name, i) => [name, features[i]!])) as Record<Name, number>;
}

const pause = new Float32Array(1_536);
const steadyMs = 1_200;
const glide = (toHz: number) =>
  voice({ ms: steadyMs + 300, pitchHz: (ms) => (ms < steadyMs ? 140 : 140 * (toHz / 140) ** ((ms - steadyMs) / 300)) });

describe('ProsodyTracker', () => {
  it('hears pitch fall and rise at the end', () => {
    const fall = describeSound(glide(95), pause);
    const level = describeSound(glide(140), pause);
    const rise = describeSound(glide(210), pause);
    expect(level.pitchKnown).toBe(1);
    expect(Math.abs(level.pitchSlope)).toBeLessThan(0.05);
    expect(fall.pitchSlope).toBeLessThan(-0.5);
    expect(rise.pitchSlope).toBeGreaterThan(0.5);
    expect(fall.pitchEnd).toBeLessThan(level.pitchEnd - 0.5);
    expect(rise.pitchAboveFloor).toBeGreaterThan(level.pitchAboveFloor + 0.5);
    expect(fall.pitchChange).toBeLessThan(-0.5);
  });

  it('hears the voice die away, however loud it is', () => {
    const dying = (ms: number) => (ms < 1_200 ? 1 : Math.max(0.04, 1 - (ms - 1_200) / 300));
    const sound = voice({ ms: 1_500, pitchHz: () => 140, level: dying });
    const steady = describeSound(voice({ ms: 1_500, pitchHz: () => 140 }), pause);
    const fading = describeSound(sound, pause);
    expect(steady.levelEnd).toBeGreaterThan(-0.3);
    expect(fading.levelEnd).toBeLessThan(-0.7);
    expect(fading.levelDrop).toBeLessThan(steady.levelDrop - 0.4);
    const soft = describeSound(
      sound.map((value) => value * 0.2),
      pause,
    );
    expect(soft.levelEnd).toBeCloseTo(fading.levelEnd, 2);
  });

  it('hears a last syllable that is drawn out', () => {
    const spoken = (lastMs: number) =>
      describeSound(
        voice({ ms: 1_000 + lastMs, pitchHz: () => 120, level: syllables([200, 200, 200, 200, 200, lastMs]) }),
        pause,
      );
    expect(spoken(400).finalNucleusS).toBeGreaterThan(spoken(200).finalNucleusS * 1.5);
    expect(spoken(400).lastSpacing).toBeGreaterThan(spoken(200).lastSpacing + 0.2);
    // Five a second; frames are 16 ms apart.
    expect(Math.abs(spoken(200).syllablesPerS - 0.25)).toBeLessThan(0.1);
  });

  it('counts the stretch of speech from the last pause', () => {
    const tracker = new ProsodyTracker();
    tracker.beginTurn();
    const at = PROSODY_FEATURES.indexOf('stretchS');
    for (const window of windows(voice({ ms: 2_000, pitchHz: () => 120 }), pause)) tracker.push(window);
    const whole = tracker.describe()[at]!;
    tracker.goOn();
    for (const window of windows(voice({ ms: 500, pitchHz: () => 120 }), pause)) tracker.push(window);
    expect(tracker.describe()[at]!).toBeLessThan(whole - 0.3);
  });

  it('says nothing of silence and no pitch of noise, and never anything that is no number', () => {
    expect(describeSound(new Float32Array(16_000))).toMatchObject({ pitchKnown: 0, levelSlope: 0 });
    const hiss = describeSound(noise(1_000, 0.1), pause);
    expect(hiss.pitchKnown).toBe(0);
    for (const value of Object.values(hiss)) expect(Math.abs(value)).toBeLessThanOrEqual(4);
    for (const value of Object.values(describeSound(new Float32Array(512).fill(1)))) expect(value).not.toBeNaN();
  });

  it('describes the last words of a turn of any length, and the same ones the same way', () => {
    const long = describeSound(
      noise(500, 1e-4),
      ...Array.from({ length: 12 }, () => voice({ ms: 1_000, pitchHz: () => 130 })),
      glide(95),
      pause,
    );
    expect(long.pitchSlope).toBeLessThan(-0.5);
    expect(long).toEqual(
      describeSound(
        noise(500, 1e-4),
        ...Array.from({ length: 12 }, () => voice({ ms: 1_000, pitchHz: () => 130 })),
        glide(95),
        pause,
      ),
    );
  });
});
