import { describe, expect, it } from 'vitest';
import { type LidStage, PlatedLid } from '../../../../src/inference/avatar/renderer/plate-lid.js';

const [WIDTH, HEIGHT] = [40, 100];
const SKIN = 150;
const BALL = 220;
const line = (row: number) => new Float32Array(WIDTH).fill(row);

/** Skin of one brightness with a dark line on the edge of the upper lid. */
function stageOf(amount: number, skin: number, edge: number, lower = 80): LidStage {
  const patch = new Uint8Array(WIDTH * HEIGHT).fill(skin);
  patch.fill(40, (edge - 1) * WIDTH, edge * WIDTH);
  return { amount, skin: patch, lashes: new Uint8Array(patch.length).fill(255), upper: line(edge), lower: line(lower) };
}

function draw(blink: number, stages: readonly LidStage[], mask = 255): Uint8Array {
  const area = { width: WIDTH, height: HEIGHT, unit: 60, isLuma: true, brow: line(10) };
  const lid = new PlatedLid({ ...area, mask: new Uint8Array(WIDTH * HEIGHT).fill(mask) }, stages);
  const out = Uint8Array.from(stages[0]!.skin);
  lid.paint(blink, () => BALL, out, 0, WIDTH);
  return out;
}

const column = (picture: Uint8Array) => Array.from({ length: HEIGHT }, (_, row) => picture[row * WIDTH + 20]!);
const darkest = (values: number[]) => values.indexOf(Math.min(...values));

describe('A lid of plates', () => {
  const stages = [stageOf(0, SKIN, 50), stageOf(0.5, SKIN + 20, 65), stageOf(1, SKIN + 40, 80)];

  it('is the plate itself at the plate’s own degree', () => {
    expect(column(draw(1, stages)).slice(11, 78)).toEqual(column(stages[2]!.skin).slice(11, 78));
    expect(column(draw(0.5, stages)).slice(11, 64)).toEqual(column(stages[1]!.skin).slice(11, 64));
  });

  it('has one edge between two plates, where both are taken to, and a colour between theirs', () => {
    const values = column(draw(0.75, stages));
    expect(Math.abs(darkest(values) - 71.5)).toBeLessThanOrEqual(1.5);
    expect(values.filter((value, row) => row < 78 && value < 100).length).toBeLessThanOrEqual(3);
    expect(values[40]).toBe(SKIN + 30);
  });

  it('falls without a step back', () => {
    const edges = Array.from({ length: 21 }, (_, k) => darkest(column(draw(k / 20, stages))));
    for (let k = 1; k < edges.length; k++) expect(edges[k]!).toBeGreaterThanOrEqual(edges[k - 1]!);
  });

  it('leaves nothing of the eyeball when it is closed', () => {
    expect(Math.max(...column(draw(1, stages)))).toBeLessThan(BALL - 20);
    expect(Math.max(...column(draw(0.3, stages)))).toBeGreaterThan(BALL - 5);
  });

  it('carries its lashes on its edge, over skin and eyeball', () => {
    const lashed = stages.map((stage, k) => {
      const lashes = stage.lashes.slice();
      const edge = stage.upper[0]!;
      if (k > 0) lashes.fill(51, (edge + 2) * WIDTH, (edge + 6) * WIDTH);
      return { ...stage, lashes };
    });
    for (const blink of [0.5, 0.75, 1]) {
      const edge = 50 + 30 * blink;
      const [bare, values] = [column(draw(blink, stages)), column(draw(blink, lashed))];
      const at = Math.round(edge + 4);
      expect((values[at]! - 16) / (bare[at]! - 16)).toBeCloseTo(0.2, 1);
      expect(values[Math.round(edge + 9)]).toBe(bare[Math.round(edge + 9)]);
    }
  });

  it('is the portrait where the plates do not reach', () => {
    expect(draw(1, stages, 0)).toEqual(stages[0]!.skin);
    const half = column(draw(1, stages, 128));
    expect(Math.abs(half[30]! - (SKIN + 20))).toBeLessThanOrEqual(1);
  });
});
