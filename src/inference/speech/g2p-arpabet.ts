/**
 * ARPAbet (as CMUdict writes it) to the symbols that Kokoro was trained on: IPA with one character per phoneme,
 * diphthongs as capitals (A eɪ, I aɪ, O oʊ, W aʊ, Y ɔɪ), T for the American flap, ᵊ and ᵻ for weak vowels, and the stress
 * mark directly before the vowel (model card of hexgrad/Kokoro-82M; phone set of its grapheme-to-phoneme package misaki).
 */
const SYMBOLS: Record<string, string> = {
  AA: 'ɑ',
  AE: 'æ',
  AH: 'ʌ',
  AO: 'ɔ',
  AW: 'W',
  AY: 'I',
  B: 'b',
  CH: 'ʧ',
  D: 'd',
  DH: 'ð',
  EH: 'ɛ',
  ER: 'ɜɹ',
  EY: 'A',
  F: 'f',
  G: 'ɡ',
  HH: 'h',
  IH: 'ɪ',
  IY: 'i',
  JH: 'ʤ',
  K: 'k',
  L: 'l',
  M: 'm',
  N: 'n',
  NG: 'ŋ',
  OW: 'O',
  OY: 'Y',
  P: 'p',
  R: 'ɹ',
  S: 's',
  SH: 'ʃ',
  T: 't',
  TH: 'θ',
  UH: 'ʊ',
  UW: 'u',
  V: 'v',
  W: 'w',
  Y: 'j',
  Z: 'z',
  ZH: 'ʒ',
};

/** Every phoneme symbol that pronunciations consist of. `TimedPhoneme.symbol` has the same set, with ə for ᵊ. */
export const PHONEME_SYMBOLS: readonly string[] = [...'ɑæʌɔWIɛɜəAɪiOYʊuɐᵊᵻbʧdðfɡhʤklmnŋpɹsʃtTθvwjzʒ'];

/** Those among them that open the mouth: vowels and diphthongs. */
export const VOWEL_SYMBOLS: ReadonlySet<string> = new Set('ɑæʌɔWIɛɜəAɪiOYʊuɐᵊᵻ');

const isVowel = (phone: string | undefined): boolean => phone !== undefined && /^[AEIOU]/.test(phone);
const isUnstressed = (phone: string | undefined): boolean => isVowel(phone) && !/[12]$/.test(phone!);
const base = (phone: string | undefined): string => phone?.replace(/\d$/, '') ?? '';

/** Phones after which an unstressed -ed or -es ending is a syllable of its own, with the weak vowel ᵻ. */
const SIBILANTS = new Set(['S', 'Z', 'SH', 'ZH', 'CH', 'JH']);

function vowel(phones: readonly string[], i: number): string {
  const phone = phones[i]!;
  const name = base(phone);
  const [before, after, last] = [base(phones[i - 1]), base(phones[i + 1]), i === phones.length - 2];
  const mark = phone.endsWith('1') ? 'ˈ' : phone.endsWith('2') ? 'ˌ' : '';
  if (isUnstressed(phone)) {
    if (name === 'ER') return 'əɹ';
    if (
      (name === 'AH' || name === 'IH') &&
      last &&
      ((after === 'D' && /^[TD]$/.test(before)) || (after === 'Z' && SIBILANTS.has(before)))
    )
      return 'ᵻ';
    if (name === 'AH') {
      const follows = before !== '' && !isVowel(phones[i - 1]);
      if (after === 'L' && follows && !/^(?:R|L|W|Y)$/.test(before) && !isVowel(phones[i + 2])) return 'ᵊ';
      if (after === 'N' && /^(?:T|D|S|Z|V)$/.test(before) && !isVowel(phones[i + 2])) return 'ᵊ';
      return 'ə';
    }
  }
  if (name === 'IY' && after === 'R' && mark !== '') return `${mark}ɪ`;
  return mark + SYMBOLS[name]!;
}

/** A T between a vowel (or R) and an unstressed vowel is a flap in American speech, but not before a syllabic n. */
function isFlap(phones: readonly string[], i: number): boolean {
  const before = phones[i - 1];
  const after = phones[i + 1];
  if (!(isVowel(before) || base(before) === 'R') || !isUnstressed(after)) return false;
  return !(base(after) === 'AH' && base(phones[i + 2]) === 'N' && !isVowel(phones[i + 3]));
}

/** Kokoro's symbols for one word's ARPAbet phones. Unknown phones are left out. */
export function fromArpabet(phones: readonly string[]): string {
  let out = '';
  for (let i = 0; i < phones.length; i++) {
    const name = base(phones[i]);
    if (SYMBOLS[name] === undefined) continue;
    if (isVowel(phones[i])) out += vowel(phones, i);
    else if (name === 'T' && isFlap(phones, i)) out += 'T';
    else if (name === 'HH' && base(phones[i + 1]) === 'W') continue;
    else out += SYMBOLS[name];
  }
  return out;
}

/** The stem's phones with the plural, possessive or third-person ending. */
export function withS(stem: readonly string[]): string[] {
  const last = base(stem.at(-1));
  if (SIBILANTS.has(last)) return [...stem, 'IH0', 'Z'];
  return [...stem, /^(?:P|T|K|F|TH)$/.test(last) ? 'S' : 'Z'];
}

/** The stem's phones with the past ending. */
export function withEd(stem: readonly string[]): string[] {
  const last = base(stem.at(-1));
  if (last === 'T' || last === 'D') return [...stem, 'IH0', 'D'];
  return [...stem, /^(?:P|K|F|TH|S|SH|CH)$/.test(last) ? 'T' : 'D'];
}

/** Primary stress becomes secondary, secondary none: for all but the main part of a compound. */
export function weaken(phones: readonly string[]): string[] {
  return phones.map((phone) => phone.replace(/2$/, '0').replace(/1$/, '2'));
}
