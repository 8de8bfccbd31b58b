import { describe, expect, it } from 'vitest';
import {
  findPersonalData,
  isIban,
  maskPersonalData,
  passesLuhn,
} from '../../../src/agents/moderation/personal-data.js';

const masked = (text: string, allow: string[] = []) => maskPersonalData(text, findPersonalData(text, allow));

describe('personal data', () => {
  // Numbers that card networks publish for tests, and IBANs that registries give as examples.
  it.each([
    ['My card is 4111 1111 1111 1111.', 'My card is [card number].'],
    ['5555-5555-5555-4444, expires 12/27, code 123', '[card number], expires 12/27, code 123'],
    ['378282246310005', '[card number]'],
    ['it is four one one one, one one one one, one one one one, one one one one, okay?', 'it is [card number], okay?'],
    ['four triple one double one double one 1111 one one double one thanks', '[card number] thanks'],
    ['4111 1111 1111 1111 12 27', '[card number] 12 27'],
    ['Pay to DE89 3704 0044 0532 0130 00 please', 'Pay to [account number] please'],
    ['GB82WEST12345698765432', '[account number]'],
    ['gb82 west 1234 5698 7654 32', '[account number]'],
    ['Write to ann.smith+shop@mail.example.org!', 'Write to [e-mail address]!'],
    ['müller@beispiel.example', '[e-mail address]'],
    ['It is ann dot smith at example dot org, all small.', 'It is [e-mail address], all small.'],
    ['ann at example.org', '[e-mail address]'],
    ['Call +1 (212) 555-0100 now', 'Call [phone number] now'],
    ['(212) 555-0100', '[phone number]'],
    ['plus four four seven nine double one one two three four five six', '[phone number]'],
    ['030 901820123', '[phone number]'],
    ['two one two five five five oh one double oh', '[phone number]'],
    ['null eins sieben sechs vier zwei fünf eins drei zwo acht', '[phone number]'],
    ['+49 30 901820 and ann@example.org', '[phone number] and [e-mail address]'],
  ])('is masked: %s', (text, expected) => {
    expect(masked(text)).toBe(expected);
  });

  it.each([
    'It costs 1,299 euros and 99 cents.',
    'We met on 01.02.2024 at 10:30, in 1999 or 2001.',
    'The order is 4111 1111 1111 1112.',
    'One or two, maybe three of four or five.',
    'Look at example.org for more.',
    'It is 8,500,000 people in 2024.',
    'Section 3.2.1 of version 10.15.7',
    'At nine I was at the office.',
    'My 12 34 56 apples',
    '',
  ])('is not seen where there is none: %s', (text) => {
    expect(masked(text)).toBe(text);
  });

  it('that is nobody’s secret stays, however it is spaced', () => {
    const allow = ['+44 20 7946 0018', 'info@example.org'];
    expect(masked('Call +44 2079 460018 or info@example.org, not bob@example.org.', allow)).toBe(
      'Call +44 2079 460018 or info@example.org, not [e-mail address].',
    );
  });

  it('has the check digits of cards and accounts', () => {
    expect(['79927398713', '4111111111111111'].map(passesLuhn)).toEqual([true, true]);
    expect(['79927398710', '', '4111111111111112'].map(passesLuhn)).toEqual([false, false, false]);
    expect(['DE89 3704 0044 0532 0130 00', 'FR1420041010050500013M02606'].map(isIban)).toEqual([true, true]);
    expect(['DE88 3704 0044 0532 0130 00', 'DE89'].map(isIban)).toEqual([false, false]);
  });

  it('is looked for in time that grows with the text and not faster', () => {
    const hostile = [
      'a.'.repeat(20_000),
      '1 '.repeat(20_000),
      `${'a'.repeat(40_000)}@`,
      'at '.repeat(10_000),
      'AA11'.repeat(9_000),
    ];
    for (const text of hostile) expect(findPersonalData(text).length).toBeGreaterThanOrEqual(0);
  });

  it('never overlaps and is in the order of the text', () => {
    const pieces = [
      '4111111111111111',
      'ann@example.org',
      '+49 30 901820',
      'hello',
      'DE89370400440532013000',
      'four',
      ', ',
    ];
    let state = 7;
    for (let round = 0; round < 300; round++) {
      let text = '';
      for (let i = 0; i < 8; i++) {
        state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
        text += `${pieces[state % pieces.length]} `;
      }
      const found = findPersonalData(text);
      for (const [index, datum] of found.entries()) {
        expect(datum.end).toBeGreaterThan(datum.start);
        expect(datum.start).toBeGreaterThanOrEqual(found[index - 1]?.end ?? 0);
      }
    }
  });
});
