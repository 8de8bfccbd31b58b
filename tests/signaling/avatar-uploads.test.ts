import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { request as sendRequest } from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ErrorBody } from '../../src/errors.js';
import { freeId } from '../../src/signaling/avatar-uploads.js';
import { MAX_PHOTO_BYTES } from '../../src/signaling/avatar-uploads-form.js';
import { eventually } from '../support/eventually.js';
import { type Launched, launch, writeAvatar } from '../support/launch.js';

const ENTRY = fileURLToPath(new URL('../support/create-child.mjs', import.meta.url));
const KEY = 'a-key-of-the-operator-0123456789';
const LINES = { accept: 'application/x-ndjson' };

type Fields = Record<string, string | Blob | (string | Blob)[]>;

function formOf(fields: Fields): FormData {
  const form = new FormData();
  for (const [name, values] of Object.entries(fields)) {
    for (const value of [values].flat()) {
      if (typeof value === 'string') form.append(name, value);
      else form.append(name, value, 'a photo.png');
    }
  }
  return form;
}

const photo = (bytes: string | Uint8Array<ArrayBuffer> = 'pixels') => new Blob([bytes], { type: 'image/png' });
const good = (more: Fields = {}): Fields => ({ photo: photo(), name: 'Anna', ground: 'synthetic', ...more });

