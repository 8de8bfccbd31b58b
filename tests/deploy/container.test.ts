import { spawn } from 'node:child_process';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../src/cache.js';
import { issue } from '../support/certificates.js';
import { type Launched, launch } from '../support/launch.js';
import { freePort } from '../support/redis.js';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function runScript(
  name: string,
  args: string[],
  env: Record<string, string>,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const script = join(PROJECT_ROOT, 'deploy/docker', name);
    const child = spawn(process.execPath, [script, ...args], { env: { PATH: process.env['PATH'], ...env } });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  return String((server.address() as AddressInfo).port);
}

const health: RequestListener = (request, response) => {
  response.writeHead(request.url === '/healthz' ? 200 : 404).end();
};

describe('the health check of the container', () => {
  it('is content with a service that runs, with API keys and a public address too', async () => {
    const service: Launched = await launch({
      VISAVIS_API_KEYS: 'a-key-of-more-than-sixteen-characters',
      VISAVIS_PUBLIC_URL: 'https://talk.example.org',
    });
    closing.push(() => service.close());
    const port = new URL(service.origin).port;
    expect(await runScript('healthcheck.mjs', [], { VISAVIS_HOST: '0.0.0.0', VISAVIS_PORT: port })).toMatchObject({
      code: 0,
    });
  });

  it('asks by TLS where the service speaks TLS, whatever name the certificate has', async () => {
    const { cert, key } = await issue({ name: 'talk.example.org' });
    const port = await listening(createSecureServer({ cert, key }, health));
    const env = { VISAVIS_PORT: port, VISAVIS_TLS_CERT: '/cert.pem', VISAVIS_TLS_KEY: '/key.pem' };
    expect(await runScript('healthcheck.mjs', [], env)).toMatchObject({ code: 0 });
  });

  it('fails where nothing listens, and where the answer is an error', async () => {
    const silent = await runScript('healthcheck.mjs', [], { VISAVIS_PORT: String(await freePort()) });
    expect(silent).toMatchObject({ code: 1, output: expect.stringContaining('ECONNREFUSED') });
    const port = await listening(createServer((_request, response) => void response.writeHead(503).end()));
    const failing = await runScript('healthcheck.mjs', [], { VISAVIS_PORT: port });
    expect(failing).toMatchObject({ code: 1, output: expect.stringContaining('status 503') });
  });
});
