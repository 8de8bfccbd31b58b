import { describe, expect, it } from 'vitest';
import { loadAvatarPackage } from '../../../../../src/inference/avatar/package.js';
import { measureFace } from '../../../../../src/inference/avatar/renderer/face-geometry.js';
import { mouthLight } from '../../../../../src/inference/avatar/renderer/mouth/light.js';
import { buildTexture, coverFit } from '../../../../../src/inference/avatar/renderer/texture.js';
import { stockFolder } from '../../stock.js';

const SIDE = 512;

/** The light on a stock portrait whose pixels are multiplied by `shade` of their x, 0…1. */
async function lightOf(id: string, shade: (x: number) => number) {
  const { portrait, rig } = await loadAvatarPackage(stockFolder(id));
  const { width } = portrait;
  const data = portrait.data.map((value, i) => value * shade((Math.floor(i / 3) % width) / width));
  const fit = coverFit(portrait, SIDE, SIDE);
  return mouthLight(measureFace(rig, fit), buildTexture({ ...portrait, data }, fit, SIDE, SIDE));
}

const sum = (colour: readonly number[]) => colour.reduce((total, value) => total + value, 0);

describe('mouthLight', () => {
  it('makes teeth as much darker as a portrait in little light is', async () => {
    const [usual, dim] = await Promise.all([lightOf('ines', () => 1), lightOf('ines', () => 0.36)]);
    expect(usual.exposure).toBe(1);
    expect(sum(dim.tooth)).toBeLessThan(0.6 * sum(usual.tooth));
    expect(sum(dim.tooth)).toBeGreaterThan(0.25 * sum(usual.tooth));
    expect(sum(dim.tongue)).toBeLessThan(0.6 * sum(usual.tongue));
  });

  it('never lets wet places shine more than full, wherever the light comes from', async () => {
    const light = await lightOf('sam', (x) => 1 - 0.9 * x);
    let most = 0;
    for (let turn = -1.4; turn <= 1.4; turn += 0.05) {
      for (let tilt = -1.4; tilt <= 1.4; tilt += 0.05) {
        const [nx, ny, nz] = [Math.sin(turn) * Math.cos(tilt), Math.sin(tilt), Math.cos(turn) * Math.cos(tilt)];
        most = Math.max(most, light.gloss(nx, ny, nz));
      }
    }
    expect(most).toBeGreaterThan(0.5);
    expect(most).toBeLessThan(1.3);
  });
});
