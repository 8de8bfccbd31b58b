import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import express from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { avatarPictures } from '../../src/signaling/avatar-pictures.js';
import { AvatarDirectory } from '../../src/signaling/avatars.js';

const AVATARS = fileURLToPath(new URL('../../assets/avatars', import.meta.url));

let folder: string;
let server: Server;
let origin: string;
let avatars: AvatarDirectory;

beforeAll(async () => {
  // A hidden folder, as a cache in somebody's home is.
  folder = mkdtempSync(join(tmpdir(), '.visavis-pictures-'));
  const files = { version: 'abc', clipPath: join(folder, 'mara.webm'), stillPath: join(folder, 'mara.webp') };
  writeFileSync(files.clipPath, 'the film');
  writeFileSync(files.stillPath, 'the still');
  avatars = new AvatarDirectory([AVATARS], {
    find: ({ manifest }) => (manifest.id === 'mara' ? files : undefined),
  });
  server = createServer(express().use('/v1', avatarPictures(avatars)));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
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

  it('are not found for an avatar that has none, an unknown one and a crooked id', async () => {
    for (const id of ['sam', 'nobody', '..%2Fmara']) {
      expect((await fetch(`${origin}/v1/avatars/${id}/idle.webm`)).status).not.toBe(200);
    }
    await expect(avatars.clip('sam')).rejects.toMatchObject({ code: 'not-found' });
    await expect(avatars.clip('nobody')).rejects.toMatchObject({ code: 'not-found' });
  });
});
