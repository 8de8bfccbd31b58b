import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConversationEvent } from '../../src/agents/events.js';
import { History } from '../../src/agents/history.js';
import { SynthesisPace } from '../../src/agents/pace.js';
import { RealtimeDialogue } from '../../src/agents/realtime/dialogue.js';
import { Conversation } from '../../src/agents/session.js';
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

/** A conversation whose turns are taken by the real turn machine and answered by a speech model over the real protocol. */
class Talk {
  readonly events: ConversationEvent[] = [];
  readonly output = new ScriptedOutput();
  readonly history = new History();
  readonly local = new ScriptedRecognition();
  readonly synthesiser = new ScriptedSynthesiser();
  readonly agent = new ScriptedAgent();
  readonly conversation: Conversation;
  #at = 0;

  constructor(server: RealtimeServer, greeting: string | null = null) {
    const dialogue = new RealtimeDialogue({
      ...{ apiKey: '', baseUrl: server.url, realtimeModel: 'talker', speechVoice: 'marin', transcriptionModel: 'ear' },
      ...{ timeoutMs: 3_000, recogniser: { open: () => this.local, close: async () => {} } },
    });
    this.conversation = new Conversation({
      engines: {
        vad: { open: () => new ScriptedVad(), close: async () => {} },
        recogniser: { open: () => new ScriptedRecognition(), close: async () => {} },
        synthesiser: this.synthesiser,
        pace: new SynthesisPace(),
        agent: this.agent,
        dialogue,
      },
      output: this.output,
      face: new ScriptedFace(),
      history: this.history,
      greeting,
      apology: 'Sorry.',
      emit: (event) => this.events.push(event),
    });
    this.conversation.addMicrophone('ann');
  }

  /** The turn machine lives on the sound's own clock. */
  async hear(ms: number, probability: number): Promise<void> {
    for (let i = 0; i < ms / 20; i++) {
      // The scripted detector reads the probability out of the window; 48 kHz in, 16 kHz out.
      this.conversation.handlePacer({
        ...{ type: 'microphone', conversationId: 'c', participantId: 'ann' },
        ...{ sequenceNumber: this.#at, timestamp: this.#at++ * 960, samples: new Float32Array(960).fill(probability) },
      } as never);
    }
    for (let i = 0; i < 60; i++) await Promise.resolve();
  }

  play(maxWords?: number): void {
    for (const event of this.output.play(maxWords)) this.conversation.handlePacer(event);
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
  await talk.conversation.close();
  await server.close();
});

async function begin(greeting: string | null = null): Promise<Talk> {
  talk = new Talk(server, greeting);
  await eventually(() => expect(server.sessions[0]?.config.type).toBe('realtime'));
  await new Promise((resolve) => setTimeout(resolve, 50));
  return talk;
}

const answer = (text: string, soundMs: number): Answering => ({ kind: 'say', text, soundMs });

describe('a conversation with a model that speaks itself', () => {
  it('answers typed text with captions as spoken, and remembers what was heard', async () => {
    const { conversation, output, history, of, agent } = await begin();
    server.script(answer('It is open until six.', 1_500));
    conversation.ask('ann', 'When do you close?');
    await eventually(() => expect(output.complete).toHaveLength(1));
    talk.play();
    expect(of.call(talk, 'caption').map(({ word }) => word)).toEqual(['It', 'is', 'open', 'until', 'six.']);
    expect(history.messages).toEqual([
      { role: 'user', text: 'When do you close?' },
      { role: 'assistant', text: 'It is open until six.' },
    ]);
    expect(agent.asked).toEqual([]);
    // Nothing but the model has spoken, and the face is given its sound.
    expect(talk.synthesiser.spoken).toEqual([]);
  });

  it('is told of the greeting, which is not the model’s own', async () => {
    const { conversation, output } = await begin('Hello, I am an AI.');
    conversation.start();
    await eventually(() => expect(output.complete).toHaveLength(1));
    talk.play();
    conversation.ask('ann', 'Hello!');
    await eventually(() =>
      expect(server.items.map(({ text }) => text)).toEqual(['Hello, I am an AI.', 'Hello!', 'Of course.']),
    );
  });

  it('stopped in mid-reply: the model and the history keep what was heard', async () => {
    const { conversation, output, history } = await begin();
    server.script(answer('One two three four five six.', 3_000));
    conversation.ask('ann', 'Count!');
    await eventually(() => expect(output.complete).toHaveLength(1));
    talk.play(3);
    const heard = history.messages.length;
    const playing = output.segments[4];
    if (playing === undefined) throw new Error('expected five segments');
    // Four segments are over: 100 ms, then three of 240 ms.
    for (const { segmentId, utteranceId } of output.segments.slice(0, 5))
      conversation.handlePacer({ type: 'segment-started', conversationId: 'c', segmentId, utteranceId, atMs: 0 });
    output.position = { segmentId: playing.segmentId, positionMs: 33 };
    conversation.interrupt();
    expect(output.cleared).toBe(1);
    await eventually(() =>
      expect(server.of('conversation.item.truncate')).toMatchObject([{ audio_end_ms: 100 + 3 * 240 + 33 }]),
    );
    expect(heard).toBe(1);
    expect(history.messages.at(-1)).toEqual({ role: 'assistant', text: 'One two three', interrupted: true });
    // The next turn works.
    conversation.ask('ann', 'Go on.');
    await eventually(() =>
      expect(server.items.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant']),
    );
    expect(server.complaints).toEqual([]);
  });

  it('apologises with the synthesiser when the model breaks off, and goes on', async () => {
    const { conversation, output } = await begin();
    server.script({ kind: 'hang-up', afterSoundMs: 600 });
    conversation.ask('ann', 'Tell me a story.');
    await eventually(() => expect(output.complete).toHaveLength(1));
    talk.play();
    await eventually(() => expect(talk.synthesiser.spoken).toEqual(['Sorry.']));
    expect(talk.of('error')).toMatchObject([{ error: { code: 'upstream-failed' } }]);
    talk.play();
    conversation.ask('ann', 'Are you there?');
    await eventually(() => expect(server.items.at(-1)).toMatchObject({ role: 'assistant', text: 'Of course.' }));
  });
});
