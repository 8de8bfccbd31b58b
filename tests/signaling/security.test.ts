import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { TestClient } from '../support/client.js';
import { type Launched, launch } from '../support/launch.js';
import { errorOf, RawConnection, send, tryToConnect } from '../support/raw-http.js';

const KEY = 'a-key-of-the-operator-0123456789';
const SHOP = 'https://shop.example';

describe('every answer carries the security headers', () => {
  let service: Launched;
  beforeAll(async () => {
    service = await launch({ VISAVIS_ALLOWED_ORIGINS: SHOP });
  });
  afterAll(() => service.close());

  it.each([
    ['the page', '/', 200, {}],
    ['a file', '/assets/main-abc123.js', 200, {}],
    ['the API', '/v1/avatars', 200, {}],
    ['health', '/healthz', 200, {}],
    ['metrics', '/metrics', 200, {}],
    ['an unknown path', '/nothing', 404, {}],
    ['an unknown session', '/v1/sessions/none', 404, {}],
    ['a broken path', '/v1/avatars/%/poster', 400, {}],
    ['a foreign host', '/', 403, { host: 'rebound.example' }],
    ['a foreign page', '/v1/avatars', 403, { origin: 'https://evil.example' }],
    ['socket.io', '/socket.io/?EIO=4&transport=polling', 200, {}],
    ['a refusal of socket.io', '/socket.io/?EIO=4&transport=none', 400, {}],
    ['a foreign page at socket.io', '/socket.io/?EIO=4&transport=polling', 403, { origin: 'https://evil.example' }],
  ])('%s', async (_what, path, status, headers) => {
    const answer = await send(service.origin, { path, headers });
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject({
      'content-security-policy': expect.stringContaining(`frame-ancestors 'self' ${SHOP}`),
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': expect.stringContaining(`microphone=(self "${SHOP}"), camera=(self "${SHOP}")`),
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-permitted-cross-domain-policies': 'none',
    });
    const policy = String(answer.headers['content-security-policy']);
    expect(policy).not.toMatch(/unsafe|\*|http:|ws:/);
    for (const directive of ["script-src 'self'", "style-src 'self'", "object-src 'none'", "base-uri 'none'"]) {
      expect(policy.split('; ')).toContain(directive);
    }
    for (const name of ['x-powered-by', 'server', 'strict-transport-security']) {
      expect(answer.headers[name]).toBeUndefined();
    }
  });

  it('pictures of the avatars may be shown by other sites', async () => {
    const { headers } = await send(service.origin, { path: '/v1/avatars/test-face/poster' });
    expect(headers['cross-origin-resource-policy']).toBe('cross-origin');
  });
});

describe('without keys on loopback', () => {
  let service: Launched;
  beforeAll(async () => {
    service = await launch({ VISAVIS_PUBLIC_URL: 'https://talk.example', VISAVIS_TRUST_PROXY: '127.0.0.2' });
  });
  afterAll(() => service.close());

  const port = () => new URL(service.origin).port;

  it.each([
    'rebound.example',
    '127.0.0.1.rebound.example',
    'localhost.rebound.example',
    '0.0.0.0',
    '[::ffff:7f00:1]',
    '',
    '127.1',
  ])('a name that a foreign page was rebound to is refused: "%s"', async (name) => {
    const host = `${name}:${port()}`;
    for (const path of ['/', '/v1/avatars', '/V1/avatars', '/metrics', '/socket.io/?EIO=4&transport=polling']) {
      expect((await send(service.origin, { path, headers: { host } })).status, path).toBe(403);
    }
    expect(await tryToConnect(service.origin, { host })).toBe('refused');
  });

  it.each(['null', 'https://evil.example', 'http://localhost:1', 'file://', 'https://talk.example.evil.example'])(
    'a page of another origin is refused however it asks: %s',
    async (origin) => {
      const before = service.gateway.registry.size;
      for (const path of ['/v1/sessions', '/V1/sessions', '/v1/sessions/', '//v1/sessions', '/v1/./sessions']) {
        const answer = await send(service.origin, { method: 'POST', path, headers: { origin } });
        expect(answer.status, path).toBe(403);
        expect(answer.headers['access-control-allow-origin']).toBeUndefined();
      }
      expect(service.gateway.registry.size).toBe(before);
      for (const transports of [['websocket'], ['polling']] as ('websocket' | 'polling')[][]) {
        expect(await tryToConnect(service.origin, { origin }, { transports })).toBe('refused');
      }
    },
  );

  it('paths in capitals lead nowhere', async () => {
    expect((await send(service.origin, { method: 'POST', path: '/V1/sessions' })).status).toBe(404);
    expect((await send(service.origin, { path: '/METRICS' })).status).toBe(404);
  });

  it('a socket of something that is no browser sends no origin and is let in', async () => {
    expect(await tryToConnect(service.origin, {})).toBe('connected');
  });

  it('the page at the public address is let in through the proxy', async () => {
    const origin = 'https://talk.example';
    for (const host of ['talk.example', 'talk.example:443', `127.0.0.1:${port()}`]) {
      const headers = { host, origin };
      expect((await send(service.origin, { path: '/v1/avatars', headers })).status, host).toBe(200);
      expect(await tryToConnect(service.origin, headers), host).toBe('connected');
    }
    // The same name without TLS is another page, which anybody on the way could have changed.
    const plain = { host: 'talk.example', origin: 'http://talk.example', 'x-forwarded-proto': 'https' };
    const proxied = await send(service.origin, { path: '/v1/avatars', headers: plain, localAddress: '127.0.0.2' });
    expect(proxied.status).toBe(403);
  });

  it('a forged X-Forwarded-Host helps nobody but a trusted proxy', async () => {
    const headers = { host: 'rebound.example', 'x-forwarded-host': 'talk.example' };
    expect((await send(service.origin, { path: '/v1/avatars', headers })).status).toBe(403);
    const proxied = await send(service.origin, { path: '/v1/avatars', headers, localAddress: '127.0.0.2' });
    expect(proxied.status).toBe(200);
  });
});

