import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Launched, launch, writeAvatar } from '../support/launch.js';
import { errorOf, send as sendRaw, tryToConnect } from '../support/raw-http.js';

const KEY = 'a-key-of-the-operator-0123456789';

/** Like fetch, but lets a test send any Host and Origin. */
const send = (
  { origin }: Launched,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string,
) => sendRaw(origin, { method, path, headers, ...(body === undefined ? {} : { body }) });

const JSON_TYPE = { 'content-type': 'application/json' };

describe('on loopback without keys', () => {
  let service: Launched;
  beforeAll(async () => {
    service = await launch({ VISAVIS_ALLOWED_ORIGINS: 'https://shop.example' });
  });
  afterAll(() => service.close());

  it('creates, shows and ends a session', async () => {
    const created = await send(service, 'POST', '/v1/sessions');
    expect(created.status).toBe(201);
    const session = JSON.parse(created.body);
    expect(session).toMatchObject({ avatar: { id: 'test-face', name: 'Tess', width: 512, height: 512 } });
    expect(created.headers['location']).toBe(`/v1/sessions/${session.sessionId}`);
    expect(created.headers['cache-control']).toBe('no-store');
    const shown = await send(service, 'GET', `/v1/sessions/${session.sessionId}`);
    expect(JSON.parse(shown.body)).toMatchObject({ sessionId: session.sessionId, participants: 0 });
    expect(shown.body).not.toContain(session.token);
    expect((await send(service, 'DELETE', `/v1/sessions/${session.sessionId}`)).status).toBe(204);
    expect((await send(service, 'GET', `/v1/sessions/${session.sessionId}`)).status).toBe(404);
  });

  it.each([
    ['not JSON', JSON_TYPE, '{', 400, 'bad-request', undefined],
    ['another type', { 'content-type': 'text/plain' }, 'avatar=mara', 400, 'bad-request', undefined],
    ['an array', JSON_TYPE, '[]', 400, 'bad-request', undefined],
    ['an unknown field', JSON_TYPE, '{"colour":"red"}', 400, 'bad-request', 'colour'],
    ['a wrong type', JSON_TYPE, '{"greeting":7}', 400, 'bad-request', 'greeting'],
    ['a long greeting', JSON_TYPE, JSON.stringify({ greeting: 'x'.repeat(501) }), 400, 'bad-request', 'greeting'],
    ['an unknown avatar', JSON_TYPE, '{"avatar":"nobody"}', 404, 'not-found', 'avatar'],
    ['an avatar outside the folder', JSON_TYPE, '{"avatar":"../../etc"}', 404, 'not-found', 'avatar'],
    ['a speech API that is not there', JSON_TYPE, '{"speech":"openai"}', 400, 'bad-request', 'speech'],
    ['a voice that Kokoro does not have', JSON_TYPE, '{"voice":"nobody"}', 400, 'bad-request', 'voice'],
    ['a Kokoro voice for Piper', JSON_TYPE, '{"speech":"piper","voice":"af_heart"}', 400, 'bad-request', 'voice'],
    ['too much', JSON_TYPE, JSON.stringify({ instructions: 'x'.repeat(70_000) }), 413, 'too-large', undefined],
  ])('refuses %s with a typed error', async (_what, headers, body, status, code, field) => {
    const answer = await send(service, 'POST', '/v1/sessions', headers, body);
    expect(answer.status).toBe(status);
    expect(errorOf(answer)).toMatchObject({ code });
    expect(errorOf(answer).field).toBe(field);
  });

  it('has nobody keep an answer that a file is missing', async () => {
    writeAvatar(service.avatarsFolder, 'faceless');
    rmSync(join(service.avatarsFolder, 'faceless', 'portrait.png'));
    const { status, headers } = await send(service, 'GET', '/v1/avatars/faceless/poster');
    rmSync(join(service.avatarsFolder, 'faceless'), { recursive: true });
    expect(status).toBe(404);
    expect(headers['cache-control']).toBe('no-store');
  });

  it('lists avatars and shows their posters', async () => {
    const list = JSON.parse((await send(service, 'GET', '/v1/avatars')).body);
    expect(list).toEqual({
      avatars: [
        {
          id: 'test-face',
          name: 'Tess',
          width: 512,
          height: 512,
          sizes: ['512x512', '768x768', '1024x1024'],
          poster: '/v1/avatars/test-face/poster?v=',
          own: true,
        },
      ],
      default: 'test-face',
      creation: { allowed: false, needsKey: false },
    });
    const poster = await send(service, 'GET', list.avatars[0].poster);
    expect(poster).toMatchObject({ status: 200, headers: { 'content-type': 'image/png' } });
    for (const id of ['nobody', '..', '%2e%2e', '%2e%2e%2fsecret', 'a%00b']) {
      expect((await send(service, 'GET', `/v1/avatars/${id}/poster`)).status, id).toBeGreaterThanOrEqual(400);
    }
  });

  it.each([
    ['GET', '/v1/sessions/nobody'],
    ['DELETE', '/v1/sessions/nobody'],
    ['POST', '/v1/sessions/nobody/tokens'],
    ['GET', '/v1/nothing'],
    ['PUT', '/v1/sessions'],
    ['GET', '/../package.json'],
    ['GET', '/%2e%2e/%2e%2e/etc/passwd'],
  ])('answers %s %s with a typed not-found', async (method, path) => {
    const answer = await send(service, method, path);
    expect(answer.status).toBe(404);
    expect(errorOf(answer).code).toBe('not-found');
  });

  it('tells health, readiness and metrics', async () => {
    expect((await send(service, 'GET', '/healthz')).status).toBe(200);
    expect((await send(service, 'GET', '/readyz')).status).toBe(200);
    const { body } = await send(service, 'GET', '/metrics');
    for (const name of [
      'visavis_sessions',
      'visavis_ready 1',
      'visavis_turn_latency_seconds',
      'visavis_process_restarts_total{process="avatar"} 0',
    ]) {
      expect(body).toContain(name);
    }
  });

  it('serves the page afresh and its hashed files for ever, with a content policy', async () => {
    const page = await send(service, 'GET', '/');
    expect(page).toMatchObject({ status: 200, headers: { 'cache-control': 'no-cache' } });
    expect(page.headers['content-security-policy']).toMatch(
      /default-src 'self'.*frame-ancestors 'self' https:\/\/shop\.example/,
    );
    expect(page.headers['x-content-type-options']).toBe('nosniff');
    expect(page.headers['x-powered-by']).toBeUndefined();
    const script = await send(service, 'GET', '/assets/main-abc123.js');
    expect(script.headers['cache-control']).toContain('immutable');
  });

  it('refuses a rebound name everywhere', async () => {
    for (const path of ['/', '/v1/avatars', '/v1/sessions', '/metrics', '/healthz']) {
      const answer = await send(service, 'GET', path, { host: 'rebound.example:7860' });
      expect(answer.status, path).toBe(403);
      expect(errorOf(answer).code).toBe('forbidden');
    }
    expect(await tryToConnect(service.origin, { host: 'rebound.example' })).toBe('refused');
  });

  it('refuses foreign pages, and lets allowed ones read', async () => {
    const foreign = await send(service, 'POST', '/v1/sessions', { origin: 'https://evil.example' });
    expect(foreign.status).toBe(403);
    expect(foreign.headers['access-control-allow-origin']).toBeUndefined();
    const allowed = await send(service, 'GET', '/v1/avatars', { origin: 'https://shop.example' });
    expect(allowed).toMatchObject({ status: 200, headers: { 'access-control-allow-origin': 'https://shop.example' } });
    const preflight = await send(service, 'OPTIONS', '/v1/sessions', { origin: 'https://shop.example' });
    expect(preflight.status).toBe(204);
    expect(await tryToConnect(service.origin, { origin: 'https://evil.example' })).toBe('refused');
    expect(await tryToConnect(service.origin, { origin: 'null' })).toBe('refused');
    expect(await tryToConnect(service.origin, { origin: 'https://shop.example' })).toBe('connected');
    expect(await tryToConnect(service.origin, { origin: service.origin })).toBe('connected');
  });
});

