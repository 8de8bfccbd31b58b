import { createServer, get, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CreatedSession } from '../../src/signaling/messages.js';
import { TestClient } from '../support/client.js';
import { type Launched, launch } from '../support/launch.js';
import { freePort } from '../support/redis.js';
import { ReverseProxy } from '../support/reverse-proxy.js';

const KEY = 'a-key-of-more-than-sixteen-characters';
const CREATION_CHILD = fileURLToPath(new URL('../support/create-child.mjs', import.meta.url));
const JSON_BODY = { 'content-type': 'application/json' };

describe.each(['nginx', 'caddy'] as const)('%s with the settings of deploy/', (kind) => {
  let service: Launched;
  let proxy: ReverseProxy;
  const clients: TestClient[] = [];

  beforeAll(async () => {
    const port = await freePort();
    const env = { VISAVIS_TRUST_PROXY: 'loopback', VISAVIS_PUBLIC_URL: `https://localhost:${port}` };
    service = await launch({ VISAVIS_API_KEYS: KEY, ...env }, {}, { creationEntry: CREATION_CHILD });
    proxy = await ReverseProxy.start(kind, { port, upstreamPort: Number(new URL(service.origin).port) });
  });

  afterAll(async () => {
    for (const client of clients) client.close();
    await proxy?.close();
    await service?.close();
  });

  async function createSession(): Promise<CreatedSession> {
    const headers = { ...JSON_BODY, authorization: `Bearer ${KEY}`, origin: proxy.origin };
    const answer = await proxy.request('/v1/sessions', { method: 'POST', headers, body: '{}' });
    expect(answer.status, answer.text).toBe(201);
    return JSON.parse(answer.text) as CreatedSession;
  }

  async function connect(transports: string[], origin = proxy.origin): Promise<TestClient> {
    const client = await TestClient.connect(proxy.origin, {
      transports,
      ca: proxy.authority,
      extraHeaders: { origin },
    } as Parameters<typeof TestClient.connect>[1]);
    clients.push(client);
    return client;
  }

  it('creates a session, and a browser joins it over a WebSocket', async () => {
    const session = await createSession();
    const client = await connect(['websocket']);
    const joined = await client.data('join', { token: session.token });
    expect(joined.sessionId).toBe(session.sessionId);
    expect(client.socket.io.engine.transport.name).toBe('websocket');
    // Media goes to the media port itself, never through the web server.
    const transport = await client.data('create-transport', { direction: 'receive' });
    expect(transport.iceCandidates.length).toBeGreaterThan(0);
    for (const candidate of transport.iceCandidates)
      expect(candidate.port).not.toBe(Number(new URL(proxy.origin).port));
  });

  it('refuses a page of another site, and this one without encryption', async () => {
    const host = new URL(proxy.origin).host;
    for (const origin of ['https://elsewhere.example', `http://${host}`]) {
      await expect(connect(['websocket'], origin)).rejects.toThrow();
      const headers = { ...JSON_BODY, authorization: `Bearer ${KEY}`, origin };
      const answer = await proxy.request('/v1/sessions', { method: 'POST', headers, body: '{}' });
      expect(answer.status).toBe(403);
    }
  });

  it('wants encryption of whoever comes again, and shows the page with the headers of the service', async () => {
    const page = await proxy.request('/');
    expect(page.status).toBe(200);
    expect(page.headers['strict-transport-security']).toMatch(/max-age=\d{8}/);
    expect(page.headers['content-security-policy']).toContain("default-src 'self'");
  });

  it('sends a browser that comes without encryption to https', async () => {
    const answer = await new Promise<{ status: number | undefined; to: string | undefined }>((resolve, reject) => {
      const headers = { host: 'localhost' };
      get({ host: '127.0.0.1', port: proxy.httpPort, path: '/x?y=1', headers }, (response) => {
        response.resume();
        resolve({ status: response.statusCode, to: response.headers.location });
      }).once('error', reject);
    });
    expect([301, 308]).toContain(answer.status);
    expect(answer.to).toMatch(/^https:\/\/localhost(:\d+)?\/x\?y=1$/);
  });

  it('keeps the metrics inside', async () => {
    const answer = await proxy.request('/metrics', { headers: { authorization: `Bearer ${KEY}` } });
    expect(answer.status).toBe(404);
    expect(answer.text).not.toContain('visavis_');
  });

  it('lets photos through of which avatars are made, and the lines of progress back', async () => {
    const type = { 'content-type': 'multipart/form-data; boundary=edge', accept: 'application/x-ndjson' };
    const headers = { ...type, authorization: `Bearer ${KEY}`, origin: proxy.origin };
    const answer = await proxy.request('/v1/avatars', { method: 'POST', headers, body: formOf(' '.repeat(5_000_000)) });
    expect(answer.status, answer.text).toBe(200);
    const lines = answer.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(lines.at(-1)).toMatchObject({ avatar: { name: 'Anna' } });
    const tooLarge = await proxy.request('/v1/avatars', {
      method: 'POST',
      headers,
      body: formOf(' '.repeat(23_000_000)),
    });
    expect(tooLarge.status).toBe(413);
  });

  it('refuses bodies that are far too large', async () => {
    const headers = { ...JSON_BODY, authorization: `Bearer ${KEY}` };
    const answer = await proxy.request('/v1/sessions', { method: 'POST', headers, body: ' '.repeat(2_000_000) });
    expect(answer.status).toBe(413);
  });
});

function formOf(photo: string): string {
  const part = (head: string, body: string) => `--edge\r\nContent-Disposition: form-data; ${head}\r\n\r\n${body}\r\n`;
  const file = part('name="photo"; filename="a.png"\r\nContent-Type: image/png', photo);
  return `${file}${part('name="name"', 'Anna')}${part('name="ground"', 'synthetic')}--edge--\r\n`;
}

describe.each(['nginx', 'caddy'] as const)('what %s tells the service', (kind) => {
  let upstream: Server;
  let proxy: ReverseProxy;
  let seen: IncomingHttpHeaders | undefined;

  beforeAll(async () => {
    upstream = createServer((request, response) => {
      seen = request.headers;
      response.end('ok');
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    const { port } = upstream.address() as AddressInfo;
    proxy = await ReverseProxy.start(kind, { port: await freePort(), upstreamPort: port });
  });

  afterAll(async () => {
    await proxy?.close();
    upstream?.closeAllConnections();
    await new Promise((resolve) => upstream.close(resolve));
  });

  it('is its own account of the visitor, whatever the visitor claims', async () => {
    const forged = {
      'x-forwarded-for': '203.0.113.9',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'evil.example',
    };
    expect((await proxy.request('/', { headers: forged })).status).toBe(200);
    expect(seen).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': new URL(proxy.origin).host,
      host: new URL(proxy.origin).host,
    });
  });

  it('leaves out what only concerns the connection to the visitor', async () => {
    await proxy.request('/');
    expect(seen?.['connection'] ?? '').not.toMatch(/upgrade/i);
  });
});
