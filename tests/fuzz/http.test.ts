import { Agent, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CreatedSession } from '../../src/signaling/messages.js';
import { type Launched, launch } from '../support/launch.js';
import { seededRandom } from '../support/media.js';
import { RawConnection, send } from '../support/raw-http.js';
import { Bystanders, liveBytes } from './bystanders.js';
import { anything, mutated, pick, type Random } from './messages.js';

const SEED = 2_718_281;
const REQUESTS = 40_000;
const RAW_REQUESTS = 5_000;
/** What one address may send at once. */
const PER_ADDRESS = 400;
const GROWTH_BYTES = 40e6;

let service: Launched;
beforeAll(async () => {
  service = await launch({ VISAVIS_MAX_SESSIONS: '8', VISAVIS_TOKEN_TTL_S: '600' });
});
afterAll(() => service.close());

const METHODS = ['GET', 'POST', 'DELETE', 'PUT', 'OPTIONS', 'HEAD', 'PATCH', 'TRACE'];
const PATHS = [
  '/',
  '/healthz',
  '/readyz',
  '/metrics',
  '/v1/avatars',
  '/v1/avatars/test-face/poster',
  '/v1/sessions',
  '/v1/sessions/none',
  '/v1/sessions/none/tokens',
  '/socket.io/?EIO=4&transport=polling',
  '/socket.io/?EIO=4&transport=polling&sid=none',
  '/assets/main-abc123.js',
];
const BODY = { avatar: 'test-face', voice: 'af_heart', speech: 'kokoro', greeting: 'Hello', instructions: 'Be brief.' };
/** Characters that an HTTP client lets through in a path. */
const PATH_PIECES = [
  '%00',
  '%2e%2e/',
  '..;/',
  '//',
  '%c0%af',
  '%',
  '?a[]=1&a[b]=2',
  '#',
  '\\',
  '%ff',
  'x'.repeat(300),
  '@',
  ':',
  '*',
];

function pathOf(random: Random): string {
  const path = pick(random, PATHS);
  if (random() < 0.4) return path;
  const at = 1 + Math.floor(random() * path.length);
  return path.slice(0, at) + pick(random, PATH_PIECES) + path.slice(at);
}

function bodyOf(random: Random): string {
  // Creating sessions is what the others are there for; here it must mostly fail.
  const body = random() < 0.01 ? BODY : mutated(random, { ...BODY, avatar: 'nobody' });
  const text = JSON.stringify(body) ?? '';
  return random() < 0.8 ? text : text.slice(0, Math.floor(random() * text.length));
}

function headersOf(random: Random): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  const hosts = ['rebound.example', 'localhost', '[::1', 'a b', '', '127.0.0.1:1'];
  const more: [string, string[]][] = [
    [
      'content-type',
      ['text/plain', 'application/json; charset=utf-7', 'multipart/form-data', 'application/json;;', ''],
    ],
    ['origin', ['null', 'https://evil.example', 'http://[', service.origin]],
    ['host', hosts],
    ['authorization', ['Bearer', 'Bearer x', 'Basic eDp5', 'x'.repeat(4_000)]],
    ['x-forwarded-for', ['1.2.3.4', ',,,', '::1, <x>']],
    ['content-encoding', ['gzip', 'br', 'identity', 'x']],
    ['accept-encoding', ['gzip;q=2', '*']],
    ['range', ['bytes=0-', 'bytes=9-1', 'bytes=-99999']],
    ['if-none-match', ['*', '"x"']],
    ['expect', ['100-continue', 'x']],
    ['transfer-encoding', ['chunked']],
    ['cookie', ['io=none']],
  ];
  for (const [name, values] of more) if (random() < 0.12) headers[name] = pick(random, values);
  return headers;
}

/** The status, or why there was none. */
function ask(random: Random, agent: Agent, localAddress: string): Promise<{ status: number; body: string }> {
  const { port } = new URL(service.origin);
  const options = { host: '127.0.0.1', port, agent, localAddress, setHost: true };
  return new Promise((resolve) => {
    const failed = () => resolve({ status: 0, body: '' });
    try {
      const method = pick(random, METHODS);
      const outgoing = request({ ...options, method, path: pathOf(random), headers: headersOf(random) }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        response.once('error', failed).once('end', () => resolve({ status: response.statusCode ?? 0, body }));
      });
      outgoing.once('error', failed).setTimeout(40_000, () => outgoing.destroy());
      outgoing.end(random() < 0.6 ? bodyOf(random) : undefined);
    } catch {
      // Refused by the client itself.
      failed();
    }
  });
}

