import { describe, expect, it } from 'vitest';
import { PlayedSpeech } from '../../../src/media/echo/played-speech.js';

const NOW_MS = 1.8e12;
const FIRST = NOW_MS * 16;

/** A second of a constant, begun at `NOW_MS`. */
function constant(): PlayedSpeech {
  const played = new PlayedSpeech();
  played.speech({ segmentId: 1, samples: new Int16Array(48_000).fill(16_384) });
  played.started(1, NOW_MS);
  return played;
}

function at(played: PlayedSpeech, ms: number): number {
  const out = new Float32Array(16);
  played.read(FIRST + ms * 16, out);
  return out[8] ?? 0;
}

describe('what is played', () => {
  it('sounds from when it was sent to its end, and not before', () => {
    const played = constant();
    expect(at(played, -20)).toBe(0);
    expect(at(played, 500)).toBeCloseTo(0.5, 2);
    expect(at(played, 1_100)).toBe(0);
    expect(played.soundsWithin(FIRST - 800, FIRST)).toBe(false);
    expect(played.soundsWithin(FIRST + 16_000 - 1, FIRST + 20_000)).toBe(true);
  });

  it('is ducked and comes back as the voice is', () => {
    const played = constant();
    played.gain(0.1, 30, NOW_MS + 200);
    played.gain(1, 150, NOW_MS + 600);
    expect(at(played, 150)).toBeCloseTo(0.5, 2);
    expect(at(played, 400)).toBeCloseTo(0.05, 2);
    expect(at(played, 900)).toBeCloseTo(0.5, 2);
  });

  it('ends where it is cut, and what waits is never heard', () => {
    const played = constant();
    played.speech({ segmentId: 2, samples: new Int16Array(48_000).fill(16_384) });
    played.clear(20, NOW_MS + 300);
    played.started(2, NOW_MS + 1_000);
    expect(at(played, 250)).toBeCloseTo(0.5, 2);
    expect(at(played, 400)).toBe(0);
    expect(at(played, 1_200)).toBe(0);
  });

  it('joins segments that follow each other, however late the news of the second', () => {
    const played = constant();
    played.speech({ segmentId: 2, samples: new Int16Array(48_000).fill(16_384) });
    played.started(2, NOW_MS + 1_012);
    expect(at(played, 1_005)).toBeCloseTo(0.5, 2);
  });
});
