import { describe, expect, test } from 'vitest';
import { SpokenTextFilter, speakInline } from '../../src/agents/spoken-text.js';

function speak(markdown: string, size = Number.POSITIVE_INFINITY): string {
  const filter = new SpokenTextFilter();
  let out = '';
  for (let i = 0; i < markdown.length; i += size) out += filter.push(markdown.slice(i, i + size));
  return (out + filter.flush()).replace(/\s+/gu, ' ').trim();
}

const CASES: [string, string, string][] = [
  ['emphasis', 'This is **very** *important*, ~~no~~ __really__ _so_.', 'This is very important, no really so.'],
  ['names with underscores and sums stay', 'Set max_tokens to 2 * 3.', 'Set max_tokens to 2 * 3.'],
  ['links and images', 'See [the docs](https://example.com/a_(b)) and ![a cat](cat.png).', 'See the docs and a cat.'],
  ['bare addresses keep the host', 'Go to https://www.example.com/path?x=1, please.', 'Go to example.com, please.'],
  [
    'headings and lists become sentences',
    '# Options\n\n- **Basic**: ten euros\n- Plus!\n\nThat is all',
    'Options. Basic: ten euros. Plus! That is all',
  ],
  ['ordered lists keep their numbers', '1. Open it\n2. Close it', '1: Open it. 2: Close it.'],
  [
    'code blocks are announced once and left out',
    'Do this:\n```sh\nrm -rf x\n```\nThen this:\n```\ny\n```\nDone.',
    'Do this: I have left out a code example. Then this: Done.',
  ],
  ['code spans', 'Run `npm start` now.', 'Run npm start now.'],
  ['tables', '| Name | Price |\n|---|---|\n| A | 5 |\n\nEnd.', 'Name, Price. A, 5. End.'],
  ['emoji', 'Hello 👋🏽! Nice 😀 day 👨‍👩‍👧', 'Hello! Nice day'],
  ['citations and tags', 'It is so [1][2].<br> Really【3†source】 <b>so</b>.', 'It is so. Really so.'],
  ['quotes and rules', '> He said so.\n\n---\n\nNext', 'He said so. Next'],
  ['wrapped lines stay one sentence', 'This is one\nsentence on two lines.', 'This is one sentence on two lines.'],
  ['paragraphs without a full stop', 'First thought\n\nSecond thought', 'First thought. Second thought'],
  ['escapes and entities', '5 \\* 3 &amp; 2 &lt; 3', '5 * 3 & 2 < 3'],
  ['unfinished constructs stay text', 'An [open bracket and **bold', 'An [open bracket and bold'],
];

describe('spoken text', () => {
  test.each(CASES)('%s', (_, markdown, spoken) => {
    expect(speak(markdown)).toBe(spoken);
  });

  test.each(CASES)('is the same when streamed in pieces: %s', (_, markdown, spoken) => {
    for (const size of [1, 2, 3, 5, 11]) expect(speak(markdown, size)).toBe(spoken);
  });

  test('plain text goes out without waiting for the line to end', () => {
    const filter = new SpokenTextFilter();
    expect(filter.push('Of course, I')).toBe('Of course, ');
    expect(filter.push(' can')).toBe('I ');
    expect(filter.flush()).toBe('can');
  });

  test('a link that never ends is held for a bounded time only', () => {
    const filter = new SpokenTextFilter();
    let out = '';
    for (let i = 0; i < 300; i++) out += filter.push(i === 0 ? 'See [this ' : 'word ');
    expect(out.length).toBeGreaterThan(800);
  });

  test('ordinary prose is not changed', () => {
    for (const prose of [
      "It's 5 o'clock – isn't it?",
      'Costs: $5 (five) or 4 €/day; 50 % off.',
      'a < b and c > d',
      'e-mail me at a_b@c.de #1',
    ]) {
      expect(speakInline(prose)).toBe(prose);
    }
  });
});
