import { clock, dayWords, numericDate } from './calendar.js';
import { cardinal, decade, digitGroups, digitWords, ordinal, paired, year } from './numbers.js';
import {
  currencyOf,
  fractionWords,
  measure,
  money,
  NUMBER,
  numberWords,
  perWords,
  prefixWords,
  unitName,
  words,
} from './quantities.js';
import { DAYS, MONTHS } from './tables.js';
import type { Token } from './tokens.js';
import { CURRENCIES, MONEY_SCALES } from './units.js';

/** Reads the token at `i` and perhaps its followers, setting `spoken` on each; returns how many were read, 0 for none. */
export type Rule = (tokens: readonly Token[], i: number) => number;

const IS_NUMBER = new RegExp(`^[-+]?${NUMBER}$`);
const DIGITS = /^\d+$/;

/** The core of the token at `i`, unless the token before ends in a pause that separates the two. */
function following(tokens: readonly Token[], i: number): string {
  const before = tokens[i - 1];
  return before !== undefined && before.pause !== '' ? '' : (tokens[i]?.core ?? '');
}

function preceding(tokens: readonly Token[], i: number): string {
  const token = tokens[i - 1];
  return token === undefined || token.pause !== '' ? '' : token.core;
}

// ---------------------------------------------------------------- telephone

const PHONE = /^(?:\+?\d{1,3}[-.])?(?:\d{3}[-.])?\d{3}[-.]\d{4}$/;
const GROUP = /^\d{2,5}(?:[-.]\d{2,5})*$/;

function phoneGroups(text: string): string[] {
  const groups = text.split(/\D+/).filter((g) => g !== '');
  const spoken = groups.flatMap((g, i) => [
    ...(i > 0 ? [','] : []),
    ...(/^[1-9]00$/.test(g) && groups.length > 2 ? cardinal(g) : digitWords(g)),
  ]);
  return text.startsWith('+') ? ['plus', ...spoken] : spoken;
}

/** Telephone numbers, digit by digit in their written groups: (555) 123-4567, +44 20 7946 0958, 1-800-555-0199. */
const phone: Rule = (tokens, i) => {
  const first = tokens[i]!;
  const context = preceding(tokens, i).toLowerCase();
  if (PHONE.test(first.core) && (first.core.match(/\d/g)!.length > 7 || !/^(?:19|20)\d\d/.test(first.core))) {
    first.spoken = phoneGroups(first.core);
    return 1;
  }
  const isPlus = /^\+\d{1,3}$/.test(first.core) || /^\+\d{1,3}[-.]\d/.test(first.core);
  const isArea = /\((?:\d{3,5})\)/.test(first.written);
  const isCalled =
    /^(?:call|phone|dial|tel|telephone|mobile|fax|text|at|number|is|whatsapp|line|hotline)$/.test(context) &&
    /^\d{3,5}$/.test(first.core);
  if (!isPlus && !isArea && !isCalled) return 0;
  let count = 1;
  while (
    count < 7 &&
    GROUP.test(tokens[i + count]?.core ?? '') &&
    (tokens[i + count - 1]!.pause === '' || (count === 1 && isArea) || /\)$/.test(tokens[i + count - 1]!.written))
  )
    count++;
  const total = tokens
    .slice(i, i + count)
    .map((t) => t.core)
    .join('')
    .replace(/\D/g, '').length;
  if (total < 7 || total > 16 || (count === 1 && !isPlus)) return 0;
  for (let k = 0; k < count; k++) {
    tokens[i + k]!.spoken = phoneGroups(tokens[i + k]!.core);
    if (k < count - 1) tokens[i + k]!.pause = ',';
  }
  return count;
};

// ---------------------------------------------------------------- dates

function monthOf(token: Token | undefined): string | undefined {
  if (token === undefined || !/^[A-Z]/.test(token.core)) return undefined;
  const key = token.core.toLowerCase();
  return Object.hasOwn(MONTHS, key) ? MONTHS[key] : undefined;
}

const isYearToken = (core: string | undefined) => core !== undefined && /^(?:1[1-9]|20)\d\d$/.test(core);

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

