import type { PhonemeUnit } from './phonemes.js';

/** Kokoro's symbols in the espeak-ng notation that Piper's English voices were trained on. */
const SYMBOLS: Record<string, string> = {
  A: 'eɪ',
  I: 'aɪ',
  O: 'oʊ',
  W: 'aʊ',
  Y: 'ɔɪ',
  ʧ: 'tʃ',
  ʤ: 'dʒ',
  T: 'ɾ',
  ᵊ: 'ə',
  '…': '.',
  '—': ',',
};

const VOWELS = 'ɑæʌɔWIɛɜəAɪiOYʊuɐᵊᵻ';

/**
 * One entry of espeak symbols per unit. espeak writes length: iː, uː, ɑː, ɔː under stress or before ɹ, ɜː for a stressed
 * r-vowel and ɚ for an unstressed one, oːɹ in "four"; the ɹ of an r-vowel is part of it and gets an empty entry.
 */
export function toEspeak(units: readonly PhonemeUnit[]): string[] {
  return units.map(({ symbol }, i) => {
    const before = units[i - 1]?.symbol;
    const after = units[i + 1]?.symbol;
    const isStressed = before === 'ˈ' || before === 'ˌ';
    switch (symbol) {
      case 'ɜ':
        return 'ɜː';
      case 'ə':
        return after === 'ɹ' ? 'ɚ' : 'ə';
      case 'ɹ':
        if (before === 'ɜ') return isVowelAt(units, i + 1) ? 'ɹ' : '';
        return before === 'ə' && isRhotic(units, i) ? (isVowelAt(units, i + 1) ? 'ɹ' : '') : 'ɹ';
      case 'i':
        return isStressed ? 'iː' : 'i';
      case 'u':
        return 'uː';
      case 'ɑ':
        return 'ɑː';
      case 'ɔ':
        return after === 'ɹ' ? (isStressed ? 'oː' : 'ɔː') : 'ɔː';
      default:
        return SYMBOLS[symbol] ?? symbol;
    }
  });
}

function isVowelAt(units: readonly PhonemeUnit[], i: number): boolean {
  const symbol = units[i]?.symbol;
  if (symbol === 'ˈ' || symbol === 'ˌ') return VOWELS.includes(units[i + 1]?.symbol ?? ' ');
  return symbol !== undefined && VOWELS.includes(symbol);
}

/** True when the ə before this ɹ belongs to the same syllable (butter), not to the one before (around). */
function isRhotic(units: readonly PhonemeUnit[], i: number): boolean {
  const after = units[i + 1]?.symbol;
  return after !== 'ˈ' && after !== 'ˌ';
}
