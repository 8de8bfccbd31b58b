import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createKnowledgeAgent,
  KnowledgePages,
  type KnowledgeReport,
  LiveKnowledge,
} from '../../src/agents/knowledge/index.js';
import { GuardedHttp } from '../../src/agents/tools/guarded-http.js';
import type { Source, TextEmbedder } from '../../src/inference/engines.js';
import { linesOf, writePdf } from '../support/pdf-writer.js';
import { WebhookServer } from '../support/webhook-server.js';

const pdfThread = new URL('../../dist/agents/knowledge/pdf-thread.js', import.meta.url);
const DIMENSIONS = 64;

/** Vectors of the words' letters: the same words, the same direction. Counts what it is asked for. */
class WordEmbedder implements TextEmbedder {
  readonly dimensions = DIMENSIONS;
  texts: string[] = [];
  async embed(texts: readonly string[]): Promise<Float32Array[]> {
    this.texts.push(...texts);
    return texts.map((text) => {
      const vector = new Float32Array(DIMENSIONS);
      for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) {
        let hash = 7;
        for (const letter of word) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 9_973;
        vector[hash % DIMENSIONS] = (vector[hash % DIMENSIONS] ?? 0) + 1;
      }
      const length = Math.hypot(...vector) || 1;
      return vector.map((value) => value / length);
    });
  }
  async close(): Promise<void> {}
}

let folder: string;
const closing: (() => unknown)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'visavis-knowledge-'));
  closing.push(() => rmSync(folder, { recursive: true, force: true }));
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const put = (name: string, content: string | Buffer): void => writeFileSync(join(folder, name), content);

async function open(o: { pages?: KnowledgePages; pagesEveryMs?: number } = {}) {
  const embedder = new WordEmbedder();
  const reports: KnowledgeReport[] = [];
  const knowledge = await LiveKnowledge.open({
    ...{
      folder,
      embedder,
      vectorFolder: null,
      pdfThread,
      checkEveryMs: 20,
      onReport: (report) => reports.push(report),
      ...o,
    },
  });
  closing.push(() => knowledge.close());
  const text = (): string => knowledge.current.chunks.flatMap(({ sentences }) => sentences).join(' ');
  const problems = (): readonly string[] =>
    reports.flatMap((report) => (report.type === 'loaded' ? report.problems : []));
  return { knowledge, embedder, reports, text, problems };
}

