import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VisavisError } from '../../../src/errors.js';
import { loadAvatarPackage } from '../../../src/inference/avatar/package.js';
import { voiceProblem } from '../../../src/inference/speech/voices.js';
import { encodeGreyPng, encodeRgbPng } from '../../../src/png.js';
import { STOCK, stockFolder } from './stock.js';

type Manifest = Record<string, unknown> & { files: Record<string, { sha256: string; bytes: number }> };

describe('avatar package', () => {
  let folder = '';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'visavis-avatar-'));
    await cp(stockFolder('mara'), folder, { recursive: true });
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function edit(change: (manifest: Manifest) => void): Promise<void> {
    const path = join(folder, 'avatar.json');
    const manifest = JSON.parse(await readFile(path, 'utf8')) as Manifest;
    change(manifest);
    await writeFile(path, JSON.stringify(manifest));
  }

  /** Replaces a file and its entry, so that only the content can be wrong. */
  async function replace(name: string, content: string | Buffer): Promise<void> {
    const bytes = Buffer.from(content);
    await writeFile(join(folder, name), bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await edit((manifest) => {
      manifest.files[name] = { sha256, bytes: bytes.length };
    });
  }

  async function rejection(): Promise<VisavisError> {
    const error = await loadAvatarPackage(folder).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(VisavisError);
    return error as VisavisError;
  }

  it.each(STOCK)('loads the stock avatar %s with voice, licence and ground of likeness', async (id) => {
    const pkg = await loadAvatarPackage(stockFolder(id));
    expect(pkg.manifest).toMatchObject({ id, renderer: 'portrait', frameRate: 25, likeness: { ground: 'synthetic' } });
    const { kokoro, piper } = pkg.manifest.voices;
    expect(voiceProblem('kokoro', kokoro)).toBeUndefined();
    expect(voiceProblem('piper', piper)).toBeUndefined();
    expect(pkg.portrait.data.length).toBe(pkg.portrait.width * pkg.portrait.height * 3);
    expect(pkg.rig.landmarks.length).toBe(478 * 3);
    expect(pkg.rig.triangles.length).toBe(898 * 3);
  });

  it('gives every stock avatar voices that no other has', async () => {
    const packages = await Promise.all(STOCK.map((id) => loadAvatarPackage(stockFolder(id))));
    for (const engine of ['kokoro', 'piper'] as const) {
      expect(new Set(packages.map(({ manifest }) => manifest.voices[engine])).size).toBe(STOCK.length);
    }
  });

  it.each([
    ['no voice for Piper', { kokoro: 'af_heart' }, 'avatar.json.voices.piper'],
    ['a Kokoro voice for Piper', { kokoro: 'af_heart', piper: 'af_heart' }, 'avatar.json.voices.piper'],
    ['a speaker that Piper does not have', { kokoro: 'af_heart', piper: 'libritts-904' }, 'avatar.json.voices.piper'],
    ['a path for Kokoro', { kokoro: '../af_heart', piper: 'libritts-1' }, 'avatar.json.voices.kokoro'],
    ['one voice for all engines', 'af_heart', 'avatar.json.voices'],
    ['an engine that there is not', { kokoro: 'af_heart', piper: 'libritts-1', flite: 'slt' }, 'avatar.json.voices'],
  ])('rejects %s', async (_what, voices, field) => {
    await edit((manifest) => {
      manifest['voices'] = voices;
    });
    expect(await rejection()).toMatchObject({ code: 'bad-request', field });
  });

  it('reports a folder that does not exist as not found', async () => {
    const error = await loadAvatarPackage(join(folder, 'nobody')).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'not-found' });
  });

  it('reports a listed file that is missing as not found', async () => {
    await rm(join(folder, 'rig.json'));
    expect(await rejection()).toMatchObject({ code: 'not-found', field: 'rig.json' });
  });

  it('rejects a file with another checksum', async () => {
    const path = join(folder, 'portrait.png');
    const content = await readFile(path);
    content[content.length - 20] = (content[content.length - 20] ?? 0) ^ 1;
    await writeFile(path, content);
    expect(await rejection()).toMatchObject({ code: 'bad-request', field: 'files.portrait.png' });
  });

  it('rejects a file longer than listed before it reads it', async () => {
    await writeFile(join(folder, 'rig.json'), 'x'.repeat(100_000));
    expect((await rejection()).message).toContain('more than');
  });

  it('rejects another format version', async () => {
    await edit((manifest) => {
      manifest['formatVersion'] = 2;
    });
    expect(await rejection()).toMatchObject({ code: 'bad-request', field: 'avatar.json.formatVersion' });
  });

  it.each(['../escape.json', 'sub/rig.json', '/etc/passwd', '..', 'a\\b.json', 'Rig.JSON', '.hidden'])(
    'rejects the file name %s',
    async (name) => {
      await edit((manifest) => {
        manifest.files[name] = { sha256: '0'.repeat(64), bytes: 1 };
      });
      expect((await rejection()).code).toBe('bad-request');
    },
  );

  it('never reads through a symbolic link', async () => {
    await rm(join(folder, 'rig.json'));
    await symlink(join(stockFolder('mara'), 'rig.json'), join(folder, 'rig.json'));
    expect((await rejection()).message).toContain('not a regular file');
  });

  it('rejects unknown fields and a missing ground of likeness', async () => {
    await edit((manifest) => {
      manifest['likeness'] = { statement: 'looks like someone' };
    });
    expect((await rejection()).field).toBe('avatar.json.likeness.ground');
    await edit((manifest) => {
      manifest['likeness'] = { ground: 'synthetic', statement: 'nobody' };
      manifest['script'] = 'rm -rf';
    });
    expect((await rejection()).code).toBe('bad-request');
  });

  it('rejects a manifest without a portrait, and one that is not JSON', async () => {
    await edit((manifest) => {
      delete manifest.files['portrait.png'];
    });
    expect((await rejection()).field).toBe('files.portrait.png');
    await writeFile(join(folder, 'avatar.json'), '{');
    expect((await rejection()).message).toContain('not JSON');
  });

  it('rejects a portrait that is no PNG, is cut off, or claims to be huge', async () => {
    const png = await readFile(join(folder, 'portrait.png'));
    await replace('portrait.png', 'GIF89a');
    expect((await rejection()).message).toContain('not a PNG');
    await replace('portrait.png', png.subarray(0, 5_000));
    expect((await rejection()).code).toBe('bad-request');
    const huge = Buffer.from(png);
    huge.writeUInt32BE(60_000, 16);
    await replace('portrait.png', huge);
    expect((await rejection()).message).toContain('at most');
  });

  it('rejects a rig with a landmark too few or a triangle that points nowhere', async () => {
    const rig = JSON.parse(await readFile(join(folder, 'rig.json'), 'utf8')) as {
      landmarks: number[][];
      triangles: number[];
    };
    await replace('rig.json', JSON.stringify({ ...rig, landmarks: rig.landmarks.slice(1) }));
    expect((await rejection()).field).toBe('rig.landmarks');
    await replace('rig.json', JSON.stringify({ ...rig, triangles: [0, 1, 478] }));
    expect((await rejection()).field).toBe('rig.triangles.2');
  });

  it('gives the middle of a wide portrait for a square picture, and all of it for a wide one', async () => {
    const square = await loadAvatarPackage(folder);
    const wide = await loadAvatarPackage(folder, { size: { width: 1024, height: 576 } });
    expect([square.portrait.width, square.portrait.height]).toEqual([768, 768]);
    expect([wide.portrait.width, wide.portrait.height]).toEqual([1366, 768]);
    const nose = 3;
    expect(square.rig.landmarks[nose]! * 768 + 299).toBeCloseTo(wide.rig.landmarks[nose]! * 1366, 1);
    expect(square.rig.landmarks[nose + 1]).toBe(wide.rig.landmarks[nose + 1]);
    expect(square.rig.landmarks[nose + 2]! * 768).toBeCloseTo(wide.rig.landmarks[nose + 2]! * 1366, 1);
  });

  it('rejects a size that it does not know, and one that would cut the face off', async () => {
    await edit((manifest) => {
      manifest.sizes = ['640x480'];
    });
    expect(await rejection()).toMatchObject({ code: 'bad-request', field: 'avatar.json.sizes.0' });
    await edit((manifest) => {
      manifest.sizes = ['1024x576'];
      delete manifest.files['matte.png'];
      delete manifest.files['background.png'];
    });
    await replace('portrait.png', encodeRgbPng({ width: 400, height: 800, data: new Uint8Array(960_000) }));
    const { field, message } = await rejection();
    expect(field).toBe('size');
    expect(message).toContain('would cut the face off: the portrait has 400 × 800 pixels');
  });

  describe('with the person cut out', () => {
    const [wide, side] = [1366, 768];
    const grey = (width: number, height = width) => ({ width, height, data: new Uint8Array(width * height).fill(9) });
    const rgb = (width: number, height = width) => ({
      width,
      height,
      data: new Uint8Array(width * height * 3).fill(8),
    });

    it('gives the matte and the background', async () => {
      await edit(({ files }) => {
        delete files['matte.png'];
        delete files['background.png'];
      });
      const { matte: none, background: neither } = await loadAvatarPackage(folder);
      expect([none, neither]).toEqual([undefined, undefined]);
      await replace('matte.png', encodeGreyPng(grey(wide, side)));
      await replace('background.png', encodeRgbPng(rgb(wide, side)));
      const { matte, background } = await loadAvatarPackage(folder);
      // Of a wide portrait the middle is shown where the avatar's own picture is square.
      expect([matte?.width, matte?.height, background?.width, background?.height]).toEqual([side, side, side, side]);
      expect(Buffer.compare(matte!.data, grey(side).data)).toBe(0);
      expect(Buffer.compare(background!.data, rgb(side).data)).toBe(0);
    });

    it('rejects a matte or a background of another size than the portrait', async () => {
      await replace('matte.png', encodeGreyPng(grey(wide, side - 1)));
      expect(await rejection()).toMatchObject({ code: 'bad-request', field: 'files.matte.png' });
      await replace('matte.png', encodeGreyPng(grey(wide, side)));
      await replace('background.png', encodeRgbPng(rgb(side / 2)));
      const { field, message } = await rejection();
      expect(field).toBe('files.background.png');
      expect(message).toContain('384 × 384 pixels, not the 1366 × 768');
    });

    it('rejects a coloured matte and a grey background', async () => {
      await replace('matte.png', encodeRgbPng(rgb(wide, side)));
      expect(await rejection()).toMatchObject({ code: 'bad-request', field: 'matte' });
      await replace('matte.png', encodeGreyPng(grey(wide, side)));
      await replace('background.png', encodeGreyPng(grey(wide, side)));
      expect(await rejection()).toMatchObject({ code: 'bad-request', field: 'background' });
    });
  });
});