describe('making avatars over HTTP', () => {
  let service: Launched;

  const post = (fields: Fields, headers: Record<string, string> = {}, signal?: AbortSignal) =>
    fetch(`${service.origin}/v1/avatars`, {
      method: 'POST',
      body: formOf(fields),
      headers,
      ...(signal === undefined ? {} : { signal }),
    });
  const errorOf = async (response: Response) => ((await response.json()) as { error: ErrorBody }).error;
  const list = async () => {
    const body = (await (await fetch(`${service.origin}/v1/avatars`)).json()) as {
      avatars: { id: string; own?: true }[];
    };
    return body.avatars;
  };
  const runs = () =>
    readFileSync(join(dirname(service.avatarsFolder), 'runs.txt'), 'utf8')
      .trim()
      .split('\n');
  const hidden = () => readdirSync(service.avatarsFolder).filter((name) => name.startsWith('.'));
  const isAlive = (pid: number) => existsSync(`/proc/${pid}/stat`);

  beforeEach(async () => {
    service = await launch({}, {}, { creationEntry: ENTRY });
    writeFileSync(join(dirname(service.avatarsFolder), 'runs.txt'), '');
  });
  afterEach(() => service.close());

  it('answers 201 with the avatar, which is then listed, shown and talks', async () => {
    const response = await post(
      good({ statement: '', voice: ['am_michael', 'libritts-680'], size: '768', manner: 'calm' }),
    );
    expect(response.status).toBe(201);
    const made = (await response.json()) as { poster: string };
    expect(made).toMatchObject({
      id: 'anna',
      name: 'Anna',
      width: 768,
      own: true,
      manner: { word: 'calm' },
      remarks: ['The eyes are closed.'],
    });
    expect((await list()).map(({ id }) => id)).toEqual(['anna', 'test-face']);
    const manifest = JSON.parse(readFileSync(join(service.avatarsFolder, 'anna/avatar.json'), 'utf8'));
    expect(manifest).toMatchObject({
      voices: { kokoro: 'am_michael', piper: 'libritts-680' },
      likeness: { ground: 'synthetic' },
    });
    expect(await (await fetch(`${service.origin}${made.poster}`)).text()).toBe('pixels');
    expect((await service.createSession({ avatar: 'anna' })).avatar).toMatchObject({ name: 'Anna' });
    expect(hidden()).toEqual([]);
  });

  it('tells how far it is, line by line, when asked to', async () => {
    const response = await post(good(), LINES);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/x-ndjson/);
    const lines = (await response.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.slice(0, -1)).toEqual([
      { step: 'read', fraction: 0.1 },
      { step: 'write', fraction: 0.8 },
    ]);
    expect(lines.at(-1)).toMatchObject({ avatar: { id: 'anna' } });
  });

  it('passes on what is wrong with the photo, under the name of the field, and leaves nothing behind', async () => {
    const expected = { code: 'bad-request', field: 'photo', reason: 'no-face' };
    const response = await post(good({ name: 'Faceless' }));
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject(expected);
    const lines = (await (await post(good({ name: 'Faceless' }), LINES)).text()).trim().split('\n');
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ error: expected });
    expect(await errorOf(await post(good({ name: 'Crash' })))).toMatchObject({ code: 'engine-failed' });
    expect((await list()).map(({ id }) => id)).toEqual(['test-face']);
    expect(hidden()).toEqual([]);
  });

  it.each([
    ['no photo', { photo: [] }, 400, 'photo'],
    ['an empty photo', { photo: photo('') }, 400, 'photo'],
    ['text in place of the photo', { photo: 'pixels' }, 400, 'photo'],
    ['two photos', { photo: [photo(), photo()] }, 400, 'photo'],
    ['another file', { poster: photo() }, 400, 'poster'],
    ['no name', { name: [] }, 400, 'name'],
    ['a name of spaces', { name: '   ' }, 400, 'name'],
    ['a long name', { name: 'x'.repeat(81) }, 400, 'name'],
    ['a name of control characters', { name: 'a\u0007b' }, 400, 'name'],
    ['no ground', { ground: [] }, 400, 'ground'],
    ['an unknown ground', { ground: 'friendship' }, 400, 'ground'],
    ['a licence without its text', { ground: 'licence' }, 400, 'statement'],
    ['consent without words', { ground: 'consent', statement: '  ' }, 400, 'statement'],
    ['a long statement', { ground: 'consent', statement: 'x'.repeat(2_001) }, 400, 'statement'],
    ['an endless statement', { ground: 'consent', statement: 'x'.repeat(9_000) }, 400, 'statement'],
    ['an id that leads elsewhere', { id: '../anna' }, 400, 'id'],
    ['an id that is taken', { id: 'test-face' }, 409, 'id'],
    ['an unknown voice', { voice: 'nobody' }, 400, 'voice'],
    ['an unknown manner', { manner: 'rude' }, 400, 'manner'],
    ['an odd size', { size: '500' }, 400, 'size'],
    ['an unknown field', { colour: 'red' }, 400, 'colour'],
    ['a field of the language', { __proto__x: 'red', constructor: 'red' }, 400, '__proto__x'],
    ['a photo of more than 20 MB', { photo: photo(new Uint8Array(MAX_PHOTO_BYTES + 1)) }, 413, 'photo'],
  ])('refuses %s with a typed error that names the field', async (_what, fields, status, field) => {
    const response = await post(good(fields as Fields));
    expect(response.status).toBe(status);
    expect(await errorOf(response)).toMatchObject({ field });
    expect(runs()).toEqual(['']);
  });

  it.each([
    ['JSON', 'application/json', '{}'],
    ['a form without a boundary', 'multipart/form-data', 'x'],
    [
      'a form that is cut off',
      'multipart/form-data; boundary=x',
      '--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nAn',
    ],
    ['noise', 'multipart/form-data; boundary=x', 'noise'],
    ['nothing', 'multipart/form-data; boundary=x', ''],
  ])('refuses %s', async (_what, type, body) => {
    const response = await fetch(`${service.origin}/v1/avatars`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    });
    expect(response.status).toBe(400);
    expect((await errorOf(response)).code).toBe('bad-request');
  });

  it('lends the voices of another avatar', async () => {
    await post(good({ name: 'Lender', voice: ['af_bella', 'libritts-7'] }));
    expect((await post(good({ voice: 'lender' }))).status).toBe(201);
    const { voices } = JSON.parse(readFileSync(join(service.avatarsFolder, 'anna/avatar.json'), 'utf8'));
    expect(voices).toEqual({ kokoro: 'af_bella', piper: 'libritts-7' });
  });

  it('gives namesakes ids of their own, at the same time too', async () => {
    const responses = await Promise.all([1, 2, 3].map(() => post(good({ name: 'Änna Ü.' }))));
    const ids = await Promise.all(responses.map(async (response) => ((await response.json()) as { id: string }).id));
    expect(ids.sort()).toEqual(['anna-u', 'anna-u-2', 'anna-u-3']);
    expect(await freeId('美咲', async () => false)).toBe('avatar');
  });

  it('makes one at a time, lets four wait, and sends the next away until later', async () => {
    const stop = new AbortController();
    const endless = post(good({ name: 'Endless' }), LINES, stop.signal);
    await eventually(() => expect(runs()[0]).toMatch(/endless/));
    const waiting = await Promise.all([1, 2, 3, 4].map((number) => post(good({ name: `No ${number}` }), LINES)));
    const refused = await post(good());
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await errorOf(refused)).toMatchObject({ code: 'unavailable', retryable: true });
    expect(runs()).toHaveLength(1);
    const first = await Promise.all(waiting.map((response) => response.body!.getReader().read()));
    const told = first.map(({ value }) => JSON.parse(Buffer.from(value!).toString().split('\n')[0]!));
    // They were sent at once: any of them may have come first.
    expect(told.toSorted((a, b) => a.ahead - b.ahead)).toMatchObject(
      [1, 2, 3, 4].map((ahead) => ({ step: 'waiting', ahead })),
    );
    stop.abort();
    await expect(endless.then((response) => response.text())).rejects.toThrow();
    await eventually(async () => expect(await list()).toHaveLength(5));
    expect(hidden()).toEqual([]);
    expect((await post(good())).status).toBe(201);
  });

  it('stops when its client goes away, in the upload or later, and leaves nothing behind', async () => {
    const stop = new AbortController();
    const gone = post(good({ name: 'Endless' }), {}, stop.signal);
    await eventually(() => expect(runs()[0]).toMatch(/endless/));
    const pid = Number(runs()[0]!.split(' ')[0]);
    expect(isAlive(pid)).toBe(true);
    stop.abort();
    await expect(gone).rejects.toThrow();
    await eventually(() => expect(isAlive(pid)).toBe(false));
    await eventually(() => expect(hidden()).toEqual([]));
    const { hostname, port } = new URL(service.origin);
    const headers = { 'content-type': 'multipart/form-data; boundary=x', 'content-length': '1000' };
    const half = sendRequest({ hostname, port, method: 'POST', path: '/v1/avatars', headers });
    half.on('error', () => undefined);
    half.write('--x\r\n');
    await new Promise((resolve) => half.once('socket', (socket) => socket.once('connect', resolve)));
    half.destroy();
    for (let number = 0; number < 5; number++) expect((await post(good())).status).toBe(201);
  });

  it('ends with the service: no process is left, and nothing half-made', async () => {
    const ending = post(good({ name: 'Endless' }), LINES).then((response) => response.text());
    await eventually(() => expect(runs()[0]).toMatch(/endless/));
    const pid = Number(runs()[0]!.split(' ')[0]);
    await service.gateway.close();
    expect(isAlive(pid)).toBe(false);
    expect(hidden()).toEqual([]);
    expect(JSON.parse((await ending).trim().split('\n').at(-1)!)).toMatchObject({ error: { code: 'unavailable' } });
  });

  it('removes what was made here and nothing else', async () => {
    await post(good());
    const remove = (id: string) => fetch(`${service.origin}/v1/avatars/${id}`, { method: 'DELETE' });
    expect((await remove('anna')).status).toBe(204);
    expect((await list()).map(({ id }) => id)).toEqual(['test-face']);
    expect(readdirSync(service.avatarsFolder)).toEqual(['test-face']);
    expect((await remove('anna')).status).toBe(404);
    expect((await remove('..%2Fweb')).status).toBe(404);
    const standard = await remove('test-face');
    expect(standard.status).toBe(409);
    expect((await errorOf(standard)).message).toMatch(/VISAVIS_AVATAR/);
  });

  it('keeps the files of a removed avatar for the sessions that show it, and removes them afterwards', async () => {
    await post(good());
    const session = await service.createSession({ avatar: 'anna' });
    expect((await fetch(`${service.origin}/v1/avatars/anna`, { method: 'DELETE' })).status).toBe(204);
    expect((await list()).map(({ id }) => id)).toEqual(['test-face']);
    await expect(service.createSession({ avatar: 'anna' })).rejects.toThrow(/404/);
    expect(existsSync(join(service.avatarsFolder, 'anna/portrait.png'))).toBe(true);
    const second = (await (await post(good())).json()) as { id: string };
    expect(second.id).toBe('anna-2');
    await fetch(`${service.origin}/v1/sessions/${session.sessionId}`, { method: 'DELETE' });
    await service.gateway.ownAvatars!.sweep();
    expect(existsSync(join(service.avatarsFolder, 'anna'))).toBe(false);
  });

  it('clears away what a killed gateway left, and nothing that another one is making', async () => {
    mkdirSync(join(service.avatarsFolder, '.making-0123456789ab'));
    await post(good());
    expect(hidden()).toEqual(['.making-0123456789ab']);
    const long = new Date(Date.now() - 3_600_000);
    utimesSync(join(service.avatarsFolder, '.making-0123456789ab'), long, long);
    await post(good());
    expect(hidden()).toEqual([]);
  });
});

