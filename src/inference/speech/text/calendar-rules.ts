import { clock, dayWords, numericDate } from './calendar.js';
import { cardinal, ordinal, year } from './numbers.js';
import { DIGITS, endAbbreviation, following, isYearToken, preceding, type Rule } from './rules.js';
import { DAYS, MONTHS } from './tables.js';
import type { Token } from './tokens.js';

// ---------------------------------------------------------------- dates

function monthOf(token: Token | undefined): string | undefined {
  if (token === undefined || !/^[A-Z]/.test(token.core)) return undefined;
  const key = token.core.toLowerCase();
  return Object.hasOwn(MONTHS, key) ? MONTHS[key] : undefined;
}

/** Nov 20, 2026 · November 20th · 20 Nov 2026 · November 2026 · 3rd of May. */
const writtenDate: Rule = (tokens, i) => {
  const first = tokens[i]!;
  const month = monthOf(first);
  if (month !== undefined) {
    const next = tokens[i + 1];
    const isSeparated = first.pause !== '' && !first.dotted;
    const range =
      isSeparated || next === undefined
        ? undefined
        : /^(\d{1,2})(?:st|nd|rd|th)?[-–—](\d{1,2})(?:st|nd|rd|th)?$/.exec(next.core);
    const day =
      isSeparated || next === undefined
        ? undefined
        : range
          ? [...ordinal(range[1]!), 'to', ...ordinal(range[2]!)]
          : dayWords(next.core);
    const isAmbiguous = /^(?:May|March|Mar|Sun|Sat)$/.test(first.core);
    const followsYear = !isSeparated && isYearToken(next?.core);
    if (day === undefined && !followsYear) {
      if (isAmbiguous || first.core.length > 5 || !first.dotted) return 0;
      first.spoken = [month];
      first.pause = i === tokens.length - 1 ? '.' : '';
      return 1;
    }
    first.spoken = [month];
    first.pause = '';
    if (followsYear) {
      next!.spoken = year(next!.core);
      return 2;
    }
    next!.spoken = day!;
    const after = tokens[i + 2];
    if (isYearToken(after?.core) && (next!.pause === '' || next!.pause === ',')) {
      after!.spoken = year(after!.core);
      return 3;
    }
    return 2;
  }
  const day = dayWords(first.core);
  const isOf = following(tokens, i + 1) === 'of';
  const named = tokens[i + (isOf ? 2 : 1)];
  const name = first.pause === '' ? monthOf(named) : undefined;
  if (day === undefined || name === undefined || (isOf && !/\D/.test(first.core))) return 0;
  const hasThe = /^(?:the)$/i.test(preceding(tokens, i));
  first.spoken = [...(hasThe ? [] : ['the']), ...day, ...(isOf ? [] : ['of'])];
  if (isOf) tokens[i + 1]!.spoken = ['of'];
  named!.spoken = [name];
  const count = isOf ? 3 : 2;
  const after = tokens[i + count];
  if (named!.dotted && after !== undefined) named!.pause = '';
  if (isYearToken(after?.core) && (named!.pause === '' || named!.pause === ',')) {
    after!.spoken = year(after!.core);
    return count + 1;
  }
  return count;
};

const CALENDAR_NAMES: Record<string, string> = { ...MONTHS, ...DAYS };

/** Weekday abbreviations and ranges of days or months: Mon, Mon–Fri, Jan-Mar. */
const calendarName: Rule = (tokens, i) => {
  const token = tokens[i]!;
  const range = /^([A-Z][a-z]{2,8})\.?[-–—/]([A-Z][a-z]{2,8})$/.exec(token.core);
  if (range) {
    const [a, b] = [range[1]!.toLowerCase(), range[2]!.toLowerCase()];
    if (!Object.hasOwn(CALENDAR_NAMES, a) || !Object.hasOwn(CALENDAR_NAMES, b)) return 0;
    token.spoken = [CALENDAR_NAMES[a]!, 'to', CALENDAR_NAMES[b]!];
    return 1;
  }
  const key = token.core.toLowerCase();
  if (!/^(?:Mon|Tue|Tues|Wed|Thu|Thur|Thurs|Fri|Sat|Sun)$/.test(token.core)) return 0;
  const next = tokens[i + 1];
  const isSafe = !/^S/.test(token.core) || token.dotted || /^\d/.test(next?.core ?? '') || monthOf(next) !== undefined;
  if (!isSafe) return 0;
  token.spoken = [DAYS[key]!];
  if (token.dotted && next !== undefined) token.pause = '';
  return 1;
};

// ---------------------------------------------------------------- times

const isMeridiem = (core: string | undefined) => core !== undefined && /^[ap]\.?m$/i.test(core);

/** Times of day with or without am/pm, and ranges of them: 3:30 pm, 15:00, 9am–5pm, 9:00-17:00. */
const time: Rule = (tokens, i) => {
  const token = tokens[i]!;
  const next = token.pause === '' ? tokens[i + 1] : undefined;
  const hasMeridiem = isMeridiem(next?.core);
  const range = /^(\d{1,2}(?::[0-5]\d)?\s?(?:[ap]\.?m)?)[-–—](\d{1,2}(?::[0-5]\d)?(?:[ap]\.?m)?)$/i.exec(token.core);
  let spoken: string[] | undefined;
  if (range && (hasMeridiem || /:|m$/i.test(token.core))) {
    const isMarked = hasMeridiem || /m$/i.test(range[2]!);
    const read = (part: string) =>
      clock(part, isMarked) ?? (DIGITS.test(part) && Number(part) <= 24 ? cardinal(part) : undefined);
    const [from, to] = [read(range[1]!), read(range[2]!)];
    spoken = from && to ? [...from, 'to', ...to] : undefined;
  } else {
    spoken =
      clock(token.core, hasMeridiem) ??
      (hasMeridiem && /^(?:[1-9]|1[0-2])$/.test(token.core) ? cardinal(token.core) : undefined);
    if (following(tokens, i + 1) === "o'clock" && spoken?.at(-1) === "o'clock") spoken = spoken.slice(0, -1);
  }
  if (spoken === undefined) return 0;
  token.spoken = spoken;
  if (!hasMeridiem) return 1;
  next!.spoken = [next!.core[0]!.toUpperCase(), 'M'];
  endAbbreviation(tokens, i + 1);
  return 2;
};

/** m/d without a year is a date only where the text says so: "on 11/20", "by 3/15". */
const slashDate: Rule = (tokens, i) => {
  const token = tokens[i]!;
  const match = /^(\d{1,2})\/(\d{1,2})$/.exec(token.core);
  if (
    !match ||
    token.core === '24/7' ||
    !/^(?:on|by|until|till|before|after|since|due|from|starting|monday|tuesday|wednesday|thursday|friday|saturday|sunday|mon|tue|wed|thu|fri|sat|sun)$/i.test(
      tokens[i - 1]?.core ?? '',
    )
  )
    return 0;
  const date = numericDate(`${token.core}/2000`);
  if (date === undefined) return 0;
  token.spoken = date.slice(0, date.indexOf(','));
  return 1;
};

/** Dates and times that depend on their neighbours, in the order in which they are tried. */
export const CALENDAR_RULES: readonly Rule[] = [writtenDate, slashDate, calendarName, time];
