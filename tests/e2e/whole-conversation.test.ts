import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { speakAll } from '../../src/bench/recordings.js';
import type { BenchServer } from '../../src/bench/server.js';
import { OpenAiServer, type Script } from '../support/openai-server.js';
import { words } from '../support/speech-audio.js';
import { startService, TalkPage } from '../support/talk-page.js';
import { WebhookServer } from '../support/webhook-server.js';

const SHOP = fileURLToPath(new URL('../support/knowledge/bike-shop', import.meta.url));
const SECRET = 'a-secret-of-the-shop-for-tests';
const SAID = {
  stock: 'How many red bikes do you have left?',
  document: 'What does it cost to rent a city bike for a week?',
  story: 'Please tell me a long story about the workshop.',
  opening: 'What are your opening hours?',
  interruption: 'Wait, what about the repairs?',
  correction: 'I want to come on Tuesday, no, sorry, on Thursday.',
  medicine: 'Which medicine should I take against a headache?',
  human: 'Can I talk to a human?',
};
const REFUSAL = 'I would rather not talk about that.';
const HANDED_OVER = 'I have asked a colleague to call you.';
const STORY =
  'Once upon a time there was a mechanic who could mend every wheel in the town. Every morning he opened the workshop at six ' +
  'and listened to the chains and the bells that came along the street. One day a very old bicycle stood in front of his door.';
const REPAIRS = 'Most repairs are done within two days.';
const THURSDAY = 'Thursday is fine.';
/** Words take longer to be recognised on a busy machine, and the commas of a correction must not end it. */
const UNHURRIED = { VISAVIS_INTERRUPTION_MS: '1500', VISAVIS_TURN_TAKING: 'patient' };

const folder = mkdtempSync(join(tmpdir(), 'visavis-whole-'));
let clips: Record<keyof typeof SAID, Int16Array>;
let webhooks: WebhookServer;

/** Files of the operator: the agent with its tool and hand-over, the policy. */
function write(name: string): Record<string, string> {
  const [agent, policy, log] = ['agent.json', 'policy.json', 'moderation.jsonl'].map((file) =>
    join(folder, `${name}-${file}`),
  ) as [string, string, string];
  const url = (path: string) => `${webhooks.origin}/${path}`;
  writeFileSync(
    agent,
    JSON.stringify({
      version: 1,
      name: 'Nora',
      persona: 'You work in a bicycle shop.',
      knowledge: { folder: SHOP },
      tools: {
        webhooks: [
          {
            ...{ name: 'stock', description: 'How many of a model are left.', url: url('stock'), readOnly: true },
            ...{ parameters: { model: { type: 'string' } }, secret: SECRET },
          },
        ],
      },
      handover: { url: url('people'), secret: SECRET, say: HANDED_OVER },
    }),
  );
  writeFileSync(
    policy,
    JSON.stringify({
      version: 1,
      words: [{ id: 'medicine', any: ['medicine*', 'headache*'] }],
      sentences: { visitor: REFUSAL },
    }),
  );
  return {
    VISAVIS_AGENT: agent,
    VISAVIS_MODERATION: policy,
    VISAVIS_MODERATION_LOG: log,
    VISAVIS_TOOL_URLS: webhooks.origin,
    ...UNHURRIED,
  };
}

beforeAll(async () => {
  const spoken = await speakAll(Object.values(SAID));
  clips = Object.fromEntries(Object.keys(SAID).map((key, i) => [key, spoken[i]!])) as typeof clips;
  webhooks = await WebhookServer.start();
  webhooks.script({ kind: 'json', value: { left: 3 } });
}, 120_000);

