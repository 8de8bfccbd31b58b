import { cp, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKnowledgeAgent, type KnowledgeRetriever, openRetriever } from '../../src/agents/knowledge/index.js';
import { UNSURE } from '../../src/agents/knowledge/wording.js';
import type { Message, TextEmbedder } from '../../src/inference/engines.js';
import { MiniLmEmbedder } from '../../src/inference/text/minilm.js';
import * as questions from '../support/knowledge/questions.js';

const folder = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const VISAVIS = folder('assets/knowledge');
const HOTEL = folder('tests/support/knowledge/hotel');
const BIKE_SHOP = folder('tests/support/knowledge/bike-shop');

let embedder: MiniLmEmbedder;
let scratch: string;
const open = new Map<string, KnowledgeRetriever>();

beforeAll(async () => {
  embedder = await MiniLmEmbedder.create({ threads: 1 });
  scratch = await mkdtemp(join(tmpdir(), 'visavis-knowledge-'));
  for (const path of [VISAVIS, HOTEL, BIKE_SHOP])
    open.set(path, await openRetriever({ folder: path, embedder, vectorFolder: null }));
});
afterAll(async () => {
  await embedder.close();
  await rm(scratch, { recursive: true, force: true });
});

function retriever(path: string): KnowledgeRetriever {
  const found = open.get(path);
  if (!found) throw new Error(`${path} is not open`);
  return found;
}

async function reply(path: string, history: readonly Message[]): Promise<string> {
  const agent = createKnowledgeAgent({ retriever: retriever(path), name: 'Ada' });
  let text = '';
  let ends = 0;
  for await (const event of agent.reply(history, { signal: new AbortController().signal })) {
    if (event.type === 'text-delta') text += event.text;
    else if (event.type === 'reply-end') ends += 1;
  }
  expect(ends).toBe(1);
  return text;
}

/** Speaks the turns one after the other; returns the replies. */
async function converse(path: string, ...turns: string[]): Promise<string[]> {
  const history: Message[] = [];
  const replies: string[] = [];
  for (const text of turns) {
    history.push({ role: 'user', text });
    replies.push(await reply(path, history));
    history.push({ role: 'assistant', text: replies.at(-1) ?? '' });
  }
  return replies;
}

/** Heading of the passage that the reply says, if any. */
function headingSaid(path: string, text: string): string | undefined {
  return retriever(path)
    .chunks.find((chunk) => chunk.sentences.some((sentence) => text.includes(sentence)))
    ?.headings.at(-1);
}

const isHedged = (text: string): boolean => UNSURE.some((preface) => text.startsWith(preface));

describe('questions that the code has never seen', () => {
  test.each([
    ['the sample knowledge', VISAVIS, questions.VISAVIS, 0.93],
    ['the sample knowledge, asked afresh', VISAVIS, questions.VISAVIS_FRESH, 0.8],
    ['the sample knowledge, nothing changed for it', VISAVIS, questions.VISAVIS_LAST, 0.55],
    ['a hotel', HOTEL, questions.HOTEL, 0.88],
    ['a bike shop that nothing was tuned on', BIKE_SHOP, questions.BIKE_SHOP, 0.88],
  ])('are answered from the right passage: %s', async (_, path, asked, share) => {
    const missed: string[] = [];
    for (const { ask, about } of asked) {
      const text = await reply(path, [{ role: 'user', text: ask }]);
      const heading = headingSaid(path, text);
      if (heading === undefined || !about.includes(heading)) missed.push(`${ask} → ${text}`);
    }
    expect(missed.length, missed.join('\n')).toBeLessThanOrEqual(Math.floor(asked.length * (1 - share)));
  });

  test.each([
    ['the sample knowledge', VISAVIS, questions.VISAVIS_UNKNOWN],
    ['a hotel', HOTEL, questions.HOTEL_UNKNOWN],
    ['a bike shop', BIKE_SHOP, questions.BIKE_SHOP_UNKNOWN],
  ])('about something else are admitted not to be known: %s', async (_, path, asked) => {
    const claimed: string[] = [];
    for (const ask of asked) {
      const text = await reply(path, [{ role: 'user', text: ask }]);
      if (headingSaid(path, text) !== undefined) claimed.push(`${ask} → ${text}`);
      else expect(text).toContain('I can tell you about');
    }
    expect(claimed.length, claimed.join('\n')).toBeLessThanOrEqual(1);
  });

  test.each([
    ['the sample knowledge', VISAVIS, questions.VISAVIS_NEAR],
    ['a hotel', HOTEL, questions.HOTEL_NEAR],
    ['a bike shop', BIKE_SHOP, questions.BIKE_SHOP_NEAR],
  ])('that only sound like it are seldom answered without a reservation: %s', async (_, path, asked) => {
    const flat: string[] = [];
    for (const ask of asked) {
      const text = await reply(path, [{ role: 'user', text: ask }]);
      if (headingSaid(path, text) !== undefined && !isHedged(text)) flat.push(`${ask} → ${text}`);
    }
    expect(flat.length, flat.join('\n')).toBeLessThanOrEqual(2);
  });

  test('are answered with at most about fifty words', async () => {
    for (const { ask } of questions.VISAVIS) {
      const text = await reply(VISAVIS, [{ role: 'user', text: ask }]);
      expect(text.split(/\s+/u).length, text).toBeLessThanOrEqual(60);
    }
  });

  test('survive greetings, fillers and misheard names in front and in between', async () => {
    for (const ask of [
      'hi there um can you tell me what viz a viz is',
      'okay so what is vis-à-vis',
      'Hello Ada, what is Visavis?',
    ]) {
      expect(await reply(VISAVIS, [{ role: 'user', text: ask }]), ask).toContain('Visavis is an open-source service');
    }
    expect(await reply(VISAVIS, [{ role: 'user', text: 'do i need a g p u' }])).toContain('does not need a GPU');
    expect(retriever(VISAVIS).repairNames('is moon shine used?')).toBe('is Moonshine used?');
  });
});

