import { cardinal, paired } from './numbers.js';
import { numberWords, words } from './quantities.js';
import { SHOUTED, SPOKEN_AS, WORD_ACRONYMS } from './tables.js';

/** Longest run of letters that is pronounced; what exceeds it is no word and is cut. */
export const MAX_WORD_LETTERS = 40;

const FOLDED: Record<string, string> = {
  ß: 'ss',
  æ: 'ae',
  Æ: 'AE',
  ø: 'o',
  Ø: 'O',
  œ: 'oe',
  Œ: 'OE',
  ł: 'l',
  Ł: 'L',
  đ: 'd',
  Đ: 'D',
  ð: 'th',
  þ: 'th',
  ı: 'i',
};

/** Latin letters without their diacritics; letters of other scripts disappear. */
export function toAscii(text: string): string {
  return text
    .replace(/[ßæÆøØœŒłŁđĐðþı]/g, (c) => FOLDED[c]!)
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\x20-\x7e]/g, '');
}

function own(table: Record<string, string>, key: string): string[] | undefined {
  return Object.hasOwn(table, key) ? words(table[key]!) : undefined;
}

const letters = (run: string): string[] => [...run.toUpperCase()].filter((c) => c >= 'A' && c <= 'Z');

/** True for a run that English mouths can take as a word: a vowel, and no consonant cluster that never occurs. */
function isPronounceable(run: string): boolean {
  return (
    /[aeiouy]/i.test(run) &&
    !/[^aeiouy]{4}/i.test(run) &&
    !/^[^aeiouy]{3}(?<!str|spr|scr|spl|thr|chr|shr|sch|phr)/i.test(run) &&
    !/q(?!u)/i.test(run)
  );
}

/** A lower-case run of an address: a word, or letter by letter when nobody can pronounce it. */
export function spellable(run: string): string[] {
  const ascii = toAscii(run)
    .toLowerCase()
    .replace(/[^a-z]/g, '')
    .slice(0, MAX_WORD_LETTERS);
  if (ascii === '') return [];
  return own(SPOKEN_AS, ascii) ?? (ascii.length === 1 || !isPronounceable(ascii) ? letters(ascii) : [ascii]);
}

/** A run of capitals: word, letters, or an emphasised ordinary word. `isWord` tells whether the dictionary knows it. */
function capitals(run: string, isWord: (word: string) => boolean, isShouting: boolean): string[] {
  const plural = /^([A-Z]{2,6})(s|S)$/.exec(run);
  const lower = run.toLowerCase();
  if (isShouting && isWord(lower)) return [lower];
  const listed = own(WORD_ACRONYMS, run);
  if (listed) return listed;
  if (run.length === 1) return run === 'A' ? ['A'] : [run];
  if (SHOUTED.has(lower)) return [lower];
  const known = own(SPOKEN_AS, lower);
  if (known) return known;
  if (run.length >= 4 && isPronounceable(run) && (isWord(lower) || run.length >= 6)) return [lower];
  if (plural && !isWord(lower)) return [...letters(plural[1]!).slice(0, -1), `${plural[1]!.at(-1)}'s`];
  return run.length > 6 && isPronounceable(run) ? [lower] : letters(run);
}

