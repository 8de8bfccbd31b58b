import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { createOpenAiAgent, type OpenAiAgentOptions } from '../../src/agents/openai-agent.js';
import { defineTool, type Tool } from '../../src/agents/tools/tool.js';
import { Toolbox } from '../../src/agents/tools/toolbox.js';
import type { AgentEvent, Message, ReplyOptions, ToolCall } from '../../src/inference/engines.js';
import { OpenAiServer } from '../support/openai-server.js';

const QUESTION: Message[] = [{ role: 'user', text: 'where is my order A1' }];

let server: OpenAiServer;
beforeEach(async () => {
  server = await OpenAiServer.start();
});
afterEach(() => server.close());

const orders = (
  run: (order: string) => unknown = (order) => ({ order, status: 'shipped' }),
  o: Partial<Tool> = {},
): Tool => ({
  ...defineTool({
    name: 'order_status',
    description: 'Where an order is.',
    parameters: z.object({ order: z.string() }),
    effect: 'reads',
    run: ({ order }) => run(order),
  }),
  ...o,
});

const boxOf = (...tools: Tool[]): Toolbox => new Toolbox({ tools: () => tools, sessionId: 's-1' });

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

interface Outcome {
  text: string;
  events: AgentEvent[];
  uses: [ToolCall, string][];
}

async function ask(
  toolbox: Toolbox,
  o: Partial<ReplyOptions> & { history?: Message[]; agent?: Partial<OpenAiAgentOptions> } = {},
): Promise<Outcome> {
  const outcome: Outcome = { text: '', events: [], uses: [] };
  const agent = createOpenAiAgent({ apiKey: '', baseUrl: server.url, model: 'stand-in', toolbox, ...o.agent });
  const reply = agent.reply(o.history ?? QUESTION, {
    signal: o.signal ?? new AbortController().signal,
    ...(o.committed && { committed: o.committed }),
    onToolUse: (call, result) => outcome.uses.push([call, result]),
  });
  for await (const event of reply) {
    outcome.events.push(event);
    if (event.type === 'text-delta') outcome.text += event.text;
  }
  return outcome;
}

const call = (order = 'A1') => ({ name: 'order_status', arguments: JSON.stringify({ order }) });
const sent = (i: number) => server.requests[i]?.body;

describe('a reply that needs a tool', () => {
  test('calls it with the streamed arguments and answers with what it said', async () => {
    server.script({ kind: 'tool-calls', calls: [call()], pieces: 5 }, { kind: 'reply', text: 'It was shipped.' });
    const { text, uses, events } = await ask(boxOf(orders()));
    expect(text).toBe('It was shipped.');
    expect(events.at(-1)).toEqual({ type: 'reply-end', finishReason: 'stop' });
    expect(uses).toEqual([[call(), '{"order":"A1","status":"shipped"}']]);
    expect(sent(0).tools).toMatchObject([
      { type: 'function', function: { name: 'order_status', parameters: { type: 'object' } } },
    ]);
    expect(sent(1).messages.slice(-2)).toMatchObject([
      { role: 'assistant', content: null, tool_calls: [{ id: 'call_1', type: 'function', function: call() }] },
      { role: 'tool', tool_call_id: 'call_1', content: '{"order":"A1","status":"shipped"}' },
    ]);
  });

  test('makes several calls side by side and answers each under its own id', async () => {
    const waiting: (() => void)[] = [];
    const both = orders(async (order) => {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        // Neither ends before the other has begun.
        if (waiting.length === 2) for (const go of waiting) go();
      });
      return order;
    });
    server.script({ kind: 'tool-calls', calls: [call('A1'), call('B2')] }, { kind: 'reply', text: 'Both.' });
    expect((await ask(boxOf(both))).text).toBe('Both.');
    expect(sent(1).messages.slice(-2)).toMatchObject([
      { tool_call_id: 'call_1', content: 'A1' },
      { tool_call_id: 'call_2', content: 'B2' },
    ]);
  });

  test('understands servers that send whole calls, all with one index and another finish reason', async () => {
    server.script({ kind: 'tool-calls', calls: [call('A1'), call('B2')], pieces: 0 }, { kind: 'reply', text: 'Both.' });
    expect((await ask(boxOf(orders((order) => order)))).uses.map(([, result]) => result)).toEqual(['A1', 'B2']);
  });

  test('says what the model says before it calls, and ends that utterance’s part', async () => {
    server.script({ kind: 'tool-calls', text: 'Let me see.', calls: [call()] }, { kind: 'reply', text: 'Shipped.' });
    const { events } = await ask(boxOf(orders()));
    expect(events.map((event) => (event.type === 'text-delta' ? event.text.trim() : event.type))).toEqual([
      'Let',
      'me',
      'see.',
      'pause',
      'Shipped.',
      'reply-end',
    ]);
    expect(sent(1).messages.at(-2)).toMatchObject({ role: 'assistant', content: 'Let me see.' });
  });

  test('may use tools in several rounds, and is made to answer after five', async () => {
    const calls = { kind: 'tool-calls' as const, calls: [call()] };
    server.script(calls, calls, calls, calls, calls, { kind: 'reply', text: 'Enough.' });
    expect((await ask(boxOf(orders()))).text).toBe('Enough.');
    expect(server.requests.map(({ body }) => body.tool_choice)).toEqual([...Array(5).fill(undefined), 'none']);
  });

  test('fails when the model calls even then', async () => {
    const calls = { kind: 'tool-calls' as const, calls: [call()] };
    server.script(...Array(7).fill(calls));
    await expect(ask(boxOf(orders()))).rejects.toMatchObject({ code: 'upstream-failed' });
  });

  test('tells the model of a tool that does not exist and of arguments that are no JSON', async () => {
    const calls = [
      { name: 'delete_everything', arguments: '{}' },
      { name: 'order_status', arguments: '{"order": "A' },
    ];
    server.script({ kind: 'tool-calls', calls }, { kind: 'reply', text: 'Sorry, that does not work.' });
    const run = vi.fn();
    expect((await ask(boxOf(orders(run)))).text).toBe('Sorry, that does not work.');
    expect(run).not.toHaveBeenCalled();
    const answers = sent(1).messages.slice(-2) as { content: string }[];
    expect(answers[0]?.content).toBe('NOT DONE: there is no such tool.');
    expect(answers[1]?.content).toMatch(/not a JSON object/);
    expect(sent(1).messages.at(-3).tool_calls[1].function.arguments).toBe('{}');
  });

  test('remembers what tools answered in earlier turns', async () => {
    await ask(boxOf(orders()), {
      history: [
        ...QUESTION,
        { role: 'tool', text: 'shipped', tool: call() },
        { role: 'assistant', text: 'It was shipped.' },
        { role: 'user', text: 'and when' },
      ],
    });
    expect(sent(0).messages.slice(1)).toMatchObject([
      { role: 'user' },
      { role: 'assistant', tool_calls: [{ id: 'call_before_1', function: call() }] },
      { role: 'tool', tool_call_id: 'call_before_1', content: 'shipped' },
      { role: 'assistant', content: 'It was shipped.' },
      { role: 'user', content: 'and when' },
    ]);
  });
});

