import { describe, expect, it } from 'vitest';
import { EnglishG2p } from '../../../src/inference/speech/g2p.js';
import { fromArpabet, PHONEME_SYMBOLS } from '../../../src/inference/speech/g2p-arpabet.js';
import { NeuralG2p } from '../../../src/inference/speech/g2p-neural.js';

const g2p = await EnglishG2p.create();
const say = (phrase: string) => g2p.pronounce(phrase.split(' ')).join(' ');
const word = (text: string) => g2p.pronounce([text, 'now'])[0];

describe('dictionary words', () => {
  it.each([
    ['hello', 'həlˈO'],
    ['world', 'wˈɜɹld'],
    ['better', 'bˈɛTəɹ'],
    ['little', 'lˈɪTᵊl'],
    ['button', 'bˈʌtᵊn'],
    ['near', 'nˈɪɹ'],
    ['church', 'ʧˈɜɹʧ'],
    ['judge', 'ʤˈʌʤ'],
    ['boy', 'bˈY'],
    ['house', 'hˈWs'],
    ['measure', 'mˈɛʒəɹ'],
  ])('%s is %s', (text, symbols) => {
    expect(word(text)).toBe(symbols);
  });

  it('puts the stress mark directly before its vowel', () => {
    expect(fromArpabet(['S', 'T', 'R', 'IY1', 'T'])).toBe('stɹˈit');
  });

  it('leaves unknown phones out', () => {
    expect(fromArpabet(['K', 'QQ1', 'AE1', 'T'])).toBe('kˈæt');
  });
});

describe('function words', () => {
  it.each([
    ['the apple', 'ði ˈæpᵊl'],
    ['the banana', 'ðə bənˈænə'],
    ['the A P I costs', 'ði ˌA pˌi ˈI kˈɑsts'],
    ['the U K market', 'ðə jˌu kˈA mˈɑɹkət'],
    ['a cat', 'ɐ kˈæt'],
    ['an egg', 'ɐn ˈɛɡ'],
    ['to open', 'tʊ ˈOpən'],
    ['to close', 'tə klˈOz'],
    ['like to', 'lˈIk tˈu'],
  ])('%s is %s', (phrase, symbols) => {
    expect(say(phrase)).toBe(symbols);
  });
});

describe('inflections of dictionary words', () => {
  it.each([
    ["visavis's", 'vˈizɑvˌiz'],
    ['chatbots', 'ʧˈætbˌɑts'],
    ['wanted', 'wˈɑntᵻd'],
    ['boxes', 'bˈɑksᵻz'],
    ["dentist's", 'dˈɛntɪsts'],
    ['unsubscribed', 'ənsəbskɹˈIbd'],
    ['rerouting', 'ɹiɹˈuTɪŋ'],
    ["helpdesk's", 'hˈɛlpdˌɛsks'],
    ['touchscreens', 'tˈʌʧskɹˌinz'],
  ])('%s is %s', (text, symbols) => {
    expect(word(text)).toBe(symbols);
  });
});

describe('heteronyms', () => {
  it.each([
    ['i have read it', 'ɹˈɛd'],
    ['please read it', 'ɹˈid'],
    ['we live here', 'lˈɪv'],
    ['the live show', 'lˈIv'],
    ['we go live tonight', 'lˈIv'],
    ['a record player', 'ɹˈɛkəɹd'],
    ['please record it', 'ɹɪkˈɔɹd'],
    ['the use of it', 'jˈus'],
    ['you use it', 'jˈuz'],
    ['close to me', 'klˈOs'],
    ['we close at five', 'klˈOz'],
    ['the lead pipe', 'lˈɛd'],
    ['will lead us', 'lˈid'],
    ['a present for you', 'pɹˈɛzᵊnt'],
    ['to present it', 'pɹizˈɛnt'],
    ['the object is', 'ˈɑbʤɛkt'],
    ['we object now', 'əbʤˈɛkt'],
  ])('%s has %s', (phrase, symbols) => {
    expect(say(phrase)).toContain(symbols);
  });
});

describe('letter names', () => {
  it('stresses the last of a group only', () => {
    expect(g2p.pronounce(['A', 'P', 'I'])).toEqual(['ˌA', 'pˌi', 'ˈI']);
  });

  it('gives a plural or possessive letter its ending', () => {
    expect(g2p.pronounce(['G', 'P', "U's"]).at(-1)).toBe('jˈuz');
    expect(g2p.pronounce(["S's"])).toEqual(['ˈɛsᵻz']);
  });

  it('tells the letter from the article and the pronoun', () => {
    expect(g2p.pronounce(['A', 'cat'])[0]).toBe('ˈA');
    expect(g2p.pronounce(['a', 'cat'])[0]).toBe('ɐ');
  });
});

describe('words outside of the dictionary', () => {
  it.each(['xylophonist', 'brzezinski', 'frobnicator', 'qwrtp', 'zzz', 'y'.repeat(40)])(
    '%s gets a pronunciation',
    (text) => {
      const symbols = word(text)!;
      expect(symbols.length).toBeGreaterThan(0);
      for (const symbol of symbols.replace(/[ˈˌ]/g, '')) expect(PHONEME_SYMBOLS).toContain(symbol);
    },
  );

  it('takes a lexicon that wins over everything built in', async () => {
    const own = await EnglishG2p.create({ lexicon: { Hello: 'jˈO', acmeworks: 'ˈækmiwˌɜɹks' } });
    expect(own.pronounce(['hello', 'acmeworks'])).toEqual(['jˈO', 'ˈækmiwˌɜɹks']);
    expect(own.isWord('acmeworks')).toBe(true);
    expect(word('hello')).toBe('həlˈO');
  });

  it('is not confused by names of object properties', () => {
    for (const name of ['constructor', 'valueof', 'tostring', 'prototype']) expect(word(name)).toMatch(/[ˈˌ]/);
  });

  it('keeps pauses where they are', () => {
    expect(g2p.pronounce(['one', ',', 'two', '.'])).toEqual(['wˈʌn', ',', 'tˈu', '.']);
  });
});

describe('the network for unknown words', () => {
  it('follows the gates of a GRU', () => {
    // One unit: update gate pinned open by its bias, so that the state becomes tanh of the new gate's bias, and the
    // decoder's best phone follows from it.
    const tensor = (shape: number[], values: number[]) => ({
      shape,
      data: Buffer.from(new Float32Array(values).buffer).toString('base64'),
    });
    const model = new NeuralG2p({
      graphemes: ['<pad>', '<unk>', '</s>', 'a'],
      phonemes: ['<pad>', '<unk>', '<s>', '</s>', 'AA1'],
      enc_emb: tensor([4, 1], [0, 0, 0, 1]),
      enc_w_ih: tensor([3, 1], [0, 0, 1]),
      enc_w_hh: tensor([3, 1], [0, 0, 0]),
      enc_b_ih: tensor([3], [0, 20, 0]),
      enc_b_hh: tensor([3], [0, -20, 0]),
      dec_emb: tensor([5, 1], [0, 0, 2, 0, -2]),
      dec_w_ih: tensor([3, 1], [0, 0, 1]),
      dec_w_hh: tensor([3, 1], [0, 0, 0]),
      dec_b_ih: tensor([3], [0, -40, 0]),
      dec_b_hh: tensor([3], [0, 0, 0]),
      fc_w: tensor([5, 1], [0, 0, 0, -1, 1]),
      fc_b: tensor([5], [-9, -9, -9, 0, 0]),
    });
    expect(model.predict('a')).toEqual(['AA1']);
  });
});
