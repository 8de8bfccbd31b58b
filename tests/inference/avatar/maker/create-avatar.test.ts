import { mkdirSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAbort } from '../../../../src/errors.js';
import {
  type CreateAvatarOptions,
  createAvatar,
  STEPS,
  type Step,
} from '../../../../src/inference/avatar/maker/create-avatar.js';
import { resampleRegion } from '../../../../src/inference/avatar/maker/resample.js';
import { loadAvatarPackage } from '../../../../src/inference/avatar/package.js';
import { openAvatar } from '../../../../src/inference/avatar/renderer/portrait.js';
import { decodeImage } from '../../../../src/inference/vision/image.js';
import { encodePng, encodeRgbPng } from '../../../../src/png.js';
import { jpegOf, moved, picture, shrunk, stockPortrait, turned } from '../../../support/pictures.js';
import { pose, stockFolder } from '../stock.js';

let avatars = '';
beforeEach(async () => {
  avatars = await mkdtemp(join(tmpdir(), 'visavis-avatars-'));
});
afterEach(() => rm(avatars, { recursive: true, force: true }));

/** A stock portrait at 512 pixels: a third of the work of its 768. */
async function photoOf(id: string): Promise<Buffer> {
  const whole = { centreX: 384, centreY: 384, side: 768, height: 768, angle: 0 };
  return encodeRgbPng(resampleRegion(await stockPortrait(id), whole, { width: 512, height: 512 }));
}
const photo = await photoOf('mara');

const options = (more: Partial<CreateAvatarOptions> = {}): CreateAvatarOptions => ({
  avatars,
  id: 'twin',
  name: 'Twin',
  size: { width: 512, height: 512 },
  voices: { kokoro: 'af_heart', piper: 'libritts-840' },
  likeness: { ground: 'synthetic', statement: 'Nobody.' },
  ...more,
});

async function refusal(file: Uint8Array, more: Partial<CreateAvatarOptions> = {}) {
  const thrown = await createAvatar(file, options(more)).then(
    () => expect.fail('was made'),
    (error: unknown) => error,
  );
  return thrown as Error & { code: string; field?: string };
}

