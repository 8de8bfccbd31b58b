import { describe, expect, it } from 'vitest';
import { ClipLoop, ClipWalk, loopOf } from '../../../../src/inference/avatar/lite/clip-walk.js';
import { ridge } from '../../../../src/inference/avatar/lite/maker/ridge.js';
import { LITE_NUMBERS, LITE_SIDE } from '../../../../src/inference/avatar/lite/networks.js';
import {
  activityOf,
  CONTROLS,
  JAW_OPEN,
  LITE_PARAMETERS,
  MOUTH_CLOSE,
  MOUTH_NUMBERS,
  mouthOf,
} from '../../../../src/inference/avatar/lite/parameters.js';
import { Patch, SHOWN_PART } from '../../../../src/inference/avatar/lite/patch.js';
import { References } from '../../../../src/inference/avatar/lite/reference.js';
import { tapsOf } from '../../../../src/inference/avatar/lite/taps.js';
import { pose } from '../stock.js';

describe('taps of a resampled row', () => {
  it.each([
    [10, 4],
    [4, 10],
    [1, 6],
    [384, 241],
    [134, 384],
  ])('of %i samples brought to %i weigh 1 together and lie within it', (available, length) => {
    const taps = tapsOf({ length, from: 0, step: available / length, available });
    for (let i = 0; i < length; i++) {
      const weights = taps.weights.subarray(i * taps.count, (i + 1) * taps.count);
      expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
      expect(taps.first[i]).toBeGreaterThanOrEqual(0);
      expect(taps.first[i]! + taps.count).toBeLessThanOrEqual(available);
    }
  });

  it('keep a straight line straight', () => {
    const taps = tapsOf({ length: 20, from: 10, step: 2.5, available: 100 });
    for (let i = 0; i < 20; i++) {
      let at = 0;
      for (let k = 0; k < taps.count; k++) at += taps.weights[i * taps.count + k]! * (taps.first[i]! + k);
      expect(at).toBeCloseTo(10 + (i + 0.5) * 2.5 - 0.5, 1);
    }
  });
});

const WHOLE = { x: 0, y: 0, width: LITE_SIDE, height: LITE_SIDE };

describe('the patch', () => {
  const [width, height] = [64, 48];
  const box = { x: 20.4, y: 10.6, width: 25, height: 30 };
  const grey = () => new Uint8Array((width * height * 3) / 2).fill(100);

  it('lays the drawn colour into the middle of its box and leaves the rest of the picture alone', () => {
    const picture = grey();
    new Patch(box, WHOLE, width, height).draw(new Float32Array(LITE_NUMBERS).fill(1), 1, picture);
    expect(picture[25 * width + 33]).toBe(235);
    expect(picture[width * height + 12 * (width / 2) + 16]).toBe(128);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const inside = x >= 20 && x < 46 && y >= 10 && y < 41;
        if (!inside) expect(picture[y * width + x]).toBe(100);
      }
  });

  it('fades out towards its edge and by its share', () => {
    const [whole, half] = [grey(), grey()];
    const patch = new Patch(box, WHOLE, width, height);
    patch.draw(new Float32Array(LITE_NUMBERS).fill(1), 1, whole);
    patch.draw(new Float32Array(LITE_NUMBERS).fill(1), 0.5, half);
    const row = [...whole.subarray(25 * width + 20, 25 * width + 33)];
    for (let i = 1; i < row.length; i++) expect(row[i]).toBeGreaterThanOrEqual(row[i - 1]!);
    expect(row[0]).toBeLessThan(110);
    expect(half[25 * width + 33]).toBeCloseTo((100 + 235) / 2, -0.5);
  });

  it('looks the same made of the part that is shown alone', () => {
    const drawn = Float32Array.from({ length: LITE_NUMBERS }, (_, i) => Math.sin(i / 9_000) * Math.cos(i / 37));
    const { x, y, width: columns, height: rows } = SHOWN_PART;
    const part = new Float32Array(3 * columns * rows);
    for (let k = 0; k < 3; k++)
      for (let row = 0; row < rows; row++) {
        const from = (k * LITE_SIDE + y + row) * LITE_SIDE + x;
        part.set(drawn.subarray(from, from + columns), (k * rows + row) * columns);
      }
    const [a, b] = [grey(), grey()];
    new Patch(box, WHOLE, width, height).draw(drawn, 1, a);
    new Patch(box, SHOWN_PART, width, height).draw(part, 1, b);
    expect(b).toEqual(a);
  });

  it('shows each colour where it was drawn', () => {
    const drawn = new Float32Array(LITE_NUMBERS).fill(-1);
    // Red on the left half.
    for (let y = 0; y < LITE_SIDE; y++) drawn.fill(1, y * LITE_SIDE, y * LITE_SIDE + LITE_SIDE / 2);
    const picture = grey();
    new Patch(box, WHOLE, width, height).draw(drawn, 1, picture);
    const v = (x: number) => picture[width * height * 1.25 + 12 * (width / 2) + x];
    expect(v(14)).toBe(240);
    expect(v(19)).toBe(128);
    // A box that reaches over the picture's edge is drawn as far as it goes.
    new Patch({ x: 50, y: 40, width: 30, height: 20 }, WHOLE, width, height).draw(drawn, 1, picture);
  });
});

