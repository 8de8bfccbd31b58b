import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { main as importAvatar } from '../src/avatar-import-command.js';
import { exportAvatar } from '../src/avatar-zip-command.js';
import { loadAvatarManifest } from '../src/inference/avatar/package.js';
import { stockFolder } from './inference/avatar/stock.js';
import { entriesOf, smallPackage } from './support/small-package.js';
import { writeZip } from './support/zip-writer.js';

const stock = dirname(stockFolder('mara'));
const small = writeZip(entriesOf(await smallPackage()));

let folder = '';
let own = '';
let zip = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'visavis-zip-command-'));
  own = join(folder, 'own');
  zip = join(folder, 'avatar.zip');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** What a command wrote, given its words. */
async function run(...words: string[]): Promise<string> {
  const written: string[] = [];
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  const config = { avatarsFolder: own, avatarFolders: [own, stock], voice: undefined };
  try {
    await (words[0] === 'export' ? exportAvatar(words, config) : importAvatar(words, config));
  } finally {
    spy.mockRestore();
  }
  return written.join('');
}

describe('visavis avatar export and import', () => {
  it('carry an avatar over, with its ground of likeness, and say what they did', async () => {
    expect(await run('export', 'sam', zip)).toMatch(/Sam \(sam\) was packed: .*avatar\.zip, \d\.\d MB/);
    const said = await run('import', zip, '--id', 'sam-2');
    expect(said).toContain(join(own, 'sam-2'));
    expect(said).toContain('synthetic: A person who does not exist');
    const [before, after] = [
      await loadAvatarManifest(stockFolder('sam')),
      await loadAvatarManifest(join(own, 'sam-2')),
    ];
    expect(after).toEqual({ ...before, id: 'sam-2' });
    expect((await readdir(folder)).toSorted()).toEqual(['avatar.zip', 'own']);
  });

  it('take the folder of a package in place of an id', async () => {
    await run('export', stockFolder('sam'), zip);
    expect((await readFile(zip)).subarray(0, 4).toString('latin1')).toBe('PK\x03\x04');
  });

  it('explain themselves', async () => {
    expect(await run('export', '--help')).toContain('export AVATAR FILE.zip');
    expect(await run('import', '--help')).toMatch(/import FILE\.zip.*import FOLDER/s);
  });

  it.each([
    [['export'], 'bad-request', 'expected: export AVATAR FILE.zip', undefined],
    [['export', 'sam'], 'bad-request', 'expected: export AVATAR FILE.zip', undefined],
    [['export', 'sam', 'x.tar'], 'bad-request', 'expected the name of a zip file', undefined],
    [['export', 'nobody', 'ZIP'], 'not-found', 'there is no avatar "nobody"', 'avatar'],
    [['export', 'sam', 'ZIP', '--fast'], 'bad-request', '--fast', undefined],
    [['export', 'sam', 'FOLDER/no/where.zip'], 'bad-request', 'cannot be written: ENOENT', 'file'],
    [['export', './nowhere', 'ZIP'], 'not-found', 'cannot read avatar.json', 'avatar.json'],
    [['import', 'SMALL', '--name', 'Zoe'], 'bad-request', '--name cannot be given for a zip file', 'name'],
    [['import', 'SMALL', '--synthetic'], 'bad-request', '--synthetic cannot be given', 'synthetic'],
    [['import', 'SMALL', '--id', 'Ä'], 'bad-request', 'must be lower-case', 'id'],
    [['import', 'SMALL', '--id', 'mara'], 'conflict', 'there already is an avatar mara', 'id'],
    [['import', 'TEXT'], 'bad-request', 'the zip file is none', 'package'],
    [['import', 'SMALL', 'SMALL'], 'bad-request', 'expected: import FILE.zip or FOLDER', undefined],
  ])('refuse %j and leave nothing behind', async (words, code, message, field) => {
    const names: Record<string, string> = {
      ZIP: zip,
      SMALL: join(folder, 'small.zip'),
      TEXT: join(folder, 'text.zip'),
    };
    await writeFile(names['SMALL']!, small);
    await writeFile(names['TEXT']!, 'no zip');
    const error = await run(...words.map((word) => names[word] ?? word.replace('FOLDER', folder))).then(
      () => expect.fail('was taken'),
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ name: 'VisavisError', code, message: expect.stringContaining(message), field });
    const left = (await readdir(folder)).filter((name) => name !== 'own');
    expect(left.toSorted()).toEqual(['small.zip', 'text.zip']);
    expect(await readdir(own).catch(() => [])).toEqual([]);
  });

  it('replace what is there when told to, and only then', async () => {
    await writeFile(zip, small);
    await run('import', zip);
    await expect(run('import', zip)).rejects.toMatchObject({ code: 'conflict', field: 'id' });
    await run('import', zip, '--replace');
    await expect(run('export', 'small', zip)).rejects.toMatchObject({ code: 'conflict', field: 'file' });
    await run('export', 'small', zip, '--replace');
    expect((await readFile(zip)).equals(small)).toBe(false);
    await mkdir(join(folder, 'is.zip'));
    await expect(run('export', 'small', join(folder, 'is.zip'), '--replace')).rejects.toMatchObject({ field: 'file' });
    expect(await readdir(own)).toEqual(['small']);
  });
});
