import { cp, mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { cacheFolder, modelEntries, modelFile } from '../../src/inference/models.js';

const NAME = 'piper-libritts-tokens.txt';

let folder: string;
let path: string;
beforeEach(async () => {
  const original = modelFile(NAME);
  folder = await mkdtemp(join(tmpdir(), 'cache-test-'));
  await mkdir(join(folder, 'models'));
  path = join(folder, 'models', NAME);
  await cp(original, path);
  vi.stubEnv('VISAVIS_CACHE', folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const stampPath = () => join(folder, 'models', '.verified.json');

describe('modelFile', () => {
  it('gives the path of a file whose bytes are right and remembers the check', async () => {
    expect(modelFile(NAME)).toBe(path);
    const stamp = JSON.parse(await readFile(stampPath(), 'utf8'));
    expect(stamp[NAME].mtimeMs).toBe((await stat(path)).mtimeMs);
  });

  it('refuses changed bytes of the same length, with what to type', async () => {
    const bytes = await readFile(path);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    await writeFile(path, bytes);
    expect(() => modelFile(NAME)).toThrow(/piper-libritts-tokens\.txt has the checksum .*setup\.mjs/);
  });

  it('notices bytes that change after a check', async () => {
    modelFile(NAME);
    const bytes = await readFile(path);
    bytes.fill(32);
    await writeFile(path, bytes);
    await utimes(path, new Date(), new Date(Date.now() + 5_000));
    expect(() => modelFile(NAME)).toThrow(/checksum/);
  });

  it('does not trust a stamp for another checksum than the lock file names', async () => {
    const info = await stat(path);
    const bytes = await readFile(path);
    bytes.fill(32);
    await writeFile(path, bytes);
    await utimes(path, info.atime, info.mtime);
    const { size, mtimeMs } = await stat(path);
    await writeFile(stampPath(), JSON.stringify({ [NAME]: { sha256: 'f'.repeat(64), bytes: size, mtimeMs } }));
    expect(() => modelFile(NAME)).toThrow(/checksum/);
  });

  it('survives a stamp that is not JSON', async () => {
    await writeFile(stampPath(), '{ half');
    expect(modelFile(NAME)).toBe(path);
  });

  it('names the missing file, the wrong size, and the group to ask for', async () => {
    expect(() => modelFile('piper-libritts.onnx')).toThrow(/piper-libritts\.onnx is missing .*--with piper/);
    await writeFile(path, 'short');
    expect(() => modelFile(NAME)).toThrow(/has 5 bytes, expected 954/);
    expect(() => modelFile('unheard-of.onnx')).toThrow(/models\.lock\.json does not name a file unheard-of\.onnx/);
  });

  it('never leaves the models folder, whatever the name', () => {
    expect(() => modelFile('../models/../../etc/passwd')).toThrow(/does not name/);
  });
});

describe('cacheFolder', () => {
  it('follows VISAVIS_CACHE, then XDG_CACHE_HOME, then the home folder', () => {
    expect(cacheFolder()).toBe(folder);
    vi.stubEnv('VISAVIS_CACHE', '');
    vi.stubEnv('XDG_CACHE_HOME', '/somewhere');
    expect(cacheFolder()).toBe('/somewhere/visavis');
    vi.stubEnv('XDG_CACHE_HOME', '');
    expect(cacheFolder()).toMatch(/\.cache\/visavis$/);
  });
});

describe('modelEntries', () => {
  it('gives a licence and an attribution for every file', () => {
    expect(modelEntries().length).toBeGreaterThan(20);
    for (const entry of modelEntries()) expect(entry.licence && entry.attribution, entry.name).toBeTruthy();
  });
});
