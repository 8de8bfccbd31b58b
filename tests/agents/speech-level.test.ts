import { describe, expect, it } from 'vitest';
import { SpeechLevel } from '../../src/agents/speech-level.js';

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
