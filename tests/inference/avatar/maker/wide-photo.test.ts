import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAvatar } from '../../../../src/inference/avatar/maker/create-avatar.js';
import { loadAvatarPackage } from '../../../../src/inference/avatar/package.js';
import { jpegOf, moved, wideStockPortrait } from '../../../support/pictures.js';

const SIZE = { width: 1024, height: 576 };
const LIMIT_MS = 120_000;

let avatars = '';
beforeEach(async () => {
  avatars = await mkdtemp(join(tmpdir(), 'visavis-wide-'));
});
afterEach(() => rm(avatars, { recursive: true, force: true }));

/** The middle `width` of the 1366 columns of a stock portrait, as a photo. */
async function photoOf(id: string, width: number): Promise<Uint8Array> {
  const whole = await wideStockPortrait(id);
  const left = (whole.width - width) / 2;
  return jpegOf(
    moved(whole, width, whole.height, (x, y) => [left + x, y]),
    { quality: 92 },
  );
}

function create(photo: Uint8Array) {
  return createAvatar(photo, {
    ...{ avatars, id: 'wide', name: 'Wide', size: SIZE, voices: { kokoro: 'af_heart', piper: 'libritts-840' } },
    likeness: { ground: 'synthetic', statement: 'Nobody.' },
  });
}

describe('a wide avatar of a photo', () => {
  it('continues the background of one that ends beside the shoulders, the person untouched', {
    timeout: LIMIT_MS,
  }, async () => {
    const { remarks, framing } = await create(await photoOf('mara', 960));
    expect(remarks.join(' ')).toContain('background was continued at the sides');
    expect(framing.beyond.left).toBeGreaterThan(0.05);
    const { manifest, portrait, matte, rig } = await loadAvatarPackage(join(avatars, 'wide'));
    expect(manifest).toMatchObject(SIZE);
    expect(portrait.width / portrait.height).toBeCloseTo(16 / 9, 2);
    // The face is as high in the picture as in a square one, and in its middle.
    const at = (index: number) => [rig.landmarks[3 * index]!, rig.landmarks[3 * index + 1]!] as const;
    expect(at(152)[1] - at(10)[1]).toBeGreaterThan(0.45);
    expect(at(152)[1] - at(10)[1]).toBeLessThan(0.6);
    expect(at(1)[0]).toBeCloseTo(0.5, 1);
    // What was added is wall, nothing of the person, and as bright as the wall beside it.
    const added = Math.floor((framing.beyond.left - 0.01) * portrait.width);
    for (let y = 0; y < portrait.height; y += 40) {
      const row = y * portrait.width;
      expect(matte!.data[row + added - 5]).toBeLessThan(20);
      const luma = (x: number) => portrait.data[(row + x) * 3 + 1]!;
      expect(Math.abs(luma(added - 10) - luma(added + 20))).toBeLessThan(14);
    }
  });

  it('is refused where the photo cuts through the shoulders, and leaves nothing', { timeout: LIMIT_MS }, async () => {
    const thrown = await create(await photoOf('mara', 700)).then(
      () => expect.fail('was made'),
      (error: unknown) => error,
    );
    expect(thrown).toMatchObject({ code: 'bad-request', field: 'size' });
    expect((thrown as Error).message).toMatch(
      /ends at the person's shoulders: a picture of 1024x576 needs both in full/,
    );
    expect(await readdir(avatars)).toEqual([]);
  });
});
