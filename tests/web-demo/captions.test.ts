import { describe, expect, it } from 'vitest';
import type { ConversationEvent } from '../../web-demo/src/client/events.js';
import { type Caption, completedSentences, NO_CAPTION, reduceCaption } from '../../web-demo/src/model/captions.js';

const run = (...events: ConversationEvent[]): Caption => events.reduce(reduceCaption, NO_CAPTION);
const word = (utteranceId: number, index: number, text: string): ConversationEvent => ({
  type: 'caption',
  utteranceId,
  index,
  word: text,
});
const said = (text: string, final = false): ConversationEvent => ({
  type: 'transcript',
  turnId: 4,
  participantId: 'p1',
  text,
  final,
});

describe('reduceCaption', () => {
  it('appends the words of one utterance and begins anew with the next', () => {
    expect(run(word(1, 0, 'Good'), word(1, 1, 'morning.')).words).toEqual(['Good', 'morning.']);
    expect(run(word(1, 0, 'Good'), word(2, 0, 'Yes.')).words).toEqual(['Yes.']);
  });

  it('stops at the word at which the avatar was interrupted', () => {
    const end: ConversationEvent = { type: 'utterance-end', utteranceId: 1, text: 'The tour', interrupted: true };
    const caption = run(word(1, 0, 'The'), word(1, 1, 'tour'), word(1, 2, 'takes'), end, word(1, 3, 'long'));
    expect(caption).toMatchObject({ words: ['The', 'tour'], status: 'interrupted' });
  });

  it('shows the visitor’s words, but not over a reply that is being heard', () => {
    expect(run(said('what are')).speaker).toBe('visitor');
    expect(run(word(1, 0, 'The'), said('mm-hm')).words).toEqual(['The']);
  });

  it('clears a partial of which nothing remained', () => {
    expect(run(said('uh'), said('', true))).toEqual(NO_CAPTION);
  });

  it('ignores the end of an utterance that is no longer shown', () => {
    const end: ConversationEvent = { type: 'utterance-end', utteranceId: 1, text: 'Old', interrupted: false };
    expect(run(word(2, 0, 'New'), end).words).toEqual(['New']);
  });
});

describe('completedSentences', () => {
  it('gives whole sentences once, and the rest when the utterance has ended', () => {
    const words = ['Hello!', 'I', 'am', 'Mara.', 'What', 'is'];
    expect(completedSentences(words, 0, false)).toEqual({ text: 'Hello! I am Mara.', upTo: 4 });
    expect(completedSentences(words, 4, false)).toEqual({ text: '', upTo: 4 });
    expect(completedSentences(words, 4, true)).toEqual({ text: 'What is', upTo: 6 });
  });

  it('does not repeat itself when an interruption takes words back', () => {
    expect(completedSentences(['Hello!'], 4, true)).toEqual({ text: '', upTo: 4 });
  });
});