describe('a language API that fails after a tool was used', () => {
  test.each([
    ['errors', { kind: 'error', status: 500 }],
    ['is busy for a moment', { kind: 'error', status: 429, retryAfterS: 0.05 }],
    ['breaks off', { kind: 'break-off', text: 'It was', afterTokens: 0 }],
  ] as const)('(%s) is asked again, and the tool is not', async (_what, failure) => {
    const run = vi.fn(() => 'shipped');
    server.script({ kind: 'tool-calls', calls: [call()] }, failure, { kind: 'reply', text: 'It was shipped.' });
    expect((await ask(boxOf(orders(run, { effect: 'acts' })))).text).toBe('It was shipped.');
    expect(run).toHaveBeenCalledOnce();
    expect(sent(2).messages).toEqual(sent(1).messages);
  });

  test('(is silent) ends in time, with what the tool did kept', async () => {
    server.script({ kind: 'tool-calls', calls: [call()] }, { kind: 'dead' });
    const uses: string[] = [];
    const agent = createOpenAiAgent({
      ...{ apiKey: '', baseUrl: server.url, model: 'stand-in', toolbox: boxOf(orders()), timeoutMs: 200 },
    });
    const signal = new AbortController().signal;
    const reply = agent.reply(QUESTION, { signal, onToolUse: (_call, result) => uses.push(result) });
    await expect(all(reply)).rejects.toMatchObject({ code: 'upstream-timeout' });
    expect(uses).toHaveLength(1);
  });
});

describe('while a tool takes long', () => {
  const slow = (ms: number, o: Partial<Tool> = {}) =>
    orders(() => new Promise((resolve) => setTimeout(resolve, ms, 'shipped')), o);
  const spoken = ({ events }: Outcome) =>
    events
      .flatMap((event) => (event.type === 'text-delta' ? [event.text] : event.type === 'pause' ? ['|'] : []))
      .join('');

  test('something is said, once, in front of the answer', async () => {
    server.script({ kind: 'tool-calls', calls: [call()] }, { kind: 'reply', text: 'Shipped.' });
    expect(spoken(await ask(boxOf(slow(900))))).toMatch(
      /^(?:Let me look\.|One moment, please\.|Let me check\.) \|Shipped\.$/,
    );
  });

  test('it is the tool’s own sentence where it has one', async () => {
    server.script({ kind: 'tool-calls', calls: [call()] }, { kind: 'reply', text: 'Shipped.' });
    expect(spoken(await ask(boxOf(slow(900, { filler: 'I am asking the warehouse.' }))))).toBe(
      'I am asking the warehouse. |Shipped.',
    );
  });

  test('nothing is added to what the model has just said itself, or to a tool that is quick', async () => {
    server.script({ kind: 'tool-calls', text: 'I am looking.', calls: [call()] }, { kind: 'reply', text: 'Shipped.' });
    expect(spoken(await ask(boxOf(slow(900))))).toBe('I am looking.|Shipped.');
    server.script({ kind: 'tool-calls', calls: [call()] }, { kind: 'reply', text: 'Shipped.' });
    expect(spoken(await ask(boxOf(slow(1))))).toBe('Shipped.');
  });

  test('nothing is said before the visitor has finished for certain', async () => {
    server.script({ kind: 'tool-calls', calls: [call()] }, { kind: 'reply', text: 'Shipped.' });
    const outcome = await ask(boxOf(slow(900)), { committed: new Promise(() => {}) });
    expect(spoken(outcome)).toBe('Shipped.');
  });
});

