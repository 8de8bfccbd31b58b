import { mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ErrorBody } from '../../src/errors.js';
import { readPackageZip } from '../../src/inference/avatar/archive/package-zip.js';
import { MAX_PACKAGE_BYTES, MAX_PHOTO_BYTES } from '../../src/signaling/avatar-uploads-form.js';
import { type Launched, launch } from '../support/launch.js';
import { smallPackage } from '../support/small-package.js';

const ENTRY = fileURLToPath(new URL('../support/create-child.mjs', import.meta.url));
const KEY = 'a-key-of-the-operator-0123456789';

/** A package; the process that stands for the one that reads it takes its text for its id and name. */
const zip = (text: string | Uint8Array<ArrayBuffer> = 'zoe') => new Blob([text], { type: 'application/zip' });

describe('packages over HTTP', () => {
  let service: Launched;
  beforeEach(async () => {
    service = await launch({ VISAVIS_API_KEYS: KEY }, {}, { creationEntry: ENTRY });
    writeFileSync(join(dirname(service.avatarsFolder), 'runs.txt'), '');
  });
  afterEach(() => service.close());

  const headers = { authorization: `Bearer ${KEY}` };
  const post = (fields: [string, string | Blob][], more: Record<string, string> = headers) => {
    const form = new FormData();
    for (const [name, value] of fields) {
      if (typeof value === 'string') form.append(name, value);
      else form.append(name, value, 'zoe.zip');
    }
    return fetch(`${service.origin}/v1/avatars`, { method: 'POST', body: form, headers: more });
  };
  const errorOf = async (response: Response) => ((await response.json()) as { error: ErrorBody }).error;
  const runs = () => readFileSync(join(dirname(service.avatarsFolder), 'runs.txt'), 'utf8');

  it('bring an avatar, under its own id or the one that is asked for', async () => {
    const response = await post([['package', zip()]]);
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ id: 'zoe', name: 'zoe', own: true });
    expect(
      (
        await post([
          ['package', zip()],
          ['id', 'zoe-2'],
        ])
      ).status,
    ).toBe(201);
    expect(readdirSync(service.avatarsFolder).toSorted()).toEqual(['test-face', 'zoe', 'zoe-2']);
  });

  it('tell how far they are, line by line, when asked to', async () => {
    const response = await post([['package', zip()]], { ...headers, accept: 'application/x-ndjson' });
    const lines = (await response.text()).trim().split('\n');
    const told = lines.map((line) => JSON.parse(line));
    expect(told.map(({ step }) => step)).toEqual(['read', 'write', undefined]);
    expect(told.at(-1)).toMatchObject({ avatar: { id: 'zoe' } });
  });

  it('are refused with what is wrong with them, and leave nothing behind', async () => {
    const response = await post([['package', zip('broken')]]);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ field: 'package', reason: 'zip-damaged' });
    expect(readdirSync(service.avatarsFolder)).toEqual(['test-face']);
  });

  it('are refused when their id is taken, before they are read where it was asked for', async () => {
    const conflict = { code: 'conflict', field: 'id' };
    const own = await post([['package', zip('test-face')]]);
    expect([own.status, await errorOf(own)]).toMatchObject([409, conflict]);
    writeFileSync(join(dirname(service.avatarsFolder), 'runs.txt'), '');
    const asked = await post([
      ['package', zip()],
      ['id', 'test-face'],
    ]);
    expect([asked.status, await errorOf(asked)]).toMatchObject([409, conflict]);
    expect(runs()).toBe('');
    expect(readdirSync(service.avatarsFolder)).toEqual(['test-face']);
  });

  it.each<[string, [string, string | Blob][], number, string]>([
    [
      'a name beside it',
      [
        ['package', zip()],
        ['name', 'Zoe'],
      ],
      400,
      'name',
    ],
    [
      'a ground beside it',
      [
        ['package', zip()],
        ['ground', 'synthetic'],
      ],
      400,
      'ground',
    ],
    [
      'a voice beside it',
      [
        ['package', zip()],
        ['voice', 'af_heart'],
      ],
      400,
      'voice',
    ],
    [
      'a photo beside it',
      [
        ['package', zip()],
        ['photo', zip()],
      ],
      400,
      'photo',
    ],
    [
      'another package',
      [
        ['package', zip()],
        ['package', zip()],
      ],
      400,
      'package',
    ],
    ['text in its place', [['package', 'zoe']], 400, 'package'],
    ['no byte', [['package', zip('')]], 400, 'package'],
    [
      'an id that leads elsewhere',
      [
        ['package', zip()],
        ['id', '../zoe'],
      ],
      400,
      'id',
    ],
    ['more than 32 MB', [['package', zip(new Uint8Array(MAX_PACKAGE_BYTES + 1))]], 413, 'package'],
  ])('are refused with %s', async (_what, fields, status, field) => {
    const response = await post(fields);
    expect(response.status).toBe(status);
    expect(await errorOf(response)).toMatchObject({ field });
    expect(runs()).toBe('');
  });

  it('may be larger than photos', async () => {
    const large = new Uint8Array(MAX_PHOTO_BYTES + 1);
    expect(
      await errorOf(
        await post([
          ['photo', zip(large)],
          ['name', 'Zoe'],
          ['ground', 'synthetic'],
        ]),
      ),
    ).toMatchObject({ field: 'photo' });
    expect(
      (
        await post([
          ['package', zip(large)],
          ['id', 'zoe'],
        ])
      ).status,
    ).toBe(201);
  });

  it('are given out whole to whoever holds a key, and to nobody else', async () => {
    const { manifest, files } = await smallPackage('zoe');
    const folder = join(service.avatarsFolder, 'zoe');
    mkdirSync(folder);
    writeFileSync(join(folder, 'avatar.json'), JSON.stringify(manifest));
    for (const [name, content] of files) writeFileSync(join(folder, name), content);
    const url = `${service.origin}/v1/avatars/zoe/package`;
    const response = await fetch(url, { headers });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/zip');
    expect(response.headers.get('content-disposition')).toBe('attachment; filename=zoe.zip');
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(response.headers.get('content-length')).toBe(String(bytes.length));
    const read = await readPackageZip(bytes);
    expect(read.manifest).toEqual(manifest);
    expect(read.files.get('rig.json')?.equals(files.get('rig.json')!)).toBe(true);
    expect((await fetch(url)).status).toBe(401);
    expect((await fetch(`${service.origin}/v1/avatars/nobody/package`, { headers })).status).toBe(404);
    unlinkSync(join(folder, 'matte.png'));
    await expect(fetch(url, { headers }).then((broken) => broken.arrayBuffer())).rejects.toThrow();
    expect((await fetch(`${service.origin}/healthz`)).status).toBe(200);
  });
});