/** A run of letters and apostrophes in any case, camel case included. */
function letterRun(run: string, isWord: (word: string) => boolean, isShouting: boolean): string[] {
  const lower = run.toLowerCase();
  const possessive = /^(.+?)('s|')$/i.exec(run);
  if (possessive && !isWord(lower)) {
    const stem = letterRun(possessive[1]!, isWord, isShouting);
    return possessive[2] === "'" || stem.length === 0 ? stem : [...stem.slice(0, -1), `${stem.at(-1)}'s`];
  }
  if (/^[A-Z]+$/.test(run)) return capitals(run, isWord, isShouting);
  const known = own(SPOKEN_AS, lower);
  if (known) return known;
  const plural = /^([A-Z]{2,6})s$/.exec(run);
  if (plural) {
    const stem = capitals(plural[1]!, isWord, false);
    return [...stem.slice(0, -1), stem.at(-1)!.length === 1 ? `${stem.at(-1)}'s` : `${stem.at(-1)}s`];
  }
  const isPlain = !/[a-z][A-Z]/.test(run) && !/^[A-Z]{2,}[a-z]/.test(run);
  if (isPlain || (isWord(lower) && /^(?:Mc|Mac|De|La|O')/.test(run))) {
    if (lower.length > 1 && !/[aeiouy']/.test(lower) && !isWord(lower))
      return lower === 'hmm' || lower === 'mm' || lower === 'shh' || lower === 'hm'
        ? [lower]
        : letters(lower.slice(0, 8));
    return [lower.slice(0, MAX_WORD_LETTERS)];
  }
  return run
    .split(/(?<=[a-z'])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})/)
    .flatMap((part) =>
      /[a-z][A-Z]/.test(part)
        ? [part.toLowerCase()]
        : part.length === 1
          ? letters(part)
          : letterRun(part, isWord, false),
    );
}

/**
 * Reads what no other rule understood: words, acronyms, camel case, hyphens, slashes, letters mixed with digits. Always
 * returns something sayable or an empty list.
 */
export function wordWords(core: string, isWord: (word: string) => boolean, isShouting: boolean): string[] {
  const text = toAscii(core.slice(0, 400).replace(/[—–…]+|--+/g, ','));
  const runs = text.match(/[A-Za-z]+(?:'[A-Za-z]+)*'?|\d+(?:,\d{3})*(?:\.\d+)?|[^A-Za-z\d]/g) ?? [];
  const spoken: string[] = [];
  for (let i = 0; i < runs.length; i++) {
    const run = runs[i]!;
    const before = runs[i - 1];
    const after = runs[i + 1];
    const isBetween = before !== undefined && after !== undefined;
    if (/^\d/.test(run)) {
      const isModel =
        (before !== undefined &&
          (/[A-Za-z-]$/.test(before) || (before === '.' && /^[A-Za-z]$/.test(runs[i - 2] ?? '')))) ||
        (after !== undefined && /^[A-Za-z]/.test(after));
      spoken.push(
        ...(isModel && /^\d{3,4}$/.test(run)
          ? paired(run)
          : isModel && /^\d{1,2}$/.test(run) && !run.startsWith('0')
            ? cardinal(run)
            : (numberWords(run) ?? [])),
      );
    } else if (/^[A-Za-z]/.test(run)) {
      const isMixed = (before !== undefined && /^\d/.test(before)) || (after !== undefined && /^\d/.test(after));
      const isCode =
        isMixed && run.length <= 3 && !/^(?:st|nd|rd|th|s|and|to|the)$/.test(run) && !isWordish(run, isWord);
      spoken.push(
        ...(isCode || (run.length === 1 && runs.length > 1) ? letters(run) : letterRun(run, isWord, isShouting)),
      );
    } else {
      spoken.push(...symbolWords(run, isBetween, before, after));
    }
  }
  return spoken;
}

function isWordish(run: string, isWord: (word: string) => boolean): boolean {
  return /[a-z]/.test(run) && run.length === 3 && isWord(run.toLowerCase());
}

function symbolWords(
  symbol: string,
  isBetween: boolean,
  before: string | undefined,
  after: string | undefined,
): string[] {
  const areDigits = isBetween && /\d$/.test(before!) && /^\d/.test(after!);
  switch (symbol) {
    case '&':
      return ['and'];
    case '+':
      return ['plus'];
    case '%':
      return ['percent'];
    case '@':
      return ['at'];
    case '=':
      return isBetween ? ['equals'] : [];
    case '#':
      return after !== undefined && /^\d/.test(after) ? ['number'] : after === undefined ? [] : ['hashtag'];
    case '/':
      return isBetween ? ['slash'] : [];
    case '.':
      return isBetween && /[A-Za-z]{2}|\d/.test(before!) && /^(?:[a-z]|\d)/.test(after!)
        ? ['dot']
        : isBetween && /[a-z]{2}/.test(before!)
          ? ['.']
          : [];
    case ',':
    case ';':
    case ':':
      return isBetween && !areDigits ? [','] : [];
    case '*':
      return areDigits ? ['times'] : [];
    case '$':
      return ['dollars'];
    case '-':
      return areDigits ? ['dash'] : [];
    case '?':
    case '!':
      return isBetween ? ['.'] : [];
    default:
      return [];
  }
}
