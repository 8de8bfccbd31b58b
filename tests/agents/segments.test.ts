import { describe, expect, test } from 'vitest';
import { DEFAULT_SEGMENT_LIMITS, type Segment, SegmentAssembler } from '../../src/agents/segments.js';
import { endingOf, estimateSpeechMs, jointBetween, settleEnding } from '../../src/agents/segments-boundaries.js';

/** The text that `segments` were made of, its white space normalised to single spaces. */
function joinSegments(segments: readonly Segment[]): string {
  return segments.map((segment) => segment.joint + segment.text).join('');
}

const REPLIES = [
  'Sure, I can help you with that today.',
  'Of course, I can help. What would you like to know?',
  'Visavis is an open-source service that gives a language model a face. You can host it yourself.',
  'No, you do not need a GPU. It runs on two ordinary processor cores.',
  'Yes. It is free software under the Apache 2.0 licence, and you can use it commercially.',
  'The hotel opens its breakfast room at 6:30 a.m. on weekdays and at 7:30 on weekends, and it costs 14.50 euros per person.',
  'Dr. Smith will see you on May 5, 2024 at the clinic on St. James Street.',
  'Please write to help@example.com or call 555 123 4567 and ask for Anna.',
  'Great question! The answer depends on what you mean by "real time", because different people measure different things.',
  'Internationalization considerations notwithstanding, everything works.',
  "I'm sorry, I don't know that. I can tell you about privacy, latency and cost.",
  'The total comes to $1,234.56 including tax, e.g. for a family of four, which is roughly 5 million yen.',
  'That book is called "The Old Man and the Sea" and it was written by Ernest Hemingway.',
  "Hi! I'm Ada, an AI avatar. How can I help?",
  'To install it, clone the repository and run npm start.',
  'A deposit of fifty euros is required when you pick up the bike.',
  'Our bikes are checked every week by two mechanics who have been with us since 1998 and who know every screw of every model that we have ever rented out to anybody in this beautiful town of ours, no matter how old it may be or how badly it was treated by those who rode it before you came along',
];

function segmentsOf(text: string, pieces: (text: string) => string[] = (whole) => [whole]): Segment[] {
  const assembler = new SegmentAssembler();
  const out = pieces(text).flatMap((piece) => assembler.push(piece));
  return [...out, ...assembler.flush()];
}

const texts = (text: string): string[] => segmentsOf(text).map((segment) => segment.text);
const characters = (text: string): string[] => [...text];

