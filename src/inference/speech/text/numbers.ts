/** English number names as arrays of lower-case words, in American reading (no "and" inside cardinals). */

const ONES = [
  'zero',
  'one',
  'two',
  'three',
  'four',
  'five',
  'six',
  'seven',
  'eight',
  'nine',
  'ten',
  'eleven',
  'twelve',
  'thirteen',
  'fourteen',
  'fifteen',
  'sixteen',
  'seventeen',
  'eighteen',
  'nineteen',
] as const;
const TENS = ['', '', 'twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'] as const;
const SCALES = ['', 'thousand', 'million', 'billion', 'trillion', 'quadrillion'] as const;

const IRREGULAR_ORDINALS: Record<string, string> = {
  one: 'first',
  two: 'second',
  three: 'third',
  five: 'fifth',
  eight: 'eighth',
  nine: 'ninth',
  twelve: 'twelfth',
};

/** Longest run of digits that is read as one cardinal; longer ones are read digit by digit. */
export const MAX_CARDINAL_DIGITS = 18;

function belowHundred(n: number): string[] {
  if (n < 20) return [ONES[n]!];
  const tens = TENS[Math.floor(n / 10)]!;
  return n % 10 === 0 ? [tens] : [tens, ONES[n % 10]!];
}

function belowThousand(n: number): string[] {
  if (n < 100) return belowHundred(n);
  const rest = n % 100;
  return [ONES[Math.floor(n / 100)]!, 'hundred', ...(rest === 0 ? [] : belowHundred(rest))];
}

/** Each digit by its name; anything else in `text` is skipped. */
export function digitWords(text: string): string[] {
  return [...text].flatMap((c) => (c >= '0' && c <= '9' ? [ONES[Number(c)]!] : []));
}

/** Reads a string of digits as a cardinal: "1205" → one thousand two hundred five. */
export function cardinal(digits: string): string[] {
  const trimmed = digits.replace(/^0+(?=\d)/, '');
  if (trimmed.length > MAX_CARDINAL_DIGITS) return digitWords(digits);
  if (trimmed === '0' || trimmed === '') return ['zero'];
  const words: string[] = [];
  const groups = Math.ceil(trimmed.length / 3);
  for (let g = groups - 1; g >= 0; g--) {
    const end = trimmed.length - g * 3;
    const value = Number(trimmed.slice(Math.max(0, end - 3), end));
    if (value === 0) continue;
    words.push(...belowThousand(value));
    if (g > 0) words.push(SCALES[g]!);
  }
  return words;
}

/** Turns the last word of a cardinal into its ordinal: "twenty one" → twenty first. */
export function toOrdinal(words: readonly string[]): string[] {
  const last = words.at(-1);
  if (last === undefined) return [];
  const ordinal = IRREGULAR_ORDINALS[last] ?? (last.endsWith('y') ? `${last.slice(0, -1)}ieth` : `${last}th`);
  return [...words.slice(0, -1), ordinal];
}

export function ordinal(digits: string): string[] {
  return toOrdinal(cardinal(digits));
}

/** A year as people say it: 1998 nineteen ninety eight, 2005 two thousand five, 1905 nineteen oh five, 2026 twenty twenty six. */
export function year(digits: string): string[] {
  const n = Number(digits);
  if (digits.length !== 4 || digits.startsWith('0') || (n >= 2000 && n <= 2009) || n % 1000 === 0)
    return cardinal(digits);
  const high = belowHundred(Math.floor(n / 100));
  const low = n % 100;
  if (low === 0) return [...high, 'hundred'];
  return [...high, ...(low < 10 ? ['oh', ONES[low]!] : belowHundred(low))];
}

/** Three or four digits in pairs, as in model numbers, rooms and picture sizes: 264 two sixty four, 4090 forty ninety, 1080 ten eighty. */
export function paired(digits: string): string[] {
  const n = Number(digits);
  if (digits.startsWith('0')) return digitWords(digits);
  if (digits.length === 4 && n % 1000 !== 0) return year(digits);
  if (digits.length !== 3 || n % 100 === 0) return cardinal(digits);
  const low = n % 100;
  return [ONES[Math.floor(n / 100)]!, ...(low < 10 ? ['oh', ONES[low]!] : belowHundred(low))];
}

/** Digits in groups of three (a last group of four), with a short pause between: for ids and codes. */
export function digitGroups(digits: string): string[] {
  if (digits.length <= 4) return digitWords(digits);
  const words: string[] = [];
  for (let i = 0; i < digits.length; ) {
    const left = digits.length - i;
    const size = left === 4 || left < 3 ? left : 3;
    if (words.length > 0) words.push(',');
    words.push(...digitWords(digits.slice(i, i + size)));
    i += size;
  }
  return words;
}

/** Plural of the last word's name: nineteen ninety → nineteen nineties. */
export function decade(digits: string): string[] {
  const words = digits.length === 2 ? belowHundred(Number(digits)) : year(digits);
  const last = words.at(-1)!;
  return [...words.slice(0, -1), last.endsWith('y') ? `${last.slice(0, -1)}ies` : `${last}s`];
}

/** "3.14" → three point one four; thousands separators and a leading minus are understood. Undefined when `text` is no number. */
export function decimal(text: string): string[] | undefined {
  const match = /^([-−+]?)((?:\d{1,3}(?:,\d{3})+|\d+)?)(?:\.(\d+))?$/.exec(text);
  if (!match || (match[2] === '' && match[3] === undefined)) return undefined;
  const sign = match[1] === '' ? [] : [match[1] === '+' ? 'plus' : 'minus'];
  const whole = match[2]!.replaceAll(',', '');
  return [
    ...sign,
    ...(whole === '' ? [] : cardinal(whole)),
    ...(match[3] === undefined ? [] : ['point', ...digitWords(match[3])]),
  ];
}

/** A proper or improper fraction; undefined when people would not say it as one. */
export function fraction(numerator: number, denominator: number): string[] | undefined {
  if (numerator < 1 || denominator < 2 || denominator > 100 || numerator >= denominator * 2) return undefined;
  const top = cardinal(String(numerator));
  if (denominator === 2) return [...top, numerator === 1 ? 'half' : 'halves'];
  const bottom = denominator === 4 ? ['quarter'] : ordinal(String(denominator));
  const last = bottom.at(-1)!;
  return [...top, ...bottom.slice(0, -1), numerator === 1 ? last : `${last}s`];
}
