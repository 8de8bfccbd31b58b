import { describe, expect, it } from 'vitest';
import { NearVoice, SpeechLevel } from '../../src/agents/speech-level.js';

const window = (amplitude: number) => new Float32Array(512).fill(amplitude);

describe('the speech level', () => {
  it('ends speech in a quiet room at once, while the detector still holds on', () => {
    const level = new SpeechLevel();
    expect(level.probability(window(0.1), 0.99)).toBe(0.99);
    expect(level.probability(window(0.0005), 0.8)).toBe(0);
  });

  it('leaves soft sounds of speech and a noisy room to the detector', () => {
    const level = new SpeechLevel();
    level.probability(window(0.1), 0.99);
    expect(level.probability(window(0.006), 0.7)).toBe(0.7);
    expect(level.probability(window(0.02), 0.1)).toBe(0.1);
  });

  it('judges each turn by its own loudness', () => {
    const level = new SpeechLevel();
    level.probability(window(0.5), 0.99);
    expect(level.probability(window(0.005), 0.9)).toBe(0);
    level.reset();
    expect(level.probability(window(0.005), 0.9)).toBe(0.9);
  });
});

describe('the nearest voice', () => {
  const window = (level: number) => new Float32Array(512).fill(level);

  it('is not known before somebody spoke: everybody begins a turn', () => {
    expect(new NearVoice(12).probability(window(0.001), 0.9, false)).toBe(0.9);
  });

  it('keeps voices that are more than so many dB softer from beginning a turn', () => {
    const near = new NearVoice(12);
    near.probability(window(0.1), 0.95, true);
    expect(near.probability(window(0.02), 0.9, false)).toBe(0);
    expect(near.probability(window(0.03), 0.9, false)).toBe(0.9);
  });

  it('ends no turn of somebody who speaks softly after a loud word', () => {
    const near = new NearVoice(12);
    near.probability(window(0.1), 0.95, true);
    expect(near.probability(window(0.01), 0.7, true)).toBe(0.7);
  });

  it('is forgotten when nobody was near for minutes', () => {
    const near = new NearVoice(12);
    near.probability(window(0.1), 0.95, true);
    for (let i = 0; i < 6_000; i++) near.probability(window(0), 0, false);
    expect(near.probability(window(0.02), 0.9, false)).toBe(0.9);
  });
});
