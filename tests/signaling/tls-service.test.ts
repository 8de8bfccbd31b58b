import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { mediasoupWorkerBin } from '../../src/cache.js';
import type { CreatedSession } from '../../src/signaling/messages.js';
import { type Issued, issue } from '../support/certificates.js';
import { TestClient } from '../support/client.js';
import { type Launched, launch } from '../support/launch.js';
import { RawConnection, send, tryToConnect } from '../support/raw-http.js';

let service: Launched | undefined;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'visavis-tls-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await service?.close();
  service = undefined;
  await rm(folder, { recursive: true, force: true });
});

async function keep({ cert, key }: { cert: string; key: string }) {
  const paths = { VISAVIS_TLS_CERT: join(folder, 'cert.pem'), VISAVIS_TLS_KEY: join(folder, 'key.pem') };
  await writeFile(paths.VISAVIS_TLS_CERT, cert);
  await writeFile(paths.VISAVIS_TLS_KEY, key);
  return paths;
}

async function signed(): Promise<{ authority: Issued; leaf: Issued }> {
  const authority = await issue({ name: 'Authority', isAuthority: true });
  return { authority, leaf: await issue({ authority }) };
}

/** The certificate that a new connection is shown. */
function shown(origin: string): Promise<string> {
  const { port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: Number(port), rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

describe('with a certificate', () => {
  it('page, API and sockets are served over TLS alone, and browsers are told to stay there', async () => {
    const { authority, leaf } = await signed();
    service = await launch(await keep({ cert: leaf.cert + authority.cert, key: leaf.key }));
    expect(service.origin).toMatch(/^https:\/\/127\.0\.0\.1:/);
    const ca = authority.cert;
    const page = await send(service.origin, { ca });
    expect(page).toMatchObject({ status: 200, headers: { 'strict-transport-security': 'max-age=15768000' } });
    const created = await send(service.origin, { method: 'POST', path: '/v1/sessions', ca });
    const client = await TestClient.connect(service.origin, { ca } as object);
    const { token } = JSON.parse(created.body) as CreatedSession;
    await client.data('join', { token });
    await client.data('say', { text: 'hello' });
    await client.event('utterance-end', ({ text }) => text === 'hello');
    client.close();
    const plain = await RawConnection.open(service.origin.replace('https', 'http'));
    plain.socket.write(`GET / HTTP/1.1\r\nHost: ${new URL(service.origin).host}\r\n\r\n`);
    expect(await plain.ended).not.toContain('200');
    // The same address without TLS is another origin.
    const { host } = new URL(service.origin);
    expect(await tryToConnect(service.origin, { origin: `http://${host}` }, { ca })).toBe('refused');
    expect(await tryToConnect(service.origin, { origin: `https://${host}` }, { ca })).toBe('connected');
    const metrics = await send(service.origin, { path: '/metrics', ca });
    const expiry = /^visavis_tls_certificate_expiry_timestamp_seconds (\S+)$/m.exec(metrics.body);
    expect(Number(expiry?.[1])).toBe(leaf.x509.notAfter.getTime() / 1000);
  });

  it('a renewed one is shown to new connections, and the old connections live on', async () => {
    const { authority, leaf } = await signed();
    const paths = await keep(leaf);
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'], shouldAdvanceTime: true });
    try {
      service = await launch(paths);
      const client = await TestClient.connect(service.origin, { ca: authority.cert } as object);
      const before = await shown(service.origin);
      await keep(await issue({ authority }));
      await vi.advanceTimersByTimeAsync(61_000);
      await vi.waitFor(async () => expect(await shown(service!.origin)).not.toBe(before), { timeout: 5_000 });
      expect(client.socket.connected).toBe(true);
      client.close();
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([
    ['expired', async () => issue({ notAfterMs: Date.now() - 1_000 }), /VISAVIS_TLS_CERT: the certificate expired/],
    ['not valid yet', async () => issue({ notBeforeMs: Date.now() + 60_000 }), /VISAVIS_TLS_CERT: .*not valid before/],
    [
      'without its own key',
      async () => ({ ...(await issue()), key: (await issue()).key }),
      /VISAVIS_TLS_CERT, VISAVIS_TLS_KEY: the key does not belong/,
    ],
  ])('that is %s the start is refused', async (_what, make, message) => {
    await expect(launch(await keep(await make()))).rejects.toThrow(message);
  });
});

describe('--dev-tls', () => {
  it('makes a certificate that is kept for the next start, and never tells browsers to insist on it', async () => {
    vi.stubEnv('MEDIASOUP_WORKER_BIN', mediasoupWorkerBin());
    vi.stubEnv('VISAVIS_CACHE', folder);
    service = await launch({ VISAVIS_DEV_TLS: 'on' });
    const first = await shown(service.origin);
    const certPath = join(folder, 'dev-tls', 'cert.pem');
    expect((await stat(join(folder, 'dev-tls', 'key.pem'))).mode & 0o777).toBe(0o600);
    const page = await send(service.origin, { ca: await readFile(certPath, 'utf8') });
    expect(page.status).toBe(200);
    expect(page.headers['strict-transport-security']).toBeUndefined();
    await service.close();
    service = await launch({ VISAVIS_DEV_TLS: 'on' });
    expect(await shown(service.origin)).toBe(first);
  });
});
