import { createHmac } from 'node:crypto';
import type { LookupFunction } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GuardedHttp } from '../../../src/agents/tools/guarded-http.js';
import { type WebhookDefinition, webhookTool } from '../../../src/agents/tools/webhook.js';
import { signatureOf } from '../../../src/webhook-signature.js';
import { WebhookServer } from '../../support/webhook-server.js';

let server: WebhookServer;
let other: WebhookServer;
const open: GuardedHttp[] = [];
beforeEach(async () => {
  [server, other] = await Promise.all([WebhookServer.start(), WebhookServer.start()]);
});
afterEach(async () => {
  for (const http of open.splice(0)) http.close();
  await Promise.all([server.close(), other.close()]);
});

function guarded(
  urls: readonly string[] = [server.origin],
  privateAddresses = false,
  lookup?: LookupFunction,
): GuardedHttp {
  const http = new GuardedHttp({ urls, privateAddresses }, lookup);
  open.push(http);
  return http;
}

function hook(definition: Partial<WebhookDefinition> = {}, http = guarded()) {
  return webhookTool(
    {
      name: 'order_status',
      description: 'Where an order is.',
      url: `${server.origin}/orders`,
      parameters: {
        type: 'object',
        properties: { order: { type: 'string', pattern: '^[A-Z]\\d+$' } },
        required: ['order'],
        additionalProperties: false,
      },
      effect: 'reads',
      ...definition,
    },
    http,
  );
}

function call(tool: ReturnType<typeof hook>, args: unknown = { order: 'A1' }, signal = new AbortController().signal) {
  return tool.run(args, { signal, callId: 'call-7', sessionId: 's-1', variables: { customer: 'c42' }, history: [] });
}

/** All names are this address. */
const resolvesTo =
  (address: string): LookupFunction =>
  (_name, options, callback) =>
    options.all === true ? callback(null, [{ address, family: 4 }]) : callback(null, address, 4);

describe('a webhook', () => {
  test('gets what was asked, who asks and what the session was opened with, signed', async () => {
    server.script({ kind: 'json', value: { status: 'shipped' } });
    const secret = 'a secret of the test';
    expect(await call(hook({ secret, headers: { 'x-shop': 'north' } }))).toBe('{"status":"shipped"}');
    const [request] = server.requests;
    expect(request).toMatchObject({ method: 'POST', path: '/orders', headers: { 'x-shop': 'north' } });
    expect(request?.body).toEqual({
      tool: 'order_status',
      callId: 'call-7',
      sessionId: 's-1',
      arguments: { order: 'A1' },
      variables: { customer: 'c42' },
    });
    const [, seconds, hex] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(request?.headers['x-visavis-signature'])) ?? [];
    expect(hex).toBe(createHmac('sha256', secret).update(`${seconds}.${request?.text}`).digest('hex'));
    expect(Math.abs(Number(seconds) - Date.now() / 1000)).toBeLessThan(60);
  });

  test('has a signature that depends on time, body and secret', () => {
    const one = signatureOf('{}', 'secret', 1_700_000_000);
    // printf '1700000000.{}' | openssl dgst -sha256 -hmac secret
    expect(one).toBe('t=1700000000,v1=b8569b78799ff9e3cbff0fc2d63a33a2b57f3282abd07c37ae5e8e7d79a5f163');
    expect(
      new Set([
        one,
        signatureOf('{} ', 'secret', 1_700_000_000),
        signatureOf('{}', 'secret', 1_700_000_001),
        signatureOf('{}', 'secreT', 1_700_000_000),
      ]).size,
    ).toBe(4);
  });

  test('is not called with arguments that do not fit its schema', async () => {
    await expect(call(hook(), { order: '../etc' })).rejects.toMatchObject({ code: 'bad-request', field: 'order' });
    await expect(call(hook(), { order: 'A1', admin: true })).rejects.toMatchObject({ code: 'bad-request' });
    await expect(call(hook(), {})).rejects.toMatchObject({ code: 'bad-request', field: 'order' });
    expect(server.requests).toHaveLength(0);
  });

  test('may answer in plain text or with nothing', async () => {
    server.script(
      { kind: 'text', text: ' It is on its way. ' },
      { kind: 'text', text: '', status: 204, contentType: '' },
    );
    expect(await call(hook())).toBe('It is on its way.');
    expect(await call(hook())).toBe('');
  });

  test.each([
    [
      'HTML',
      { kind: 'text', text: '<html>Login</html>', contentType: 'text/html' },
      /a web page where JSON was expected/,
    ],
    ['an image', { kind: 'text', text: 'GIF89a', contentType: 'image/gif' }, /image\/gif where JSON was expected/],
    ['malformed JSON', { kind: 'text', text: '{"a":', contentType: 'application/json' }, /malformed JSON/],
    [
      '500 and its insides',
      { kind: 'json', value: { trace: 'at db.js' }, status: 500 },
      /^the server answered with status 500$/,
    ],
    ['404 and why', { kind: 'json', value: { message: 'no such order' }, status: 404 }, /status 404: .*no such order/],
    ['half an answer', { kind: 'break-off' }, /broke off|cannot be reached/],
  ] as const)('that answers with %s is upstream-failed', async (_what, script, message) => {
    server.script(script);
    await expect(call(hook())).rejects.toMatchObject({
      code: 'upstream-failed',
      message: expect.stringMatching(message),
    });
  });

  test.each([true, false])(
    'that answers with 10 MB (length announced: %s) is too-large and is not read to its end',
    async (announced) => {
      server.script({ kind: 'large', bytes: 10_000_000, announced });
      await expect(call(hook())).rejects.toMatchObject({ code: 'too-large' });
      await expect.poll(() => server.requests[0]?.aborted, { timeout: 10_000 }).toBe(true);
    },
  );

  test('that hangs is upstream-timeout', async () => {
    server.script({ kind: 'hang' });
    await expect(call(hook({ timeoutMs: 150 }))).rejects.toMatchObject({ code: 'upstream-timeout' });
    await expect.poll(() => server.requests[0]?.aborted, { timeout: 10_000 }).toBe(true);
  });

  test('is hung up on when the visitor breaks in', async () => {
    server.script({ kind: 'hang' });
    const abort = new AbortController();
    const answer = call(hook(), { order: 'A1' }, abort.signal);
    await server.received(1);
    abort.abort();
    await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
    await expect.poll(() => server.requests[0]?.aborted, { timeout: 10_000 }).toBe(true);
  });

  test('with a schema that is none is refused when it is defined', () => {
    const parameters = { type: 'object' as const, properties: { a: { $ref: '#/nowhere' } } };
    expect(() => hook({ parameters })).toThrow(expect.objectContaining({ code: 'bad-request', field: 'parameters' }));
    expect(() => hook({ name: 'order status' })).toThrow(
      expect.objectContaining({ code: 'bad-request', field: 'name' }),
    );
  });
});

