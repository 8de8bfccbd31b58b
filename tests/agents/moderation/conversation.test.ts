import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { ConversationEvent } from '../../../src/agents/events.js';
import { History } from '../../../src/agents/history.js';
import { Listener } from '../../../src/agents/listener.js';
import { AuditLog } from '../../../src/agents/moderation/audit.js';
import { OpenAiClassifier } from '../../../src/agents/moderation/classifier.js';
import { ModeratedAgent } from '../../../src/agents/moderation/moderated-agent.js';
import { ConversationModeration, Moderation } from '../../../src/agents/moderation/moderation.js';
import { SynthesisPace } from '../../../src/agents/pace.js';
import { Pipeline } from '../../../src/agents/pipeline.js';
import { Voice } from '../../../src/agents/voice.js';
import { VisavisError } from '../../../src/errors.js';
import type { Agent, AgentEvent, TextEmbedder } from '../../../src/inference/engines.js';
import { createLogger } from '../../../src/log.js';
import { parsePolicy } from '../../../src/moderation-policy.js';
import { eventually } from '../../support/eventually.js';
import { OpenAiServer } from '../../support/openai-server.js';
import {
  ScriptedAgent,
  ScriptedFace,
  ScriptedOutput,
  ScriptedRecognition,
  ScriptedSynthesiser,
  ScriptedVad,
} from '../../support/scripted-engines.js';

const folder = mkdtempSync(join(tmpdir(), 'visavis-moderated-'));
const servers: OpenAiServer[] = [];
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const INSTEAD = 'Let us talk about the museum.';
const NO_ANSWER = 'I do not answer that.';
const UNAVAILABLE = 'I am not sure that I may say that.';
const POLICY = {
  version: 1,
  words: [{ id: 'rude', any: ['damn*'] }],
  personalData: { visitor: { card: 'mask' } },
  sentences: { visitor: NO_ANSWER, avatar: INSTEAD, unavailable: UNAVAILABLE },
  audit: { texts: true },
};

/** One conversation with a policy, from what the recogniser understands to the words that are heard. */
class Bench {
  readonly events: ConversationEvent[] = [];
  readonly agent = new ScriptedAgent();
  readonly synthesiser = new ScriptedSynthesiser();
  readonly output = new ScriptedOutput();
  readonly history = new History();
  readonly recognition = new ScriptedRecognition();
  readonly path = join(folder, `${crypto.randomUUID()}.jsonl`);
  readonly audit: AuditLog;
  readonly voice: Voice;
  readonly pipeline: Pipeline;
  readonly listener: Listener;

  constructor(policy: object, baseUrl?: string, agent: Agent = this.agent) {
    const parsed = parsePolicy({ ...POLICY, ...policy });
    if ('problems' in parsed) throw new Error(parsed.problems.join('; '));
    const { classifier: settings, timeoutMs } = parsed.policy;
    const classifier = settings && new OpenAiClassifier({ apiKey: '', baseUrl, settings, timeoutMs });
    this.audit = new AuditLog({ path: this.path, maxBytes: 1e6, keep: 0, logger: createLogger('test', 'silent') });
    const embedder = { embed: async () => [] } as unknown as TextEmbedder;
    const shared = new Moderation({ policy: parsed.policy, classifier, embedder, audit: this.audit });
    const moderation = new ConversationModeration(shared, { sessionId: 'the-session', language: 'en' });
    moderation.listen((event) => this.events.push({ type: 'moderation', ...event }));
    const face = new ScriptedFace();
    this.voice = new Voice(this.output, face, (event) => this.pipeline.handleVoice(event));
    this.pipeline = new Pipeline({
      agent: new ModeratedAgent(agent, moderation),
      moderation,
      synthesiser: this.synthesiser,
      pace: new SynthesisPace(),
      history: this.history,
      voice: this.voice,
      apology: 'Sorry.',
      onState: (state) => face.setState(state),
      onVisitorPause: () => face.visitorPaused(),
      emit: (event) => this.events.push(event),
    });
    this.listener = new Listener({
      vad: new ScriptedVad(),
      recognition: this.recognition,
      avatarAudible: () => this.pipeline.hasFloor,
      mayBegin: () => this.pipeline.mayBegin('ann'),
      onEvent: (event) => this.pipeline.handleListener('ann', event),
    });
  }

  async hear(ms: number, probability: number): Promise<void> {
    for (let i = 0; i < Math.round(ms / 32); i++) {
      this.listener.push(new Float32Array(512).fill(probability));
      for (let turn = 0; turn < 30; turn++) await Promise.resolve();
    }
  }

  /** Asks, waits until the reply is complete, and hears it. */
  async ask(text: string): Promise<void> {
    const before = this.output.complete.length;
    this.pipeline.ask('ann', text);
    await eventually(() => expect(this.output.complete.length).toBeGreaterThan(before));
    this.play();
  }

  play(): void {
    for (const event of this.output.play()) this.voice.handlePacer(event);
  }