describe('limits by address and key', () => {
  let service: Launched;
  beforeAll(async () => {
    service = await launch({ VISAVIS_API_KEYS: KEY, VISAVIS_TRUST_PROXY: '127.0.0.2' });
  });
  afterAll(() => service.close());
  // The clock of the limits stands still: what a busy machine takes long for is a flood all the same, and no pause is over meanwhile.
  beforeEach(() => void vi.spyOn(performance, 'now').mockReturnValue(performance.now()));
  afterEach(() => vi.restoreAllMocks());

  const withKey = (key: string, more: object = {}) =>
    send(service.origin, {
      path: '/v1/sessions/none',
      headers: { authorization: `Bearer ${key}` },
      localAddress: '127.0.0.3',
      ...more,
    });

  it('who guesses keys is told to wait, and others are not', async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 14; i++) statuses.push((await withKey(`guess-number-${i}`)).status);
    expect(statuses.slice(0, 11)).toEqual(Array.from({ length: 11 }, () => 401));
    expect(statuses.slice(11)).toEqual([429, 429, 429]);
    const right = await withKey(KEY);
    expect(right.status).toBe(429);
    expect(errorOf(right)).toMatchObject({ code: 'too-many-requests', retryable: true, retryAfterS: 1 });
    expect(right.headers['retry-after']).toBe('1');
    expect((await withKey(KEY, { localAddress: '127.0.0.4' })).status).toBe(404);
  });

  it('requests without a key are no guesses', async () => {
    const path = '/v1/sessions/none';
    for (let i = 0; i < 20; i++) {
      expect((await send(service.origin, { path, localAddress: '127.0.0.5' })).status).toBe(401);
    }
    expect((await withKey(KEY, { localAddress: '127.0.0.5' })).status).toBe(404);
  });

  it('behind a proxy each visitor is counted alone, and a forged X-Forwarded-For buys nothing', async () => {
    const guess = (visitor: string, localAddress: string) =>
      withKey('wrong-key-of-somebody', {
        localAddress,
        headers: { authorization: 'Bearer wrong-key-of-somebody', 'x-forwarded-for': visitor },
      });
    const proxied = [];
    for (let i = 0; i < 15; i++) proxied.push((await guess(`198.51.100.${i}`, '127.0.0.2')).status);
    expect(new Set(proxied)).toEqual(new Set([401]));
    const forged = [];
    for (let i = 0; i < 15; i++) forged.push((await guess(`198.51.100.${100 + i}`, '127.0.0.6')).status);
    expect(forged).toContain(429);
  });

  it('a flood of requests gets a typed 429 with Retry-After, in a moment it is over', async () => {
    const flood = (n: number) =>
      Promise.all(
        Array.from({ length: n }, () => send(service.origin, { path: '/v1/avatars', localAddress: '127.0.0.7' })),
      );
    const answers = [...(await flood(300)), ...(await flood(300))];
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(answers.length - refused.length).toBeGreaterThanOrEqual(400);
    expect(errorOf(refused[0]!)).toMatchObject({ code: 'too-many-requests', retryAfterS: 1 });
    expect(refused[0]!.headers['retry-after']).toBe('1');
    expect((await send(service.origin, { path: '/v1/avatars', localAddress: '127.0.0.8' })).status).toBe(200);
  });

  it('a flood of sockets is refused before it is one, and the others stay', async () => {
    const { client } = await service.joined();
    const tries = Array.from({ length: 200 }, () => tryToConnect(service.origin, {}, { localAddress: '127.0.0.9' }));
    const outcomes = await Promise.all(tries);
    expect(outcomes).toContain('refused');
    expect(await tryToConnect(service.origin, {}, { localAddress: '127.0.0.10' })).toBe('connected');
    await client.data('say', { text: 'still here' });
  });

  it('who guesses join tokens is told to wait, and who holds one is not disturbed', async () => {
    const session = await service.createSession();
    const errors = [];
    for (let i = 0; i < 3; i++) {
      const guesser = await TestClient.connect(service.origin, { localAddress: '127.0.0.11' } as object);
      for (let k = 0; k < 12; k++) errors.push(await guesser.error('join', { token: `guess ${i} ${k}` }));
      guesser.close();
    }
    expect(errors[0]).toMatchObject({ code: 'unauthorized', field: 'token' });
    expect(errors.at(-1)).toMatchObject({ code: 'too-many-requests', retryAfterS: expect.any(Number) });
    const holder = await service.connect();
    expect(await holder.data('join', { token: session.token })).toMatchObject({ sessionId: session.sessionId });
  });
});

