import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { main } from '../src/avatar-import-command.js';

let folder = '';
let licence = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'visavis-import-'));
  licence = join(folder, 'LICENCE');
  await writeFile(licence, 'Anyone may use this.');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (...args: string[]) => {
  const avatarsFolder = join(folder, 'avatars');
  return main(['import', ...args], { avatarsFolder, avatarFolders: [avatarsFolder], voice: undefined });
};

describe('visavis avatar import', () => {
  it('explains itself', async () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    await run('--help');
    expect(String(write.mock.calls[0]?.[0])).toMatch(/net_encode.onnx.*--licence FILE/s);
    write.mockRestore();
  });

  it.each([
    [[], 'expected: import FILE.zip or FOLDER', undefined],
    [['a', 'b', '--name', 'X'], 'expected: import FILE.zip or FOLDER', undefined],
    [['a'], '--name is needed', 'name'],
    [['a', '--name', 'x'.repeat(81)], '--name is needed, at most 80', 'name'],
    [['a', '--name', 'X', '--size', '500'], '--size must be 512, 768, 1024 or 1024x576', 'size'],
    [['a', '--name', 'X', '--voice', 'nobody'], '--voice must be a voice of Kokoro', 'voice'],
    [['a', '--name', 'X', '--manner', 'rude'], '--manner must be one of calm, warm', 'manner'],
    [['a', '--name', 'X'], 'a likeness needs a ground', 'likeness'],
    [['a', '--name', 'X', '--fast'], '--fast', undefined],
  ] as const)('refuses %j', async (args, message, field) => {
    const error = await run(...args).then(
      () => expect.fail('was taken'),
      (thrown: unknown) => thrown as Error,
    );
    expect(error).toMatchObject({ code: 'bad-request', message: expect.stringContaining(message) });
    if (field !== undefined) expect(error).toMatchObject({ field });
  });

  it('says that there is no such folder, or that something else is in it, and leaves nothing behind', async () => {
    const where = ['--name', 'X', '--licence', licence];
    await expect(run(join(folder, 'nowhere'), ...where)).rejects.toMatchObject({ code: 'not-found', field: 'folder' });
    await expect(run(folder, ...where)).rejects.toMatchObject({ code: 'not-found', field: 'net_encode.onnx' });
    expect(await readdir(join(folder, 'avatars'))).toEqual([]);
  });
});
