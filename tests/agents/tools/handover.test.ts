import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createKnowledgeAgent, openRetriever } from '../../../src/agents/knowledge/index.js';
import { GuardedHttp } from '../../../src/agents/tools/guarded-http.js';
import { asksForHuman, Handover, type HandoverSettings } from '../../../src/agents/tools/handover.js';
import type { Message, TextEmbedder } from '../../../src/inference/engines.js';
import { WebhookServer } from '../../support/webhook-server.js';

let server: WebhookServer;
let http: GuardedHttp;
beforeEach(async () => {
  server = await WebhookServer.start();
  http = new GuardedHttp({ urls: [server.origin], privateAddresses: false });
});
afterEach(async () => {
  http.close();
  await server.close();
});

const HISTORY: Message[] = [
  { role: 'user', text: 'my order is late' },
  { role: 'tool', text: 'secret insides', tool: { name: 'order', arguments: '{}' } },
  { role: 'assistant', text: 'I am sorry to', interrupted: true },
  { role: 'user', text: 'let me talk to a human' },
];

function bench(o: Partial<HandoverSettings> = {}) {
  let requested = 0;
  const settings = { url: `${server.origin}/people`, secret: 'a secret of the test', ...o };
  const handover = new Handover(settings, http, () => requested++);
  const request = (history = HISTORY) =>
    handover.request({
      ...{ reason: 'the order is late', sessionId: 's-1', variables: { customer: 'c42' }, history },
      signal: new AbortController().signal,
    });
  return { handover, request, requested: () => requested };
}

describe('a hand-over', () => {
  test('tells the people why, who and what was said, signed', async () => {
    const { request, requested } = bench();
    expect(await request()).toBe('I have asked a colleague to take over.');
    expect(requested()).toBe(1);
    expect(server.requests[0]?.headers).toHaveProperty('x-visavis-signature');
    expect(server.requests[0]?.body).toMatchObject({
      event: 'handover',
      reason: 'the order is late',
      sessionId: 's-1',
      variables: { customer: 'c42' },
      transcript: [
        { role: 'user', text: 'my order is late' },
        { role: 'assistant', text: 'I am sorry to', interrupted: true },
        { role: 'user', text: 'let me talk to a human' },
      ],
    });
  });

  test('tells the visitor what the people answer, else the standing sentence', async () => {
    server.script({ kind: 'json', value: { message: 'Ben will call you within ten minutes.' } });
    expect(await bench().request()).toBe('Ben will call you within ten minutes.');
    server.script({ kind: 'json', value: { message: 7 } });
    expect(await bench({ say: 'Someone is coming.' }).request()).toBe('Someone is coming.');
  });

  test('is asked for three times in one conversation at most', async () => {
    const { request } = bench();
    for (let i = 0; i < 5; i++) await request();
    expect(server.requests).toHaveLength(3);
  });

  test('sends only the newest of a long conversation', async () => {
    const history = Array.from(
      { length: 200 },
      (_, i): Message => ({ role: i % 2 ? 'assistant' : 'user', text: `${i} ${'x'.repeat(900)}` }),
    );
    await bench().request(history);
    const { transcript } = server.requests[0]?.body ?? {};
    expect(transcript.length).toBeLessThan(40);
    expect(transcript.at(-1).text).toMatch(/^199 /);
  });

  test('that fails tells nobody that it worked', async () => {
    server.script({ kind: 'json', value: {}, status: 503 });
    const { request, requested } = bench();
    await expect(request()).rejects.toMatchObject({ code: 'upstream-failed' });
    expect(requested()).toBe(0);
  });

  test('is a tool that acts, with what the visitor is to be told', async () => {
    const { tool } = bench({ when: 'the person is a journalist' }).handover;
    expect(tool).toMatchObject({
      name: 'hand_over_to_human',
      effect: 'acts',
      description: expect.stringContaining('journalist'),
    });
    const context = {
      signal: new AbortController().signal,
      callId: 'c',
      sessionId: 's-1',
      variables: {},
      history: HISTORY,
    };
    expect(await tool.run({ reason: 'asked', summary: 'late order' }, context)).toBe(
      'Done. Tell the person: I have asked a colleague to take over.',
    );
    expect(server.requests[0]?.body).toMatchObject({ summary: 'late order' });
  });
});

describe('asking for a human', () => {
  test.each([
    ...[
      'Can I talk to a human?',
      'I want to speak to a real person, please.',
      'Let me speak with someone real.',
      'Connect me to an agent.',
    ],
    ...[
      'I need a human.',
      "I'd like to talk to your manager.",
      'Could you put me through to customer service?',
      'Please get me a real person.',
    ],
  ])('is understood: %s', (text) => {
    expect(asksForHuman(text)).toBe(true);
  });

  test.each([
    ...[
      'Am I talking to a human?',
      'Are you a real person?',
      'How many people work in support?',
      'Is this a human agent?',
    ],
    ...[
      'I do not want to talk to a human.',
      'What is a travel agent?',
      'Do you have a family room for four people?',
      'Hello.',
    ],
  ])('is not seen in: %s', (text) => {
    expect(asksForHuman(text)).toBe(false);
  });
});

describe('the agent without a language model', () => {
  const embedder: TextEmbedder = {
    dimensions: 2,
    embed: async (texts) => texts.map(() => new Float32Array([1, 0])),
    close: async () => {},
  };

  async function say(handOver: (() => Promise<string>) | undefined, committed?: Promise<void>) {
    const retriever = await openRetriever({ folder: 'assets/knowledge', embedder, vectorFolder: null });
    const agent = createKnowledgeAgent({ retriever, name: 'Ada', ...(handOver && { handOver }) });
    let text = '';
    const options = { signal: new AbortController().signal, ...(committed && { committed }) };
    for await (const event of agent.reply([{ role: 'user', text: 'Let me talk to a human.' }], options))
      if (event.type === 'text-delta') text += event.text;
    return text;
  }

  test('hands over, too, once it is certain that the visitor has finished', async () => {
    let asked = false;
    let commit = (): void => {};
    const committed = new Promise<void>((resolve) => {
      commit = resolve;
    });
    const text = say(async () => {
      asked = true;
      return 'Ben is coming.';
    }, committed);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(asked).toBe(false);
    commit();
    expect(await text).toBe('Ben is coming.');
  });

  test('says so while that takes long', async () => {
    const slow = () => new Promise<string>((resolve) => setTimeout(resolve, 900, 'Ben is coming.'));
    expect(await say(slow)).toBe('One moment, I am calling someone. Ben is coming.');
  });

  test('answers as ever where nobody can be called', async () => {
    expect(await say(undefined)).not.toBe('');
  });
});
