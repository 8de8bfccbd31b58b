import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { apology, createOpenAiAgent, type OpenAiAgentOptions } from '../../src/agents/openai-agent.js';
import { VisavisError } from '../../src/errors.js';
import type { Message } from '../../src/inference/engines.js';
import { OpenAiServer } from '../support/openai-server.js';

const KEY = 'sk-secret-key-of-the-test';
const QUESTION: Message[] = [{ role: 'user', text: 'what is it' }];
const TEXT = 'It is a service. It talks to you, and you can interrupt it.';

let server: OpenAiServer;
beforeEach(async () => {
  server = await OpenAiServer.start({ apiKey: KEY });
});
afterEach(() => server.close());

function agent(o: Partial<OpenAiAgentOptions> = {}) {
  return createOpenAiAgent({ apiKey: KEY, baseUrl: server.url, model: 'stand-in', name: 'Ada', ...o });
}

interface Outcome {
  text: string;
  deltas: number;
  finish: string | undefined;
  error: VisavisError | undefined;
}

async function ask(
  o: Partial<OpenAiAgentOptions> = {},
  history = QUESTION,
  signal = new AbortController().signal,
): Promise<Outcome> {
  const outcome: Outcome = { text: '', deltas: 0, finish: undefined, error: undefined };
  try {
    for await (const event of agent(o).reply(history, { signal })) {
      if (event.type === 'reply-end') outcome.finish = event.finishReason;
      else if (event.type === 'text-delta') {
        outcome.text += event.text;
        outcome.deltas += 1;
      }
    }
  } catch (thrown) {
    outcome.error = thrown as VisavisError;
  }
  return outcome;
}

describe('a reply', () => {
  test('streams token by token and ends', async () => {
    server.script({ kind: 'reply', text: TEXT });
    const outcome = await ask();
    expect(outcome).toMatchObject({ text: TEXT, finish: 'stop', error: undefined });
    expect(outcome.deltas).toBe(13);
  });

  test('tells that it was cut at the length limit, which is sent to the server', async () => {
    server.script({ kind: 'reply', text: 'It is a', finishReason: 'length' });
    expect((await ask({ maxTokens: 3 })).finish).toBe('length');
    expect(server.requests[0]?.body).toMatchObject({ model: 'stand-in', stream: true, max_tokens: 3 });
  });

  test('may take longer between tokens than the first-token limit', async () => {
    server.script({ kind: 'reply', text: 'One two three four five six.', tokenMs: 60 });
    expect(await ask({ timeoutMs: 250, idleTimeoutMs: 2000 })).toMatchObject({
      text: 'One two three four five six.',
      finish: 'stop',
    });
  });

  test('never speaks what a reasoning model thinks', async () => {
    server.script({ kind: 'reply', text: '<think> The person asks. Hmm, </think> It is a service.' });
    expect((await ask()).text).toBe('It is a service.');
  });

  test('accepts a server that names no finish reason when the text is complete', async () => {
    server.script({ kind: 'end-early', text: 'It is a service.', afterTokens: 99 });
    expect(await ask()).toMatchObject({ text: 'It is a service.', finish: 'stop' });
  });
});