describe('with API keys', () => {
  let service: Launched;
  beforeAll(async () => {
    service = await launch({ VISAVIS_API_KEYS: `${KEY},another-key-of-the-operator` });
  });
  afterAll(() => service.close());

  it.each([
    ['POST', '/v1/sessions'],
    ['GET', '/v1/sessions/some'],
    ['DELETE', '/v1/sessions/some'],
    ['POST', '/v1/sessions/some/tokens'],
    ['GET', '/metrics'],
  ])('%s %s needs one', async (method, path) => {
    const without = await send(service, method, path);
    expect(without).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } });
    expect(errorOf(without).code).toBe('unauthorized');
    expect((await send(service, method, path, { authorization: `Bearer ${KEY}x` })).status).toBe(401);
    expect((await send(service, method, path, { authorization: `Bearer ${KEY}` })).status).not.toBe(401);
  });

  it('health, avatars and the page need none', async () => {
    for (const path of ['/healthz', '/readyz', '/v1/avatars', '/']) {
      expect((await send(service, 'GET', path, { host: 'talk.example' })).status, path).toBe(200);
    }
  });

  it('a visitor needs only the join token', async () => {
    const { client } = await service.joined();
    await client.data('say', { text: 'hello' });
    await client.event('utterance-end');
  });
});