it('a reference becomes three planes of −1…1', () => {
  const data = Uint8Array.from({ length: 2 * 4 * 6 * 3 }, (_, i) => (i < 72 ? 0 : [255, 51, 0][i % 3]!));
  const out = new Float32Array(LITE_NUMBERS);
  new References({ layout: 'rgb', width: 6, height: 4, count: 2, data }).write(1, out);
  const plane = LITE_SIDE * LITE_SIDE;
  expect([out[7]!, out[plane + 7]!, out[2 * plane + 7]!].map((value) => Math.round(value * 100) / 100)).toEqual([
    1, -0.6, -1,
  ]);
  expect(() => new References({ layout: 'i420', width: 2, height: 2, count: 1, data })).toThrow(/must hold RGB/);
});

describe('the walk through a clip', () => {
  const walked = (turns: number[], seed: number, steps: number) => {
    const walk = new ClipWalk(turns, seed);
    return Array.from({ length: steps }, () => {
      walk.next();
      return walk.frame;
    });
  };

  it('goes one frame a step, turns only where it may, and never leaves its range', () => {
    const turns = [20, 35, 61, 97, 145];
    const path = [20, ...walked(turns, 3, 5_000)];
    for (let i = 1; i < path.length; i++) {
      expect(Math.abs(path[i]! - path[i - 1]!)).toBe(1);
      const turned = i > 1 && path[i]! === path[i - 2]!;
      if (turned) expect(turns).toContain(path[i - 1]);
    }
    expect(Math.min(...path)).toBe(20);
    expect(Math.max(...path)).toBe(145);
  });

  it('is another one for another seed and the same for the same', () => {
    const turns = [0, 40, 90, 140];
    expect(walked(turns, 1, 2_000)).toEqual(walked(turns, 1, 2_000));
    expect(walked(turns, 1, 2_000)).not.toEqual(walked(turns, 2, 2_000));
  });

  it.each([
    [[20, 35, 61, 97, 145], 225],
    [[0, 30], 225],
    [[7, 300], 225],
    [[5], 40],
  ])('can be a loop (turns %j)', (turns, length) => {
    const path = loopOf(turns, length);
    expect(path).toHaveLength(length);
    const around = [...path, path[0]!];
    for (let i = 1; i < around.length; i++) {
      expect(Math.abs(around[i]! - around[i - 1]!)).toBeLessThanOrEqual(1);
      const turned = i > 1 && around[i] === around[i - 2] && around[i] !== around[i - 1];
      if (turned) expect(turns).toContain(around[i - 1]);
    }
    const loop = new ClipLoop(path);
    const seen = Array.from({ length: length + 3 }, () => {
      loop.next();
      return loop.frame;
    });
    expect(seen).toEqual([...path, ...path.slice(0, 3)]);
  });

  it('stays at the only frame there is', () => {
    expect(new Set(walked([4], 1, 50))).toEqual(new Set([4]));
  });
});

describe('a mouth in numbers', () => {
  const mouth = (values: Record<string, number>) => {
    const out = new Float32Array(MOUTH_NUMBERS);
    mouthOf(pose(values), out);
    return out;
  };

  it('tells what the lips leave open from what they close', () => {
    const open = mouth({ jawOpen: 0.5, mouthClose: 0.2 });
    expect([open[JAW_OPEN], open[MOUTH_CLOSE], open.at(-1)]).toEqual([expect.closeTo(0.3), expect.closeTo(0.2), 1]);
    expect(mouth({ jawOpen: 0.1, mouthClose: 0.6 })[JAW_OPEN]).toBe(0);
  });

  it('is at rest in a silent smile and at work with a spoken sound', () => {
    expect(activityOf(mouth({ mouthSmile: 0.1 }))).toBe(0);
    expect(activityOf(mouth({}))).toBe(0);
    expect(activityOf(mouth({ jawOpen: 0.12, mouthClose: 0.12 }))).toBe(1);
    expect(activityOf(mouth({ mouthPucker: 0.05 }))).toBeGreaterThan(0);
  });

  it('has 32 parameters, of which each is moved by one control or goes sideways', () => {
    expect(LITE_PARAMETERS).toHaveLength(32);
    expect([...LITE_PARAMETERS]).toEqual([...LITE_PARAMETERS].sort());
    const moved = CONTROLS.flat();
    expect(new Set(moved).size).toBe(moved.length);
    expect(LITE_PARAMETERS.filter((_, i) => !moved.includes(i))).toEqual([
      'jawLeft',
      'jawRight',
      'mouthLeft',
      'mouthRight',
    ]);
  });
});

describe('ridge regression', () => {
  const rows = [
    [1, 0, 2],
    [0, 1, 1],
    [1, 1, 0],
    [2, 1, 1],
  ];

  it('finds what made the numbers when it is hardly held back', () => {
    const x = [0.5, -1, 2];
    const wanted = rows.map((row) => row.reduce((sum, value, i) => sum + value * x[i]!, 0));
    const found = ridge(rows, wanted, [1, 1, 1, 1], [1e-9, 1e-9, 1e-9]);
    expect([...found].map((value) => Math.round(value * 1e4) / 1e4)).toEqual(x);
  });

  it('moves what costs much less than what costs little', () => {
    const [dear, cheap] = ridge([[1, 1]], [2], [1], [9, 1]);
    expect(cheap! / dear!).toBeCloseTo(9, 6);
  });
});
