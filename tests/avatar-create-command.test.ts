import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { main } from '../src/avatar-create-command.js';
import { resampleRegion } from '../src/inference/avatar/maker/resample.js';
import { loadAvatarManifest, loadAvatarPackage } from '../src/inference/avatar/package.js';
import { encodeRgbPng } from '../src/png.js';
import { stockFolder } from './inference/avatar/stock.js';
import { stockPortrait } from './support/pictures.js';

const stock = dirname(stockFolder('mara'));
const whole = { centreX: 384, centreY: 384, side: 768, height: 768, angle: 0 };
const portrait = encodeRgbPng(resampleRegion(await stockPortrait('sam'), whole, { width: 512, height: 512 }));

let folder = '';
let photo = '';
let own = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'visavis-create-'));
  own = join(folder, 'own');
  photo = join(folder, 'face.png');
  await writeFile(photo, portrait);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** What the command wrote, given its words. */
async function create(words: string[], voice?: string): Promise<string> {
  const written: string[] = [];
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  try {
    await main(['create', ...words], { avatarsFolder: own, avatarFolders: [own, stock], voice });
  } finally {
    spy.mockRestore();
  }
  return written.join('');
}

describe('visavis avatar create', () => {
  it('makes an avatar in the folder of own avatars, says each step and what was done', async () => {
    const said = await create([photo, '--name', 'Zoë Müller', '--synthetic']);
    expect(said).toMatch(/\[1\/6\] reading.*\[6\/6\] writing/s);
    expect(said).toContain(join(own, 'zoe-muller'));
    const { manifest, portrait: picture, matte, background } = await loadAvatarPackage(join(own, 'zoe-muller'));
    expect(manifest).toMatchObject({ id: 'zoe-muller', name: 'Zoë Müller', likeness: { ground: 'synthetic' } });
    expect(manifest.voices).toEqual({ kokoro: 'af_heart', piper: 'libritts-840' });
    expect([picture.width, matte?.width, background?.width]).toEqual([512, 512, 512]);
  });

  it('takes voices, an id, a size, another folder and the text of a consent', async () => {
    const consent = join(folder, 'consent.txt');
    await writeFile(consent, 'I agree. Sam');
    const out = join(folder, 'elsewhere');
    const words = [photo, '--name', 'Sam', '--id', 'sam-2', '--size', '768', '--out', out, '--consent', consent];
    await create([...words, '--voice', 'libritts-680', '--voice', 'am_michael']);
    expect(await loadAvatarManifest(join(out, 'sam-2'))).toMatchObject({
      ...{ width: 768, voices: { kokoro: 'am_michael', piper: 'libritts-680' } },
      likeness: { ground: 'consent', statement: 'I agree. Sam' },
    });
  });

  it.each([
    [['--name', 'A'], 'likeness', /needs a ground/],
    [['--synthetic'], 'name', /--name is needed/],
    [['--name', '…', '--synthetic'], 'id', /--id is needed/],
    [['--name', 'A', '--synthetic', '--id', '../a'], 'id', /must be lower-case/],
    [['--name', 'A', '--synthetic', '--size', '640'], 'size', /512, 768, 1024 or 1024x576, got "640"/],
    [['--name', 'A', '--synthetic', '--voice', 'Karl'], 'voice', /--voice must be/],
    [['--name', 'A', '--synthetic', '--voice', 'af_nobody'], 'voice', /unknown voice/],
    [['--name', 'Mara', '--synthetic'], 'id', /already is an avatar mara/],
    [['--name', 'A', '--synthetic', '--smile'], undefined, /--smile/],
  ])('refuses %j before any work, naming what is wrong', async (words, field, message) => {
    const thrown = await create([photo, ...words]).then(
      () => expect.fail('was accepted'),
      (error: unknown) => error as Error & { field?: string },
    );
    expect(thrown.field).toBe(field);
    expect(thrown.message).toMatch(message);
    expect(await readdir(folder)).toEqual(['face.png']);
  });

  it('says which photo cannot be read', async () => {
    const missing = create([join(folder, 'nothing.jpg'), '--name', 'A', '--synthetic']);
    await expect(missing).rejects.toMatchObject({ field: 'image', message: expect.stringContaining('ENOENT') });
    await expect(create(['--name', 'A'])).rejects.toThrow(/expected: create PHOTO/);
  });

  it("begins with the service's own voice where one is set", async () => {
    await create([photo, '--name', 'A', '--synthetic'], 'af_bella');
    expect((await loadAvatarManifest(join(own, 'a'))).voices.kokoro).toBe('af_bella');
  });
});
