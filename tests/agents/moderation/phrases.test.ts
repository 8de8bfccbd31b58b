import { describe, expect, it } from 'vitest';
import { PhraseList, searchable } from '../../../src/agents/moderation/phrases.js';

const isIn = (phrase: string, text: string) => new PhraseList([phrase]).isIn(searchable(text));

describe('a phrase of a policy', () => {
  it.each([
    ['idiot', 'You IDIOT!'],
    ['idiot', 'You ídiot'],
    ['idiot', 'you 1d10t'],
    ['idiot', 'you i d i o t, really'],
    ['idiot', 'you i-d-i-o-t'],
    ['we guarantee', 'Of course we guarantee that.'],
    ['guarantee*', 'It is guaranteed.'],
    ["don't know", 'I don’t know'],
    ['cures * cancer', 'It cures every kind of cancer.'],
    ['cures * cancer', 'It cures cancer.'],
    ['ça va', 'CA VA?'],
    ['赔偿', '我们保证赔偿您'],
    ['ばか', 'この ば か'],
    ['risk free', 'It is risk-free.'],
  ])('%j is in %j', (phrase, text) => {
    expect(isIn(phrase, text)).toBe(true);
  });

  it.each([
    ['ass', 'A classic assessment'],
    ['we guarantee', 'we do guarantee'],
    ['guarantee', 'guaranteed'],
    ['cures * cancer', 'It cures a b c d e f cancer'],
    ['cures * cancer', 'cancer it cures'],
    ['idiot', 'I did it'],
    ['anything', ''],
  ])('%j is not in %j', (phrase, text) => {
    expect(isIn(phrase, text)).toBe(false);
  });

  it('is one of many', () => {
    const list = new PhraseList(['alpha', 'beta gamma', 'delta*']);
    expect(['alpha', 'gamma beta', 'beta gamma', 'deltas'].map((text) => list.isIn(searchable(text)))).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });
});
