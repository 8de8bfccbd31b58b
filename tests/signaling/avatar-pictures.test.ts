import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import express, { type ErrorRequestHandler } from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { avatarPictures } from '../../src/signaling/avatar-pictures.js';
import { AvatarDirectory } from '../../src/signaling/avatars.js';

const AVATARS = fileURLToPath(new URL('../../assets/avatars', import.meta.url));

let folder: string;
let server: Server;
let origin: string;
let avatars: AvatarDirectory;
const errors: unknown[] = [];

beforeAll(async () => {
  // A hidden folder, as a cache in somebody's home is.
  folder = mkdtempSync(join(tmpdir(), '.visavis-pictures-'));
  const files = { version: 'abc', clipPath: join(folder, 'mara.webm'), stillPath: join(folder, 'mara.webp') };
  writeFileSync(files.clipPath, 'the film');
  writeFileSync(files.stillPath, 'the still');
  for (const id of ['mara', 'sam']) cpSync(join(AVATARS, id), join(folder, 'avatars', id), { recursive: true });
  avatars = new AvatarDirectory([join(folder, 'avatars')], {
    find: ({ manifest }) => (manifest.id === 'mara' ? files : undefined),
  });
  const keepError: ErrorRequestHandler = (error, _request, response, _next) => {
    errors.push(error);
    response.status(404).end();
  };
  server = createServer(express().use('/v1', avatarPictures(avatars)).use(keepError));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('posters over HTTP', () => {
  it('are sent from below a hidden folder as well', async () => {
    const poster = await fetch(`${origin}/v1/avatars/sam/poster`);
    expect(poster.status).toBe(200);
    expect(poster.headers.get('content-type')).toBe('image/png');
    expect(poster.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
    await poster.arrayBuffer();
  });
});

describe('idle clips over HTTP', () => {
  it('are listed where there are any, under an address that names their version', async () => {
    const list = await avatars.list();
    const of = (id: string) => list.find((avatar) => avatar.id === id);
    expect(of('mara')).toMatchObject({
      idle: '/v1/avatars/mara/idle.webm?v=abc',
      still: '/v1/avatars/mara/still.webp?v=abc',
    });
    expect(of('sam')).toMatchObject({ poster: '/v1/avatars/sam/poster' });
    expect(of('sam')?.idle).toBeUndefined();
  });

  it('are sent with their type, in parts when asked, and kept for good by version only', async () => {
    const clip = await fetch(`${origin}/v1/avatars/mara/idle.webm?v=abc`);
    expect(clip.headers.get('content-type')).toBe('video/webm');
    expect(clip.headers.get('cache-control')).toMatch(/immutable/);
    expect(await clip.text()).toBe('the film');
    const part = await fetch(`${origin}/v1/avatars/mara/idle.webm?v=abc`, { headers: { range: 'bytes=4-7' } });
    expect(part.status).toBe(206);
    expect(await part.text()).toBe('film');
    const still = await fetch(`${origin}/v1/avatars/mara/still.webp?v=older`);
    expect(still.headers.get('content-type')).toBe('image/webp');
    expect(still.headers.get('cache-control')).not.toMatch(/immutable/);
  });

  it('may be left in the middle, which is no error', async () => {
    writeFileSync(join(folder, 'mara.webm'), Buffer.alloc(30e6));
    errors.length = 0;
    const answering = once(server, 'request') as Promise<[unknown, ServerResponse]>;
    const socket = connect(Number(new URL(origin).port), '127.0.0.1');
    socket.write('GET /v1/avatars/mara/idle.webm HTTP/1.1\r\nHost: x\r\n\r\n');
    const [, response] = await answering;
    await once(socket, 'data');
    socket.destroy();
    if (!response.closed) await once(response, 'close');
    // After what follows on the close itself.
    await new Promise((resolve) => setTimeout(resolve, 20));
    writeFileSync(join(folder, 'mara.webm'), 'the film');
    expect(errors).toEqual([]);
  });

  it('are not found for an avatar that has none, an unknown one and a crooked id', async () => {
    for (const id of ['sam', 'nobody', '..%2Fmara']) {
      expect((await fetch(`${origin}/v1/avatars/${id}/idle.webm`)).status).not.toBe(200);
    }
    await expect(avatars.clip('sam')).rejects.toMatchObject({ code: 'not-found' });
    await expect(avatars.clip('nobody')).rejects.toMatchObject({ code: 'not-found' });
  });
});