describe('addresses that tools may call', () => {
  test('are those of the list, by origin and path', () => {
    const http = guarded(['https://api.example.org/hooks', 'https://example.com']);
    for (const url of ['https://api.example.org/hooks', 'https://api.example.org/hooks/a?b=c', 'https://example.com/x'])
      expect(http.check(url).href).toContain('https://');
    for (const url of [
      ...[
        'https://api.example.org/hooksx',
        'https://api.example.org/',
        'http://example.com/',
        'https://example.com:8443/',
      ],
      ...[
        'https://api.example.org.evil.net/hooks',
        'https://api.example.org/hooks/../admin',
        'http://169.254.169.254/',
      ],
    ])
      expect(() => http.check(url), url).toThrow(expect.objectContaining({ code: 'forbidden', field: 'url' }));
    for (const url of ['file:///etc/passwd', 'https://user:pw@example.com/', 'nonsense'])
      expect(() => http.check(url), url).toThrow(expect.objectContaining({ code: 'bad-request', field: 'url' }));
  });

  test('are not reached by a name that leads to a private address, unless that is allowed', async () => {
    const url = `http://hooks.example.org:${server.port}/`;
    const closed = hook({ url }, guarded([url], false, resolvesTo('127.0.0.1')));
    await expect(call(closed)).rejects.toMatchObject({ code: 'forbidden' });
    expect(server.requests).toHaveLength(0);
    expect(await call(hook({ url }, guarded([url], true, resolvesTo('127.0.0.1'))))).toBe('{"ok":true}');
  });

  test('are redirected to within the list only', async () => {
    server.script({ kind: 'redirect', status: 307, to: `${other.origin}/secret` });
    await expect(call(hook())).rejects.toMatchObject({ code: 'forbidden' });
    expect(other.requests).toHaveLength(0);
    const both = guarded([server.origin, other.origin]);
    expect(await call(hook({ secret: 'for the first server', headers: { authorization: 'Bearer first' } }, both))).toBe(
      '{"ok":true}',
    );
    expect(other.requests[0]).toMatchObject({ method: 'POST', path: '/secret' });
    expect(other.requests[0]?.headers).not.toHaveProperty('authorization');
    expect(other.requests[0]?.headers).not.toHaveProperty('x-visavis-signature');
  });

  test('are not redirected to by name into the private network', async () => {
    const name = `http://inner.example.org:${other.port}`;
    server.script({ kind: 'redirect', status: 308, to: `${name}/` });
    const http = guarded([server.origin, name], false, resolvesTo('127.0.0.1'));
    await expect(call(hook({}, http))).rejects.toMatchObject({ code: 'forbidden' });
    expect(other.requests).toHaveLength(0);
  });

  test('do not turn a POST into a GET or redirect for ever', async () => {
    server.script({ kind: 'redirect', status: 302, to: '/elsewhere' });
    await expect(call(hook())).rejects.toMatchObject({ message: expect.stringMatching(/redirect \(status 302\)/) });
    server.script({ kind: 'redirect', status: 307, to: '/again' });
    await expect(call(hook())).rejects.toMatchObject({ message: expect.stringMatching(/more than 3 times/) });
    expect(server.requests).toHaveLength(5);
  });
});
