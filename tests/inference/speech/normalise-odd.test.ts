import { describe, expect, it } from 'vitest';
import { EnglishG2p } from '../../../src/inference/speech/g2p.js';
import { normalise, spokenText } from '../../../src/inference/speech/normalise.js';

const g2p = await EnglishG2p.create();
const read = (text: string) => normalise(text, { isWord: (word) => g2p.isWord(word) });
const say = (text: string) => spokenText(read(text));

describe('odd text', () => {
  it.each([
    '',
    ' \n\t ',
    '🎉🎉',
    '👍🏽',
    '...',
    '---',
    '世界',
    '```\ncode\n```',
    '\u0000\u0001\u001f',
    '**',
    '()',
    '\ue000',
  ])('has nothing to say for %j', (text) => {
    expect(read(text)).toEqual([]);
  });

  it.each([
    ['control characters', '\u0000\u0001Hello\u0007 there\u200b'],
    ['lone surrogates', 'Hello \ud83d there'],
    ['bidirectional marks', '\u202eHello\u202c there'],
  ])('survives %s', (_name, text) => {
    expect(say(text)).toBe('hello there');
  });

  it('survives object property names as words', () => {
    expect(say('constructor toString __proto__ hasOwnProperty')).toBe('constructor to string proto has own property');
  });

  it.each([
    ['words', 'Hello there, how are you? '],
    ['letters without blanks', 'abcdefghij'],
    ['digits', '1234567890'],
    ['dots', '.'],
    ['stars', '*'],
    ['brackets', '[('],
    ['open tags', '<a '],
    ['dashes', '-'],
    ['number dashes', '1-'],
    ['slashes', 'a/'],
    ['at signs', 'a@'],
    ['host labels', 'a.'],
    ['backticks', '`'],
    ['underscores', '_a'],
    ['emoji', '👩🏽‍💻'],
    ['pipes', '| '],
    ['quotes', '> '],
    ['combining marks', 'e\u0301\u0301\u0301'],
    ['newlines', 'a\n'],
    ['comment openings', '<!--'],
    ['amounts', '$1 '],
    ['area codes', '(555) '],
    ['link openings', '[a]('],
  ])(
    'reads 100 kB of %s without failing',
    (_name, piece) => {
      const text = piece.repeat(Math.ceil(100_000 / piece.length));
      expect(() => read(text)).not.toThrow();
    },
    5_000,
  );
});
