import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/log.js';
import { AvatarDirectory } from '../../src/signaling/avatars.js';
import { OwnAvatars } from '../../src/signaling/own-avatars.js';
import { writeAvatar } from '../support/launch.js';

const HOUR_MS = 3_600_000;

let parent: string;
let folder: string;
let stock: string;
let avatars: AvatarDirectory;
const open: OwnAvatars[] = [];
let inUse: string | undefined;
let forgotten: string[];

function own(isShared = false): OwnAvatars {
  const made = new OwnAvatars({
    ...{ folder, avatars, defaultAvatar: 'mara', isShared, maxSessionMs: HOUR_MS },
    isInUse: (id) => id === inUse,
    forgetClips: async ({ id }) => void forgotten.push(id),
    logger: createLogger('test', 'silent'),
  });
  open.push(made);
  return made;
}

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'visavis-own-'));
  folder = join(parent, 'own');
  stock = join(parent, 'stock');
  for (const id of ['anna', 'bert']) writeAvatar(folder, id);
  for (const id of ['mara', 'bert']) writeAvatar(stock, id);
  avatars = new AvatarDirectory([folder, stock], undefined, folder);
  inUse = undefined;
  forgotten = [];
});

afterEach(() => {
  for (const made of open.splice(0)) made.close();
  rmSync(parent, { recursive: true, force: true });
});

describe('OwnAvatars', () => {
  it('removes one that was made here, with what was drawn of it', async () => {
    await own().remove('anna');
    expect(existsSync(join(folder, 'anna'))).toBe(false);
    expect(forgotten).toEqual(['anna']);
    await expect(own().remove('anna')).rejects.toMatchObject({ code: 'not-found' });
  });

  it('leaves those that came with the service alone, also behind one of the same id', async () => {
    await expect(own().remove('mara')).rejects.toMatchObject({ code: 'forbidden' });
    await own().remove('bert');
    expect((await avatars.list()).map(({ id, own: mine }) => [id, mine])).toEqual([
      ['anna', true],
      ['bert', undefined],
      ['mara', undefined],
    ]);
    await expect(own().remove('bert')).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('keeps the files while a session shows them, for that session alone', async () => {
    inUse = 'anna';
    const made = own();
    await made.remove('anna');
    await made.sweep();
    await expect(avatars.find('anna')).rejects.toMatchObject({ code: 'not-found' });
    expect((await avatars.find('anna', { retired: true })).folder).toBe(join(folder, 'anna'));
    expect(await made.isTaken('anna')).toBe(true);
    inUse = undefined;
    await made.sweep();
    expect(existsSync(join(folder, 'anna'))).toBe(false);
    expect(await made.isTaken('anna')).toBe(false);
  });

  it('keeps the files of a shared folder for as long as sessions elsewhere may show them', async () => {
    const made = own(true);
    await made.remove('anna');
    await made.sweep(Date.now() + HOUR_MS / 2);
    expect(existsSync(join(folder, 'anna'))).toBe(true);
    await made.sweep(Date.now() + 2 * HOUR_MS);
    expect(existsSync(join(folder, 'anna'))).toBe(false);
  });
});
