import { beforeAll, describe, expect, it } from 'vitest';
import { modelFile } from '../../../src/inference/models.js';
import { WordPieceTokenizer } from '../../../src/inference/text/wordpiece.js';

const [CLS, SEP, UNK] = [101, 102, 100];
let tokenizer: WordPieceTokenizer;
beforeAll(async () => {
  tokenizer = await WordPieceTokenizer.fromFile(modelFile('minilm-l6-v2-tokenizer.json'));
});

describe('WordPieceTokenizer', () => {
  it('splits at punctuation, lower-cases, and marks what it does not know', () => {
    // The ids that the documentation of Hugging Face's tokenizers library gives for this text and vocabulary.
    expect(tokenizer.encode("Hello, y'all! How are you 😁 ?", 64)).toEqual([
      ...[CLS, 7592, 1010, 1061, 1005, 2035, 999, 2129, 2024, 2017, UNK, 1029, SEP],
    ]);
  });

  it('splits a rare word into its longest known pieces', () => {
    expect(tokenizer.encode('unaffable', 64)).toEqual([CLS, 14477, 20961, 3468, SEP]);
  });

  it('strips accents, however they are written', () => {
    const plain = tokenizer.encode('cafe naive', 64);
    expect(tokenizer.encode('Café NAÏVE', 64)).toEqual(plain);
    expect(tokenizer.encode('Cafe\u0301 nai\u0308ve', 64)).toEqual(plain);
  });

  it('takes every CJK character for a word', () => {
    expect(tokenizer.encode('東京', 64)).toEqual(tokenizer.encode('東 京', 64));
    expect(tokenizer.encode('東京', 64)).toHaveLength(4);
  });

  it('takes tabs and line ends for spaces and drops control characters', () => {
    expect(tokenizer.encode('open\tat\r\nnine\u0000\u200B', 64)).toEqual(tokenizer.encode('open at nine', 64));
  });

  it('treats symbols as words of their own', () => {
    expect(tokenizer.encode('$5+tax', 64)).toEqual(tokenizer.encode('$ 5 + tax', 64));
  });

  it('makes one unknown token of a word of over a hundred characters', () => {
    expect(tokenizer.encode('a'.repeat(101), 64)).toEqual([CLS, UNK, SEP]);
  });

  it('cuts the end of a long text and keeps the end mark', () => {
    const ids = tokenizer.encode('open '.repeat(500), 16);
    expect(ids).toEqual([CLS, ...Array.from({ length: 14 }, () => 2330), SEP]);
    expect(tokenizer.encode('unaffable unaffable', 6)).toEqual([CLS, 14477, 20961, 3468, 14477, SEP]);
  });

  it('encodes the empty text as its two marks', () => {
    expect(tokenizer.encode('', 64)).toEqual([CLS, SEP]);
  });
});
