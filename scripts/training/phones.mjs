/** Phone sets of other synthesisers, and of other languages, in the symbols whose movements the articulation knows. */

/** CMU's phones, as flite and festival name them. */
const ARPABET = {
  aa: 'ɑ',
  ae: 'æ',
  ah: 'ʌ',
  ao: 'ɔ',
  aw: 'W',
  ax: 'ə',
  axr: 'ɚ',
  ay: 'I',
  b: 'b',
  ch: 'ʧ',
  d: 'd',
  dh: 'ð',
  dx: 'ɾ',
  eh: 'ɛ',
  el: 'l',
  em: 'm',
  en: 'n',
  er: 'ɜ',
  ey: 'A',
  f: 'f',
  g: 'ɡ',
  hh: 'h',
  hv: 'h',
  ih: 'ɪ',
  iy: 'i',
  jh: 'ʤ',
  k: 'k',
  l: 'l',
  m: 'm',
  n: 'n',
  ng: 'ŋ',
  nx: 'ɾ',
  ow: 'O',
  oy: 'Y',
  p: 'p',
  r: 'ɹ',
  s: 's',
  sh: 'ʃ',
  t: 't',
  th: 'θ',
  uh: 'ʊ',
  uw: 'u',
  v: 'v',
  w: 'w',
  y: 'j',
  z: 'z',
  zh: 'ʒ',
};
const ARPABET_SILENCES = new Set(['pau', 'h#', 'ssil', 'brth', '#', 'sil']);

/** What looks most alike among the symbols that have a movement of their own. */
const LOOKALIKES = {
  y: 'u',
  ø: 'ʊ',
  œ: 'ɜ',
  ɯ: 'ɪ',
  ɤ: 'ʌ',
  ɨ: 'ɪ',
  β: 'b',
  ɸ: 'f',
  ʋ: 'v',
  ɱ: 'm',
  ɲ: 'n',
  ɳ: 'n',
  ɴ: 'ŋ',
  ʎ: 'l',
  ɭ: 'l',
  ʝ: 'j',
  ɟ: 'j',
  ç: 'j',
  c: 'k',
  ɣ: 'x',
  ɰ: 'x',
  χ: 'x',
  ʁ: 'x',
  q: 'k',
  ʔ: 'h',
  ɦ: 'h',
  ʈ: 't',
  ɖ: 'd',
  ɽ: 'ɾ',
  ɻ: 'ɹ',
  ʂ: 'ʃ',
  ʐ: 'ʒ',
  ɕ: 'ʃ',
  ʑ: 'ʒ',
  ʦ: 's',
  ʣ: 'z',
  ʨ: 'ʧ',
  ʥ: 'ʤ',
  ɥ: 'w',
  ʀ: 'r',
  ɫ: 'l',
};

/** Symbol of one of CMU's phones; null for silence. Throws for a phone that it does not know. */
export function fromArpabet(phone) {
  if (ARPABET_SILENCES.has(phone)) return null;
  const symbol = ARPABET[phone];
  if (symbol === undefined) throw new Error(`unknown phone ${JSON.stringify(phone)}`);
  return symbol;
}

/** The symbol, or the one that looks most like it. */
export function lookalike(symbol) {
  return LOOKALIKES[symbol] ?? symbol;
}

/**
 * espeak-ng's IPA as Kokoro takes it in: affricates and the nasal mark as one character each, no ties, no language switches, and
 * nothing that its vocabulary lacks.
 */
export function toKokoro(ipa, vocabulary) {
  const text = ipa
    .replace(/\([a-z-]+\)/g, '')
    .normalize('NFC')
    .replaceAll('tʃ', 'ʧ')
    .replaceAll('dʒ', 'ʤ')
    .replaceAll('ts', 'ʦ')
    .replaceAll('dz', 'ʣ')
    .replaceAll('g', 'ɡ')
    .normalize('NFD')
    .replaceAll('c\u0327', 'ç')
    .replace(/\s+/g, ' ')
    .trim();
  return [...text].filter((symbol) => vocabulary.has(symbol));
}