describe('a folder of knowledge', () => {
  test('is read in all its formats, and each file that cannot be read is named', async () => {
    mkdirSync(join(folder, 'more'));
    put('a.md', '# Prices\nA room costs 120 euros.');
    put('more/b.html', '<title>Times</title><p>Breakfast is at seven.</p>');
    put('c.pdf', writePdf([linesOf(['Dogs are welcome.'])]));
    put('d.txt', 'Parking is free.\n\n# is a sign.');
    put('e.pdf', writePdf([linesOf(['secret'])], { encrypted: true }));
    put('f.pdf', 'not a PDF');
    put('g.md', '');
    truncateSync(join(folder, 'g.md'), 3_000_000);
    put('h.pdf', '');
    truncateSync(join(folder, 'h.pdf'), 300_000_000);
    put('i.txt', 'binary\u0000data');
    put('j.docx', 'ignored');
    symlinkSync(join(folder, 'nowhere'), join(folder, 'k.md'));
    const { text, problems } = await open();
    expect(text()).toBe(
      'A room costs 120 euros. Dogs are welcome. Parking is free. # is a sign. Breakfast is at seven.',
    );
    expect(problems()).toEqual([
      'e.pdf is encrypted: expected a PDF that opens without a password',
      'f.pdf is broken, or no PDF',
      'g.md has 3000000 bytes, at most 2000000',
      'h.pdf has 300000000 bytes, at most 50000000',
      'i.txt is no text',
    ]);
  });

  test('is read again when a file is added, changed or removed, and only what is new is embedded', async () => {
    put('a.md', '# A\nThe first file says one.');
    put('b.md', '# B\nThe second file says two.');
    const { text, embedder } = await open();
    expect(text()).toContain('says two');
    embedder.texts = [];
    put('b.md', '# B\nThe second file says three now.');
    await expect.poll(text, { timeout: 5_000 }).toContain('says three now');
    expect(embedder.texts.length).toBeGreaterThan(0);
    expect(embedder.texts.join()).not.toContain('first file');
    put('c.md', '# C\nA third file.');
    await expect.poll(text, { timeout: 5_000 }).toContain('third file');
    rmSync(join(folder, 'a.md'));
    await expect.poll(text, { timeout: 5_000 }).not.toContain('first file');
  });

  test('that is taken away keeps what was known, and is found when it is back', async () => {
    put('a.md', '# A\nThe first file.');
    const { text, reports } = await open();
    renameSync(folder, `${folder}-away`);
    await expect.poll(() => reports.some(({ type }) => type === 'failed'), { timeout: 5_000 }).toBe(true);
    expect(text()).toContain('first file');
    renameSync(`${folder}-away`, folder);
    put('b.md', '# B\nThe second file.');
    await expect.poll(text, { timeout: 5_000 }).toContain('second file');
  });

  test('is what a conversation under way answers from, with its source', async () => {
    put('prices.md', '# Prices\n## Rooms\nA double room costs 120 euros.');
    const { knowledge, text } = await open();
    const agent = createKnowledgeAgent({ retriever: knowledge, name: 'Ada' });
    const ask = async (question: string) => {
      const answer: { text: string; sources: Source[] } = { text: '', sources: [] };
      for await (const event of agent.reply([{ role: 'user', text: question }], {
        signal: new AbortController().signal,
      })) {
        if (event.type === 'text-delta') answer.text += event.text;
        if (event.type === 'sources') answer.sources.push(...event.sources);
      }
      return answer;
    };
    expect(await ask('a double room costs')).toEqual({
      text: expect.stringContaining('A double room costs 120 euros.'),
      sources: [{ title: 'Prices: Rooms' }],
    });
    put('prices.md', '# Prices\n## Rooms\nA double room costs 150 euros.');
    await expect.poll(text, { timeout: 5_000 }).toContain('150');
    expect((await ask('a double room costs')).text).toContain('150 euros');
    expect((await ask('hello')).sources).toEqual([]);
  });
});

describe('web pages as knowledge', () => {
  test('are fetched, cited by their address, and stay when they cannot be had', async () => {
    const server = await WebhookServer.start();
    const http = new GuardedHttp({ urls: [server.origin], privateAddresses: false });
    closing.push(
      () => server.close(),
      () => http.close(),
    );
    const html = (text: string) => ({ kind: 'text' as const, text, contentType: 'text/html; charset=utf-8' });
    server.script(
      html('<title>News</title><p>The museum opens in May.</p>'),
      { kind: 'json', value: {}, status: 500 },
      html('<p>The museum is closed.</p>'),
    );
    const url = `${server.origin}/news?secret=1`;
    const { text, knowledge, problems } = await open({ pages: new KnowledgePages([url], http), pagesEveryMs: 100 });
    await expect.poll(text, { timeout: 5_000 }).toBe('The museum opens in May.');
    expect(knowledge.current.chunks[0]).toMatchObject({ title: 'News', url });
    await expect
      .poll(problems, { timeout: 5_000 })
      .toContain(`${server.origin}/news: the server answered with status 500`);
    await expect.poll(text, { timeout: 5_000 }).toBe('The museum is closed.');
  });

  test('are not fetched from where nothing may be fetched, or when they are no pages', async () => {
    const server = await WebhookServer.start();
    const http = new GuardedHttp({ urls: [`${server.origin}/open`], privateAddresses: false });
    closing.push(
      () => server.close(),
      () => http.close(),
    );
    server.script({ kind: 'json', value: {} });
    const { problems } = await open({
      pages: new KnowledgePages([`${server.origin}/closed`, `${server.origin}/open`], http),
    });
    await expect
      .poll(problems, { timeout: 5_000 })
      .toEqual([
        expect.stringMatching(/closed: .*not among the addresses/),
        expect.stringMatching(/open: expected a web page, got application\/json/),
      ]);
  });
});
