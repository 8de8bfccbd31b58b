/** The module that docs/engines.md shows: it is loaded from the page and held to what the page demands. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../src/cache.js';
import { loadConfig } from '../../src/config.js';
import { type EngineModule, loadEngineModules } from '../../src/inference/engine-modules.js';
import { describeAgent } from '../conformance/agent.js';
import { describeRecogniser } from '../conformance/recogniser.js';
import { describeSynthesiser } from '../conformance/synthesiser.js';
import { spokenQuestion } from '../support/speech-audio.js';

const page = readFileSync(join(PROJECT_ROOT, 'docs/engines.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'engines-page-'));
const path = join(folder, 'my-engines.mjs');
let server: Server;
let engines: EngineModule;
let refuses = false;

const about = { conversationId: 'c', name: 'Mara', language: 'en', instructions: undefined };

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

beforeAll(async () => {
  const [, source] = /```js\n(\/\/ my-engines\.mjs\n[\s\S]*?)```/.exec(page) ?? [];
  writeFileSync(path, source ?? 'the page shows no module');
  // The reader's server: it hears what is loud, repeats what it is asked, and hums.
  server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    if (refuses) return void response.writeHead(503).end();
    if (request.url === '/hear') {
      let loudest = 0;
      for (let at = 0; at + 3 < body.length; at += 4) loudest = Math.max(loudest, Math.abs(body.readFloatLE(at)));
      return void response.end(loudest > 0.01 ? ' What are your opening hours?\n' : '');
    }
    const { history, text } = JSON.parse(String(body));
    if (request.url === '/speak') {
      const hum = Float32Array.from({ length: text.length * 1_440 }, (_, i) => 0.2 * Math.sin(i / 20));
      return void response.end(Buffer.from(hum.buffer));
    }
    for (const word of ['You', ' asked: ', history.at(-1).text]) {
      await new Promise((resolve) => response.write(word, resolve));
    }
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.env['MY_SERVER'] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  engines = await loadEngineModules([path]);
});
afterAll(() => {
  delete process.env['MY_SERVER'];
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

describe('the module of docs/engines.md', () => {
  it('is chosen by the settings that the page shows', () => {
    const [, line = ''] = /```sh\n(VISAVIS_ENGINES=.*) npm start/.exec(page) ?? [];
    const env = Object.fromEntries(line.split(' ').map((pair) => pair.split('=') as [string, string]));
    const config = loadConfig({ ...env, VISAVIS_ENGINES: env['VISAVIS_ENGINES']?.replace('.', folder) });
    expect({ ...config.engines, speech: config.speech }).toMatchObject({
      ...{ recognition: 'custom', agent: 'custom', conversation: 'turns', speech: 'custom' },
      modules: [path],
    });
    expect(Object.keys(engines).sort()).toEqual(['agent', 'recogniser', 'synthesiser']);
  });

  it('says by name what its server did', async () => {
    const agent = await engines.agent?.(about);
    refuses = true;
    const signal = new AbortController().signal;
    const reply = agent?.reply([{ role: 'user', text: 'Hello?' }], { signal });
    const error = await reply?.[Symbol.asyncIterator]()
      .next()
      .catch((thrown: unknown) => thrown);
    refuses = false;
    expect(error).toMatchObject({ code: 'upstream-failed', message: 'my server answered with status 503' });
  });
});

const made = async <K extends keyof EngineModule>(kind: K): Promise<NonNullable<EngineModule[K]>> => {
  const make = engines[kind];
  if (make === undefined) throw new Error(`the page shows no ${kind}`);
  return make as NonNullable<EngineModule[K]>;
};

describeRecogniser('of docs/engines.md', {
  create: async () => (await made('recogniser'))(),
  speech: spokenQuestion,
  understood: /opening hours/,
  unknownLanguage: 'tlh',
});
describeSynthesiser('of docs/engines.md', { create: async () => (await made('synthesiser'))() });
describeAgent('of docs/engines.md', {
  create: async () => (await made('agent'))(about),
  question: 'What is this place?',
  answer: /You asked: What is this place/,
});
