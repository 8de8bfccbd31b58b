import { describe, expect, it } from 'vitest';
import { phraseEnds } from '../../../../src/inference/avatar/motion/prosody.js';
import { speechOf } from '../stock.js';

describe('ends of phrases', () => {
  it('finds pauses, statements and questions, each a little before the last sound is over', () => {
    const speech = speechOf(1, 'h:60 aɪ:240 ,:200 h:60 aʊ:300 _:40 ɑ:200 ?:300 f:80 aɪ:300 n:100 .:300');
    const marks = speech.phonemes!.filter((p) => ',?.'.includes(p.symbol));
    const ends = phraseEnds(speech);
    expect(ends.map((end) => end.kind)).toEqual(['pause', 'question', 'statement']);
    ends.forEach((end, i) => {
      expect(end.atMs).toBeLessThan(marks[i]!.startMs);
      expect(end.atMs).toBeGreaterThan(marks[i]!.startMs - 300);
    });
  });

  it('takes marks that follow one another for one, and knows none without phonemes', () => {
    expect(phraseEnds(speechOf(1, 'n:80 oʊ:400 .:60 .:60 .:60'))).toHaveLength(1);
    expect(phraseEnds({})).toEqual([]);
  });
});
