import { describe, expect, it } from 'vitest';
import { PITCH_SPAN, PitchEstimator } from '../../../src/agents/end-of-turn/pitch.js';
import { noise, voice } from './sounds.js';

const pitchOf = (sound: Float32Array) => ({ ...new PitchEstimator().estimate(sound, sound.length) });

describe('PitchEstimator', () => {
  it.each([70, 82.4, 110, 147, 196, 233, 311, 400])(
    'finds the pitch of a voice-like tone at %d Hz within 1 %%',
    (hz) => {
      const { hz: found, aperiodicity } = pitchOf(voice({ ms: 100, pitchHz: () => hz }));
      expect(Math.abs(found / hz - 1)).toBeLessThan(0.01);
      expect(aperiodicity).toBeLessThan(0.1);
    },
  );

  it('finds it in noise 10 dB below the voice', () => {
    const sound = voice({ ms: 100, pitchHz: () => 150 });
    const hiss = noise(100, 0.03);
    sound.forEach((value, i) => {
      sound[i] = value + hiss[i]!;
    });
    expect(Math.abs(pitchOf(sound).hz / 150 - 1)).toBeLessThan(0.03);
  });

  it('finds none in noise and none in silence', () => {
    expect(pitchOf(noise(100, 0.2)).hz).toBe(0);
    expect(pitchOf(new Float32Array(PITCH_SPAN))).toEqual({ hz: 0, aperiodicity: 1 });
  });
});
