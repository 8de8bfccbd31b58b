import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { avatarFolder, avatarFolderIn } from '../../../src/inference/avatar/folders.js';
import { AvatarDirectory } from '../../../src/signaling/avatars.js';
import { stockFolder } from './stock.js';

const STOCK_FOLDER = dirname(stockFolder('mara'));
let own = '';
beforeEach(async () => {
  own = await mkdtemp(join(tmpdir(), 'visavis-own-'));
});
afterEach(() => rm(own, { recursive: true, force: true }));

describe('avatars of several folders', () => {
  it('are found beside each other, the own one first', async () => {
    expect(avatarFolder([own, STOCK_FOLDER], 'sam')).toBe(stockFolder('sam'));
    await cp(stockFolder('sam'), join(own, 'sam'), { recursive: true });
    expect(avatarFolder([own, STOCK_FOLDER], 'sam')).toBe(join(own, 'sam'));
    expect(avatarFolderIn([own, STOCK_FOLDER], 'nobody')).toBeUndefined();
    expect(avatarFolder([own, STOCK_FOLDER], 'nobody')).toBe(join(own, 'nobody'));
  });

  it('are listed once each, also where a folder is missing', async () => {
    await cp(stockFolder('sam'), join(own, 'sam'), { recursive: true });
    const directory = new AvatarDirectory([own, join(own, 'missing'), STOCK_FOLDER]);
    const ids = (await directory.list()).map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)]);
    expect(ids).toEqual(expect.arrayContaining(['arthur', 'ines', 'mara', 'sam']));
    expect((await directory.find('sam')).folder).toBe(join(own, 'sam'));
    await expect(directory.find('nobody')).rejects.toMatchObject({ code: 'not-found' });
  });
});
