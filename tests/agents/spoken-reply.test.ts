import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConversationEvent } from '../../src/agents/events.js';
import { History } from '../../src/agents/history.js';
import { Listener } from '../../src/agents/listener.js';
import { SynthesisPace } from '../../src/agents/pace.js';
import { Pipeline } from '../../src/agents/pipeline.js';
import { RealtimeDialogue } from '../../src/agents/realtime/dialogue.js';
import { Voice } from '../../src/agents/voice.js';
import { eventually } from '../support/eventually.js';
import { type Answering, RealtimeServer } from '../support/realtime-server.js';
import {
  ScriptedAgent,
  ScriptedFace,
  ScriptedOutput,
  ScriptedRecognition,
  ScriptedSynthesiser,
  ScriptedVad,
} from '../support/scripted-engines.js';

/** Turns are taken by the real turn machine and answered by a speech model over the real protocol. */
class Talk {
  readonly events: ConversationEvent[] = [];
  readonly output = new ScriptedOutput();
  readonly history = new History();
  readonly local = new ScriptedRecognition();
  readonly synthesiser = new ScriptedSynthesiser();
  readonly agent = new ScriptedAgent();
  readonly dialogue: RealtimeDialogue;
  readonly voice: Voice;
  readonly pipeline: Pipeline;
  readonly listener: Listener;

  constructor(server: RealtimeServer) {
    this.dialogue = new RealtimeDialogue({
      ...{ apiKey: '', baseUrl: server.url, realtimeModel: 'talker', speechVoice: 'marin', transcriptionModel: 'ear' },
      ...{ timeoutMs: 3_000, recogniser: { open: () => this.local, close: async () => {} } },
    });
    this.voice = new Voice(this.output, new ScriptedFace(), (event) => this.pipeline.handleVoice(event));
    this.pipeline = new Pipeline({
      agent: this.agent,
      dialogue: this.dialogue,
      synthesiser: this.synthesiser,
      pace: new SynthesisPace(),
      history: this.history,
      voice: this.voice,
      apology: 'Sorry.',
      onState: () => {},
      onVisitorPause: () => {},
      emit: (event) => this.events.push(event),
    });
    this.listener = new Listener({
      vad: new ScriptedVad(),
      recognition: this.dialogue.ear.open({}),
      avatarAudible: () => this.pipeline.hasFloor,
      mayBegin: () => true,
      onEvent: (event) => this.pipeline.handleListener('ann', event),
    });
  }

  async hear(ms: number, probability: number): Promise<void> {
    for (let i = 0; i < Math.round(ms / 32); i++) {
      this.listener.push(new Float32Array(512).fill(probability));
      for (let k = 0; k < 30; k++) await Promise.resolve();
    }
  }

  /** A whole turn: half a second of speech, then silence until its end. */
  async turn(text: string): Promise<void> {
    this.local.text = text;
    await this.hear(512, 0.95);
    await this.hear(640, 0);
  }

  /** Until a reply is with the voice as a whole. */
  async replied(): Promise<void> {
    await eventually(() => expect(this.output.complete).toHaveLength(1));
  }
  play(maxWords?: number): void {
    for (const event of this.output.play(maxWords)) this.voice.handlePacer(event);
  }
  of<T extends ConversationEvent['type']>(type: T) {
    return this.events.filter((event): event is Extract<ConversationEvent, { type: T }> => event.type === type);
  }
}

let server: RealtimeServer;
let talk: Talk;
beforeEach(async () => {
  server = await RealtimeServer.start();
});
afterEach(async () => {
  talk.pipeline.close();
  talk.listener.close();
  await talk.dialogue.close();
  await server.close();
});

async function begin(): Promise<Talk> {
  talk = new Talk(server);
  await eventually(() => expect(server.sessions[0]?.config.type).toBe('realtime'));
  await new Promise((resolve) => setTimeout(resolve, 50));
  return talk;
}

const answer = (text: string, soundMs: number): Answering => ({ kind: 'say', text, soundMs });

describe('a conversation with a model that speaks itself', () => {
  it('answers what was spoken, with captions as spoken, and remembers what was heard', async () => {
    const { history, agent, synthesiser } = await begin();
    server.script(answer('It is open until six.', 1_500));
    await talk.turn('When do you close?');
    await talk.replied();
    talk.play();
    expect(talk.of('transcript').filter(({ final }) => final)).toMatchObject([{ text: 'When do you close?' }]);
    expect(talk.of('caption').map(({ word }) => word)).toEqual(['It', 'is', 'open', 'until', 'six.']);
    expect(history.messages).toEqual([
      { role: 'user', text: 'When do you close?' },
      { role: 'assistant', text: 'It is open until six.' },
    ]);
    // The model heard the sound itself, and nobody else was asked.
    expect(server.items.map(({ role, text }) => [role, text])).toEqual([
      ['user', ''],
      ['assistant', 'It is open until six.'],
    ]);
    expect([agent.asked, synthesiser.spoken]).toEqual([[], []]);
    expect(talk.of('latency')).toHaveLength(1);
  });

  it('is told of the greeting, which is not the model’s own', async () => {
    const { pipeline } = await begin();
    pipeline.say('Hello, I am an AI.');
    await talk.replied();
    talk.play();
    pipeline.ask('ann', 'Hello!');
    const texts = ['Hello, I am an AI.', 'Hello!', 'Of course.'];
    await eventually(() => expect(server.items.map(({ text }) => text)).toEqual(texts));
  });

  it('interrupted in mid-reply: model and history keep what was heard', async () => {
    const { output, history, voice } = await begin();
    server.script({ kind: 'say', text: 'One two three four five six.', soundMs: 3_000 });
    await talk.turn('Count!');
    await talk.replied();
    talk.play(2);
    // Of 100 ms, then of 240 ms each: four are over, the fifth is being sent.
    const playing = output.segments.slice(0, 5);
    for (const { segmentId, utteranceId } of playing)
      voice.handlePacer({ type: 'segment-started', conversationId: 'c', segmentId, utteranceId, atMs: 0 });
    output.position = { segmentId: playing[4]?.segmentId ?? 0, positionMs: 33 };
    talk.local.text = 'Wait, stop, that is enough.';
    await talk.hear(1_024, 0.95);
    expect(output.cleared).toBe(1);
    await eventually(() =>
      expect(server.of('conversation.item.truncate')).toMatchObject([{ audio_end_ms: 100 + 3 * 240 + 33 }]),
    );
    expect(history.messages.at(-1)).toEqual({ role: 'assistant', text: 'One two', interrupted: true });
    await talk.hear(960, 0);
    await eventually(() => expect(server.items.at(-1)).toMatchObject({ role: 'assistant', text: 'Of course.' }));
    expect(server.items.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant']);
    expect(server.complaints).toEqual([]);
  });

  it('apologises with the synthesiser when the model breaks off, and goes on', async () => {
    const { pipeline, synthesiser } = await begin();
    server.script({ kind: 'hang-up', afterSoundMs: 600 });
    pipeline.ask('ann', 'Tell me a story.');
    await talk.replied();
    talk.play();
    await eventually(() => expect(synthesiser.spoken).toEqual(['Sorry.']));
    expect(talk.of('error')).toMatchObject([{ error: { code: 'upstream-failed' } }]);
    await talk.replied();
    talk.play();
    pipeline.ask('ann', 'Are you there?');
    await eventually(() => expect(server.items.at(-1)).toMatchObject({ role: 'assistant', text: 'Of course.' }));
  });
});