describe('HTTP', () => {
  it(`${REQUESTS} mutated requests get a status that fits, never 500, and others notice nothing`, async () => {
    const random = seededRandom(SEED);
    const bystanders = await Bystanders.create(service, 2);
    const before = await liveBytes();
    const statuses = new Map<number, number>();
    const created: string[] = [];
    for (let sent = 0, address = 1; sent < REQUESTS; address++) {
      const agent = new Agent({ keepAlive: true, maxSockets: 20 });
      const localAddress = `127.0.3.${address}`;
      const answers = await Promise.all(Array.from({ length: PER_ADDRESS }, () => ask(random, agent, localAddress)));
      agent.destroy();
      sent += answers.length;
      for (const { status, body } of answers) {
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (status === 201) created.push((JSON.parse(body) as CreatedSession).sessionId);
        if (status >= 400 && body.startsWith('{"error"')) {
          expect(JSON.parse(body)).toMatchObject({ error: { code: expect.any(String), message: expect.any(String) } });
        }
      }
    }
    const seen = JSON.stringify([...statuses]);
    expect(
      [...statuses.keys()].filter((status) => status >= 500 && status !== 503),
      seen,
    ).toEqual([]);
    for (const status of [200, 400, 403, 404]) expect(statuses.get(status), seen).toBeGreaterThan(100);
    // Connections that broke off: what the server closed after a bad request.
    expect(statuses.get(0) ?? 0, seen).toBeLessThan(REQUESTS / 4);
    const leftOver = created.filter((id) => id !== undefined);
    for (const id of leftOver) await send(service.origin, { method: 'DELETE', path: `/v1/sessions/${id}` });
    await bystanders.expectUntouched();
    expect(service.gateway.registry.size).toBe(2);
    expect((await liveBytes()) - before).toBeLessThan(GROWTH_BYTES);
  }, 300_000);

  it(`${RAW_REQUESTS} requests with broken bytes are answered 4xx or closed`, async () => {
    const random = seededRandom(SEED + 1);
    const before = await liveBytes();
    const { host } = new URL(service.origin);
    const body = JSON.stringify({ avatar: 'nobody' });
    const valid = [
      `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
      `POST /v1/sessions HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      `POST /v1/sessions HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
      `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
    ];
    const first = new Map<string, number>();
    const batch = 50;
    for (let sent = 0; sent < RAW_REQUESTS; sent += batch) {
      const ends = Array.from({ length: batch }, async () => {
        const connection = await RawConnection.open(service.origin);
        connection.socket.write(broken(random, pick(random, valid)));
        // Half a request would be waited for; its end is what a client that gives up sends.
        setTimeout(() => connection.socket.end(), 20);
        setTimeout(() => connection.socket.destroy(), 2_000);
        return connection.ended;
      });
      for (const end of await Promise.all(ends)) {
        const status = /^HTTP\/1\.1 (\d+)/.exec(end)?.[1] ?? (end === '' ? 'closed' : end.slice(0, 40));
        first.set(status, (first.get(status) ?? 0) + 1);
      }
    }
    const seen = JSON.stringify([...first]);
    expect(
      [...first.keys()].filter((status) => !/^(closed|101|200|4\d\d|503)$/.test(status)),
      seen,
    ).toEqual([]);
    expect(first.get('400'), seen).toBeGreaterThan(500);
    expect((await send(service.origin, { path: '/healthz', localAddress: '127.0.0.9' })).status).toBe(200);
    expect((await liveBytes()) - before).toBeLessThan(GROWTH_BYTES);
  }, 240_000);

  it('a body that never ends, or ends too late, is cut off at the size that is allowed', async () => {
    const endless = await RawConnection.open(service.origin);
    const { host } = new URL(service.origin);
    const head = `POST /v1/sessions HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
    endless.socket.write(head);
    const chunk = `4000\r\n${' '.repeat(0x4000)}\r\n`;
    for (let i = 0; i < 2_000 && endless.received === ''; i++) {
      endless.socket.write(chunk);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(endless.received).toMatch(/^HTTP\/1\.1 413 /);
    expect(endless.received).toContain('too-large');
    endless.socket.destroy();
    const announced = await send(service.origin, {
      method: 'POST',
      path: '/v1/sessions',
      headers: { 'content-type': 'application/json', 'content-length': '70000' },
      body: ' '.repeat(70_000),
      localAddress: '127.0.0.9',
    });
    expect(announced.status).toBe(413);
  });
});

function broken(random: Random, text: string): Buffer {
  const bytes = Buffer.from(text);
  const times = 1 + Math.floor(random() * 3);
  let result = bytes;
  for (let i = 0; i < times; i++) {
    const at = Math.floor(random() * result.length);
    const choice = random();
    if (choice < 0.4) result[at] = Math.floor(random() * 256);
    else if (choice < 0.6) result = result.subarray(0, at);
    else if (choice < 0.8)
      result = Buffer.concat([
        result.subarray(0, at),
        Buffer.from(String(anything(random) === null)),
        result.subarray(at),
      ]);
    else result = Buffer.concat([result.subarray(0, at), result.subarray(at + 1 + Math.floor(random() * 4))]);
    if (result.length === 0) result = Buffer.from('\r\n');
  }
  return result;
}
