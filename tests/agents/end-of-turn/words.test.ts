import { describe, expect, it } from 'vitest';
import { askedKind } from '../../../src/agents/end-of-turn/asked.js';
import { describeWords, WORD_FEATURES } from '../../../src/agents/end-of-turn/words.js';

describe('askedKind', () => {
  it.each([
    ['', 'nothing'],
    ['The shop opens at nine.', 'nothing'],
    ['Hello! How can I help you?', 'open'],
    ['Would you like a receipt?', 'yes-no'],
    ['All right. Shall I book it for you?', 'yes-no'],
    ['What is your e-mail address?', 'email'],
    ['Could you tell me your email address?', 'email'],
    ['Please tell me your phone number.', 'number'],
    ['At which number can we reach you?', 'number'],
    ['Can you spell your last name, please?', 'spelling'],
    ['How many people will come?', 'quantity'],
    ['What would you like to drink?', 'open'],
    ['Is this your e-mail address?', 'yes-no'],
    ['What is your phone number? I ask because we call back. Nothing else.', 'nothing'],
  ])('of %j is %s', (text, kind) => {
    expect(askedKind(text)).toBe(kind);
  });
});

describe('describeWords', () => {
  const set = (text: string, asked = askedKind('')) => {
    const features = describeWords(text, asked);
    return WORD_FEATURES.filter((name) => (features[name] ?? 0) > 0);
  };

  it.each([
    ['I would like to book a', 'lastDeterminer'],
    ['I came here because', 'lastConjunction'],
    ['I want to go to', 'lastPreposition'],
    ["I was wondering if I'm", 'lastPronoun'],
    ['My invoice is, um', 'lastFiller'],
    ['Well, so', 'onlyOpeners'],
    ['If the train is late', 'subordinateOnly'],
    ['I need apples, bread', 'listWithoutAnd'],
    ['I need apples, bread and milk.', 'listWithAnd'],
    ['My name is M I L', 'isLetterLast'],
    ['anna@', 'emailInProgress'],
    ['It is anna dot miller at example dot com.', 'emailComplete'],
    ['anna.miller@example.org', 'emailComplete'],
    ['079-345-661', 'isDigitsLast'],
    ['Yes, please.', 'onlyAffirmation'],
  ] as const)('hears in %j: %s', (text, feature) => {
    expect(set(text)).toContain(feature);
  });

  it('measures an answer by the question', () => {
    expect(set('079', 'number')).toContain('numberAskedShort');
    expect(set('oh seven nine, three four five, six six one', 'number')).toContain('numberAskedLong');
    expect(set('079-345-6612', 'number')).toContain('numberAskedLong');
    expect(set('anna', 'email')).toContain('emailAskedIncomplete');
    expect(set('anna at example.com', 'email')).toContain('emailAskedComplete');
    expect(set('M I', 'spelling')).toContain('spellingAskedShort');
    expect(set('Four of us.', 'quantity')).toContain('quantityAnswered');
    expect(set('Yes.', 'yes-no')).toContain('yesNoAnswered');
    expect(set('Yes.')).not.toContain('yesNoAnswered');
  });

  it('names no feature that is not listed, and gives only finite numbers, whatever is said', () => {
    for (const text of ['', '…', '😀', 'a'.repeat(5_000), '1-2-3', '- - -', 'né à Paris, le', '?!?', 'x@y@z.']) {
      const features = describeWords(text, 'nothing');
      for (const [name, value] of Object.entries(features)) {
        expect(WORD_FEATURES as readonly string[]).toContain(name);
        expect(Number.isFinite(value)).toBe(true);
      }
    }
  });
});
