import { describe, expect, it } from 'vitest';
import { closures, correlation, lipTrack, openings, rounding, type SpokenSound } from '../../../src/bench/face/lips.js';
import { face, track } from './tracks.js';

const sound = (symbol: string, startMs: number, endMs: number): SpokenSound => ({
  symbol,
  startMs,
  endMs,
  word: 'mama',
});

describe('lipTrack', () => {
  it('gives the gap and the width of the mouth in per cent of the width of the face', () => {
    const { gap, width } = lipTrack(track([{ gap: 0 }, { gap: 8, mouthWidth: 30 }]));
    expect([...gap]).toEqual([0, 8]);
    expect([...width]).toEqual([35, 30]);
  });

  it('measures across the mouth of a head that is tilted, and below zero where lips cross', () => {
    const upright = face({ gap: 6 });
    const [cos, sin] = [Math.cos(0.4), Math.sin(0.4)];
    const tilted = upright.map((_, k) => {
      const [x, y] = [upright[k - (k % 2)]!, upright[k - (k % 2) + 1]!];
      return k % 2 === 0 ? x * cos - y * sin : x * sin + y * cos;
    });
    const { gap } = lipTrack({ frameRate: 25, frames: [tilted, face({ gap: -1 })], faceWidth: 200 });
    expect(gap[0]).toBeCloseTo(6, 4);
    expect(gap[1]).toBeCloseTo(-1, 4);
  });
});

describe('closures', () => {
  const open = Array.from({ length: 20 }, () => ({ gap: 5 }));

  it('finds a mouth that never closes on its m', () => {
    const [m] = closures(lipTrack(track(open)), [sound('m', 200, 280)], 0.5);
    expect(m).toMatchObject({ met: false, value: 5 });
  });

  it('accepts lips that close one frame before or after the sound, and no farther away', () => {
    const closedAt = (frame: number) => lipTrack(track(open.map((pose, i) => (i === frame ? { gap: 0.2 } : pose))));
    // Frames 5, 6 and 7 are heard with it.
    const met = [3, 4, 5, 7, 8, 9].map((frame) => closures(closedAt(frame), [sound('b', 200, 280)], 0.5)[0]!.met);
    expect(met).toEqual([false, true, true, true, true, false]);
  });

  it('judges p, b and m and nothing else', () => {
    const sounds = [...'pbmfvwnt'].map((symbol) => sound(symbol, 200, 280));
    expect(closures(lipTrack(track(open)), sounds, 0.5).map(({ symbol }) => symbol)).toEqual(['p', 'b', 'm']);
  });

  it('does not count a sound in which no face was seen as closed', () => {
    const lips = lipTrack(track(open.map((pose, i) => (i >= 3 && i <= 9 ? null : pose))));
    expect(closures(lips, [sound('p', 200, 280)], 0.5)[0]!.met).toBe(false);
  });
});

describe('openings', () => {
  it('asks the greatest gap within open vowels that last', () => {
    const lips = lipTrack(track(Array.from({ length: 20 }, (_, i) => ({ gap: i === 6 ? 4 : 1 }))));
    const sounds = [sound('ɑ', 200, 300), sound('æ', 400, 500), sound('I', 200, 250), sound('i', 200, 300)];
    expect(openings(lips, sounds, 3.5).map(({ symbol, met, value }) => [symbol, met, value])).toEqual([
      ['ɑ', true, 4],
      ['æ', false, 1],
    ]);
  });
});

describe('rounding', () => {
  it('is the width in rounded sounds over that in spread ones', () => {
    const lips = lipTrack(track(Array.from({ length: 20 }, (_, i) => ({ mouthWidth: i < 10 ? 24 : 40 }))));
    expect(rounding(lips, [sound('u', 80, 160), sound('w', 200, 240), sound('i', 480, 560)])).toBeCloseTo(0.6, 6);
    expect(rounding(lips, [sound('u', 80, 160)])).toBeNaN();
  });
});

describe('correlation', () => {
  it('is 1 for what follows, −1 for what goes against, about 0 for what has nothing to do with it', () => {
    const asked = Float32Array.from({ length: 100 }, (_, i) => Math.sin(i / 3));
    expect(
      correlation(
        asked,
        asked.map((x) => 3 * x + 1),
      ),
    ).toBeCloseTo(1, 6);
    expect(
      correlation(
        asked,
        asked.map((x) => -x),
      ),
    ).toBeCloseTo(-1, 6);
    expect(
      Math.abs(
        correlation(
          asked,
          asked.map((_, i) => Math.cos(i * 1.7)),
        ),
      ),
    ).toBeLessThan(0.1);
  });

  it('leaves out frames in which one of them is unknown, and knows that it cannot tell of a mouth that never moves', () => {
    expect(correlation([1, 2, Number.NaN, 4], [2, 4, 100, 8])).toBeCloseTo(1, 6);
    expect(correlation([1, 2, 3], [0.5, 0.5, 0.5])).toBeNaN();
  });
});