describe('createAvatar', () => {
  it('makes a package of a photo that loads, draws and says where it came from', async () => {
    const steps: Step[] = [];
    const tilted = await jpegOf(turned(await decodeImage(await photoOf('ines')), 8), { quality: 92 });
    const made = await createAvatar(tilted, options(), { onProgress: (step) => steps.push(step) });
    expect(steps).toEqual(STEPS);
    expect(made.folder).toBe(join(avatars, 'twin'));
    expect((await readdir(made.folder)).sort()).toEqual([
      'avatar.json',
      'background.png',
      'matte.png',
      'portrait.png',
      'rig.json',
    ]);
    expect(await readdir(avatars)).toEqual(['twin']);
    const pkg = await loadAvatarPackage(made.folder);
    expect(pkg.manifest).toMatchObject({ id: 'twin', name: 'Twin', width: 512, height: 512 });
    expect(pkg.manifest.likeness).toEqual({ ground: 'synthetic', statement: 'Nobody.' });
    expect(pkg.manifest.provenance).toContain('512 × 512');
    const { landmarks, rest, light } = pkg.rig;
    // The head was turned upright: the outer corners of the eyes are level.
    expect(Math.abs(landmarks[33 * 3 + 1]! - landmarks[263 * 3 + 1]!)).toBeLessThan(0.012);
    expect(made.remarks.join()).toMatch(/turned upright by [789]°/);
    expect(rest).toMatchObject({ teeth: 0 });
    expect(light?.skin.every((value) => value > 40 && value < 230)).toBe(true);
    const { matte, background, portrait } = pkg;
    const at = (x: number, y: number) =>
      Math.floor(y * portrait.height) * portrait.width + Math.floor(x * portrait.width);
    const nose = at(landmarks[3]!, landmarks[4]!);
    expect(matte!.data[nose]).toBe(255);
    expect(matte!.data[at(0.5, 0.97)]).toBe(255);
    expect(Math.max(matte!.data[at(0.04, 0.1)]!, matte!.data[at(0.96, 0.3)]!)).toBe(0);
    // Behind the nose there is wall, of the colour of the wall beside.
    const [wall, beside] = [background!.data[3 * nose]!, portrait.data[3 * at(0.06, 0.4)]!];
    expect(Math.abs(wall - beside)).toBeLessThan(40);
    const frame = new Uint8Array(512 * 512 * 1.5);
    openAvatar(pkg, { width: 512, height: 512 }).render(pose({ jawOpen: 0.3 }), frame);
    expect(new Set(frame).size).toBeGreaterThan(100);
  });

  it('finds the landmarks of a stock portrait where its rig has them', async () => {
    const { folder, framing } = await createAvatar(photo, options());
    const [made, stock] = await Promise.all([loadAvatarPackage(folder), loadAvatarPackage(stockFolder('mara'))]);
    const { region } = framing;
    const [cos, sin] = [Math.cos(region.angle), Math.sin(region.angle)];
    let farthest = 0;
    for (let i = 0; i < 478; i++) {
      const [u, v] = [0, 1].map((k) => (made.rig.landmarks[3 * i + k]! - 0.5) * region.side) as [number, number];
      const [x, y] = [region.centreX + u * cos - v * sin, region.centreY + u * sin + v * cos];
      const off = Math.hypot(x / 512 - stock.rig.landmarks[3 * i]!, y / 512 - stock.rig.landmarks[3 * i + 1]!);
      farthest = Math.max(farthest, off);
    }
    // In parts of the picture's side: three pixels of 512.
    expect(farthest).toBeLessThan(0.006);
  });

  it('makes the same package of the same photo', async () => {
    await createAvatar(photo, options());
    const first = await readFile(join(avatars, 'twin', 'avatar.json'), 'utf8');
    await createAvatar(photo, options({ replace: true }));
    expect(await readFile(join(avatars, 'twin', 'avatar.json'), 'utf8')).toBe(first);
    expect(await readdir(avatars)).toEqual(['twin']);
  });

  it('refuses an id that is taken, and one that is no name of a folder', async () => {
    mkdirSync(join(avatars, 'twin'));
    expect(await refusal(photo)).toMatchObject({ code: 'conflict', field: 'id' });
    for (const id of ['../mara', 'Mara', '', '.mara', 'a/b', 'x'.repeat(64)]) {
      expect(await refusal(photo, { id }), id).toMatchObject({ code: 'bad-request', field: 'id' });
    }
    expect(await readdir(avatars)).toEqual(['twin']);
  });

  it.each(STEPS)('leaves nothing behind when it is aborted at the step "%s"', async (at) => {
    const stop = new AbortController();
    const made = createAvatar(photo, options(), {
      signal: stop.signal,
      onProgress: (step) => {
        if (step === at) stop.abort();
      },
    });
    const thrown = await made.then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(isAbort(thrown)).toBe(true);
    expect(await readdir(avatars)).toEqual([]);
  });

  it('keeps the avatar that it should replace when the photo is refused', async () => {
    await createAvatar(photo, options());
    const before = await readFile(join(avatars, 'twin', 'avatar.json'), 'utf8');
    const thrown = await refusal(encodePng(picture(400, 400, () => [90, 90, 90])), { replace: true });
    expect(thrown.message).toContain('no face');
    expect(await readFile(join(avatars, 'twin', 'avatar.json'), 'utf8')).toBe(before);
  });

  it('removes what a killed process left behind, and nothing younger', async () => {
    for (const name of ['.twin.new-0011aabb', '.other.new-0011aabb', '.profile']) mkdirSync(join(avatars, name));
    await writeFile(join(avatars, '.twin.new-0011aabb', 'portrait.png'), 'half');
    const hoursAgo = new Date(Date.now() - 3 * 3_600_000);
    for (const name of ['.twin.new-0011aabb', '.profile']) await utimes(join(avatars, name), hoursAgo, hoursAgo);
    await createAvatar(photo, options());
    expect((await readdir(avatars)).sort()).toEqual(['.other.new-0011aabb', '.profile', 'twin']);
  });

  it('says which folder cannot be written', async () => {
    await writeFile(join(avatars, 'file'), '');
    const thrown = await refusal(photo, { avatars: join(avatars, 'file') });
    expect(thrown).toMatchObject({ code: 'bad-request', field: 'out' });
    expect(thrown.message).toContain(join(avatars, 'file'));
  });

  it('passes on why a picture cannot be used, with nothing left behind', async () => {
    const mara = await stockPortrait('mara');
    const small = shrunk(mara, 3);
    const jpeg = await jpegOf(mara);
    const cases: [Uint8Array, RegExp, Partial<CreateAvatarOptions>?][] = [
      [encodePng(small), /pixels high.*at least 200/],
      [encodePng(turned(mara, 45)), /tilted by/],
      [encodePng(moved(mara, 768, 480, (x, y) => [x, y])), /cuts off/],
      [jpeg.subarray(0, jpeg.length / 2), /damaged|cut off/],
      [jpeg, /is called photo\.png but is a JPEG file/, { declared: 'photo.png' }],
      [Buffer.from('GIF89a...........'), /GIF/],
      [new Uint8Array(), /is empty/],
    ];
    for (const [file, message, more] of cases) {
      const thrown = await refusal(file, more);
      expect(thrown).toMatchObject({ code: 'bad-request', field: 'image' });
      expect(thrown.message).toMatch(message);
    }
    expect(await readdir(avatars)).toEqual([]);
  });
});