describe('an aborted reply', () => {
  test('ends a tool that is under way, tells of it, and asks the model no more', async () => {
    const abort = new AbortController();
    const signals: AbortSignal[] = [];
    const tool = orders(undefined, {
      effect: 'acts',
      run: (_args, { signal }) => {
        signals.push(signal);
        setImmediate(() => abort.abort());
        return new Promise(() => {});
      },
    });
    server.script({ kind: 'tool-calls', calls: [call()] });
    const uses: string[] = [];
    const agent = createOpenAiAgent({ apiKey: '', baseUrl: server.url, model: 'stand-in', toolbox: boxOf(tool) });
    const reply = agent.reply(QUESTION, { signal: abort.signal, onToolUse: (_call, result) => uses.push(result) });
    await expect(all(reply)).rejects.toMatchObject({ name: 'AbortError' });
    expect(signals[0]?.aborted).toBe(true);
    expect(uses).toEqual([expect.stringMatching(/not known whether it was done/)]);
    expect(server.requests).toHaveLength(1);
  });

  test('makes no call that acts while it was never certain to be wanted', async () => {
    const abort = new AbortController();
    const run = vi.fn();
    server.script({ kind: 'tool-calls', calls: [call()] });
    const outcome = ask(boxOf(orders(run, { effect: 'acts' })), {
      signal: abort.signal,
      committed: new Promise(() => {}),
    });
    await server.received(1);
    setTimeout(() => abort.abort(), 50);
    await expect(outcome).rejects.toMatchObject({ name: 'AbortError' });
    expect(run).not.toHaveBeenCalled();
  });
});

describe('a server that takes no tools', () => {
  test('is asked without them, and from then on always', async () => {
    const notices: string[] = [];
    const agent = createOpenAiAgent({
      ...{ apiKey: '', baseUrl: server.url, model: 'stand-in', toolbox: boxOf(orders()) },
      onNotice: (notice) => notices.push(notice),
    });
    const signal = new AbortController().signal;
    server.script({ kind: 'error', status: 400, message: 'stand-in does not support tools' });
    await all(agent.reply(QUESTION, { signal }));
    await all(agent.reply(QUESTION, { signal }));
    expect(server.requests.map(({ body }) => body.tools !== undefined)).toEqual([true, false, false]);
    expect(notices).toHaveLength(1);
  });

  test('that refuses the request all the same is upstream-failed', async () => {
    const refusal = { kind: 'error' as const, status: 400 };
    server.script(refusal, refusal);
    await expect(ask(boxOf(orders()))).rejects.toMatchObject({ code: 'upstream-failed', retryable: false });
  });
});

describe('a stream of garbage', () => {
  const event = (delta: object) => `data: ${JSON.stringify({ choices: [{ index: 0, delta }] })}\n\n`;

  test.each([
    ['calls without a name', event({ tool_calls: [{ index: 0, id: 'x', function: { arguments: '{}' } }] })],
    ['calls that are no list', event({ tool_calls: 'all of them' })],
    ['content that is no text', event({ content: { a: 1 } })],
    ['no choices', 'data: {"choices": null}\n\n'],
    ['bytes that are no JSON', 'data: \u0000\u0001\n\n'],
    ['a web page', '<!doctype html><title>502</title>'],
  ])('(%s) is upstream-failed', async (_what, stream) => {
    server.script({ kind: 'raw', stream }, { kind: 'raw', stream });
    await expect(ask(boxOf(orders()))).rejects.toMatchObject({ code: 'upstream-failed' });
  });

  test('with a hundred calls and endless arguments makes at most eight, and none of them with more than fits', async () => {
    const run = vi.fn(() => 'ok');
    const many = Array.from({ length: 100 }, (_, index) =>
      event({ tool_calls: [{ index, id: `c${index}`, function: { name: 'order_status', arguments: '' } }] }),
    );
    const endless = event({ tool_calls: [{ index: 0, function: { arguments: '{"order":"'.padEnd(100_000, 'x') } }] });
    server.script({ kind: 'raw', stream: [...many, endless, 'data: [DONE]\n\n'].join('') });
    const { uses } = await ask(boxOf(orders(run)));
    expect(uses).toHaveLength(8);
    expect(run).not.toHaveBeenCalled();
    expect(uses[0]?.[0].arguments.length).toBeLessThan(10_000);
  });
});
