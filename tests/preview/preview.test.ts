import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodePng } from '../../src/inference/avatar/png.js';
import { main } from '../../src/preview/main.js';
import { sheetPoses } from '../../src/preview/poses.js';
import { stockFolder } from '../inference/avatar/stock.js';

const avatars = [join(stockFolder('mara'), '..')];

describe('visavis avatar preview', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'visavis-preview-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('draws the face at rest, 52 coefficients and the visemes, ten in a row, each with its name', async () => {
    const path = join(folder, 'sheet.png');
    await main(['preview', 'mara', '--sheet', path, '--cell', '32'], avatars);
    const sheet = decodePng(await readFile(path), { maxSide: 4_096 });
    expect(sheet.width).toBe(10 * 34 + 2);
    expect(sheetPoses().length).toBe(1 + 52 + 17);
    expect(sheet.height).toBe(7 * (32 + 22 + 2) + 2);
    const dark = (x0: number, y0: number, high: number) => {
      let count = 0;
      for (let y = y0; y < y0 + high; y++)
        for (let x = x0; x < x0 + 32; x++) if (sheet.data[(y * sheet.width + x) * 3]! < 180) count++;
      return count;
    };
    for (const row of [0, 6]) {
      expect(dark(2 + 9 * 34, 2 + row * 56, 32)).toBeGreaterThan(100);
      expect(dark(2 + 9 * 34, 2 + row * 56 + 32, 22)).toBeGreaterThan(3);
    }
  });

  it('says which option is missing or wrong, and which avatar there is not', async () => {
    await expect(main(['preview', 'mara'], avatars)).rejects.toMatchObject({ code: 'bad-request', field: 'sheet' });
    await expect(main(['preview', 'mara', '--sheet', 'x.png', '--cell', '9999'], avatars)).rejects.toMatchObject({
      code: 'bad-request',
      field: 'cell',
    });
    await expect(main(['show', 'mara'], avatars)).rejects.toThrow(/expected "avatar preview AVATAR"/);
    await expect(main(['preview', 'mara', '--shet', 'x.png'], avatars)).rejects.toThrow(/--shet/);
    await expect(main(['preview', 'nobody', '--sheet', 'x.png'], avatars)).rejects.toMatchObject({ code: 'not-found' });
  });
});
