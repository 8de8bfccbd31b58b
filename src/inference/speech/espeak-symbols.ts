import { KOKORO_VOCABULARY } from './kokoro-vocabulary.js';

/**
 * What espeak-ng writes with a tie and Kokoro's voices were trained to read as one symbol (hexgrad's G2P, Apache-2.0). Other tied pairs are
 * read as two.
 */
const TIED: Readonly<Record<string, string>> = {
  'a^ɪ': 'I',
  'a^ʊ': 'W',
  'e^ɪ': 'A',
  'o^ʊ': 'O',
  'ə^ʊ': 'Q',
  'ɔ^ɪ': 'Y',
  'd^z': 'ʣ',
  'd^ʒ': 'ʤ',
  't^s': 'ʦ',
  't^ʃ': 'ʧ',
  's^s': 'S',
};
/** Symbols that Kokoro does not know, by the nearest that it does. */
const NEAREST: Readonly<Record<string, string>> = {
  g: 'ɡ',
  ʀ: 'ʁ',
  ɦ: 'h',
  ɱ: 'm',
  ɫ: 'l',
  ʑ: 'ʒ',
  ɭ: 'l',
  ʉ: 'u',
  ɵ: 'ø',
};

/**
 * espeak-ng's IPA (`--ipa --tie=^`) in Kokoro's symbols: words separated by single blanks, stress marks kept; marks of a change of language,
 * "(en)", and symbols that nothing stands for are left out.
 */
export function fromEspeak(ipa: string): string {
  // Nasal vowels are a letter and a tilde in the vocabulary; the cedilla belongs to its letter.
  const text = ipa
    .replace(/\([a-z^-]{2,14}\)/g, '')
    .normalize('NFD')
    .replaceAll('c\u0327', 'ç');
  let symbols = '';
  for (let at = 0; at < text.length; ) {
    const tied = TIED[text.slice(at, at + 3)];
    if (tied !== undefined) {
      symbols += tied;
      at += 3;
      continue;
    }
    const symbol = String.fromCodePoint(text.codePointAt(at) as number);
    at += symbol.length;
    const known = NEAREST[symbol] ?? symbol;
    if (symbol === ' ' || symbol === '\n') symbols += ' ';
    else if (isSound(known)) symbols += known;
  }
  return symbols.replace(/ +/g, ' ').trim();
}

/** Not punctuation, which a text's own marks bring. */
function isSound(symbol: string): boolean {
  return KOKORO_VOCABULARY.has(symbol) && !/[$;:,.!?—…"()“”→↓↗↘]/.test(symbol);
}
