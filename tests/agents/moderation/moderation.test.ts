import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { AuditLog } from '../../../src/agents/moderation/audit.js';
import { Breaker, within } from '../../../src/agents/moderation/bounded.js';
import { OpenAiClassifier } from '../../../src/agents/moderation/classifier.js';
import { ConversationModeration, Moderation, type ModerationEvent } from '../../../src/agents/moderation/moderation.js';
import type { TextEmbedder } from '../../../src/inference/engines.js';
import { createLogger } from '../../../src/log.js';
import { type ModerationPolicy, parsePolicy } from '../../../src/moderation-policy.js';
import { OpenAiServer } from '../../support/openai-server.js';

const folder = mkdtempSync(join(tmpdir(), 'visavis-moderation-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const servers: OpenAiServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const signal = new AbortController().signal;

/** One dimension per word of a tiny language. */
class WordEmbedder implements TextEmbedder {
  readonly dimensions = 3;
  fails = false;
  async embed(texts: readonly string[]): Promise<Float32Array[]> {
    if (this.fails) throw new Error('no embedder');
    return texts.map((text) => {
      const vector = ['money', 'health', 'weather'].map((word) => Number(text.includes(word)));
      const length = Math.hypot(...vector) || 1;
      return Float32Array.from(vector, (value) => value / length);
    });
  }
  async close(): Promise<void> {}
}

function policyOf(value: object): ModerationPolicy {
  const result = parsePolicy({ version: 1, ...value });
  if ('problems' in result) throw new Error(result.problems.join('; '));
  return result.policy;
}

async function bench(value: object, now?: () => number) {
  const policy = policyOf(value);
  const server = await OpenAiServer.start();
  servers.push(server);
  const embedder = new WordEmbedder();
  const path = join(folder, `${crypto.randomUUID()}.jsonl`);
  const audit = new AuditLog({ path, maxBytes: 1e6, keep: 1, logger: createLogger('test', 'silent') });
  const { classifier: settings, timeoutMs } = policy;
  const classifier = settings && new OpenAiClassifier({ apiKey: 'key', baseUrl: server.url, settings, timeoutMs });
  const moderation = new Moderation({ policy, classifier, embedder, audit, ...(now && { now }) });
  const conversation = new ConversationModeration(moderation, { sessionId: 's', language: 'de' });
  const events: ModerationEvent[] = [];
  conversation.listen((event) => events.push(event));
  const lines = async () => {
    await audit.flush();
    const text = await readFile(path, 'utf8').catch(() => '');
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  };
  return { moderation, conversation, server, embedder, events, lines };
}

describe('the rules of a policy', () => {
  const rules = {
    words: [
      { id: 'insults', any: ['idiot*'] },
      { id: 'rivals', any: ['Acme'], sides: ['avatar'] },
    ],
    claims: [{ id: 'promises', any: ['guarantee*'], unless: ['cannot guarantee', 'no guarantee*'] }],
    personalData: {
      visitor: { card: 'mask', iban: 'refuse' },
      avatar: { phone: 'refuse' },
      allow: ['+44 20 7946 0018'],
    },
  };

  it.each([
    ['avatar', 'Only idiots ask that.', ['words:insults']],
    ['visitor', 'You idiot.', ['words:insults']],
    ['avatar', 'Acme is worse, we guarantee it.', ['words:rivals', 'claim:promises']],
    ['visitor', 'Is Acme better, do you guarantee it?', []],
    ['avatar', 'We cannot guarantee that.', []],
    ['avatar', 'Call +49 30 901820.', ['personal:phone']],
    ['avatar', 'Call +44 20 7946 0018.', []],
    ['visitor', 'Call +49 30 901820.', []],
    ['visitor', 'It is DE89 3704 0044 0532 0130 00.', ['personal:iban']],
  ] as const)('object to what the %s says: %s', async (side, text, expected) => {
    const { moderation } = await bench(rules);
    expect(await moderation.judge(side, text, signal)).toMatchObject({
      ...{ isRefused: expected.length > 0, isUnchecked: false, rules: expected },
    });
  });

  it('mask what nobody else should know, and write down only that they did', async () => {
    const { conversation, events, lines } = await bench({ ...rules, audit: { texts: true } });
    const text = 'My card is 4111 1111 1111 1111.';
    expect(conversation.visitorText(text, 'supposed')).toBe('My card is [card number].');
    expect(conversation.visitorText('My card is 4111 11', 'so-far')).toBe('My card is [number]');
    expect(conversation.visitorText('We are 12 or 13', 'so-far')).toBe('We are 12 or 13');
    expect(events).toEqual([]);
    conversation.visitorText(text, 'final');
    expect(events).toEqual([{ side: 'visitor', action: 'masked' }]);
    expect(await lines()).toMatchObject([
      {
        sessionId: 's',
        side: 'visitor',
        action: 'masked',
        rules: ['personal:card'],
        text: 'My card is [card number].',
      },
    ]);
  });
});

describe('topics', () => {
  const topics = {
    topics: [{ id: 'finance', examples: ['money money', 'about money'], threshold: 0.8, sides: ['visitor'] }],
    onFailure: 'refuse',
  };

  it('are what means nearly the same as an example', async () => {
    const { moderation } = await bench(topics);
    const judge = (text: string) => moderation.judge('visitor', text, signal);
    expect(await judge('what of money?')).toMatchObject({ isRefused: true, rules: ['topic:finance'] });
    expect(await judge('what of money and health?')).toMatchObject({ isRefused: false });
    expect(await judge('Nice weather today. And what of money? Health comes first.')).toMatchObject({
      isRefused: true,
    });
    expect((await moderation.judge('avatar', 'money', signal)).isRefused).toBe(false);
  });

  it('are tried again when their examples could not be embedded', async () => {
    const { moderation, embedder } = await bench(topics);
    embedder.fails = true;
    expect(await moderation.judge('visitor', 'hello', signal)).toMatchObject({ isRefused: true, isUnchecked: true });
    embedder.fails = false;
    expect(await moderation.judge('visitor', 'hello', signal)).toMatchObject({ isRefused: false, isUnchecked: false });
  });
});

describe('a classifier', () => {
  const asked = { classifier: { use: 'openai', ignore: ['sexual'], thresholds: { violence: 0.2 } }, timeoutMs: 9_000 };

  it('is asked for what the rules let pass, and its flags and scores count as the policy says', async () => {
    const { moderation, server } = await bench({ ...asked, onFailure: 'pass', words: [{ id: 'w', any: ['bad'] }] });
    server.moderation.judge = (text) => ({ kind: 'scores', scores: { [text]: text === 'violence' ? 0.3 : 0.9 } });
    const rulesOf = async (text: string) => (await moderation.judge('avatar', text, signal)).rules;
    expect(await rulesOf('bad')).toEqual(['words:w']);
    expect(server.moderation.judged).toEqual([]);
    expect(await rulesOf('hate')).toEqual(['openai:hate']);
    expect(await rulesOf('violence')).toEqual(['openai:violence']);
    expect(await rulesOf('sexual')).toEqual([]);
    expect(await rulesOf('unknown category')).toEqual(['openai:unknown category']);
  });

  it.each([
    ['pass', { kind: 'error', status: 500 }, 9_000, 'error'],
    ['refuse', { kind: 'malformed' }, 9_000, 'error'],
    ['pass', { kind: 'hang' }, 60, 'timeout'],
    ['refuse', { kind: 'hang' }, 60, 'timeout'],
  ] as const)('that cannot judge leaves it to the policy: %s, %j', async (onFailure, judgement, timeoutMs, reason) => {
    const { conversation, server, lines, events } = await bench({ ...asked, onFailure, timeoutMs });
    server.moderation.judge = () => judgement;
    expect(await conversation.judge('visitor', 'Hello.', { signal })).toMatchObject({
      ...{ isRefused: onFailure === 'refuse', isUnchecked: true, rules: [reason] },
    });
    const action = onFailure === 'pass' ? 'passed-unchecked' : 'refused-unchecked';
    expect(events).toEqual([{ side: 'visitor', action }]);
    expect(await lines()).toMatchObject([{ action, rules: [reason] }]);
    expect(JSON.stringify(await lines())).not.toContain('Hello');
  });

  it('that fails again and again is left in peace for a while', async () => {
    let nowMs = 0;
    const { moderation, server } = await bench({ ...asked, onFailure: 'pass' }, () => nowMs);
    server.moderation.judge = () => ({ kind: 'error', status: 500 });
    for (let i = 0; i < 6; i++) await moderation.judge('avatar', 'Hello.', signal);
    expect(server.moderation.judged).toHaveLength(3);
    expect((await moderation.judge('avatar', 'Hello.', signal)).rules).toEqual(['resting']);
    nowMs += 10_001;
    server.moderation.judge = () => ({ kind: 'scores', scores: { hate: 1 } });
    expect((await moderation.judge('avatar', 'Hello.', signal)).rules).toEqual(['openai:hate']);
  });

  it('is asked no more when nobody waits for the answer', async () => {
    const { conversation, server, lines } = await bench({ ...asked, onFailure: 'pass' });
    server.moderation.judge = () => ({ kind: 'hang' });
    const abort = new AbortController();
    const judged = conversation.judge('avatar', 'Hello.', { signal: abort.signal });
    abort.abort();
    await expect(judged).rejects.toMatchObject({ name: 'AbortError' });
    expect(await lines()).toEqual([]);
  });
});

describe('what is written down', () => {
  const rules = { words: [{ id: 'w', any: ['bad'] }], audit: { texts: true } };

  it('waits until it is certain that it counts', async () => {
    const { conversation, lines } = await bench(rules);
    let commit = () => {};
    const committed = new Promise<void>((resolve) => {
      commit = resolve;
    });
    await conversation.judge('visitor', 'bad', { signal, committed });
    expect(await lines()).toEqual([]);
    commit();
    await committed;
    expect(await lines()).toMatchObject([
      { action: 'refused', rules: ['words:w'], text: 'bad', ms: expect.any(Number) },
    ]);
  });

  it('is nothing of a reply that was thrown away', async () => {
    const { conversation, events } = await bench(rules);
    const abort = new AbortController();
    let commit = () => {};
    const committed = new Promise<void>((resolve) => {
      commit = resolve;
    });
    await conversation.judge('visitor', 'bad', { signal: abort.signal, committed });
    abort.abort();
    commit();
    await committed;
    expect(events).toEqual([]);
  });
});

describe('what is said instead', () => {
  it('is the policy’s sentence in the language that is spoken, else the service’s own', async () => {
    const own = await bench({});
    expect(own.conversation.sentences.avatar).toBe('Darüber möchte ich lieber nicht sprechen.');
    const { conversation } = await bench({ sentences: { visitor: { en: 'No.', de: 'Nein.' }, avatar: 'Hm.' } });
    expect(conversation.sentences).toEqual({ visitor: 'Nein.', avatar: 'Hm.', unavailable: 'Hm.' });
  });

  it('is not judged itself', async () => {
    const { conversation } = await bench({
      words: [{ id: 'w', any: ['medicine'] }],
      sentences: { visitor: 'I do not talk about medicine. Ask me about the museum.' },
    });
    const isRefused = async (text: string) => (await conversation.judge('avatar', text, { signal })).isRefused;
    expect(await isRefused('I do not talk about medicine.')).toBe(false);
    expect(await isRefused('This medicine helps.')).toBe(true);
  });

  it('nor is the greeting, nor what the service says of itself', async () => {
    const { moderation } = await bench({ words: [{ id: 'w', any: ['AI', 'minute'] }] });
    const own = ['Welcome to the AI museum. You are talking with an AI.'];
    const conversation = new ConversationModeration(moderation, { sessionId: 's', language: 'en', own });
    const isRefused = async (text: string) => (await conversation.judge('avatar', text, { signal })).isRefused;
    expect(await isRefused('You are talking with an AI.')).toBe(false);
    expect(await isRefused('We have about one minute left.')).toBe(false);
    expect(await isRefused('An AI needs a minute.')).toBe(true);
  });
});

describe('a bounded wait', () => {
  it('ends at its limit even when the work does not heed its signal', async () => {
    const stubborn = () => new Promise<never>(() => {});
    await expect(within(20, signal, stubborn)).rejects.toMatchObject({ code: 'upstream-timeout' });
  });

  it('tells the work that nobody waits any more', async () => {
    let inner: AbortSignal | undefined;
    const work = (given: AbortSignal) => {
      inner = given;
      return new Promise<never>(() => {});
    };
    await within(10, signal, work).catch(() => {});
    expect(inner?.aborted).toBe(true);
  });

  it('rests after three failures in a row, and after one more when it tries again', () => {
    let nowMs = 0;
    const breaker = new Breaker(() => nowMs);
    breaker.failed();
    breaker.failed();
    breaker.succeeded();
    breaker.failed();
    breaker.failed();
    expect(breaker.isOpen).toBe(false);
    breaker.failed();
    expect(breaker.isOpen).toBe(true);
    nowMs = 10_000;
    expect(breaker.isOpen).toBe(false);
    breaker.failed();
    expect(breaker.isOpen).toBe(true);
  });
});
