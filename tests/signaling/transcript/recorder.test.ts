import { describe, expect, it } from 'vitest';
import type { ConversationEvent } from '../../../src/agents/events.js';
import { TranscriptRecorder } from '../../../src/signaling/transcript/recorder.js';

const START_MS = 1_700_000_000_000;

function recorded(...events: [atMs: number, event: ConversationEvent][]): TranscriptRecorder {
  const recorder = new TranscriptRecorder(START_MS, undefined);
  for (const [atMs, event] of events) recorder.accept(event, START_MS + atMs);
  return recorder;
}

const said = (text: string, final: boolean, turnId = 1, spoken?: { fromAgoMs: number; toAgoMs: number }) =>
  ({ type: 'transcript', turnId, participantId: 'ann', text, final, ...(spoken && { spoken }) }) as const;
const word = (text: string, utteranceId = 1, more: { agoMs?: number; aside?: boolean } = {}) =>
  ({ type: 'caption', utteranceId, index: 0, word: text, ...more }) as const;
const over = (text: string, interrupted = false, utteranceId = 1) =>
  ({ type: 'utterance-end', utteranceId, text, interrupted }) as const;

describe('a transcript', () => {
  it('has a turn of the visitor from its first sound to its last', () => {
    const { turns } = recorded(
      [900, said('What does', false)],
      [2_000, said('What does it cost?', true, 1, { fromAgoMs: 1_500, toAgoMs: 600 })],
    );
    expect(turns).toEqual([
      { role: 'visitor', turnId: 1, participantId: 'ann', text: 'What does it cost?', startMs: 500, endMs: 1_400 },
    ]);
  });

  it('takes the time of the first words where the sound is not known', () => {
    const { turns } = recorded(
      [900, said('What', false)],
      [1_200, said('What does', false)],
      [2_000, said('What?', true)],
    );
    expect(turns).toMatchObject([{ startMs: 900, endMs: 2_000 }]);
  });

  it('has every word of the avatar when its sound was sent', () => {
    const { turns } = recorded(
      [1_000, word('It', 1, { agoMs: 20 })],
      [1_300, word('costs', 1, { agoMs: 10.4 })],
      [1_700, word('nothing.')],
      [2_400, over('It costs nothing.')],
    );
    expect(turns).toEqual([
      {
        ...{ role: 'avatar', utteranceId: 1, text: 'It costs nothing.', startMs: 980, endMs: 2_400 },
        ...{ interrupted: false, aside: false },
        words: [
          { text: 'It', atMs: 980 },
          { text: 'costs', atMs: 1_290 },
          { text: 'nothing.', atMs: 1_700 },
        ],
      },
    ]);
  });

  it('ends what was cut off with the last word that was heard', () => {
    const { turns } = recorded([10, word('It')], [20, word('costs')], [35, over('It costs', true)]);
    expect(turns).toMatchObject([{ text: 'It costs', interrupted: true, endMs: 35, words: [{}, { text: 'costs' }] }]);
  });

  it('shows what is being said, without an end', () => {
    expect(recorded([10, word('It')], [20, word('costs')]).turns).toMatchObject([{ text: 'It costs', endMs: null }]);
  });

  it('leaves out turns in which nothing was understood and replies of which nothing was heard', () => {
    expect(recorded([10, said('What', false)], [20, said('', true)], [30, over('', true)]).turns).toEqual([]);
  });

  it('marks what is no part of the history', () => {
    expect(recorded([10, word('Sorry.', 4, { aside: true })], [20, over('Sorry.', false, 4)]).turns).toMatchObject([
      { utteranceId: 4, aside: true },
    ]);
  });

  it('never has times before the start, nor words that go back', () => {
    const { turns } = recorded(
      [10, word('It', 1, { agoMs: 500 })],
      [30, word('costs')],
      [31, word('x', 1, { agoMs: 20 })],
    );
    expect(turns).toMatchObject([{ startMs: 0, words: [{ atMs: 0 }, { atMs: 30 }, { atMs: 30 }] }]);
  });

  it('goes on where another gateway ended', () => {
    const first = recorded([10, said('Hello.', true)], [20, word('Good')], [30, word('day.')]);
    const second = new TranscriptRecorder(START_MS, structuredClone({ turns: first.turns, truncated: false }));
    second.accept(over('Good day.', true), START_MS + 5_000);
    second.accept(said('Are you there?', true, 2), START_MS + 6_000);
    expect(second.turns).toMatchObject([
      { text: 'Hello.' },
      { text: 'Good day.', endMs: 5_000, words: [{ atMs: 20 }, { atMs: 30 }], interrupted: true },
      { text: 'Are you there?', startMs: 6_000 },
    ]);
  });

  it('keeps the last words that a dead gateway did not write down', () => {
    const first = recorded([20, word('Good')]);
    const second = new TranscriptRecorder(START_MS, structuredClone({ turns: first.turns, truncated: false }));
    second.accept(over('Good day to you.', true), START_MS + 90);
    expect(second.turns).toMatchObject([
      { words: [{ atMs: 20 }, { text: 'day', atMs: 90 }, { text: 'to' }, { text: 'you.' }] },
    ]);
  });

  it('keeps words that a dead gateway did not write down', () => {
    expect(recorded([70, over('Good day.', true, 9)]).turns).toMatchObject([
      { utteranceId: 9, text: 'Good day.', words: [{ text: 'Good', atMs: 70 }, { text: 'day.' }], interrupted: true },
    ]);
  });

  it('is bounded, and says that its beginning is missing', () => {
    const recorder = new TranscriptRecorder(START_MS, undefined);
    for (let turnId = 1; turnId <= 2_100; turnId++)
      recorder.accept(said(`turn ${turnId}`, true, turnId), START_MS + turnId);
    expect(recorder.turns).toHaveLength(2_000);
    expect(recorder.turns[0]).toMatchObject({ text: 'turn 101' });
    expect(recorder.truncated).toBe(true);
    for (let turnId = 3_000; turnId < 3_040; turnId++) {
      recorder.accept(said('x'.repeat(10_000), true, turnId), START_MS + turnId);
    }
    expect(recorder.turns.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThanOrEqual(300_000);
  });

  it('finds the turn that became part of the conversation', () => {
    const recorder = recorded([10, said('Mm-hm.', true, 1)], [20, said('What  is\nthat?', true, 2)]);
    expect(recorder.committed('What is that?')).toMatchObject({ turnId: 2 });
    expect(recorder.committed('Something else.')).toBeUndefined();
  });
});