describe('who may make avatars', () => {
  let open: Launched;
  let guarded: Launched;
  beforeAll(async () => {
    open = await launch({}, {}, { creationEntry: ENTRY });
    guarded = await launch({ VISAVIS_API_KEYS: KEY }, {}, { creationEntry: ENTRY });
  });
  afterAll(() => Promise.all([open.close(), guarded.close()]));

  const post = (service: Launched, headers: Record<string, string>) =>
    fetch(`${service.origin}/v1/avatars`, { method: 'POST', body: formOf(good()), headers });
  const creation = async (service: Launched, headers: Record<string, string> = {}) => {
    const response = await fetch(`${service.origin}/v1/avatars`, { headers });
    return ((await response.json()) as { creation: unknown }).creation;
  };

  it('is whoever holds a key, where keys are set', async () => {
    expect((await post(guarded, {})).status).toBe(401);
    expect((await post(guarded, { authorization: `Bearer ${KEY}x` })).status).toBe(401);
    expect((await fetch(`${guarded.origin}/v1/avatars/test-face`, { method: 'DELETE' })).status).toBe(401);
    expect((await post(guarded, { authorization: `Bearer ${KEY}` })).status).toBe(201);
  });

  it('is told by the list', async () => {
    expect(await creation(open)).toEqual({ allowed: true, needsKey: false });
    expect(await creation(guarded)).toEqual({ allowed: false, needsKey: true });
    expect(await creation(guarded, { authorization: `Bearer ${KEY}x` })).toEqual({ allowed: false, needsKey: true });
    expect(await creation(guarded, { authorization: `Bearer ${KEY}` })).toEqual({ allowed: true, needsKey: true });
  });

  it('is no page of another site', async () => {
    expect((await post(open, { origin: 'https://evil.example' })).status).toBe(403);
  });

  it('is nobody who asks too often', async () => {
    const statuses: number[] = [];
    for (let number = 0; number < 12; number++) statuses.push((await post(open, {})).status);
    expect(statuses.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 201));
    expect(statuses.at(-1)).toBe(429);
  });
});

describe('several gateways on one folder', () => {
  it('see what the other has made and removed', async () => {
    const first = await launch({}, {}, { creationEntry: ENTRY });
    const second = await launch({ VISAVIS_AVATARS: first.avatarsFolder }, {}, { creationEntry: ENTRY });
    writeAvatar(first.avatarsFolder, 'other');
    const create = (service: Launched) =>
      fetch(`${service.origin}/v1/avatars`, { method: 'POST', body: formOf(good({ id: 'anna' })) });
    const statuses = (await Promise.all([create(first), create(second)])).map(({ status }) => status);
    expect(statuses.sort()).toEqual([201, 409]);
    expect((await fetch(`${second.origin}/v1/avatars/anna`, { method: 'DELETE' })).status).toBe(204);
    const { avatars } = (await (await fetch(`${first.origin}/v1/avatars`)).json()) as { avatars: { id: string }[] };
    expect(avatars.map(({ id }) => id)).toEqual(['other', 'test-face']);
    await Promise.all([first.close(), second.close()]);
  });
});
