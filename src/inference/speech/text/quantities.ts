import { cardinal, decimal, digitGroups, fraction, paired } from './numbers.js';
import { CURRENCIES, GLUED_UNITS, MONEY_SCALES, PER, UNITS, type UnitName } from './units.js';

export const words = (text: string): string[] => (text === '' ? [] : text.split(' '));

/** Source of a regular expression for an unsigned number with optional thousands separators and decimals. */
export const NUMBER = String.raw`(?:\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)`;
const SIGNED = `[-+]?${NUMBER}`;
const DASH = '[-–—]';

const VULGAR: Record<string, string> = {
  '½': 'half',
  '¼': 'quarter',
  '¾': 'three quarters',
  '⅓': 'third',
  '⅔': 'two thirds',
  '⅕': 'fifth',
  '⅛': 'eighth',
  '⅜': 'three eighths',
  '⅝': 'five eighths',
  '⅞': 'seven eighths',
};

/** A plain number: separators, sign and decimals understood, unbroken runs of more than six digits read as an id unless they are round. */
export function numberWords(text: string): string[] | undefined {
  const bare = text.replace(/^[-+]/, '');
  if (/^\d+$/.test(bare) && ((bare.length > 1 && bare.startsWith('0')) || (bare.length > 6 && !bare.endsWith('000')))) {
    const sign = text.startsWith('-') ? ['minus'] : text.startsWith('+') ? ['plus'] : [];
    return [...sign, ...digitGroups(bare)];
  }
  return decimal(text);
}

function named(unit: UnitName, isOne: boolean): string[] {
  return words(isOne ? unit[0] : unit[1]);
}

/** The unit's name for a spelling found after a number; `glued` when no blank stands between. */
export function unitName(spelling: string, glued: boolean): UnitName | undefined {
  const own = (table: Record<string, UnitName>) => (Object.hasOwn(table, spelling) ? table[spelling] : undefined);
  if (!glued) return spelling === 'K' || spelling === 'ha' || spelling === 'pts' ? undefined : own(UNITS);
  return own(GLUED_UNITS) ?? own(UNITS);
}

/** "5/month" style tails: per month. */
export function perWords(tail: string): string[] | undefined {
  return Object.hasOwn(PER, tail) ? ['per', ...words(PER[tail]!)] : undefined;
}

const SYMBOLS = String.raw`US\$|A\$|C\$|[$€£¥₹₽₩₿]|(?:USD|EUR|GBP|CHF|JPY|CAD|AUD|INR)(?=\d)`;
const SYMBOL_FIRST = new RegExp(
  `^([-+~<>]?)(${SYMBOLS})(-?)(${NUMBER})(?:${DASH}(?:${SYMBOLS})?(${NUMBER}))?([a-zA-Z]{0,2}|\\+)?(?:/([A-Za-z]+))?$`,
  'u',
);
const SYMBOL_LAST = new RegExp(
  `^([-+]?)(${NUMBER})(?:${DASH}(${NUMBER}))?([kKmMbB]{0,2}n?)([$€£¥₹])(?:/([A-Za-z]+))?$`,
  'u',
);

/** An amount such as "$3.50", "€1,200", "£5m", "-$5", "$10-20", "$5/month", "50€"; `scale` is a following word such as million. */
export function money(core: string, scale?: string): string[] | undefined {
  const before = SYMBOL_FIRST.exec(core);
  const after = before ? null : SYMBOL_LAST.exec(core);
  if (!before && !after) return undefined;
  const [sign, symbol, amount, upper, suffix, per] = before
    ? [before[1]! + before[3]!, before[2]!, before[4]!, before[5], before[6] ?? '', before[7]]
    : [after![1]!, after![5]!, after![2]!, after![3], after![4]!, after![6]];
  const currency = CURRENCIES[symbol]!;
  const scaleWord =
    suffix !== '' && suffix !== '+' ? MONEY_SCALES[suffix] : scale === undefined ? undefined : MONEY_SCALES[scale];
  if (suffix !== '' && suffix !== '+' && scaleWord === undefined) return undefined;
  const perTail = per === undefined ? [] : (perWords(per) ?? ['per', per.toLowerCase()]);
  const signWords = sign.includes('-')
    ? ['minus']
    : sign.includes('~')
      ? ['about']
      : sign.includes('<')
        ? words('less than')
        : sign.includes('>')
          ? words('more than')
          : [];
  const tail = [...(suffix === '+' ? ['plus'] : []), ...perTail];
  // The word after a scale that stands in its own token ("$5 million") carries the currency, not this token.
  const isSplit = scaleWord !== undefined && suffix === '';
  if (scaleWord !== undefined || upper !== undefined) {
    const range = upper === undefined ? [] : ['to', ...decimal(upper)!];
    return [
      ...signWords,
      ...decimal(amount)!,
      ...range,
      ...(scaleWord === undefined || isSplit ? [] : [scaleWord]),
      ...(isSplit ? [] : words(currency.unit[1])),
      ...tail,
    ];
  }
  const [whole = '', part] = amount.replaceAll(',', '').split('.');
  if (part === undefined || part.length !== 2) {
    return [...signWords, ...decimal(amount)!, ...named(currency.unit, amount === '1'), ...tail];
  }
  const minor = Number(part);
  const major = Number(whole || '0');
  const majorWords = [...cardinal(whole || '0'), ...named(currency.unit, major === 1)];
  const minorWords = [...cardinal(part), ...named(currency.cents, minor === 1)];
  if (minor === 0) return [...signWords, ...majorWords, ...tail];
  return [...signWords, ...(major === 0 ? minorWords : [...majorWords, 'and', ...minorWords]), ...tail];
}

