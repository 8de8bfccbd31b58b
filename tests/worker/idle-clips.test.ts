import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AvatarManifest, loadAvatarManifest } from '../../src/inference/avatar/package.js';
import { createLogger } from '../../src/log.js';
import { IdleClips } from '../../src/worker/idle-clips.js';
import { eventually } from '../support/eventually.js';

const ENTRY = fileURLToPath(new URL('../support/idle-clip-child.mjs', import.meta.url));
const AVATARS = fileURLToPath(new URL('../../assets/avatars/', import.meta.url));

let folder: string;
let manifest: AvatarManifest;
const open: IdleClips[] = [];

function clips(badge = 'AI'): IdleClips {
  const made = new IdleClips({ entry: ENTRY, folder, badge, logger: createLogger('test', 'silent') });
  open.push(made);
  return made;
}

const runs = (): string[] => readFileSync(join(folder, 'runs.txt'), 'utf8').trim().split('\n');

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'visavis-clips-'));
  manifest = await loadAvatarManifest(join(AVATARS, 'mara'));
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((made) => made.close()));
  rmSync(folder, { recursive: true, force: true });
});

describe('IdleClips', () => {
  it('draws a clip once, however often it is asked for, and finds it after a restart', async () => {
    const first = clips();
    const avatar = { folder: '/faces/mara', manifest };
    expect(first.find(avatar)).toBeUndefined();
    expect(first.find(avatar)).toBeUndefined();
    first.start();
    await eventually(() => expect(first.find(avatar)).toBeDefined());
    const files = first.find(avatar)!;
    expect(readFileSync(files.clipPath, 'utf8')).toBe('clip');
    expect(readFileSync(files.stillPath, 'utf8')).toBe('still');
    expect(runs()).toEqual(['mara']);
    expect(clips().find(avatar)).toEqual(files);
  });

  it('draws nothing before it is started', () => {
    expect(clips().find({ folder: '/faces/mara', manifest })).toBeUndefined();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('makes another clip for another badge and another picture', async () => {
    const first = clips();
    first.start();
    const avatar = { folder: '/faces/mara', manifest };
    const changed = { ...avatar, manifest: { ...manifest, name: 'Marah' } };
    for (const one of [avatar, changed]) await eventually(() => expect(first.find(one)).toBeDefined());
    expect(first.find(avatar)!.version).not.toBe(first.find(changed)!.version);
    expect(clips('KI').find(avatar)).toBeUndefined();
  });

  it('leaves out an avatar that cannot be drawn, and goes on with the next', async () => {
    const made = clips();
    made.start();
    const broken = { folder: '/faces/broken', manifest: { ...manifest, id: 'broken' } };
    const good = { folder: '/faces/mara', manifest };
    expect(made.find(broken)).toBeUndefined();
    await eventually(() => expect(made.find(good)).toBeDefined());
    expect(made.find(broken)).toBeUndefined();
    expect(runs().filter((name) => name === 'broken')).toHaveLength(1);
    expect(readdirSync(folder).filter((name) => name.startsWith('broken'))).toEqual([]);
  });

  it('removes versions of the same avatar that are older than a day, and nothing else', async () => {
    const age = (hours: number) => new Date(Date.now() - hours * 3_600_000);
    const old = 'mara-0123456789abcdef';
    const files: [string, Date][] = [
      [`${old}.webm`, age(25)],
      [`${old}.webp`, age(25)],
      [`${old}.webm.4711`, age(25)],
      ['mara-fedcba9876543210.webm', age(23)],
      ['sam-0123456789abcdef.webm', age(25)],
      [`${old}-0123456789abcdef.webm`, age(25)],
      ['notes.txt', age(25)],
    ];
    for (const [name, time] of files) {
      writeFileSync(join(folder, name), name);
      utimesSync(join(folder, name), time, time);
    }
    const made = clips();
    made.start();
    const avatar = { folder: '/faces/mara', manifest };
    await eventually(() => expect(made.find(avatar)).toBeDefined());
    await made.close();
    const { version } = made.find(avatar)!;
    expect(readdirSync(folder).sort()).toEqual(
      [...files.slice(3).map(([name]) => name), `mara-${version}.webm`, `mara-${version}.webp`, 'runs.txt'].sort(),
    );
  });

  it('forgets the clip of an avatar that is removed, and draws it anew should it come again', async () => {
    const made = clips();
    made.start();
    const avatar = { folder: '/faces/mara', manifest };
    await eventually(() => expect(made.find(avatar)).toBeDefined());
    await made.forget(manifest);
    expect(readdirSync(folder)).toEqual(['runs.txt']);
    await eventually(() => expect(made.find(avatar)).toBeDefined());
    expect(runs()).toEqual(['mara', 'mara']);
  });

  it('keeps no clip of an avatar that was removed while it was drawn', async () => {
    const made = clips();
    made.start();
    const avatar = { folder: '/faces/slow', manifest: { ...manifest, id: 'slow' } };
    made.find(avatar);
    await eventually(() => expect(runs()).toEqual(['slow']));
    await made.forget(avatar.manifest);
    const good = { folder: '/faces/mara', manifest };
    await eventually(() => expect(made.find(good)).toBeDefined());
    expect(readdirSync(folder).filter((name) => name.startsWith('slow'))).toEqual([]);
  });

  it('ends the process that draws when it is closed', async () => {
    const made = clips();
    made.start();
    made.find({ folder: '/faces/endless', manifest: { ...manifest, id: 'endless' } });
    await eventually(() => expect(runs()).toEqual(['endless']));
    await made.close();
    expect(readdirSync(folder)).toEqual(['runs.txt']);
  });

  it('has none for an avatar that measures instead of showing a face', async () => {
    const made = clips();
    made.start();
    expect(made.find({ folder: '/faces/probe', manifest: { ...manifest, renderer: 'probe' } })).toBeUndefined();
    await made.close();
    expect(readdirSync(folder)).toEqual([]);
  });
});