  get captions(): string {
    return this.events.flatMap((event) => (event.type === 'caption' ? [event.word] : [])).join(' ');
  }

  async written(): Promise<{ side: string; action: string; rules: string[]; text?: string }[]> {
    await this.audit.flush();
    const text = await readFile(this.path, 'utf8').catch(() => '');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  }
}

async function withClassifier(policy: object, judge: OpenAiServer['moderation']['judge']) {
  const server = await OpenAiServer.start();
  servers.push(server);
  server.moderation.judge = judge;
  const asked = { classifier: { use: 'openai', sides: ['avatar'] }, onFailure: 'refuse', timeoutMs: 9_000 };
  return { bench: new Bench({ ...asked, ...policy }, server.url), moderation: server.moderation };
}

describe('a sentence of the avatar that is refused', () => {
  it('reaches neither the mouth nor the captions, and the history holds what was said instead', async () => {
    const bench = new Bench({});
    bench.agent.answer = () => 'It opens at nine. That damned door, it is always shut. Come early.';
    await bench.ask('When does it open?');
    expect(bench.captions).toBe(`It opens at nine. ${INSTEAD}`);
    expect(bench.synthesiser.spoken.join(' ')).toBe(`It opens at nine. ${INSTEAD}`);
    expect(bench.history.messages.at(-1)).toEqual({ role: 'assistant', text: `It opens at nine. ${INSTEAD}` });
    expect(bench.agent.aborted).toBe(1);
    expect(bench.events).toContainEqual({ type: 'moderation', side: 'avatar', action: 'refused' });
    expect(await bench.written()).toMatchObject([
      { side: 'avatar', action: 'refused', rules: ['words:rude'], text: 'That damned door, it is always shut.' },
    ]);
  });

  it('is not even begun, however late in it the word comes', async () => {
    const bench = new Bench({});
    bench.agent.answer = () =>
      'The door, which is old and heavy and made of oak, and of which we are all very fond, is damned.';
    await bench.ask('What of the door?');
    expect(bench.synthesiser.spoken).toEqual([INSTEAD]);
  });

  it('is left out, once told for several in a row, where the policy lets the reply go on', async () => {
    const bench = new Bench({ afterRefusal: 'continue' });
    bench.agent.answer = () => 'Damn it. Damn it all. It opens at nine. Damn. Come early.';
    await bench.ask('When?');
    expect(bench.captions).toBe(`${INSTEAD} It opens at nine. ${INSTEAD} Come early.`);
  });

  it('is refused as it is spoken, not as it is written', async () => {
    const bench = new Bench({});
    bench.agent.answer = () => 'That is da**mn**ed [damn](http://example.org) good.';
    await bench.ask('Is it good?');
    expect(bench.captions).toBe(INSTEAD);
  });

  it('is refused too when it is to be said word for word', async () => {
    const bench = new Bench({});
    bench.pipeline.say('Damn you all.');
    await eventually(() => expect(bench.output.complete).toHaveLength(1));
    bench.play();
    expect(bench.captions).toBe(INSTEAD);
  });

  it('holds nobody up when the agent does not stop', async () => {
    const endless: Agent = {
      async *reply(): AsyncIterable<AgentEvent> {
        yield { type: 'text-delta', text: 'Damn it. And so on' };
        await new Promise(() => {});
      },
      close: async () => {},
    };
    const bench = new Bench({}, undefined, endless);
    await bench.ask('Well?');
    expect(bench.captions).toBe(INSTEAD);
    expect(bench.pipeline.hasFloor).toBe(false);
  });
});

describe('a sentence of the avatar that is fine', () => {
  it('is spoken in the same segments as without a policy', async () => {
    const text =
      'The museum opens at nine, and it closes at six on most days. Tickets cost ten euros. Children pay nothing.';
    const plain = new Bench({ words: [] });
    const moderated = new Bench({});
    for (const bench of [plain, moderated]) bench.agent.answer = () => text;
    await plain.ask('Tell me.');
    await moderated.ask('Tell me.');
    expect(moderated.synthesiser.spoken).toEqual(plain.synthesiser.spoken);
    expect(moderated.captions).toBe(text);
    expect(await moderated.written()).toEqual([]);
  });

  it('is heard before an apology for what the agent still owed', async () => {
    const failing: Agent = {
      async *reply(): AsyncIterable<AgentEvent> {
        yield { type: 'text-delta', text: 'It opens at nine. And' };
        throw new VisavisError('upstream-failed', 'gone');
      },
      close: async () => {},
    };
    const bench = new Bench({}, undefined, failing);
    await bench.ask('When?');
    expect(bench.captions).toMatch(/^It opens at nine\. And Sorry, I lost my train of thought\./);
  });

  it('is in its place, whichever the classifier judges first', async () => {
    const { bench, moderation } = await withClassifier({}, (text) => ({
      ...{ kind: 'scores', scores: {}, afterMs: text.startsWith('One') ? 80 : 1 },
    }));
    bench.agent.answer = () => 'One is first. Two is next. Three follows. Four too. Five as well. Six ends it.';
    await bench.ask('Count.');
    expect(bench.captions).toBe('One is first. Two is next. Three follows. Four too. Five as well. Six ends it.');
    expect(moderation.judged).toHaveLength(6);
    expect(moderation.mostOpen).toBeLessThanOrEqual(4);
  });
});