/** Weekday abbreviations and ranges of days or months: Mon, Mon–Fri, Jan-Mar. */
const calendarName: Rule = (tokens, i) => {
  const token = tokens[i]!;
  const names = { ...MONTHS, ...DAYS };
  const range = /^([A-Z][a-z]{2,8})\.?[-–—/]([A-Z][a-z]{2,8})$/.exec(token.core);
  if (range) {
    const [a, b] = [range[1]!.toLowerCase(), range[2]!.toLowerCase()];
    if (!Object.hasOwn(names, a) || !Object.hasOwn(names, b)) return 0;
    token.spoken = [names[a]!, 'to', names[b]!];
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

/** An abbreviation's own full stop ends a sentence only before a capital or at the end of the text. */
export function endAbbreviation(tokens: readonly Token[], i: number): void {
  const token = tokens[i]!;
  const next = tokens[i + 1];
  if (token.pause === '.' && token.dotted && next !== undefined && !/^[A-Z]/.test(next.core)) token.pause = '';
}

// ---------------------------------------------------------------- money, units, ranges

const amount: Rule = (tokens, i) => {
  const token = tokens[i]!;
  const next = following(tokens, i + 1);
  const scale =
    Object.hasOwn(MONEY_SCALES, next) && (next.length > 3 || /^(?:bn|mn|tn)$/.test(next)) ? next : undefined;
  const spoken = money(token.core, scale);
  if (spoken !== undefined) {
    token.spoken = spoken;
    if (scale === undefined) return 1;
    tokens[i + 1]!.spoken = [MONEY_SCALES[scale]!, ...currencyOf(token.core)];
    return 2;
  }
  if (/^[A-Z]{3}$/.test(token.core) && Object.hasOwn(CURRENCIES, token.core) && IS_NUMBER.test(next)) {
    const value = money(`${token.core}${next}`);
    if (value === undefined) return 0;
    token.spoken = [];
    tokens[i + 1]!.spoken = value;
    return 2;
  }
  if (/^[A-Z]{3}$|^[€£$]$/.test(next) && Object.hasOwn(CURRENCIES, next) && IS_NUMBER.test(token.core)) {
    token.spoken = numberWords(token.core)!;
    tokens[i + 1]!.spoken = words(CURRENCIES[next]!.unit[token.core === '1' ? 0 : 1]);
    return 2;
  }
  return 0;
};

const RANGE = new RegExp(`^(${NUMBER})[-–—](${NUMBER})$`);

/** Numbers with a unit in the next token: 5 km, 20 °C, 10–20 %, 512 MB/s. */
const spacedUnit: Rule = (tokens, i) => {
  const token = tokens[i]!;
  const match = new RegExp(`^([~≈<>≤≥±]?)([-+]?${NUMBER})$`).exec(token.core);
  const range = RANGE.exec(token.core);
  if ((!match && !range) || token.pause !== '') return 0;
  const next = tokens[i + 1];
  if (next === undefined) return 0;
  const spelling = next.dotted && next.core === 'in' && tokens[i + 2] === undefined ? 'in.' : next.core;
  const slash = spelling.indexOf('/');
  const unit = unitName(spelling, false) ?? (slash > 0 ? unitName(spelling.slice(0, slash), false) : undefined);
  if (unit === undefined) return 0;
  const isWhole = unitName(spelling, false) !== undefined;
  const per = isWhole ? [] : perWords(spelling.slice(slash + 1));
  if (per === undefined) return 0;
  const isOne = match !== null && match[2] === '1';
  token.spoken = range ? rangeWords(range) : [...prefixWords(match![1]!), ...(numberWords(match![2]!) ?? [])];
  next.spoken = [...words(unit[isOne ? 0 : 1]), ...per];
  endAbbreviation(tokens, i + 1);
  return 2;
};

function rangeWords(range: RegExpExecArray): string[] {
  const [low, high] = [range[1]!, range[2]!];
  if (isYearToken(low) && (isYearToken(high) || /^\d\d$/.test(high))) {
    return [...year(low), 'to', ...(high.length === 2 ? cardinal(high) : year(high))];
  }
  return [...(numberWords(low) ?? []), 'to', ...(numberWords(high) ?? [])];
}

/** 10–20 in one token or with blanks round the dash; 1998–2003; scores 3-2 read the same way. */
const range: Rule = (tokens, i) => {
  const token = tokens[i]!;
  const match = RANGE.exec(token.core);
  if (match && !/^0\d/.test(match[1]!) && match[1]!.length < 7 && match[2]!.length < 7) {
    token.spoken = rangeWords(match);
    return 1;
  }
  const dash = tokens[i + 1];
  const end = tokens[i + 2];
  if (
    !IS_NUMBER.test(token.core) ||
    token.pause !== '' ||
    !/^[-–—]$/.test(dash?.written ?? '') ||
    !IS_NUMBER.test(end?.core ?? '')
  )
    return 0;
  const isSum = tokens[i + 3]?.core === '=';
  token.spoken = plainNumber(tokens, i);
  dash!.spoken = [isSum ? 'minus' : 'to'];
  dash!.pause = '';
  return 2;
};

/** 1 1/2 and 1 ½: one and a half. */
const mixedNumber: Rule = (tokens, i) => {
  const token = tokens[i]!;
  const next = following(tokens, i + 1);
  const part = fractionWords(next);
  if (!/^\d{1,4}$/.test(token.core) || part === undefined || !/^[½¼¾⅓⅔⅛⅜⅝⅞]$|^\d\/\d{1,2}$/.test(next)) return 0;
  token.spoken = cardinal(token.core);
  tokens[i + 1]!.spoken = ['and', ...(part[0] === 'one' ? ['a', ...part.slice(1)] : part)];
  return 2;
};

// ---------------------------------------------------------------- plain numbers

const ID_NOUN =
  /^(?:order|number|no|code|id|pin|ticket|room|invoice|account|flight|extension|ext|zip|postcode|serial|model|confirmation|reference|ref|case|booking|passcode|password|gate|suite|apartment|apt|bus|line|locker|sku|tracking|card|policy|customer|member|part|otp|error)$/i;
const YEAR_LEAD =
  /^(?:in|since|from|until|till|by|before|after|of|year|during|circa|around|for|early|mid|late|to|and|through|spring|summer|fall|autumn|winter|q[1-4]|the|our|new|class|january|february|march|april|may|june|july|august|september|october|november|december)$/i;
const YEAR_SURE =
  /^(?:in|since|until|till|year|during|circa|early|mid|late|spring|summer|fall|autumn|winter|q[1-4]|©|copyright)$/i;

/** True when the word after a four-digit number counts something: "2000 people", "1998 units". */
function countsSomething(next: string): boolean {
  return (
    /^(?:people|men|women|children|hundred|thousand|million|billion|percent|times|more|or|sq)$/.test(next) ||
    (/^[a-z]{3,}s$/.test(next) &&
      !/^(?:was|has|is|does|as|this|its|his|us|vs|always|plus|versus|towards|unless|perhaps|series|besides|less)$/.test(
        next,
      ))
  );
}

function plainNumber(tokens: readonly Token[], i: number): string[] | undefined {
  const { core, written } = tokens[i]!;
  const before = preceding(tokens, i);
  const next = following(tokens, i + 1);
  if (/^#\d+$/.test(core))
    return ['number', ...(core.length > 4 ? digitGroups(core.slice(1)) : cardinal(core.slice(1)))];
  if (DIGITS.test(core)) {
    const noun = /^(?:is|#|number|no|code|id|:)$/i.test(before) ? (tokens[i - 2]?.core ?? '') : before;
    if (core.length >= 3 && (ID_NOUN.test(before) || ID_NOUN.test(noun))) {
      return /^(?:room|gate|flight|bus|suite|apartment|apt|error|model|line|locker)$/i.test(before) && core.length <= 4
        ? paired(core)
        : digitGroups(core);
    }
    if (isYearToken(core)) {
      const isModern = /^(?:19|20)/.test(core);
      if (
        YEAR_SURE.test(before) ||
        (isModern && !countsSomething(next)) ||
        (isModern && YEAR_LEAD.test(before) && before.toLowerCase() === 'the') ||
        (YEAR_LEAD.test(before) && next === '')
      )
        return year(core);
      if (core.endsWith('00') && !core.endsWith('000') && !isModern) return [...cardinal(core.slice(0, 2)), 'hundred'];
    }
    if (/^'\d\d$/.test(written.slice(0, 3).replace('’', "'")) && core.length === 2)
      return Number(core) < 10 ? ['oh', ...cardinal(core)] : cardinal(core);
  }
  return numberWords(core);
}

/** Everything numeric that fits one token. */
const numeric: Rule = (tokens, i) => {
  const token = tokens[i]!;
  const { core } = token;
  if (!/[\d½¼¾⅓⅔⅕⅛⅜⅝⅞]/.test(core) || core.length > 64) return 0;
  const spoken = oneToken(core) ?? (IS_NUMBER.test(core) || /^#\d+$/.test(core) ? plainNumber(tokens, i) : undefined);
  if (spoken === undefined) return 0;
  token.spoken = spoken;
  return 1;
};

function oneToken(core: string): string[] | undefined {
  const version = /^(v|V)?(\d{1,5}(?:\.\d{1,5}){1,4})(-[a-z]+(?:[.-]?\d+)?)?$/.exec(core);
  const dots = version ? version[2]!.split('.').length - 1 : 0;
  if (version && (version[1] !== undefined || dots >= 2 || version[3] !== undefined)) {
    const isAddress = dots === 3 && version[1] === undefined && version[2]!.split('.').every((n) => Number(n) < 256);
    const parts = version[2]!
      .split('.')
      .flatMap((n, k) => [...(k > 0 ? [isAddress ? 'dot' : 'point'] : []), ...(isAddress ? paired(n) : cardinal(n))]);
    const date = version[1] === undefined && dots === 2 ? numericDate(core) : undefined;
    if (date) return date;
    const suffix = (version[3] ?? '')
      .slice(1)
      .split(/[.-]|(?<=[a-z])(?=\d)/)
      .flatMap((s) => (s === '' ? [] : /^\d/.test(s) ? cardinal(s) : s === 'rc' ? ['R', 'C'] : [s]));
    return [...(version[1] !== undefined ? ['version'] : []), ...parts, ...suffix];
  }
  if (/^v\d{1,3}$/i.test(core)) return [...(core.startsWith('v') ? ['version'] : ['V']), ...cardinal(core.slice(1))];
  const ordinalMatch = /^(\d{1,3}(?:,\d{3})*|\d+)(?:st|nd|rd|th)$/i.exec(core);
  if (ordinalMatch) return ordinal(ordinalMatch[1]!.replaceAll(',', ''));
  const decadeMatch = /^((?:1[1-9]|20)\d0|[1-9]0)'?s$/.exec(core);
  if (decadeMatch) return decade(decadeMatch[1]!);
  const ratio = /^(\d{1,3}):(\d{1,3})$/.exec(core);
  if (ratio) return [...cardinal(ratio[1]!), 'to', ...cardinal(ratio[2]!)];
  const about = new RegExp(`^([~≈<>≤≥±])(${NUMBER})$`).exec(core);
  if (about) return [...prefixWords(about[1]!), ...(numberWords(about[2]!) ?? [])];
  return (
    numericDate(core) ??
    fractionWords(core) ??
    (core.includes('/') && /^\d+\/\d+$/.test(core)
      ? core.split('/').flatMap((n, k) => [...(k > 0 ? ['slash'] : []), ...cardinal(n)])
      : undefined) ??
    measure(core) ??
    sum(core)
  );
}

/** Small arithmetic without blanks: 2+2=4, 3*4. */
function sum(core: string): string[] | undefined {
  if (!/^\d{1,9}(?:\.\d+)?(?:[-+*×÷=]\d{1,9}(?:\.\d+)?){1,8}$/.test(core) || !/[+*×÷=]/.test(core)) return undefined;
  const names: Record<string, string> = {
    '+': 'plus',
    '-': 'minus',
    '*': 'times',
    '×': 'times',
    '÷': 'divided by',
    '=': 'equals',
  };
  return core
    .split(/([-+*×÷=])/)
    .flatMap((part) => (names[part] !== undefined ? words(names[part]) : (decimal0(part) ?? [])));
}

const decimal0 = (part: string) => numberWords(part);

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

/** All rules that look at neighbours or digits, in the order in which they are tried. */
export const CONTEXT_RULES: readonly Rule[] = [
  phone,
  writtenDate,
  slashDate,
  calendarName,
  time,
  amount,
  mixedNumber,
  spacedUnit,
  range,
  numeric,
];
