import { afterEach, describe, expect, it } from 'vitest';
import type { ConversationEvent } from '../../src/agents/events.js';
import { History } from '../../src/agents/history.js';
import { SynthesisPace } from '../../src/agents/pace.js';
import { Conversation } from '../../src/agents/session.js';
import type { TurnSettings } from '../../src/agents/turn.js';
import { turnSettingsOf } from '../../src/agents/turn-modes.js';
import type { TraceNote } from '../../src/agents/turn-trace.js';
import type { TurnTaking } from '../../src/turn-taking.js';
import { eventually } from '../support/eventually.js';
import {
  ScriptedAgent,
  ScriptedFace,
  ScriptedOutput,
  ScriptedRecognition,
  ScriptedSynthesiser,
  ScriptedVad,
} from '../support/scripted-engines.js';

const open: Conversation[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((conversation) => conversation.close()));
});

function begin(turnTaking: TurnTaking) {
  const events: ConversationEvent[] = [];
  const traces = new Map<
    string,
    { settings: TurnSettings; notes: TraceNote['type'][]; inputs: string[]; closed: boolean }
  >();
  let listened = 0;
  const output = new ScriptedOutput();
  const vad = {
    open: () => {
      listened++;
      return new ScriptedVad();
    },
    close: async () => {},
  };
  const conversation = new Conversation({
    engines: {
      vad,
      recogniser: { open: () => new ScriptedRecognition(), close: async () => {} },
      synthesiser: new ScriptedSynthesiser(),
      pace: new SynthesisPace(),
      agent: new ScriptedAgent(),
    },
    output,
    face: new ScriptedFace(),
    history: new History(),
    greeting: null,
    apology: '',
    turnTaking,
    turnSettings: turnSettingsOf(turnTaking, { endOfTurnMs: { min: 400, max: 1_200 }, interruptionMs: 448 }),
    emit: (event) => events.push(event),
    traces: {
      open: (participantId, settings) => {
        const trace = { settings, notes: [] as TraceNote['type'][], inputs: [] as string[], closed: false };
        traces.set(participantId, trace);
        return {
          input: ({ type }) => trace.inputs.push(type),
          note: ({ type }) => trace.notes.push(type),
          close: () => {
            trace.closed = true;
          },
        };
      },
    },
  });
  open.push(conversation);
  return { conversation, events, traces, output, listened: () => listened };
}

describe('a conversation', () => {
  it('with turn-taking off listens to no microphone, and still speaks and answers', async () => {
    const { conversation, events, listened, traces, output } = begin('off');
    conversation.addMicrophone('ann');
    conversation.setTalking('ann', true);
    expect(listened()).toBe(0);
    expect(traces.size).toBe(0);
    conversation.ask('ann', 'What is this?');
    await eventually(() => expect(output.segments).toHaveLength(1));
    conversation.removeMicrophone('ann');
    expect(events.some((event) => event.type === 'transcript' && event.text === 'What is this?')).toBe(true);
  });

  it('by push-to-talk gives the floor to who presses first', () => {
    const { conversation, events, traces } = begin('push-to-talk');
    conversation.addMicrophone('ann');
    conversation.addMicrophone('bob');
    conversation.setTalking('ann', true);
    conversation.setTalking('bob', true);
    conversation.setTalking('nobody', true);
    expect(events).toEqual([{ type: 'state', state: 'listening' }]);
    expect(traces.get('ann')?.inputs).toEqual(['key']);
    expect(traces.get('bob')?.inputs).toEqual([]);
    conversation.removeMicrophone('ann');
    expect(events.at(-1)).toEqual({ type: 'state', state: 'idle' });
  });

  it('stops the avatar when the key is pressed, also while it still thinks', async () => {
    const { conversation, events, output } = begin('push-to-talk');
    conversation.addMicrophone('ann');
    conversation.ask('ann', 'What is this?');
    await eventually(() => expect(output.segments).toHaveLength(1));
    conversation.setTalking('ann', true);
    expect(events.filter(({ type }) => type === 'interruption')).toMatchObject([{ phase: 'stopped' }]);
    expect(output.cleared).toBe(1);
    expect(events.filter(({ type }) => type === 'state').at(-1)).toEqual({ type: 'state', state: 'listening' });
  });

  it('is recorded by microphone, with what the avatar did, until the microphone is gone', async () => {
    const { conversation, traces, output } = begin('patient');
    conversation.addMicrophone('ann');
    conversation.say('One two three.');
    await eventually(() => expect(output.segments).toHaveLength(1));
    for (const event of output.play()) conversation.handlePacer(event);
    const ann = traces.get('ann');
    expect(ann?.settings).toMatchObject({ completeMs: 700, keyed: false });
    expect(ann?.notes).toEqual([
      ...['state', 'planned', 'playing', 'state', 'heard', 'heard', 'heard', 'spoken', 'state'],
    ]);
    conversation.removeMicrophone('ann');
    expect(ann?.closed).toBe(true);
    const noted = ann?.notes.length;
    conversation.say('More.');
    await eventually(() => expect(output.segments).toHaveLength(2));
    expect(ann?.notes.length).toBe(noted);
  });
});
