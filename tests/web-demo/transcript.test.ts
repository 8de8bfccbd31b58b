import { describe, expect, it } from 'vitest';
import type { ConversationEvent } from '../../web-demo/src/client/events.js';
import { formatTranscript, MAX_TURNS, reduceTranscript, type Turn } from '../../web-demo/src/model/transcript.js';

const heard = (turnId: number, text: string, final = false): ConversationEvent => ({
  type: 'transcript',
  turnId,
  participantId: 'p1',
  text,
  final,
});
const word = (utteranceId: number, index: number, text: string): ConversationEvent => ({
  type: 'caption',
  utteranceId,
  index,
  word: text,
});
const end = (utteranceId: number, text: string, interrupted = false): ConversationEvent => ({
  type: 'utterance-end',
  utteranceId,
  text,
  interrupted,
});
const run = (events: ConversationEvent[], nowMs = 0): readonly Turn[] =>
  events.reduce<readonly Turn[]>((turns, event, index) => reduceTranscript(turns, event, nowMs + index), []);
const lines = (turns: readonly Turn[]): string[] =>
  turns.map(({ speaker, text, status }) => `${speaker} ${status}: ${text}`);

describe('reduceTranscript', () => {
  it('replaces a partial by the next one and by the final text, in its place', () => {
    const turns = run([heard(1, 'what'), heard(1, 'what are'), heard(1, 'What are you?', true)]);
    expect(lines(turns)).toEqual(['visitor final: What are you?']);
  });

  it('takes a partial back when nothing was understood in the end', () => {
    expect(run([heard(1, 'hm'), heard(1, '', true)])).toEqual([]);
  });

  it('lets the avatar’s turn grow by the word and ends it with what was heard', () => {
    const growing = run([word(7, 0, 'Sure,'), word(7, 1, 'I'), word(7, 2, 'can')]);
    expect(lines(growing)).toEqual(['avatar growing: Sure, I can']);
    expect(lines(reduceTranscript(growing, end(7, 'Sure, I can help.'), 9))).toEqual([
      'avatar final: Sure, I can help.',
    ]);
  });

  it('marks an interrupted reply and keeps only the words that were heard', () => {
    const turns = run([word(1, 0, 'The'), word(1, 1, 'tour'), word(1, 2, 'takes'), end(1, 'The tour', true)]);
    expect(lines(turns)).toEqual(['avatar interrupted: The tour']);
  });

  it('forgets a reply of which nothing was heard', () => {
    expect(run([word(1, 0, 'The'), end(1, '', true)])).toEqual([]);
  });

  it('keeps what a reply rests on, and knows nothing of replies that are not there', () => {
    const sources = [{ title: 'Prices', page: 2 }];
    const told: ConversationEvent = { type: 'sources', utteranceId: 1, sources };
    const turns = run([word(1, 0, 'Ten'), word(1, 1, 'euros.'), told, end(1, 'Ten euros.')]);
    expect(turns).toMatchObject([{ text: 'Ten euros.', status: 'final', sources }]);
    expect(run([told, word(2, 0, 'Hello.'), end(2, 'Hello.')])[0]).not.toHaveProperty('sources');
  });

  it('lets a visitor speak into a growing reply without disturbing it', () => {
    const turns = run([
      word(1, 0, 'The'),
      heard(1, 'stop'),
      word(1, 1, 'tour'),
      end(1, 'The tour', true),
      heard(1, 'Stop.', true),
    ]);
    expect(lines(turns)).toEqual(['avatar interrupted: The tour', 'visitor final: Stop.']);
  });

  it('writes a typed text once, whether the server repeats it before or after its acknowledgement', () => {
    const asked: ConversationEvent = { type: 'asked', text: 'Hello' };
    expect(lines(run([asked, heard(3, 'Hello', true)]))).toEqual(['visitor final: Hello']);
    expect(lines(run([heard(3, 'Hello', true), asked]))).toEqual(['visitor final: Hello']);
  });

  it('writes a text twice that was typed once and said much later', () => {
    const typed = reduceTranscript([], { type: 'asked', text: 'Hello' }, 0);
    expect(reduceTranscript(typed, heard(3, 'Hello', true), 60_000)).toHaveLength(2);
  });

  it('goes on with the avatar’s turn after a reconnection, and settles what the visitor said', () => {
    const turns = run([
      heard(1, 'and'),
      word(1, 0, 'The'),
      { type: 'phase', phase: 'reconnecting' },
      word(1, 1, 'tour'),
    ]);
    expect(lines(turns)).toEqual(['visitor final: and', 'avatar growing: The tour']);
  });

  it('settles an utterance whose end was missed when the next one begins', () => {
    expect(lines(run([word(1, 0, 'One'), word(2, 0, 'Two')]))).toEqual(['avatar final: One', 'avatar growing: Two']);
  });

  it('leaves nothing growing when the conversation is over', () => {
    const turns = run([heard(1, 'and'), word(1, 0, 'The'), { type: 'phase', phase: 'over', reason: 'lost' }]);
    expect(lines(turns)).toEqual(['visitor final: and', 'avatar interrupted: The']);
  });

  it('returns the same array for an event that changes nothing', () => {
    const turns = run([word(1, 0, 'One'), end(1, 'One')]);
    expect(reduceTranscript(turns, { type: 'state', state: 'idle' }, 5)).toBe(turns);
    expect(reduceTranscript(turns, word(1, 1, 'late'), 5)).toBe(turns);
  });

  it('forgets the oldest turns beyond its limit', () => {
    const events = Array.from({ length: MAX_TURNS + 20 }, (_, index) => heard(index, `turn ${index}`, true));
    const turns = run(events);
    expect(turns).toHaveLength(MAX_TURNS);
    expect(turns[0]?.text).toBe('turn 20');
  });
});

describe('formatTranscript', () => {
  it('names both sides and says where a reply was interrupted', () => {
    const turns = run([heard(1, 'Hi', true), word(1, 0, 'Hello'), end(1, 'Hello', true)]);
    expect(formatTranscript(turns, { visitor: 'You', avatar: 'Mara', interrupted: 'interrupted' })).toBe(
      'You: Hi\nMara: Hello … (interrupted)',
    );
  });
});
