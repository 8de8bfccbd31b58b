import { describe, expect, it } from 'vitest';
import { EnglishG2p } from '../../../src/inference/speech/g2p.js';
import { normalise } from '../../../src/inference/speech/normalise.js';
import { isPhoneme, type Utterance, utterances } from '../../../src/inference/speech/phonemes.js';
import { timeline } from '../../../src/inference/speech/phonemes-timing.js';
import { toEspeak } from '../../../src/inference/speech/piper-symbols.js';

const g2p = await EnglishG2p.create();
const plan = (text: string, maxUnits = 240) => [
  ...utterances(normalise(text, { isWord: (word) => g2p.isWord(word) }), g2p, maxUnits),
];
const symbols = (utterance: Utterance) => utterance.units.map((unit) => unit.symbol).join('');

describe('utterances', () => {
  it('writes words with blanks and their punctuation', () => {
    expect(plan('Hello, world!').map(symbols)).toEqual(['həlˈO, wˈɜɹld!']);
  });

  it('joins letter names to one stress group', () => {
    expect(plan('the API').map(symbols)).toEqual(['ði ˌApˌiˈI']);
  });

  it('cuts a long text at sentence ends, and every word appears once', () => {
    const text = 'The first sentence is not short at all. The second one is about as long as that! And a third?';
    const parts = plan(text, 60);
    expect(parts.length).toBe(3);
    expect(parts.map((part) => part.endMark)).toEqual(['.', '!', '?']);
    expect(parts.flatMap((part) => part.words).join(' ')).toBe(text);
  });

  it('cuts at a clause when a sentence is too long', () => {
    const [first] = plan('When you have finished all of your homework today, we will go to the cinema together', 70);
    expect(first?.words.at(-1)).toBe('today,');
  });

  it('never exceeds the limit by more than one word', () => {
    for (const part of plan('word '.repeat(500), 100)) expect(part.units.length).toBeLessThanOrEqual(100);
  });

  it('cuts a single endless word', () => {
    const [only] = plan('9'.repeat(64));
    expect(only?.units.length).toBeLessThanOrEqual(310);
  });

  it('is lazy: asking for the first part of 100 kB does not pronounce the rest', () => {
    let asked = 0;
    const counting = {
      pronounce: (words: readonly string[]) => {
        asked += words.length;
        return words.map(() => 'bˈɑ');
      },
    };
    const words = normalise('blip '.repeat(20_000), { isWord: () => true });
    const first = utterances(words, counting as unknown as EnglishG2p, 240).next();
    expect(first.done).toBe(false);
    expect(asked).toBeLessThan(200);
  });
});

describe('timeline', () => {
  const utterance: Utterance = {
    units: [
      { symbol: 'h', word: 0 },
      { symbol: 'ˈ', word: 0 },
      { symbol: 'I', word: 0 },
      { symbol: ' ', word: -1 },
      { symbol: 'j', word: 1 },
      { symbol: 'u', word: 1 },
      { symbol: ',', word: -1 },
      { symbol: ' ', word: -1 },
      { symbol: 'ɡ', word: 2 },
      { symbol: 'O', word: 2 },
    ],
    words: ['Hi', 'you,', 'go'],
    endMark: '',
  };
  const durations = [50, 20, 80, 20, 30, 70, 100, 10, 40, 90];
  const options = { leadSamples: 40, trimmedSamples: 30, totalSamples: 600, sampleRateHz: 1000 };

  it('gives a stress mark to its vowel, shares a blank, and times a pause with the blank after it', () => {
    const { phonemes } = timeline(utterance, durations, options);
    expect(phonemes).toEqual([
      { symbol: 'h', startMs: 10, endMs: 60 },
      { symbol: 'I', startMs: 60, endMs: 170, stress: 'primary' },
      { symbol: 'j', startMs: 170, endMs: 210 },
      { symbol: 'u', startMs: 210, endMs: 280 },
      { symbol: ',', startMs: 280, endMs: 390 },
      { symbol: 'ɡ', startMs: 390, endMs: 430 },
      { symbol: 'O', startMs: 430, endMs: 520 },
    ]);
  });

  it('times words from their first to their last phoneme', () => {
    expect(timeline(utterance, durations, options).words).toEqual([
      { text: 'Hi', startMs: 10, endMs: 170 },
      { text: 'you,', startMs: 170, endMs: 280 },
      { text: 'go', startMs: 390, endMs: 520 },
    ]);
  });

  it('shows a syllabic schwa as a schwa', () => {
    const syllabic = { units: [{ symbol: 'ᵊ', word: 0 }], words: ['all'], endMark: '' };
    expect(timeline(syllabic, [50], options).phonemes[0]?.symbol).toBe('ə');
  });

  it('stays inside the audio when more was trimmed than came before', () => {
    const { phonemes, words } = timeline(utterance, durations, { ...options, trimmedSamples: 80, totalSamples: 400 });
    for (const { startMs, endMs } of [...phonemes, ...words]) {
      expect(startMs).toBeGreaterThanOrEqual(0);
      expect(endMs).toBeGreaterThanOrEqual(startMs);
      expect(endMs).toBeLessThanOrEqual(400);
    }
  });
});

describe('toEspeak', () => {
  const espeak = (text: string) => toEspeak([...text].map((symbol) => ({ symbol, word: 0 }))).join('');

  it.each([
    ['həlˈO wˈɜɹld', 'həlˈoʊ wˈɜːld'],
    ['bˈɛTəɹ', 'bˈɛɾɚ'],
    ['ʤˈʌʤ', 'dʒˈʌdʒ'],
    ['kˈɑɹ', 'kˈɑːɹ'],
    ['əɹˈWnd', 'ɚɹˈaʊnd'],
    ['hˈæpi ʃˈi', 'hˈæpi ʃˈiː'],
    ['fɹˈɜɹi', 'fɹˈɜːɹi'],
    ['lˈɪTᵊl', 'lˈɪɾəl'],
  ])('%s is %s', (kokoro, expected) => {
    expect(espeak(kokoro)).toBe(expected);
  });

  it('has one entry per unit', () => {
    const [utterance] = plan('Another river runs further north, over there.');
    expect(toEspeak(utterance!.units)).toHaveLength(utterance!.units.length);
    expect(utterance!.units.filter((unit) => isPhoneme(unit.symbol)).length).toBeGreaterThan(20);
  });
});