describe('the prompt', () => {
  const system = () => server.requests[0]?.body.messages[0].content as string;

  test('has the rules of speech, the name, the instructions and the history with its interruptions', async () => {
    await ask({ instructions: 'Sell bicycles.' }, [
      { role: 'assistant', text: 'Hello!' },
      { role: 'user', text: 'hi' },
      { role: 'assistant', text: 'We have many', interrupted: true },
      { role: 'user', text: 'how many' },
    ]);
    expect(system()).toContain('You are Ada');
    expect(system()).toContain('You are an AI');
    expect(system()).toContain('Sell bicycles.');
    expect(server.requests[0]?.body.messages.slice(1)).toEqual([
      { role: 'user', content: '(The person has joined the conversation.)' },
      { role: 'assistant', content: 'Hello!' },
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: 'We have many —' },
      { role: 'user', content: 'how many' },
    ]);
  });

  test('keeps only the newest turns within the budget', async () => {
    const history: Message[] = Array.from({ length: 41 }, (_, i) => ({
      role: i % 2 ? 'assistant' : 'user',
      text: `turn ${i} ${'x'.repeat(80)}`,
    }));
    await ask({ historyCharacters: 500 }, history);
    const sent = server.requests[0]?.body.messages.slice(1) as { content: string }[];
    expect(sent.at(-1)?.content).toContain('turn 40');
    expect(sent.map((m) => m.content).join('').length).toBeLessThan(600);
  });

  test('has the passages that fit, with their sources, and does without them when retrieval fails', async () => {
    const found = { text: 'Breakfast is at seven.', score: 0.7, sentenceScores: [0.7], coverage: 1 };
    const chunk = {
      id: 'a',
      file: 'hotel.md',
      headings: ['Meals', 'Breakfast'],
      sentences: ['Breakfast is at seven.'],
    };
    const asked: string[] = [];
    const retriever = {
      retrieve: async (question: string) => {
        asked.push(question);
        return [
          { ...found, chunk },
          { ...found, chunk, text: 'Unrelated.', score: 0.05 },
        ];
      },
    };
    await ask({ retriever: { current: retriever } }, [
      { role: 'user', text: 'do you serve breakfast' },
      { role: 'assistant', text: 'Yes.' },
      { role: 'user', text: 'and when is that' },
    ]);
    expect(asked).toEqual(['do you serve breakfast and when is that']);
    expect(system()).toContain('hotel.md > Meals > Breakfast\nBreakfast is at seven.');
    expect(system()).not.toContain('Unrelated');
    const broken = { retrieve: () => Promise.reject(new VisavisError('engine-failed', 'broken')) };
    expect((await ask({ retriever: { current: broken } })).finish).toBe('stop');
  });

  test('needs a last message of the user', async () => {
    expect((await ask({}, [{ role: 'assistant', text: 'Hello' }])).error).toMatchObject({
      code: 'bad-request',
      field: 'history',
    });
  });
});

