import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConversationEvent } from '../../src/agents/events.js';
import { openRetriever } from '../../src/agents/knowledge/index.js';
import { GuardedHttp } from '../../src/agents/tools/guarded-http.js';
import { loadConfig } from '../../src/config.js';
import type { AgentEvent, Message, TextEmbedder, ToolCall } from '../../src/inference/engines.js';
import { createLogger } from '../../src/log.js';
import { Agents } from '../../src/worker/avatar/agents.js';
import type { ConversationOptions } from '../../src/worker/control.js';
import { OpenAiServer } from '../support/openai-server.js';
import { WebhookServer } from '../support/webhook-server.js';

const MCP_SERVER = fileURLToPath(new URL('../support/mcp-server.mjs', import.meta.url));
const SECRET = 'a secret of the test';
const embedder: TextEmbedder = {
  dimensions: 2,
  embed: async (texts) => texts.map(() => new Float32Array([1, 0])),
  close: async () => {},
};

let folder: string;
let model: OpenAiServer;
let hooks: WebhookServer;
const closing: (() => unknown)[] = [];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'visavis-agents-'));
  [model, hooks] = await Promise.all([OpenAiServer.start(), WebhookServer.start()]);
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await Promise.all([model.close(), hooks.close()]);
  rmSync(folder, { recursive: true, force: true });
});

const agentFile = () => ({
  version: 1,
  persona: 'You run the shop.',
  variables: { customer: { inPrompt: false }, visitor_name: {} },
  tools: {
    webhooks: [
      {
        name: 'stock',
        description: 'How many are left.',
        url: `${hooks.origin}/stock`,
        parameters: { model: { type: 'string' } },
        readOnly: true,
        secret: SECRET,
      },
    ],
    modules: ['tools.mjs'],
  },
  mcpServers: { kit: { command: process.execPath, args: [MCP_SERVER], tools: ['add'], readOnly: ['add'] } },
  handover: { url: `${hooks.origin}/people`, secret: SECRET },
});

async function bench(o: { withModel?: boolean; options?: Partial<ConversationOptions> } = {}) {
  writeFileSync(
    join(folder, 'tools.mjs'),
    `export default ({ z, defineTool }) => [defineTool({ name: 'opening', description: 'When we open.', parameters: z.object({}), effect: 'reads', run: () => 'at eight' })];`,
  );
  const path = join(folder, 'agent.json');
  writeFileSync(path, JSON.stringify(agentFile()));
  const config = loadConfig({
    VISAVIS_AGENT: path,
    VISAVIS_TOOL_URLS: hooks.origin,
    ...(o.withModel === false ? {} : { OPENAI_BASE_URL: model.url }),
  });
  const http = new GuardedHttp(config.toolAccess);
  const lines: string[] = [];
  const log = createLogger('test', 'info', { write: (line: string) => void lines.push(line) });
  const knowledge = await openRetriever({ folder: 'assets/knowledge', embedder, vectorFolder: null });
  const agents = await Agents.create(config, { knowledge, http, log });
  closing.push(
    () => http.close(),
    () => agents.close(),
  );
  const events: ConversationEvent[] = [];
  const options = { name: 'Nora', language: 'en', ...o.options } as ConversationOptions;
  const agent = await agents.forConversation({ conversationId: 's-1', options, emit: (event) => events.push(event) });
  const ask = async (text: string, history: Message[] = []) => {
    const uses: [ToolCall, string][] = [];
    const said: AgentEvent[] = [];
    const signal = new AbortController().signal;
    const reply = agent.reply([...history, { role: 'user', text }], { signal, onToolUse: (...use) => uses.push(use) });
    for await (const event of reply) said.push(event);
    return { text: said.flatMap((event) => (event.type === 'text-delta' ? [event.text] : [])).join(''), uses };
  };
  const offered = () =>
    (model.requests.at(-1)?.body.tools ?? []).map((tool: { function: { name: string } }) => tool.function.name);
  return { ask, events, lines, offered };
}

const calls = (...list: [name: string, args: object][]) => ({
  kind: 'tool-calls' as const,
  calls: list.map(([name, args]) => ({ name, arguments: JSON.stringify(args) })),
});
const DONE = { kind: 'reply' as const, text: 'Here you are.' };

