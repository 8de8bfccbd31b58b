import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageZip } from '../../../../src/inference/avatar/archive/package-export.js';
import { importPackageZip, readPackageZip } from '../../../../src/inference/avatar/archive/package-zip.js';
import { loadAvatarManifest, loadAvatarPackage } from '../../../../src/inference/avatar/package.js';
import { entriesOf, type SmallPackage, smallPackage, sumsOf } from '../../../support/small-package.js';
import { writeZip, type ZipEntry } from '../../../support/zip-writer.js';
import { STOCK, stockFolder } from '../stock.js';

const good = await smallPackage();

let base = '';
let avatars = '';
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'visavis-zip-'));
  avatars = join(base, 'avatars');
});
afterEach(() => rm(base, { recursive: true, force: true }));

async function exported(folder: string): Promise<Buffer> {
  const { stream, bytes } = await packageZip(folder, await loadAvatarManifest(folder));
  const zip = await buffer(stream);
  expect(zip.length).toBe(bytes);
  return zip;
}

/** The good package with other files, and sums that agree. */
function withFiles(change: (files: Map<string, Buffer>) => void): SmallPackage {
  const files = new Map(good.files);
  change(files);
  return { manifest: { ...good.manifest, files: sumsOf(files) }, files };
}

describe('avatar packages as zip files', () => {
  it.each(STOCK)('exports %s and imports the same, byte for byte', async (id) => {
    const zip = await exported(stockFolder(id));
    expect((await exported(stockFolder(id))).equals(zip)).toBe(true);
    const { folder, manifest } = await importPackageZip(zip, { avatars });
    expect(folder).toBe(join(avatars, id));
    expect(manifest).toEqual(await loadAvatarManifest(stockFolder(id)));
    for (const name of await readdir(stockFolder(id))) {
      const [before, after] = await Promise.all([readFile(join(stockFolder(id), name)), readFile(join(folder, name))]);
      expect(after.equals(before), name).toBe(true);
    }
    expect(await readdir(avatars)).toEqual([id]);
  });

  it('gives the avatar another id where one is asked for, and its own otherwise', async () => {
    const zip = writeZip(entriesOf(good));
    await importPackageZip(zip, { avatars });
    await expect(importPackageZip(zip, { avatars })).rejects.toMatchObject({ code: 'conflict', field: 'id' });
    const { folder } = await importPackageZip(zip, { avatars, chooseId: ({ id }) => `${id}-2` });
    expect((await loadAvatarPackage(folder)).manifest).toMatchObject({ id: 'small-2', name: good.manifest['name'] });
    await expect(importPackageZip(zip, { avatars, chooseId: () => '../up' })).rejects.toMatchObject({ field: 'id' });
    await importPackageZip(zip, { avatars, replace: true });
    expect((await readdir(avatars)).toSorted()).toEqual(['small', 'small-2']);
  });

  it('fails while it is exported when a file is a link, is missing or has another length', async () => {
    const folder = (await importPackageZip(writeZip(entriesOf(good)), { avatars })).folder;
    const path = join(folder, 'portrait.png');
    const refused = { code: 'bad-request', field: 'avatar' };
    await writeFile(path, 'short');
    await expect(exported(folder)).rejects.toMatchObject(refused);
    await rm(path);
    await expect(exported(folder)).rejects.toMatchObject(refused);
    await symlink('/etc/hostname', path);
    await expect(exported(folder)).rejects.toMatchObject(refused);
  });

  it.each<[string, string, ZipEntry[], string | undefined]>([
    ['no manifest', 'is no avatar package: it holds "portrait.png"', entriesOf(good).slice(1), 'package'],
    [
      'a file that is not listed',
      '"more.txt", which its avatar.json does not list',
      [...entriesOf(good), { name: 'more.txt', content: Buffer.from('x') }],
      'package',
    ],
    ['a file too few', 'lacks "rig.json"', entriesOf(good).slice(0, -1), 'package'],
    ['a manifest that is not JSON', 'is not JSON', [{ name: 'avatar.json', content: Buffer.from('{') }], 'avatar.json'],
    [
      'a manifest without end',
      'at most 65536',
      [{ name: 'avatar.json', content: Buffer.alloc(70_000, ' ') }],
      'package',
    ],
    [
      'another format version',
      'formatVersion is 2; version 1 is read here',
      entriesOf(good, { formatVersion: 2 }),
      'avatar.json.formatVersion',
    ],
    [
      'a format version of a strange kind',
      'version 1 is read here',
      entriesOf(good, { formatVersion: { toString: 1 } }),
      'avatar.json.formatVersion',
    ],
    [
      'no ground of likeness',
      'synthetic, licence or consent',
      entriesOf(good, { likeness: undefined }),
      'avatar.json.likeness',
    ],
    [
      'an unknown ground',
      'must be synthetic, licence or consent',
      entriesOf(good, { likeness: { ground: 'own', statement: 'x' } }),
      'avatar.json.likeness.ground',
    ],
    ['an id that leads elsewhere', 'lower-case letters', entriesOf(good, { id: '../up' }), 'avatar.json.id'],
    [
      'a wrong sum',
      'has another checksum',
      entriesOf(good, {
        files: { ...good.manifest.files, 'rig.json': { ...good.manifest.files['rig.json'], sha256: '0'.repeat(64) } },
      }),
      'files.rig.json',
    ],
    [
      'a wrong length',
      'bytes, not 7',
      entriesOf(good, {
        files: { ...good.manifest.files, 'rig.json': { ...good.manifest.files['rig.json'], bytes: 7 } },
      }),
      'files.rig.json',
    ],
    [
      'a manifest that lists itself',
      'lists itself',
      entriesOf(good, { files: { ...good.manifest.files, 'avatar.json': good.manifest.files['rig.json'] } }),
      'package',
    ],
    [
      'no portrait',
      'must be listed',
      entriesOf(withFiles((files) => files.delete('portrait.png'))),
      'files.portrait.png',
    ],
    [
      'a portrait that is none',
      '',
      entriesOf(withFiles((files) => files.set('portrait.png', Buffer.from('no')))),
      undefined,
    ],
    [
      'a matte of another size',
      '',
      entriesOf(withFiles((files) => files.set('matte.png', good.files.get('portrait.png')!))),
      undefined,
    ],
  ])('refuses %s and leaves nothing behind', async (_what, message, entries, field) => {
    const error = await importPackageZip(writeZip(entries), { avatars }).then(
      () => expect.fail('was taken'),
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      name: 'VisavisError',
      code: 'bad-request',
      message: expect.stringContaining(message),
    });
    if (field !== undefined) expect(error).toMatchObject({ field });
    expect(existsSync(avatars) ? await readdir(avatars) : []).toEqual([]);
  });

  it('leaves nothing behind when it is aborted', async () => {
    const stop = new AbortController();
    const chooseId = () => {
      stop.abort();
      return 'late';
    };
    const zip = writeZip(entriesOf(good));
    await expect(importPackageZip(zip, { avatars, chooseId, signal: stop.signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(await readdir(avatars)).toEqual([]);
  });

  it('reads what file managers make of a package: one folder around everything', async () => {
    const entries = entriesOf(good).map((entry) => ({ ...entry, name: `Zoe (2)/${entry.name}` }));
    const { manifest, files } = await readPackageZip(writeZip(entries));
    expect(manifest.id).toBe('small');
    const sum = createHash('sha256').update(files.get('rig.json')!).digest('hex');
    expect(sum).toBe(good.manifest.files['rig.json']?.sha256);
  });
});