afterAll(async () => {
  await webhooks?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Asks, and breaks in after eight words; resolves with what was heard of the first answer, and the second one. */
async function interrupted(page: TalkPage, question: Int16Array): Promise<{ first: string; second: string }> {
  const ends = (await page.eventsOf('utterance-end')).length;
  await page.speak(question);
  await page.waitForState('speaking');
  await page.waitFor('caption', (await page.eventsOf('caption')).length + 8);
  await page.speak(clips.interruption);
  const all = await page.waitFor('utterance-end', ends + 2);
  await page.waitForState('idle');
  expect(all[ends]).toMatchObject({ interrupted: true });
  return { first: all[ends]!.text, second: all[ends + 1]!.text };
}

async function understood(page: TalkPage): Promise<string> {
  return (await page.eventsOf('transcript')).filter(({ final }) => final).at(-1)?.text ?? '';
}

function audit(env: Record<string, string>): { side: string; action: string; rules: string[] }[] {
  const lines = readFileSync(env['VISAVIS_MODERATION_LOG']!, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line));
}

describe('a conversation of five turns with a language model', () => {
  let model: OpenAiServer;
  let service: BenchServer;
  let page: TalkPage;
  let env: Record<string, string>;

  /** A model that does what its prompt lets it do: calls the tool, cites the passage, goes by what was said last. */
  function answer(said: string): Script {
    // biome-ignore lint/suspicious/noExplicitAny: the messages are whatever the client sent
    const messages: any[] = model.requests.at(-1)!.body.messages;
    const last = messages.at(-1);
    if (last.role === 'tool')
      return { kind: 'reply', text: `We have ${JSON.parse(last.content).left} red bikes left.` };
    if (/red bike|have left/i.test(said)) {
      return { kind: 'tool-calls', calls: [{ name: 'stock', arguments: JSON.stringify({ model: 'red bike' }) }] };
    }
    if (/story/i.test(said)) return { kind: 'reply', text: STORY, tokenMs: 20 };
    if (/wait|repair/i.test(said)) return { kind: 'reply', text: REPAIRS };
    if (/thursday/i.test(said)) return { kind: 'reply', text: THURSDAY };
    const passage = /\[(\d)\] [^\n]*Renting a city bike\n([^\n]*)/.exec(messages[0].content);
    const price = /(\d+) euros a week/.exec(passage?.[2] ?? '')?.[1];
    if (price !== undefined) return { kind: 'reply', text: `A week costs ${price} euros [${passage![1]}].` };
    return { kind: 'reply', text: 'I see.' };
  }

  beforeAll(async () => {
    model = await OpenAiServer.start();
    model.otherwise = answer;
    env = write('model');
    service = await startService({ ...env, OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'none' });
  }, 120_000);

  afterAll(async () => {
    await service?.close();
    await model?.close();
  });

  beforeEach(async () => {
    page = await TalkPage.open(service.url);
  }, 120_000);

  afterEach(() => page?.close());

  it('calls a tool, answers from a document, is interrupted, takes a correction and refuses', async () => {
    const calls = webhooks.requests.length;
    expect(await page.turn(clips.stock)).toMatchObject({
      text: expect.stringMatching(/^.*We have 3 red bikes left\.$/),
      interrupted: false,
    });
    const call = webhooks.requests.slice(calls).at(-1)!;
    expect(call).toMatchObject({ path: '/stock', body: { tool: 'stock', arguments: { model: 'red bike' } } });
    expect(call.headers['x-visavis-signature']).toMatch(/^t=\d+,v1=[0-9a-f]{64}$/);

    expect(await page.turn(clips.document)).toMatchObject({ text: 'A week costs 60 euros.', interrupted: false });
    const [source] = (await page.eventsOf('sources')).at(-1)!.sources;
    expect(source!.title).toMatch(/city bike|Velo Nord/i);

    const { first, second } = await interrupted(page, clips.story);
    const heard = words(first);
    expect(heard.length).toBeGreaterThanOrEqual(8);
    expect(heard.length).toBeLessThan(words(STORY).length);
    expect(heard).toEqual(words(STORY).slice(0, heard.length));
    expect(second).toBe(REPAIRS);
    const before = model.requests.at(-1)!.body.messages.slice(1);
    expect(words(before.at(-2).content)).toEqual(heard);
    expect(before.at(-1).content).toMatch(/repair/i);

    expect(await page.turn(clips.correction)).toMatchObject({ text: THURSDAY, interrupted: false });
    expect(await understood(page)).toMatch(/tuesday.*thursday/i);

    const asked = model.requests.length;
    expect(await page.turn(clips.medicine)).toMatchObject({ text: REFUSAL, interrupted: false });
    expect(JSON.stringify(model.requests.slice(asked))).not.toMatch(/medicine|headache/i);
    expect(audit(env).at(-1)).toMatchObject({ side: 'visitor', action: 'refused', rules: ['words:medicine'] });
    expect(await page.eventsOf('session-error')).toEqual([]);
  });
});

describe('a conversation of five turns without a language model', () => {
  let service: BenchServer;
  let page: TalkPage;
  let env: Record<string, string>;

  beforeAll(async () => {
    env = write('embedded');
    service = await startService(env);
  }, 120_000);

  afterAll(() => service?.close());

  beforeEach(async () => {
    page = await TalkPage.open(service.url);
  }, 120_000);

  afterEach(() => page?.close());

  it('answers from a document, is interrupted, takes a correction, refuses and calls a human', async () => {
    const rent = await page.turn(clips.document);
    expect(rent.text).toMatch(/60 euros a week/i);
    expect((await page.eventsOf('sources')).at(-1)!.sources[0]!.title).toMatch(/city bike|Velo Nord/i);

    const { first, second } = await interrupted(page, clips.opening);
    expect(first).toMatch(/^(?=.*open).*[^.]$/i);
    expect(second).toMatch(/repair/i);

    const corrected = await page.turn(clips.correction);
    expect(words(corrected.text).length).toBeGreaterThan(2);
    expect(await understood(page)).toMatch(/tuesday.*thursday/i);

    expect(await page.turn(clips.medicine)).toMatchObject({ text: REFUSAL, interrupted: false });
    expect(audit(env).at(-1)).toMatchObject({ side: 'visitor', action: 'refused', rules: ['words:medicine'] });

    const calls = webhooks.requests.length;
    const handedOver = await page.turn(clips.human);
    expect(handedOver.text).toContain(HANDED_OVER);
    expect(webhooks.requests.slice(calls)).toMatchObject([{ path: '/people', body: { event: 'handover' } }]);
    expect(JSON.stringify(webhooks.requests.at(-1)!.body.transcript)).not.toMatch(/headache/i);
    expect(await page.eventsOf('session-error')).toEqual([]);
  });
});
