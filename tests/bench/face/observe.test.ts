import { expect, it } from 'vitest';
import { judge } from '../../../src/bench/face/judge.js';
import { observe } from '../../../src/bench/face/observe.js';
import { soundsOf } from '../../../src/bench/face/script.js';
import { openBenchVision } from '../../../src/bench/face/watcher.js';
import { loadAvatarPackage } from '../../../src/inference/avatar/package.js';
import { placeScenes } from '../../../src/worker/avatar/performance.js';
import { stockFolder } from '../../inference/avatar/stock.js';

it('sees in rendered frames that a stock avatar closes its lips on m and opens them on a', async () => {
  const phonemes = [...'mɑmɑ'].map((symbol, i) => ({ symbol, startMs: i * 200, endMs: (i + 1) * 200 }));
  const recital = {
    text: 'Mama.',
    parts: [
      {
        startMs: 0,
        speech: { durationMs: 840, phonemes, loudness: new Float32Array(84).fill(0.1) },
        words: [{ text: 'Mama.', startMs: 0, endMs: 800 }],
      },
    ],
    durationMs: 840,
    samples: new Float32Array(40_320),
  };
  const placed = placeScenes(
    [
      { kind: 'silence', state: 'idle', durationMs: 400 },
      { kind: 'speech', recital },
    ],
    25,
  );
  const script = { placed, sounds: soundsOf(placed, 25) };
  const avatar = await loadAvatarPackage(stockFolder('mara'));
  const vision = { ...(await openBenchVision()), identity: null };
  const observed = await observe(avatar, script, vision, { side: 512, signal: new AbortController().signal });
  expect(observed.seen.frames).toHaveLength(31);
  expect(observed.drawn!.frames).toHaveLength(31);
  expect(observed.backgroundShare).toBeGreaterThan(0.1);
  const { figures, details } = judge(observed, script);
  const figure = (goal: string) => figures.find((one) => one.goal === goal)!.value;
  expect(details.closures.map(({ word, met }) => [word, met])).toEqual([
    ['Mama.', true],
    ['Mama.', true],
  ]);
  expect(details.openings.map(({ met }) => met)).toEqual([true, true]);
  expect(figure('opening')).toBeGreaterThan(0.8);
  expect(figure('face-seen')).toBe(100);
  expect(figure('background')).toBeLessThan(1);
  expect(figure('identity')).toBeNaN();
});
