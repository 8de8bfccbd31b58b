import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve as resolvePath } from 'node:path';
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
    const child = spawn(process.execPath, [resolvePath(PROJECT_ROOT, 'deploy/docker', name), ...args], {
      env: { PATH: process.env['PATH'], ...env },
    });
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

describe('the entry point of the container', () => {
  /** A checkout as it lies in the image: the scripts, the list of models, models of the image, and a command line that says what it got. */
  function imageFolder(): { root: string; cache: string; entry: string } {
    const root = mkdtempSync(join(tmpdir(), 'visavis-entry-'));
    closing.push(() => rmSync(root, { recursive: true, force: true }));
    for (const name of ['scripts', 'deploy/docker']) {
      cpSync(join(PROJECT_ROOT, name), join(root, name), { recursive: true });
    }
    const content = 'weights';
    const file = {
      ...{ name: 'tiny.onnx', group: 'default', bytes: content.length, licence: 'MIT', attribution: 'a', use: 'u' },
      sha256: createHash('sha256').update(content).digest('hex'),
      sources: [{ url: 'http://127.0.0.1:9/tiny.onnx' }],
    };
    const lock = { version: 1, groups: { default: 'd', piper: 'p', vision: 'v' }, files: [file] };
    writeFileSync(join(root, 'models.lock.json'), JSON.stringify(lock));
    writeFileSync(join(root, 'package.json'), '{"type":"module"}');
    mkdirSync(join(root, 'models'));
    writeFileSync(join(root, 'models/tiny.onnx'), content);
    mkdirSync(join(root, 'dist'));
    const say = "console.log('command line:', process.argv[1].endsWith('dist/cli.js'), ...process.argv.slice(2));";
    writeFileSync(join(root, 'dist/cli.js'), say);
    const cache = join(root, 'cache');
    mkdirSync(cache);
    return { root, cache, entry: join(root, 'deploy/docker/entrypoint.mjs') };
  }
  const markBundled = (root: string) => writeFileSync(join(root, 'models/.verified.json'), '{}');

  it('uses the models of the image from where they are, and hands over to the command line', async () => {
    const { root, cache, entry } = imageFolder();
    markBundled(root);
    for (let start = 0; start < 2; start += 1) {
      const run = await runScript(entry, ['serve', '--port', '1234'], { VISAVIS_CACHE: cache });
      expect(run).toEqual({ code: 0, output: 'command line: true serve --port 1234\n' });
    }
    expect(readlinkSync(join(cache, 'models'))).toBe(join(root, 'models'));
  });

  it('fetches what is missing first, and does not start without it', async () => {
    const { cache, entry } = imageFolder();
    const run = await runScript(entry, ['serve'], { VISAVIS_CACHE: cache });
    expect(run.code).toBe(1);
    expect(run.output).toContain('tiny.onnx');
    expect(run.output).not.toContain('command line');
  });

  it('starts with models that an earlier start put into the volume', async () => {
    const { cache, entry } = imageFolder();
    mkdirSync(join(cache, 'models'));
    writeFileSync(join(cache, 'models/tiny.onnx'), 'weights');
    expect(await runScript(entry, [], { VISAVIS_CACHE: cache })).toMatchObject({ code: 0 });
  });

  it('says what to mount where the cache cannot be written', async () => {
    const { root, entry } = imageFolder();
    markBundled(root);
    const run = await runScript(entry, ['serve'], { VISAVIS_CACHE: '/proc/visavis' });
    expect(run).toMatchObject({ code: 1, output: expect.stringMatching(/\/proc\/visavis cannot be written .*mount/) });
  });

  it('needs no models to say what is wrong', async () => {
    const { entry } = imageFolder();
    const run = await runScript(entry, ['doctor'], { VISAVIS_CACHE: '/proc/visavis' });
    expect(run).toEqual({ code: 0, output: 'command line: true doctor\n' });
  });
});

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