describe('connections', () => {
  let service: Launched;
  beforeAll(async () => {
    service = await launch();
  });
  afterAll(() => service.close());

  it('that send their request too slowly are answered 408 and closed, while others are served', async () => {
    const { port } = new URL(service.origin);
    const slow = await Promise.all(Array.from({ length: 20 }, () => RawConnection.open(service.origin)));
    for (const { socket } of slow) socket.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n`);
    const drip = setInterval(() => {
      for (const { socket } of slow) if (socket.writable) socket.write('x-drip: 1\r\n');
    }, 500);
    expect((await send(service.origin, { path: '/healthz' })).status).toBe(200);
    const ends = await Promise.all(slow.map(({ ended }) => ended));
    clearInterval(drip);
    for (const end of ends) expect(end).toMatch(/^HTTP\/1\.1 408 /);
    expect((await send(service.origin, { path: '/healthz' })).status).toBe(200);
  });

  it('of one address are at most half of all', async () => {
    const open = await Promise.all(Array.from({ length: 160 }, () => RawConnection.open(service.origin)));
    const closed = new Set<RawConnection>();
    for (const connection of open) void connection.ended.then(() => closed.add(connection));
    await expect.poll(() => closed.size).toBeGreaterThanOrEqual(30);
    expect((await send(service.origin, { path: '/healthz', localAddress: '127.0.0.9' })).status).toBe(200);
    for (const { socket } of open) socket.destroy();
    await expect
      .poll(() =>
        send(service.origin, { path: '/healthz' }).then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200);
  });

  it.each([
    ['rubbish', 'hello\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['a TLS greeting', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', /^HTTP\/1\.1 400 /],
    [
      'headers without end',
      `GET / HTTP/1.1\r\nHost: x\r\n${`x: ${'y'.repeat(1000)}\r\n`.repeat(40)}`,
      /^HTTP\/1\.1 431 /,
    ],
    [
      'two lengths',
      'POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx',
      /^HTTP\/1\.1 400 /,
    ],
    [
      'a length and chunks (request smuggling)',
      'POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n',
      /^HTTP\/1\.1 400 /,
    ],
    ['no host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 400 /],
    [
      'an upgrade to something unknown',
      'GET /other HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: smtp\r\n\r\n',
      /^$/,
    ],
  ])('with %s are answered and closed', async (_what, bytes, answer) => {
    const connection = await RawConnection.open(service.origin);
    connection.socket.write(bytes);
    expect(await connection.ended).toMatch(answer);
  });
});
