import { describe, expect, it } from 'vitest';
import { type VoiceGap, VoiceGapMeter } from '../../web-demo/src/model/voice-gap.js';

const BLOCK_S = 128 / 48_000;
const VOICE = 0.1;
const HISS = 0.001;

interface Sound {
  fromS: number;
  toS: number;
  rms?: number;
}

/** RMS at a time: a voice with a valley of 8 ms in every 20 ms, as glottal pulses make it, above a hiss. */
function rmsAt(sounds: Sound[], atS: number, floor: number): number {
  const sound = sounds.find(({ fromS, toS }) => atS >= fromS && atS < toS);
  return sound && (atS - sound.fromS) % 0.02 < 0.012 ? (sound.rms ?? VOICE) : floor;
}

function measure(visitor: Sound[], avatar: Sound[], { untilS = 20, floor = HISS } = {}): VoiceGap[] {
  const meter = new VoiceGapMeter();
  const gaps: VoiceGap[] = [];
  for (let block = 0; block * BLOCK_S < untilS; block++) {
    const atS = block * BLOCK_S;
    const gap = meter.push(rmsAt(visitor, atS, floor), rmsAt(avatar, atS, 0), atS, atS + BLOCK_S);
    if (gap) gaps.push(gap);
  }
  return gaps;
}

describe('VoiceGapMeter', () => {
  it('measures from the last voiced sample of the visitor to the first of the answer', () => {
    const [gap, ...others] = measure([{ fromS: 1, toS: 3 }], [{ fromS: 3.6, toS: 6 }]);
    expect(others).toEqual([]);
    // The visitor's last pulse may end up to 8 ms before its sound does.
    expect(gap?.ms).toBeGreaterThanOrEqual(600 - 3);
    expect(gap?.ms).toBeLessThanOrEqual(608 + 3);
  });

  it('counts from the end of the visitor’s last words, not from a pause within them', () => {
    const [gap] = measure(
      [
        { fromS: 1, toS: 2 },
        { fromS: 2.8, toS: 4 },
      ],
      [{ fromS: 4.5, toS: 6 }],
    );
    expect(gap?.visitorEndedAt).toBeCloseTo(4, 1);
  });

  it('reports an answer once, not again after a pause in it', () => {
    expect(
      measure(
        [{ fromS: 1, toS: 3 }],
        [
          { fromS: 3.6, toS: 5 },
          { fromS: 5.8, toS: 7 },
        ],
      ),
    ).toHaveLength(1);
  });

  it('does not measure a greeting, nor an avatar that speaks much later', () => {
    expect(measure([], [{ fromS: 1, toS: 3 }])).toEqual([]);
    expect(measure([{ fromS: 1, toS: 2 }], [{ fromS: 40, toS: 41 }], { untilS: 45 })).toEqual([]);
  });

  it('takes what the microphone hears while the avatar speaks for echo', () => {
    expect(
      measure(
        [{ fromS: 1.1, toS: 3.1 }],
        [
          { fromS: 1, toS: 3.2 },
          { fromS: 5, toS: 6 },
        ],
      ),
    ).toEqual([]);
  });

  it('does not take a click for a voice', () => {
    expect(measure([{ fromS: 1, toS: 1.01 }], [{ fromS: 2, toS: 3 }])).toEqual([]);
    const [gap] = measure(
      [{ fromS: 1, toS: 3 }],
      [
        { fromS: 3.2, toS: 3.21 },
        { fromS: 3.7, toS: 5 },
      ],
    );
    expect(gap?.avatarBeganAt).toBeCloseTo(3.7, 2);
  });

  it('keeps what it knows of the background while a signal is taken anew', () => {
    const meter = new VoiceGapMeter();
    const gaps: VoiceGap[] = [];
    for (let block = 0; block * BLOCK_S < 30; block++) {
      const atS = block * BLOCK_S;
      const isGone = atS >= 24 && atS < 24.03;
      const noisy = rmsAt([{ fromS: 25, toS: 27, rms: 0.15 }], atS, 0.01);
      const gap = meter.push(isGone ? 0 : noisy, rmsAt([{ fromS: 27.5, toS: 29 }], atS, 0), atS, atS + BLOCK_S);
      if (gap) gaps.push(gap);
    }
    expect(gaps).toHaveLength(1);
    expect(gaps[0]!.ms).toBeGreaterThan(450);
    expect(gaps[0]!.ms).toBeLessThan(550);
  });

  it('rises above a steady noise', () => {
    const [gap] = measure([{ fromS: 25, toS: 27, rms: 0.15 }], [{ fromS: 27.5, toS: 29 }], { untilS: 30, floor: 0.01 });
    expect(gap?.ms).toBeGreaterThan(450);
    expect(gap?.ms).toBeLessThan(550);
  });
});