describe('segments of a reply', () => {
  test.each(REPLIES)('together give the text, however it is streamed: %s', (reply) => {
    const whole = segmentsOf(reply);
    expect(joinSegments(whole)).toBe(reply);
    expect(whole.map(({ index }) => index)).toEqual(whole.map((_, i) => i));
    for (const { text } of whole) expect(text).toBe(text.trim());
    expect(segmentsOf(reply, characters)).toEqual(whole);
    expect(segmentsOf(reply, (text) => text.match(/.{1,7}/gsu) ?? [])).toEqual(whole);
  });

  test.each(REPLIES)('begin short and never grow faster than the voice is covered: %s', (reply) => {
    const segments = segmentsOf(reply);
    const lengths = segments.map(({ text }) => estimateSpeechMs(text));
    expect(lengths[0]).toBeLessThanOrEqual(DEFAULT_SEGMENT_LIMITS.firstMs * 1.3);
    for (const [i, length] of lengths.entries()) {
      if (i > 0) expect(length).toBeLessThanOrEqual(Math.max(3000, 2.5 * (lengths[i - 1] ?? 0)) * 2);
      expect(segments[i]?.text.length).toBeLessThanOrEqual(280);
    }
  });

  test('end where a speaker would pause', () => {
    expect(texts('Of course, I can help. What would you like to know?')).toEqual([
      'Of course,',
      'I can help.',
      'What would you like to know?',
    ]);
    expect(texts('Well, it depends.')).toEqual(['Well, it depends.']);
    expect(texts('Sure, I can help you with that today.')).toEqual(['Sure,', 'I can help you with that today.']);
    expect(texts('The hotel opens its breakfast room at 6:30 a.m. on weekdays.')).toEqual([
      'The hotel opens',
      'its breakfast room',
      'at 6:30 a.m. on weekdays.',
    ]);
  });

  test.each(REPLIES)('never end in an article, a title, a preposition or inside a number: %s', (reply) => {
    for (const { text } of segmentsOf(reply).slice(0, -1)) {
      expect(text).not.toMatch(/\b(?:a|an|the|my|your|our|its|of|to|at|on|with|and|or|Dr|St|J)\.?$/u);
      expect(text).not.toMatch(/(?:^|\s)[$€]?\d[\d.,:]*$/u);
    }
  });

  test('keep quotations, dates, money and times whole', () => {
    const all = REPLIES.flatMap(texts);
    for (const whole of [
      '"The Old Man and the Sea"',
      'May 5, 2024',
      '$1,234.56',
      '6:30 a.m.',
      '14.50 euros',
      'Dr. Smith',
      'St. James Street',
      '555 123 4567',
      'help@example.com',
      '5 million',
    ]) {
      expect(
        all.some((text) => text.includes(whole)),
        whole,
      ).toBe(true);
    }
  });

  test('tell where sentences end', () => {
    expect(segmentsOf('Yes. It is free, and open.').map(({ endsSentence }) => endsSentence)).toEqual([true, true]);
    expect(segmentsOf('Sure, I can help you with that today.').map(({ endsSentence }) => endsSentence)).toEqual([
      false,
      true,
    ]);
  });

  test('come as soon as they are decided, not at the end', () => {
    const assembler = new SegmentAssembler();
    expect(assembler.push('Of course,')).toEqual([]);
    expect(assembler.push(' I').map(({ text }) => text)).toEqual(['Of course,']);
    expect(assembler.push(' can help. ').map(({ text }) => text)).toEqual([]);
    expect(assembler.push('And').map(({ text }) => text)).toEqual(['I can help.']);
    expect(assembler.flush().map(({ text }) => text)).toEqual(['And']);
  });

  test('are bounded for text without spaces or punctuation', () => {
    for (const endless of [
      'x'.repeat(5000),
      'word '.repeat(1000),
      '好'.repeat(900),
      '「你好。」'.repeat(100),
      '" '.repeat(500),
      '1 '.repeat(500),
    ]) {
      const segments = segmentsOf(endless);
      expect(joinSegments(segments)).toBe(endless.replace(/\s+/gu, ' ').trim());
      for (const { text } of segments) expect(text.length).toBeLessThanOrEqual(480);
    }
  });

  test('are none for empty text, and an assembler can be used again', () => {
    const assembler = new SegmentAssembler();
    expect(assembler.push('')).toEqual([]);
    expect(assembler.push(' \n ')).toEqual([]);
    expect(assembler.flush()).toEqual([]);
    for (let i = 0; i < 2; i++)
      expect([...assembler.push('Yes. No.'), ...assembler.flush()].map(({ index, joint }) => [index, joint])).toEqual([
        [0, ''],
        [1, ' '],
      ]);
  });
});

describe('boundaries', () => {
  test('sentence ends are told from abbreviations', () => {
    expect(
      ['help.', 'Dr.', 'e.g.', 'J.', 'No.', 'etc.', 'so?"', 'cost,', '1,', 'that:', 'word', '(aside)'].map(endingOf),
    ).toEqual([
      'sentence',
      'none',
      'none',
      'none',
      'unsure',
      'unsure',
      'sentence',
      'comma',
      'unsure',
      'clause',
      'none',
      'comma',
    ]);
    expect(settleEnding('No.', '5')).toBe('none');
    expect(settleEnding('No.', 'I')).toBe('sentence');
    expect(settleEnding('etc.', 'and')).toBe('none');
    expect(settleEnding('etc.', 'Then')).toBe('sentence');
    expect(settleEnding('5,', '2024')).toBe('none');
    expect(settleEnding('5,', 'and')).toBe('comma');
  });

  test('joints are rated by what follows', () => {
    expect(jointBetween('house', 'and')).toBeGreaterThan(jointBetween('house', 'with'));
    expect(jointBetween('house', 'with')).toBeGreaterThan(jointBetween('red', 'house'));
    for (const [left, right] of [
      ['the', 'house'],
      ['New', 'York'],
      ['5', 'euros'],
      ['I', 'can'],
      ["don't", 'know'],
      ['of', 'it'],
    ] as const) {
      expect(jointBetween(left, right), `${left} ${right}`).toBe(0);
    }
  });
});
