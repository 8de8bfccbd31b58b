import { describe, expect, it } from 'vitest';
import { asksForFloor, completeness, isBackchannel, repeatsWords } from '../../src/agents/turn-text.js';

describe('completeness', () => {
  it.each([
    ['', 'empty'],
    ['…', 'empty'],
    ['Yes.', 'complete'],
    ['What does it cost?', 'complete'],
    ['How much do I have to pay?', 'question'],
    ['Could you tell me?', 'complete'],
    ['I would like to book a table.', 'complete'],
    ['I would like to book a', 'unfinished'],
    ['I would like to book a.', 'unfinished'],
    ['So I was thinking, um', 'unfinished'],
    ['Well, first of all,', 'unfinished'],
    ['What is it made of?', 'open'],
    ['it runs on my own computer', 'open'],
    ['my email', 'unfinished'],
  ])('%j is %s', (text, expected) => {
    expect(completeness(text)).toBe(expected);
  });
});

describe('isBackchannel', () => {
  it.each(['Mm-hmm.', 'Yeah.', 'Right, right.', 'I see.', 'Okay, cool.', 'Haha.', 'uh-huh'])('%j is one', (text) => {
    expect(isBackchannel(text)).toBe(true);
  });
  it.each(['', 'Wait.', 'No.', 'Okay, but what about the price?', 'Right now I need help', 'Stop', 'Yeah, sorry'])(
    '%j is none',
    (text) => {
      expect(isBackchannel(text)).toBe(false);
    },
  );
});

describe('asksForFloor', () => {
  it('hears a single word that claims the turn', () => {
    expect(asksForFloor('Wait')).toBe(true);
    expect(asksForFloor('yeah')).toBe(false);
  });
});

describe('words that repeat others', () => {
  const said = 'It costs nothing at all, and it runs on your own machine, with no key and no account.';

  it.each([
    'and it runs on your own',
    'It costs nothing at all',
    'Nothing at all and it once on your own machine.',
    said,
  ])('are found in them: %s', (text) => expect(repeatsWords(text, said)).toBe(true));

  it.each([
    '',
    'Machine.',
    'What does it cost?',
    'Wait, it runs where?',
    'on my own computer with a key',
    'Stop it now.',
  ])('are told from a visitor’s: %s', (text) => expect(repeatsWords(text, said)).toBe(false));
});
