/**
 * Finds personal data in what is said: written, as recognisers write what they hear ("four one one one", "ann at example dot org"), or both
 * mixed. Pure and linear in the length of the text.
 */
import type { PersonalDataKind } from '../../moderation-policy.js';
import { type DigitRun, digitRuns } from './spoken-digits.js';

export interface PersonalDatum {
  kind: PersonalDataKind;
  /** Where it stands: text.slice(start, end). */
  start: number;
  end: number;
}

/** What stands in the place of masked data. */
export const MASKS: Record<PersonalDataKind, string> = {
  card: '[card number]',
  iban: '[account number]',
  email: '[e-mail address]',
  phone: '[phone number]',
};

/** ISO/IEC 7812: payment cards have 13 to 19 digits (in practice) and begin with 2 to 6. */
const CARD = { min: 13, max: 19, first: /^[2-6]/ };
/** E.164: at most 15 digits; fewer than 7 are no number that reaches anybody from elsewhere. */
const PHONE = { min: 7, max: 15, national: 9 };

const LONG_NUMBER = 6;

const EMAIL = /[\p{L}\p{N}][\p{L}\p{N}._%+'-]{0,63}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,8}/gu;
const SPOKEN_EMAIL =
  /(?<![\p{L}\p{N}])[\p{L}\p{N}_]{1,40}(?:(?: dot | point | dash | minus | underscore |[._-])[\p{L}\p{N}]{1,40}){0,8} at [\p{L}\p{N}-]{1,60}(?:(?: dot | point |\.)[\p{L}]{2,20}){1,4}(?![\p{L}\p{N}])/giu;
/** "look at example.org" is no address. */
const NO_NAME =
  /^(?:look|me|us|you|him|her|them|it|is|are|was|be|site|page|website|shop|see|here|there|find|found|available|online|again|back|or|and)$/i;
const IBAN_START = /(?<![\p{L}\p{N}])[A-Za-z]{2}[ -]?\d{2}(?=[ -]?[A-Za-z0-9])/gu;

/** All that was found, in the order of the text, none inside another. `allow`: what is nobody's secret, however it is spaced. */
export function findPersonalData(text: string, allow: readonly string[] = []): PersonalDatum[] {
  const found: PersonalDatum[] = [...emails(text), ...ibans(text)];
  for (const run of digitRuns(text)) {
    if (found.some(({ start, end }) => run.start < end && run.end > start)) continue;
    found.push(...cards(run), ...phones(text, run));
  }
  const allowed = new Set(allow.map(bare));
  const kept: PersonalDatum[] = [];
  // Cards before phone numbers: of two that overlap the one found first stands.
  for (const datum of found) {
    if (kept.some(({ start, end }) => datum.start < end && datum.end > start)) continue;
    if (!allowed.has(bare(text.slice(datum.start, datum.end)))) kept.push(datum);
  }
  return kept.sort((a, b) => a.start - b.start);
}

/** `text` with what was found replaced by its mask. */
export function maskPersonalData(text: string, found: readonly PersonalDatum[]): string {
  let masked = '';
  let from = 0;
  for (const { kind, start, end } of found) {
    masked += text.slice(from, start) + MASKS[kind];
    from = end;
  }
  return masked + text.slice(from);
}

/** `text` without any run of six digits or more: what may become a number that is to be masked. */
export function maskLongNumbers(text: string): string {
  let masked = '';
  let from = 0;
  for (const { groups, start, end } of digitRuns(text)) {
    if (groups.reduce((sum, { digits }) => sum + digits.length, 0) < LONG_NUMBER) continue;
    masked += `${text.slice(from, start)}[number]`;
    from = end;
  }
  return masked + text.slice(from);
}

/** The check digit of payment cards (Luhn, ISO/IEC 7812-1 annex B). */
export function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = i % 2 === 0 ? digit : digit * 2;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return digits.length > 0 && sum % 10 === 0;
}

/** ISO 13616: the account number with its first four characters at the end, letters as 10 to 35, is 1 modulo 97. */
export function isIban(text: string): boolean {
  const compact = text.replace(/[ -]/g, '').toUpperCase();
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(compact)) return false;
  let rest = 0;
  for (const character of compact.slice(4) + compact.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}

function emails(text: string): PersonalDatum[] {
  const written = [...text.matchAll(EMAIL)];
  const spoken = [...text.matchAll(SPOKEN_EMAIL)].filter(([all]) => !NO_NAME.test(all.split(' at ')[0] ?? ''));
  return [...written, ...spoken].map(({ 0: all, index }) => ({ kind: 'email', start: index, end: index + all.length }));
}

/** The longest that is right from each start: words may follow. */
function ibans(text: string): PersonalDatum[] {
  return [...text.matchAll(IBAN_START)].flatMap(({ index }) => {
    const after = /^(?:[ -]?[A-Za-z0-9]){15,34}/.exec(text.slice(index, index + 80))?.[0] ?? '';
    for (let length = after.length; length >= 15; length--) {
      // Whole words only.
      const isWhole = /[A-Za-z0-9]$/.test(after.slice(0, length)) && !/[A-Za-z0-9]/.test(text[index + length] ?? '');
      if (!isWhole) continue;
      if (isIban(after.slice(0, length))) return [{ kind: 'iban' as const, start: index, end: index + length }];
    }
    return [];
  });
}

/** Also inside a longer run: the date and the check number often follow. */
function cards({ groups }: DigitRun): PersonalDatum[] {
  const found: PersonalDatum[] = [];
  for (let from = 0; from < groups.length; from++) {
    let digits = '';
    let last: number | undefined;
    for (let to = from; to < groups.length && digits.length < CARD.max; to++) {
      digits += groups[to]?.digits ?? '';
      const isCard = digits.length >= CARD.min && digits.length <= CARD.max && CARD.first.test(digits);
      if (isCard && passesLuhn(digits)) last = to;
    }
    if (last === undefined) continue;
    found.push({ kind: 'card', start: groups[from]?.start ?? 0, end: groups[last]?.end ?? 0 });
    from = last;
  }
  return found;
}

/** With a country's or an area's prefix, in the North American form of 3, 3 and 4 digits, or dictated digit by digit. */
function phones(text: string, { groups, start, end }: DigitRun): PersonalDatum[] {
  const digits = groups.map((group) => group.digits).join('');
  if (digits.length < PHONE.min || digits.length > PHONE.max) return [];
  const before = /(?:\+|plus )\s?\(?$/i.exec(text.slice(Math.max(0, start - 8), start))?.[0] ?? '';
  const isInternational = before !== '' || digits.startsWith('00');
  const isNational = digits.startsWith('0') && digits.length >= PHONE.national;
  const isNorthAmerican =
    /^1?\d{3} ?\d{3} ?\d{4}$/.test(groups.map((group) => group.digits).join(' ')) && groups.length > 1;
  const isDictated = groups.filter((group) => group.digits.length === 1).length >= PHONE.min;
  if (!isInternational && !isNational && !isNorthAmerican && !isDictated) return [];
  const bracket = text[start - before.length - 1] === '(' ? 1 : 0;
  return [{ kind: 'phone', start: start - before.length - bracket, end }];
}

const bare = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}@+]/gu, '');