describe('a conversation', () => {
  test('follow-ups are understood from the question before', async () => {
    const [, price, other, week] = await converse(
      BIKE_SHOP,
      'can i rent an electric bike',
      'how much is that',
      'and a city bike',
      'what about for a week',
    );
    expect(price).toBe('An electric bike costs 35 euros a day.');
    expect(other).toContain('A city bike costs 15 euros a day');
    expect(week).toContain('60 euros a week');
    const [, , parking] = await converse(HOTEL, 'how much is breakfast', 'what about parking', 'how much is that');
    expect(parking).toContain('Parking costs nine euros');
  });

  test('"tell me more" says what was not said yet and ends honestly', async () => {
    const replies = await converse(
      HOTEL,
      'how do i get there from the airport',
      'tell me more',
      'more',
      'more',
      'more',
      'more',
    );
    const said = replies.flatMap((text) =>
      retriever(HOTEL).chunks.flatMap((chunk) => chunk.sentences.filter((sentence) => text.includes(sentence))),
    );
    expect(new Set(said).size).toBe(said.length);
    expect(replies.at(-1)).toMatch(/That is all I know about it|I know no more than that/u);
  });

  test('goes on with the sentence that was cut off', async () => {
    const history: Message[] = [
      { role: 'user', text: 'can i bring my dog' },
      { role: 'assistant', text: 'Dogs are welcome for', interrupted: true },
      { role: 'user', text: 'sorry, go on' },
    ];
    expect(await reply(HOTEL, history)).toMatch(/^Dogs are welcome for twelve euros a night\./u);
    expect(await reply(HOTEL, [...history.slice(0, 2), { role: 'user', text: 'can you repeat that' }])).toBe(
      'Dogs are welcome for twelve euros a night.',
    );
  });

  test('repeats itself word for word when asked to', async () => {
    const [first, again] = await converse(VISAVIS, 'what does it cost', 'what did you say?');
    expect(again).toBe(first);
  });

  test('"yes" takes up an offer, and without one asks back', async () => {
    const offered: Message[] = [
      { role: 'user', text: 'when is check-in' },
      { role: 'assistant', text: 'You can check in from three in the afternoon. Would you like to know more?' },
      { role: 'user', text: 'yes please' },
    ];
    expect(await reply(HOTEL, offered)).toContain('Please check out by eleven');
    expect(await reply(HOTEL, [{ role: 'user', text: 'yes' }])).toMatch(/\?$/u);
  });

  test('wordings differ from turn to turn, and the same history gives the same reply', async () => {
    const unknown = await converse(
      HOTEL,
      'who wrote hamlet',
      'what is the capital of spain',
      'how do i learn the guitar',
    );
    expect(new Set(unknown).size).toBe(3);
    expect(await converse(HOTEL, 'who wrote hamlet')).toEqual([unknown[0]]);
  });

  test('asks again when nothing was understood', async () => {
    for (const text of ['', '…', '  ']) expect(await reply(HOTEL, [{ role: 'user', text }])).toMatch(/\?$/u);
  });

  test('is honest about being a machine however it is asked', async () => {
    for (const ask of [
      'are you human',
      'Are you a real person?',
      'am i talking to a robot',
      'is this an ai or a human',
      'are you a bot',
    ]) {
      expect(await reply(HOTEL, [{ role: 'user', text: ask }]), ask).toMatch(/\bAI\b/u);
    }
    expect(await reply(HOTEL, [{ role: 'user', text: 'who are you' }])).toContain('Ada');
  });

  test('an aborted reply rejects and says nothing', async () => {
    const agent = createKnowledgeAgent({ retriever: retriever(HOTEL), name: 'Ada' });
    const events = agent
      .reply([{ role: 'user', text: 'do you have a sauna' }], { signal: AbortSignal.abort() })
      [Symbol.asyncIterator]();
    await expect(events.next()).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('the knowledge folder', () => {
  class CountingEmbedder implements TextEmbedder {
    readonly dimensions = 8;
    embedded = 0;
    async embed(texts: readonly string[]): Promise<Float32Array[]> {
      this.embedded += texts.length;
      return texts.map((text) => {
        const vector = new Float32Array(8);
        for (const char of text) vector[char.charCodeAt(0) % 8] = (vector[char.charCodeAt(0) % 8] ?? 0) + 1;
        const norm = Math.hypot(...vector);
        return vector.map((value) => value / norm);
      });
    }
    async close(): Promise<void> {}
  }

  test('is embedded once per content and read from the cache afterwards', async () => {
    const path = join(scratch, 'cached');
    const vectorFolder = join(scratch, 'vectors');
    await cp(HOTEL, path, { recursive: true });
    const counting = new CountingEmbedder();
    const first = await openRetriever({ folder: path, embedder: counting, vectorFolder });
    const once = counting.embedded;
    const second = await openRetriever({ folder: path, embedder: counting, vectorFolder });
    expect(counting.embedded).toBe(once);
    const [vector = new Float32Array()] = await counting.embed(['when is breakfast']);
    expect(second.rank('when is breakfast', vector, 3)).toEqual(first.rank('when is breakfast', vector, 3));
    await writeFile(join(path, 'new.md'), '# New\nSomething new.');
    const before = counting.embedded;
    expect((await openRetriever({ folder: path, embedder: counting, vectorFolder })).size).toBe(first.size + 1);
    expect(counting.embedded).toBeGreaterThan(before);
  });

  test('leaves a bounded number of cached files, and a damaged one is made anew', async () => {
    const path = join(scratch, 'many');
    const vectorFolder = join(scratch, 'many-vectors');
    await cp(BIKE_SHOP, path, { recursive: true });
    const counting = new CountingEmbedder();
    for (let i = 0; i < 20; i++) {
      await writeFile(join(path, 'changing.md'), `# Number\nThe number is ${i}.`);
      await openRetriever({ folder: path, embedder: counting, vectorFolder });
    }
    const files = await readdir(vectorFolder);
    expect(files).toHaveLength(16);
    for (const file of files) await writeFile(join(vectorFolder, file), 'damaged');
    const before = counting.embedded;
    expect((await openRetriever({ folder: path, embedder: counting, vectorFolder })).size).toBe(16);
    expect(counting.embedded).toBeGreaterThan(before);
    expect((await stat(join(vectorFolder, files[0] ?? ''))).isFile()).toBe(true);
  });

  test('that is empty makes an agent that says so; one that is missing is refused', async () => {
    const path = await mkdtemp(join(scratch, 'empty-'));
    const empty = await openRetriever({ folder: path, embedder, vectorFolder: null });
    const texts: string[] = [];
    const agent = createKnowledgeAgent({ retriever: empty, name: 'Ada' });
    for await (const event of agent.reply([{ role: 'user', text: 'what is the price' }], {
      signal: new AbortController().signal,
    })) {
      if (event.type === 'text-delta') texts.push(event.text);
    }
    expect(texts.join('')).toContain('not been given any knowledge');
    await expect(openRetriever({ folder: join(scratch, 'nowhere'), embedder })).rejects.toMatchObject({
      code: 'bad-request',
      field: 'knowledge',
    });
  });
});
