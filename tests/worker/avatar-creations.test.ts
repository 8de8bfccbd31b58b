import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/log.js';
import type { CreationProgress } from '../../src/worker/avatar-creation-child.js';
import { AvatarCreations, MAX_WAITING } from '../../src/worker/avatar-creations.js';
import { eventually } from '../support/eventually.js';

const ENTRY = fileURLToPath(new URL('../support/create-child.mjs', import.meta.url));
const ORDER = {
  size: { width: 512, height: 512 },
  voices: { kokoro: 'af_heart', piper: 'libritts-840' },
  likeness: { ground: 'synthetic', statement: 'Nobody.' },
  manner: undefined,
  declared: undefined,
  photo: Buffer.from('pixels'),
} as const;

let parent: string;
let folder: string;
const open: AvatarCreations[] = [];

function creations(o: { limitMs?: number; entry?: string; folder?: string } = {}): AvatarCreations {
  const made = new AvatarCreations({
    ...{ entry: ENTRY, folder, env: { PATH: process.env['PATH'], OPENAI_API_KEY: 'secret' } },
    ...{ logger: createLogger('test', 'silent'), ...o },
  });
  open.push(made);
  return made;
}

function start(from: AvatarCreations, name: string, signal = new AbortController().signal) {
  const place = from.enter();
  const seen: CreationProgress[] = [];
  const chooseId = async () => name.toLowerCase();
  const result = place
    .run({ ...ORDER, name }, { chooseId, signal, onProgress: (progress) => seen.push(progress) })
    .finally(() => place.leave());
  result.catch(() => undefined);
  return { result, seen };
}

const runs = () => readFileSync(join(parent, 'runs.txt'), 'utf8').trim().split('\n');

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'visavis-creations-'));
  folder = join(parent, 'avatars');
  writeFileSync(join(parent, 'runs.txt'), '');
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((made) => made.close()));
  rmSync(parent, { recursive: true, force: true });
});

describe('AvatarCreations', () => {
  it('makes the folder where it is missing, and the avatar in it at once', async () => {
    const { result, seen } = start(creations(), 'Anna');
    await expect(result).resolves.toEqual({ id: 'anna', remarks: ['The eyes are closed.'] });
    expect(seen.map(({ step }) => step)).toEqual(['read', 'write']);
    expect(readdirSync(folder)).toEqual(['anna']);
    expect(readFileSync(join(folder, 'anna/portrait.png'), 'utf8')).toBe('pixels');
  });

  it('ends one that takes too long, and begins the next', async () => {
    const made = creations({ limitMs: 1_500 });
    const endless = start(made, 'Endless');
    const next = start(made, 'Anna');
    await expect(endless.result).rejects.toMatchObject({ code: 'unavailable', message: /longer than/ });
    await expect(next.result).resolves.toMatchObject({ id: 'anna' });
    expect(next.seen[0]).toEqual({ step: 'waiting', fraction: 0, ahead: 1 });
    expect(readdirSync(folder)).toEqual(['anna']);
  });

  it('forgets one that gives up while it waits, and tells the others that they are nearer', async () => {
    const made = creations();
    start(made, 'Endless');
    const stop = new AbortController();
    const impatient = start(made, 'Bert', stop.signal);
    const patient = start(made, 'Cleo');
    await eventually(() => expect(patient.seen.at(-1)?.ahead).toBe(2));
    stop.abort();
    await expect(impatient.result).rejects.toMatchObject({ name: 'AbortError' });
    expect(patient.seen.at(-1)?.ahead).toBe(1);
  });

  it('lets so many wait and no more, and in again who was sent away when there is room', async () => {
    const made = creations();
    const places = Array.from({ length: 1 + MAX_WAITING }, () => made.enter());
    expect(() => made.enter()).toThrow(
      expect.objectContaining({ code: 'unavailable', retryAfterS: expect.any(Number) }),
    );
    places[0]?.leave();
    places[0]?.leave();
    made.enter();
    expect(() => made.enter()).toThrow(/waiting/);
  });

  it('never replaces an avatar that came into being meanwhile', async () => {
    mkdirSync(join(folder, 'anna'), { recursive: true });
    writeFileSync(join(folder, 'anna/avatar.json'), '{}');
    await expect(start(creations(), 'Anna').result).rejects.toMatchObject({ code: 'conflict', field: 'id' });
    expect(readFileSync(join(folder, 'anna/avatar.json'), 'utf8')).toBe('{}');
    expect(readdirSync(folder)).toEqual(['anna']);
  });

  it('says so where avatars cannot be kept or made', async () => {
    writeFileSync(join(parent, 'file'), '');
    const nowhere = start(creations({ folder: join(parent, 'file') }), 'Anna');
    await expect(nowhere.result).rejects.toMatchObject({ code: 'unavailable', retryable: false });
    const broken = start(creations({ entry: join(parent, 'missing.mjs') }), 'Anna');
    await expect(broken.result).rejects.toMatchObject({ code: 'engine-failed' });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('tells the process where it runs, and no secrets', async () => {
    const { result } = start(creations(), 'Endless');
    await eventually(() => expect(runs()[0]).toMatch(/endless/));
    const pid = runs()[0]?.split(' ')[0];
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
    expect(environment).toContain('PATH=');
    expect(environment).not.toContain('secret');
    const nice = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[16];
    expect(nice).toBe('19');
    await open[0]?.close();
    await expect(result).rejects.toMatchObject({ code: 'unavailable' });
    expect(readdirSync(folder)).toEqual([]);
  });
});