describe('an agent with a language model', () => {
  test('has the tools of the agent file, of its modules and of its servers, and uses them', async () => {
    const { ask, offered, lines } = await bench({ options: { variables: { customer: 'c42', visitor_name: 'Ann' } } });
    const offeredNow = async () => {
      await ask('hello');
      return offered();
    };
    await expect.poll(offeredNow, { timeout: 10_000 }).toEqual(['hand_over_to_human', 'stock', 'opening', 'kit__add']);
    const system = model.requests.at(-1)?.body.messages[0].content;
    expect(system).toContain('You run the shop.');
    expect(system).toContain('visitor_name: "Ann"');
    expect(system).not.toContain('c42');

    hooks.script({ kind: 'json', value: { left: 3 } });
    model.script(calls(['stock', { model: 'red one' }], ['opening', {}], ['kit__add', { a: 40, b: 2 }]), DONE);
    const { uses, text } = await ask('how many red ones are left');
    expect(text).toBe('Here you are.');
    expect(uses.map(([{ name }, result]) => [name, result])).toEqual(
      expect.arrayContaining([
        ['stock', '{"left":3}'],
        ['opening', 'at eight'],
        ['kit__add', '42'],
      ]),
    );
    expect(hooks.requests[0]?.body).toMatchObject({ tool: 'stock', sessionId: 's-1', variables: { customer: 'c42' } });
    const log = lines.join('');
    expect(log).toContain('"tool":"stock"');
    for (const said of ['red one', 'c42', 'Ann', SECRET, 'how many']) expect(log).not.toContain(said);
  });

  test('has only the tools that the session allows', async () => {
    const { ask, offered } = await bench({ options: { agent: { tools: ['opening'] } } });
    model.script(calls(['stock', { model: 'red' }]), DONE);
    const { uses } = await ask('how many are left');
    expect(offered()).toEqual(['opening']);
    expect(uses[0]?.[1]).toBe('NOT DONE: there is no such tool.');
    expect(hooks.requests).toHaveLength(0);
  });

  test('hands over to a human and tells the viewers', async () => {
    const { ask, events } = await bench();
    model.script(calls(['hand_over_to_human', { reason: 'asked for it' }]), DONE);
    const { uses } = await ask('get me a person', [{ role: 'assistant', text: 'Hello.' }]);
    expect(uses[0]?.[1]).toContain('I have asked a colleague to take over.');
    expect(hooks.requests[0]?.body).toMatchObject({
      event: 'handover',
      transcript: [{ text: 'Hello.' }, { text: 'get me a person' }],
    });
    expect(events).toEqual([{ type: 'handover' }]);
  });

  test('notes facts of a visitor who agreed, and has no means to for anybody else', async () => {
    const memory = { visitor: 'key', openedAtMs: 5, visits: 1, lastVisit: '2026-05-01', facts: ['Likes red.'] };
    const { ask, events } = await bench({ options: { memory } });
    model.script(calls(['remember_about_visitor', { fact: 'Has a dog.' }]), DONE);
    await ask('I have a dog');
    expect(model.requests[0]?.body.messages[0].content).toContain('"Likes red."');
    expect(events).toEqual([{ type: 'memory', visitor: 'key', openedAtMs: 5, fact: 'Has a dog.' }]);
    const other = await bench();
    model.script(calls(['remember_about_visitor', { fact: 'Has a cat.' }]), DONE);
    const { uses } = await other.ask('I have a cat');
    expect(uses[0]?.[1]).toBe('NOT DONE: there is no such tool.');
    expect(other.events).toEqual([]);
  });
});

describe('an agent without a language model', () => {
  test('hands over when it is asked to, and says so when nobody can be reached', async () => {
    const { ask, events } = await bench({ withModel: false });
    expect((await ask('Can I talk to a human?')).text).toBe('I have asked a colleague to take over.');
    expect(events).toEqual([{ type: 'handover' }]);
    hooks.script({ kind: 'json', value: {}, status: 500 });
    expect((await ask('Can I talk to a human?')).text).toMatch(/^I am sorry, I cannot reach anyone right now\./);
    expect(events).toHaveLength(1);
  });
});
