import { numericDate } from './calendar.js';
import { CALENDAR_RULES } from './calendar-rules.js';
import { cardinal, decade, digitGroups, ordinal, paired, year } from './numbers.js';
import { phone } from './phone-rule.js';
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
import { DIGITS, endAbbreviation, following, isYearToken, preceding, type Rule } from './rules.js';
import type { Token } from './tokens.js';
import { CURRENCIES, MONEY_SCALES } from './units.js';

const PREFIXED = new RegExp(`^([~≈<>≤≥±]?)([-+]?${NUMBER})$`);
const APPROXIMATE = new RegExp(`^([~≈<>≤≥±])(${NUMBER})$`);
const IS_NUMBER = new RegExp(`^[-+]?${NUMBER}$`);

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
  const match = PREFIXED.exec(token.core);
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
    // A model number after its maker's letters: RTX 4090, but ISO 9001 stays a number.
    if (core.length === 4 && /^[A-Z]{2,4}$/.test(before) && !/0\d$/.test(core)) return paired(core);
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
  const about = APPROXIMATE.exec(core);
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
    .flatMap((part) => (names[part] !== undefined ? words(names[part]) : (numberWords(part) ?? [])));
}

/** All rules that look at neighbours or digits, in the order in which they are tried. */
export const CONTEXT_RULES: readonly Rule[] = [
  phone,
  ...CALENDAR_RULES,
  amount,
  mixedNumber,
  spacedUnit,
  range,
  numeric,
];