describe('a classifier that hangs', () => {
  const ask = async (onFailure: 'pass' | 'refuse') => {
    const { bench } = await withClassifier({ onFailure, timeoutMs: 50 }, () => ({ kind: 'hang' }));
    bench.agent.answer = () => 'It opens at nine.';
    await bench.ask('When?');
    return bench;
  };

  it('lets sentences pass where the policy says so', async () => {
    const bench = await ask('pass');
    expect(bench.captions).toBe('It opens at nine.');
    expect(await bench.written()).toMatchObject([{ action: 'passed-unchecked', rules: ['timeout'] }]);
  });

  it('has something else said where the policy says so', async () => {
    const bench = await ask('refuse');
    expect(bench.captions).toBe(UNAVAILABLE);
    expect(await bench.written()).toMatchObject([{ action: 'refused-unchecked', rules: ['timeout'] }]);
  });

  it('is left alone when the visitor interrupts', async () => {
    const { bench, moderation } = await withClassifier({}, () => ({ kind: 'hang' }));
    bench.agent.answer = () => 'It opens at nine.';
    bench.pipeline.ask('ann', 'When?');
    await eventually(() => expect(moderation.open).toBe(1));
    bench.pipeline.interrupt();
    await eventually(() => expect(moderation.open).toBe(0));
    expect(bench.synthesiser.spoken).toEqual([]);
    expect(await bench.written()).toEqual([]);
  });
});

describe('a visitor whose words are refused', () => {
  it('gets the operator’s answer, and the model never sees the words', async () => {
    const bench = new Bench({});
    await bench.ask('Damn you, when do you open?');
    expect(bench.captions).toBe(NO_ANSWER);
    expect(bench.agent.asked).toEqual([]);
    await bench.ask('When do you open, please?');
    expect(bench.agent.asked).toHaveLength(1);
    expect(JSON.stringify(bench.agent.asked)).not.toContain('Damn');
    expect(bench.agent.asked[0]).toMatchObject([
      { role: 'user', text: expect.stringContaining('withheld') },
      { role: 'assistant', text: NO_ANSWER },
      { role: 'user', text: 'When do you open, please?' },
    ]);
  });

  it('leaves no trace of what was only understood so far', async () => {
    const bench = new Bench({});
    bench.recognition.text = 'What a damn';
    await bench.hear(512, 0.95);
    await bench.hear(160, 0);
    bench.recognition.text = 'What a dam is that in the valley?';
    await bench.hear(512, 0.95);
    await bench.hear(1_500, 0);
    await eventually(() => expect(bench.output.complete).toHaveLength(1));
    bench.play();
    expect(bench.captions).toBe('Of course.');
    expect(await bench.written()).toEqual([]);
  });

  it('refused by a classifier is withheld from later prompts too', async () => {
    const { bench } = await withClassifier({ classifier: { use: 'openai', sides: ['visitor'] } }, (text) => ({
      ...{ kind: 'scores', scores: { violence: text.startsWith('How do I hurt') ? 0.9 : 0 } },
    }));
    await bench.ask('How do I hurt somebody?');
    await bench.ask('When do you open?');
    expect(bench.agent.asked).toHaveLength(1);
    expect(JSON.stringify(bench.agent.asked)).not.toContain('hurt');
  });
});

describe('personal data in a visitor’s words', () => {
  it('is masked for everyone: the model, the history and the transcript', async () => {
    const bench = new Bench({});
    await bench.ask('My card is 4111 1111 1111 1111, is that right?');
    expect(JSON.stringify([bench.agent.asked, bench.history.messages, bench.events])).not.toContain('4111');
    expect(bench.events).toContainEqual({ type: 'moderation', side: 'visitor', action: 'masked' });
    expect(bench.agent.asked[0]).toEqual([{ role: 'user', text: 'My card is [card number], is that right?' }]);
  });

  it('is masked once when it was spoken, however often it was understood meanwhile', async () => {
    const bench = new Bench({});
    bench.recognition.text =
      'My card is four one one one, one one one one, one one one one, one one one one, is that right?';
    await bench.hear(1_024, 0.95);
    await bench.hear(1_500, 0);
    await eventually(() => expect(bench.output.complete).toHaveLength(1));
    expect(JSON.stringify([bench.agent.asked, bench.history.messages, bench.events])).not.toContain('one one');
    expect(await bench.written()).toMatchObject([
      { action: 'masked', rules: ['personal:card'], text: 'My card is [card number], is that right?' },
    ]);
  });
});
