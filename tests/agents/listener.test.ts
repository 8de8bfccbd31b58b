import { describe, expect, it, vi } from 'vitest';
import { EndOfTurnEstimator } from '../../src/agents/end-of-turn/estimator.js';
import { Listener, type ListenerEvent } from '../../src/agents/listener.js';
import type { TurnInput } from '../../src/agents/turn.js';
import { VAD_WINDOW } from '../../src/inference/engines.js';
import { ScriptedRecognition, ScriptedVad } from '../support/scripted-engines.js';
import { flatModel } from './end-of-turn/flat-model.js';

const WINDOW_MS = 32;

/** A listener whose microphone is pushed by hand: `hear(probability, ms)`. */
function listen(avatarAudible = false) {
  const recognition = new ScriptedRecognition();
  const events: ListenerEvent[] = [];
  const listener = new Listener({
    vad: new ScriptedVad(),
    recognition,
    avatarAudible: () => avatarAudible,
    mayBegin: () => true,
    onEvent: (event) => events.push(event),
  });
  const hear = async (probability: number, ms: number) => {
    for (let at = 0; at < ms; at += WINDOW_MS) {
      listener.push(new Float32Array(VAD_WINDOW).fill(probability));
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { listener, recognition, events, hear };
}

describe('push-to-talk', () => {
  const keyed = (mayBegin = true) => {
    const recognition = new ScriptedRecognition();
    const events: ListenerEvent[] = [];
    const listener = new Listener({
      vad: new ScriptedVad(),
      recognition,
      settings: { keyed: true },
      avatarAudible: () => false,
      mayBegin: () => mayBegin,
      onEvent: (event) => events.push(event),
    });
    const hear = async (probability: number, ms: number) => {
      for (let at = 0; at < ms; at += WINDOW_MS) {
        listener.push(new Float32Array(VAD_WINDOW).fill(probability));
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    return { listener, recognition, events, hear };
  };

  it('recognises what was said while the key was held, and hardly anything before', async () => {
    const { listener, recognition, events, hear } = keyed();
    recognition.text = 'What does it cost?';
    await hear(0.95, 960);
    expect(recognition.pushed).toBe(0);
    listener.setKey(true);
    expect(recognition.pushed).toBe(2 * VAD_WINDOW);
    await hear(0.95, 640);
    listener.setKey(false);
    await hear(0.02, 320);
    await vi.waitFor(() => expect(events.at(-1)?.type).toBe('turn-end'));
    expect(events.filter(({ type }) => type !== 'partial').map(({ type }) => type)).toEqual([
      'onset',
      'candidate',
      'turn-end',
    ]);
    listener.close();
  });

  it('ends when the key is released and the microphone gives nothing any more', async () => {
    const { listener, recognition, events, hear } = keyed();
    recognition.text = 'Yes.';
    listener.setKey(true);
    await hear(0.95, 320);
    listener.setKey(false);
    await vi.waitFor(() => expect(events.at(-1)?.type).toBe('turn-end'), 3_000);
    listener.setKey(true);
    listener.setKey(false);
    await vi.waitFor(() => expect(events.at(-1)?.type).toBe('discard'), 3_000);
    listener.close();
  });

  it('begins nothing while somebody else has the floor', async () => {
    const { listener, events, hear } = keyed(false);
    listener.setKey(true);
    await hear(0.95, 320);
    listener.setKey(false);
    await hear(0.02, 320);
    expect(events).toEqual([]);
    listener.close();
  });
});

describe('a turn on a busy machine', () => {
  it('is not lost when its first partial text was empty and its final text comes late', async () => {
    const { listener, recognition, events, hear } = listen();
    await hear(0.95, 960);
    let open: () => void = () => {};
    recognition.gate = new Promise((resolve) => {
      open = resolve;
    });
    recognition.text = 'What does it cost?';
    await hear(0.02, 1_600);
    expect(events.map(({ type }) => type)).toEqual(['onset']);
    open();
    await vi.waitFor(() => expect(events.at(-1)?.type).toBe('turn-end'));
    expect(events.at(-1)).toMatchObject({ transcript: { text: 'What does it cost?' } });
    listener.close();
  });

  it('without any words is discarded', async () => {
    const { listener, events, hear } = listen();
    await hear(0.95, 960);
    await hear(0.02, 1_600);
    await vi.waitFor(() => expect(events.at(-1)?.type).toBe('discard'));
    expect(events.some(({ type }) => type === 'turn-end')).toBe(false);
    listener.close();
  });

  it.each([
    ['Wait, what was that?', 'turn-end'],
    ['Right.', 'discard'],
    ['Thank you.', 'discard'],
  ])('over the avatar’s voice, whose words “%s” come after the decision: %s', async (text, expected) => {
    const { listener, recognition, events, hear } = listen(true);
    let open: () => void = () => {};
    recognition.gate = new Promise((resolve) => {
      open = resolve;
    });
    await hear(0.95, 256);
    recognition.text = text;
    await hear(0.02, 960);
    expect(events.map(({ type }) => type)).toEqual(['onset', 'duck', 'resume']);
    open();
    await vi.waitFor(() => expect(events.at(-1)?.type).toBe(expected));
    listener.close();
  });
});

describe('an end-of-turn model', () => {
  /** A listener with a model that says the same of every pause, and what was recorded of it. */
  const judged = (logit: number | undefined, settings = {}) => {
    const recognition = new ScriptedRecognition();
    const inputs: TurnInput[] = [];
    const ends: number[] = [];
    const listener = new Listener({
      vad: new ScriptedVad(),
      recognition,
      settings,
      endOfTurn:
        logit === undefined
          ? undefined
          : { estimator: new EndOfTurnEstimator(flatModel(logit)), avatarSaid: () => 'Shall I book it?' },
      avatarAudible: () => false,
      mayBegin: () => true,
      onEvent: () => {},
      openTrace: () => ({
        input: (input, decisions) => {
          inputs.push(input);
          for (const decision of decisions)
            if (decision.type === 'end') ends.push(decision.atMs - decision.lastVoicedMs);
        },
        note: () => {},
        close: () => {},
      }),
    });
    const hear = async (probability: number, ms: number) => {
      for (let at = 0; at < ms; at += WINDOW_MS) {
        listener.push(new Float32Array(VAD_WINDOW).fill(probability));
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    return { recognition, listener, inputs, ends, hear };
  };

  it('is asked once a pause, after its words, and the turn machine is told, with what it rests on', async () => {
    const { recognition, inputs, ends, hear } = judged(4);
    recognition.text = 'Yes, please.';
    await hear(0.95, 640);
    await hear(0.02, 640);
    const estimates = inputs.filter((input) => input.type === 'estimate');
    expect(estimates).toHaveLength(1);
    expect(estimates[0]!.probability).toBeCloseTo(1 / (1 + Math.exp(-4)), 9);
    expect(estimates[0]!.features).toMatchObject({ 'words:asked:yes-no': 1, 'words:yesNoAnswered': 1 });
    expect(inputs[inputs.indexOf(estimates[0]!) - 1]!.type).toBe('transcript');
    expect(ends).toEqual([224]);
  });

  it('decides as words and silence do where there is none', async () => {
    const { recognition, inputs, ends, hear } = judged(undefined);
    recognition.text = 'Yes, please.';
    await hear(0.95, 640);
    await hear(0.02, 640);
    expect(inputs.some((input) => input.type === 'estimate')).toBe(false);
    expect(ends).toEqual([416]);
  });

  it('is not asked of a pause without words, nor while a key decides', async () => {
    const silent = judged(4);
    await silent.hear(0.95, 640);
    await silent.hear(0.02, 640);
    expect(silent.inputs.some((input) => input.type === 'estimate')).toBe(false);
    const keyed = judged(4, { keyed: true });
    keyed.recognition.text = 'Yes, please.';
    keyed.listener.setKey(true);
    await keyed.hear(0.95, 640);
    await keyed.hear(0.02, 640);
    expect(keyed.inputs.some((input) => input.type === 'transcript')).toBe(true);
    expect(keyed.inputs.some((input) => input.type === 'estimate')).toBe(false);
    keyed.listener.close();
  });
});