describe('a failing server', () => {
  test('that refuses connections is upstream-failed, after one more attempt', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => free.once('listening', resolve));
    const { port } = free.address() as { port: number };
    await new Promise((resolve) => free.close(resolve));
    expect((await ask({ baseUrl: `http://127.0.0.1:${port}/v1` })).error).toMatchObject({
      code: 'upstream-failed',
      retryable: true,
    });
  });

  test('that refuses the key is not asked again, and the key is in no message', async () => {
    const { error } = await ask({ apiKey: 'sk-wrong-key' });
    expect(error).toMatchObject({ code: 'upstream-failed', retryable: false });
    expect(`${error?.message} ${error?.stack} ${JSON.stringify(error)} ${String(error?.cause)}`).not.toContain(
      'sk-wrong-key',
    );
    expect(server.requests).toHaveLength(0);
  });

  test('with status 500 is asked exactly once more before the first token', async () => {
    server.script({ kind: 'error', status: 500 }, { kind: 'reply', text: TEXT });
    expect(await ask()).toMatchObject({ text: TEXT, finish: 'stop' });
    server.script({ kind: 'error', status: 503 }, { kind: 'error', status: 503 }, { kind: 'reply', text: TEXT });
    expect((await ask()).error).toMatchObject({ code: 'upstream-failed' });
    expect(server.requests).toHaveLength(4);
  });

  test('with status 429 is asked again only after a short Retry-After', async () => {
    server.script({ kind: 'error', status: 429, retryAfterS: 0.05 }, { kind: 'reply', text: TEXT });
    expect((await ask()).text).toBe(TEXT);
    server.script({ kind: 'error', status: 429, retryAfterS: 30 }, { kind: 'error', status: 429 });
    expect((await ask()).error?.code).toBe('upstream-failed');
    expect((await ask()).error?.code).toBe('upstream-failed');
    expect(server.requests).toHaveLength(4);
  });

  test('that never answers is upstream-timeout', async () => {
    server.script({ kind: 'dead' });
    expect((await ask({ timeoutMs: 120 })).error).toMatchObject({ code: 'upstream-timeout', retryable: true });
  });

  test('that only thinks is upstream-timeout', async () => {
    server.script({ kind: 'reply', text: `<think> ${'hm '.repeat(200)}`, tokenMs: 20 });
    expect((await ask({ timeoutMs: 200 })).error?.code).toBe('upstream-timeout');
  });

  test('that stalls leaves what was said and is upstream-timeout', async () => {
    server.script({ kind: 'stall', text: TEXT, afterTokens: 5 });
    expect(await ask({ idleTimeoutMs: 120 })).toMatchObject({
      text: 'It is a service. It',
      error: { code: 'upstream-timeout' },
    });
    expect(server.requests).toHaveLength(1);
  });

  test.each(['break-off', 'end-early', 'malformed', 'error-event'] as const)(
    '%s in mid-sentence leaves what was said',
    async (kind) => {
      server.script({ kind, text: TEXT, afterTokens: 5 });
      const outcome = await ask();
      expect(outcome).toMatchObject({
        text: 'It is a service. It',
        finish: undefined,
        error: { code: 'upstream-failed' },
      });
      expect(server.requests).toHaveLength(1);
    },
  );

  test('that calls a tool nobody offered is upstream-failed', async () => {
    const call = { kind: 'tool-calls' as const, calls: [{ name: 'f', arguments: '{}' }] };
    server.script(call, call);
    expect((await ask()).error?.code).toBe('upstream-failed');
  });

  test('leads to an apology that can be spoken', () => {
    const errors = [
      new VisavisError('upstream-timeout', 'x'),
      new VisavisError('upstream-failed', 'x'),
      new VisavisError('upstream-failed', 'x', { retryable: false }),
      new VisavisError('unavailable', 'x'),
      new Error('x'),
    ];
    const sentences = errors.map(apology);
    expect(new Set(sentences).size).toBe(errors.length);
    for (const sentence of sentences) expect(sentence).toMatch(/^Sorry, [^<>{}[\]|]+[.?]$/u);
  });
});

describe('an aborted reply', () => {
  test('closes the HTTP stream in the middle', async () => {
    server.script({ kind: 'reply', text: 'word '.repeat(500), tokenMs: 10 });
    const abort = new AbortController();
    const reply = agent().reply(QUESTION, { signal: abort.signal });
    const seen: string[] = [];
    await expect(
      (async () => {
        for await (const event of reply) {
          if (event.type === 'text-delta') seen.push(event.text);
          if (seen.length === 3) abort.abort();
        }
      })(),
    ).rejects.toMatchObject({ name: 'AbortError' });
    await expect.poll(() => server.requests[0]?.aborted).toBe(true);
    expect(server.requests[0]?.tokens).toBeLessThan(500);
  });

  test('closes it while the first token is awaited', async () => {
    server.script({ kind: 'dead' });
    const abort = new AbortController();
    const outcome = ask({}, QUESTION, abort.signal);
    await server.received(1);
    abort.abort();
    expect((await outcome).error?.name).toBe('AbortError');
    await expect.poll(() => server.requests[0]?.aborted).toBe(true);
  });

  test('sends nothing when it was aborted before', async () => {
    expect((await ask({}, QUESTION, AbortSignal.abort())).error?.name).toBe('AbortError');
    expect(server.requests).toHaveLength(0);
  });

  test('closes it when the consumer stops reading', async () => {
    server.script({ kind: 'reply', text: 'word '.repeat(500), tokenMs: 10 });
    for await (const event of agent().reply(QUESTION, { signal: new AbortController().signal }))
      if (event.type === 'text-delta') break;
    await expect.poll(() => server.requests[0]?.aborted).toBe(true);
  });
});
