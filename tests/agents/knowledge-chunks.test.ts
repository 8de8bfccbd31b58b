import { describe, expect, test } from 'vitest';
import { chunkMarkdown, chunkText, MAX_CHUNK_WORDS, splitSentences } from '../../src/agents/knowledge/chunks.js';
import { LexicalIndex } from '../../src/agents/knowledge/lexical.js';
import { editDistance, NameRepair, properNames, soundKey } from '../../src/agents/knowledge/names.js';
import { contentStems, countWords, stem, wordsOf } from '../../src/agents/knowledge/words.js';

const sentences = (markdown: string): string[] => chunkMarkdown(markdown, 'a.md').flatMap((chunk) => chunk.sentences);

describe('chunks of Markdown', () => {
  test('stand under their headings, without front matter, comments and code', () => {
    const chunks = chunkMarkdown(
      '---\ntitle: X\n---\n# Shop\nWelcome.\n\n## Prices\n<!-- hidden -->\nA bike costs **15 euros**.\n```\n# not a heading\n```\n### Extra ###\nSee [here](https://example.com).\n## Hours\nNine to six.',
      'shop.md',
    );
    expect(chunks.map(({ headings }) => headings)).toEqual([
      ['Shop'],
      ['Shop', 'Prices'],
      ['Shop', 'Prices', 'Extra'],
      ['Shop', 'Hours'],
    ]);
    expect(chunks.map(chunkText)).toEqual(['Welcome.', 'A bike costs 15 euros.', 'See here.', 'Nine to six.']);
    expect(chunks.map(({ id }) => id)).toEqual([
      'shop.md#shop-1',
      'shop.md#shop-prices-1',
      'shop.md#shop-prices-extra-1',
      'shop.md#shop-hours-1',
    ]);
  });

  test('have distinct ids that do not change when another section does', () => {
    const before = chunkMarkdown('# A\nOne.\n# B\nTwo.\n# A\nThree.', 'f.md');
    const after = chunkMarkdown('# A\nOne, changed.\n# B\nTwo.\nMore.\n# A\nThree.', 'f.md');
    expect(new Set(before.map(({ id }) => id)).size).toBe(3);
    expect(after.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
  });

  test('are cut at sentences when they are long', () => {
    const long = Array.from({ length: 40 }, (_, i) => `This is sentence number ${i} of the text.`);
    const chunks = chunkMarkdown(`# Long\n${long.join(' ')}`, 'f.md');
    expect(chunks.flatMap((chunk) => chunk.sentences)).toEqual(long);
    for (const chunk of chunks) expect(countWords(chunkText(chunk))).toBeLessThanOrEqual(MAX_CHUNK_WORDS);
  });

  test('say lists and tables as sentences', () => {
    expect(sentences('We rent:\n\n- city bikes\n- tandems,\n- trailers')).toEqual([
      'We rent: city bikes, tandems and trailers.',
    ]);
    expect(sentences('# To see\n- the lake\n- the hill')).toEqual(['To see: the lake and the hill.']);
    expect(
      sentences('- You can pay in cash or by card at the desk.\n- Tips go to the staff of the house, thank you.'),
    ).toHaveLength(2);
    expect(sentences('| Room | Price |\n|---|---|\n| Single | 85 euros |\n| Double | 130 euros |')).toEqual([
      'Single: price 85 euros.',
      'Double: price 130 euros.',
    ]);
  });

  test('lose no text and never loop on odd input', () => {
    for (const odd of [
      '',
      '#',
      '# \n',
      '\n\n\n',
      '---\nopen front matter',
      '- ',
      '|',
      '```\nnever closed',
      'x'.repeat(10_000),
      '# A\n# B\n# C',
      '\uFEFF# Bom\r\nText\r\n',
    ]) {
      expect(() => chunkMarkdown(odd, 'f.md')).not.toThrow();
    }
    expect(sentences('\uFEFF# Bom\r\nText here\r\n')).toEqual(['Text here.']);
    expect(sentences('No heading at all')).toEqual(['No heading at all.']);
  });
});

test('sentences do not end inside abbreviations, decimals, initials and times', () => {
  expect(
    splitSentences(
      'Dr. Smith pays 3.50 euros at 6 p.m. on Monday. It is No. 5 of J. R. Miller, i.e. the last. Good? Yes!',
    ),
  ).toEqual([
    'Dr. Smith pays 3.50 euros at 6 p.m. on Monday.',
    'It is No. 5 of J. R. Miller, i.e. the last.',
    'Good?',
    'Yes!',
  ]);
});

describe('words', () => {
  test('are joined when spelled out, and stripped of endings', () => {
    expect(wordsOf("Do I need a G P U? It's A.I., isn't it")).toEqual([
      'do',
      'i',
      'need',
      'a',
      'gpu',
      'it',
      'ai',
      'isnt',
      'it',
    ]);
    for (const [a, b] of [
      ['prices', 'price'],
      ['booking', 'booked'],
      ['batteries', 'battery'],
      ['stopping', 'stop'],
      ['glasses', 'glass'],
      ['installation', 'install'],
    ] as const) {
      expect(stem(a), a).toBe(stem(b));
    }
    expect(contentStems('Can you tell me how much it is?')).toEqual([]);
  });

  test('weigh more the rarer they are', () => {
    const chunks = chunkMarkdown('# A\nThe bike is red.\n# B\nThe bike has a lock.\n# C\nThe bike is new.', 'f.md');
    const index = new LexicalIndex(chunks);
    const weights = index.weigh('does the bike have a lock');
    expect(weights.get('lock')).toBeGreaterThan(weights.get('bik') ?? weights.get('bike') ?? Number.NaN);
    expect(index.coverage(weights, 1)).toBe(1);
    expect(index.coverage(weights, 0)).toBeLessThan(0.5);
    expect(index.coverage(index.weigh('how is it'), 0)).toBe(0);
  });
});

describe('names', () => {
  const chunks = chunkMarkdown(
    '# About Visavis\nVisavis runs Kokoro. The face of Visavis is drawn by Visavis.',
    'f.md',
  );
  const repair = new NameRepair(properNames(chunks).keys(), (word) =>
    ['what', 'is', 'the', 'face', 'of', 'a', 'i', 'visit'].includes(word),
  );

  test('are found inside sentences', () => {
    expect([...properNames(chunks).keys()]).toEqual(['Visavis', 'Kokoro']);
  });

  test('are put back for what a recogniser made of them', () => {
    for (const heard of ['visa vis', 'viz a viz', 'vis-à-vis', 'vizavi', 'Visa-vis', 'visavis']) {
      expect(repair.repair(`what is ${heard}?`), heard).toBe('what is Visavis?');
    }
    expect(repair.repair('the face of coco ro')).toBe('the face of Kokoro');
  });

  test('do not swallow ordinary words', () => {
    for (const text of ['what is the face of a visit', 'is this a service', 'the vessel sails', ''])
      expect(repair.repair(text)).toBe(text);
  });

  test('are compared by sound and spelling', () => {
    expect(soundKey('visavis')).toBe(soundKey('viz a viz'));
    expect(editDistance('kitten', 'sitting')).toBe(3);
    expect(editDistance('', 'abc')).toBe(3);
  });
});