/** Name of the currency of a token that `money` can read, in the plural. */
export function currencyOf(core: string): string[] {
  const symbol = /US\$|A\$|C\$|[$€£¥₹₽₩₿]|USD|EUR|GBP|CHF|JPY|CAD|AUD|INR/.exec(core)?.[0];
  return symbol === undefined ? [] : words(CURRENCIES[symbol]!.unit[1]);
}

const MEASURE = new RegExp(`^([~≈<>≤≥±]?)(${SIGNED})(?:${DASH}(${NUMBER}))?(-?)([^\\d\\s.,+-][^\\s,]{0,9}|\\+)$`, 'u');

/** A number with its unit in one token: 5km, 20°C, 10-20%, 10x, 4K, 1080p, 1920x1080, 5ft, ~5%. */
export function measure(core: string): string[] | undefined {
  const size = /^(\d{2,5})[x×](\d{2,5})(?:[x×](\d{2,5}))?(px|p)?$/.exec(core);
  if (size) {
    const sides = [size[1]!, size[2]!, ...(size[3] ? [size[3]] : [])].map(paired);
    return [...sides.flatMap((side, i) => (i === 0 ? side : ['by', ...side])), ...(size[4] ? ['pixels'] : [])];
  }
  const feet = /^(\d{1,3})['′](\d{1,2})?["″]?$/.exec(core);
  if (feet) return [...cardinal(feet[1]!), ...(feet[2] ? ['foot', ...cardinal(feet[2])] : ['feet'])];
  const match = MEASURE.exec(core);
  if (!match) return undefined;
  const [, prefix = '', low = '', high, hyphen, spelling = ''] = match;
  const slash = spelling.indexOf('/');
  const whole = unitName(spelling, true);
  const unit = whole ?? (slash > 0 ? unitName(spelling.slice(0, slash), true) : undefined);
  const per = whole !== undefined || slash < 0 ? [] : perWords(spelling.slice(slash + 1));
  if (unit === undefined || per === undefined || (hyphen === '-' && !Object.hasOwn(UNITS, spelling))) return undefined;
  const isModel = /^[KGDp]$/.test(spelling) && /^(?:[2-8]|\d{3,4})$/.test(low) && high === undefined;
  const value = isModel ? paired(low) : numberWords(low);
  if (value === undefined) return undefined;
  const name = isModel && spelling === 'K' ? ['K'] : named(unit, hyphen === '-' || (low === '1' && high === undefined));
  return [...prefixWords(prefix), ...value, ...(high === undefined ? [] : ['to', ...decimal(high)!]), ...name, ...per];
}

export function prefixWords(prefix: string): string[] {
  const table: Record<string, string> = {
    '~': 'about',
    '≈': 'about',
    '<': 'less than',
    '>': 'more than',
    '≤': 'at most',
    '≥': 'at least',
    '±': 'plus or minus',
    '+': 'plus',
  };
  return words(table[prefix] ?? '');
}

/** Fractions and mixed numbers: 1/2, 3/4, 1½, ½; tenths as ratings: 8/10. */
export function fractionWords(core: string): string[] | undefined {
  const vulgar = /^(\d{0,6})([½¼¾⅓⅔⅕⅛⅜⅝⅞])$/u.exec(core);
  if (vulgar) {
    const name = VULGAR[vulgar[2]!]!;
    const isSingle = !name.includes(' ');
    if (vulgar[1] !== '') return [...cardinal(vulgar[1]!), 'and', ...(isSingle ? ['a'] : []), ...words(name)];
    return [...(isSingle ? ['one'] : []), ...words(name)];
  }
  const match = /^(\d{1,3})\/(\d{1,3})$/.exec(core);
  if (!match) return undefined;
  const [top, bottom] = [Number(match[1]), Number(match[2])];
  if (bottom === 10 || bottom === 100) return [...cardinal(match[1]!), 'out', 'of', ...cardinal(match[2]!)];
  return fraction(top, bottom);
}
