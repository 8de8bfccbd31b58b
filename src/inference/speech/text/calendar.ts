import { cardinal, ordinal, year } from './numbers.js';
import { monthName } from './units.js';

const isYear = (n: number) => n >= 1000 && n <= 2999;

function dayOf(month: number, day: number): string[] | undefined {
  const name = monthName(month);
  return name === undefined || day < 1 || day > 31 ? undefined : [name, ...ordinal(String(day))];
}

/** A numeric date in one token: 2026-11-20, 11/20/2026, 20.11.2026, 11/20/26. Month first unless that cannot be. */
export function numericDate(core: string): string[] | undefined {
  const iso =
    /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:T(\d{2}:\d{2})(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/.exec(core);
  if (iso) {
    const date = dayOf(Number(iso[2]), Number(iso[3]));
    const time = iso[4] === undefined ? [] : (clock(iso[4], false) ?? []);
    return date && isYear(Number(iso[1]))
      ? [...date, ',', ...year(iso[1]!), ...(time.length > 0 ? ['at', ...time] : [])]
      : undefined;
  }
  const local = /^(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})$/.exec(core);
  if (!local || (local[2] === '-' && local[4]!.length === 2)) return undefined;
  const [first, second] = [Number(local[1]), Number(local[3])];
  if (local[2] === '.' && local[4]!.length === 2) return undefined;
  const isDayFirst = local[2] === '.' || first > 12;
  const date = isDayFirst ? dayOf(second, first) : dayOf(first, second);
  const digits = local[4]!.length === 2 ? `20${local[4]}` : local[4]!;
  return date ? [...date, ',', ...year(digits)] : undefined;
}

/** A time of day in one token: 3:30, 15:00, 9:05, 10:15:30, 3pm, 3:30pm. `hasMeridiem`: am or pm follows, so no o'clock. */
export function clock(core: string, hasMeridiem: boolean): string[] | undefined {
  const match = /^(\d{1,2})(?::([0-5]\d))?(?::([0-5]\d))?([aApP])?(?:\.?[mM]\.?)?$/.exec(core);
  if (!match || (match[2] === undefined && match[4] === undefined)) return undefined;
  if ((match[4] === undefined) !== !/m\.?$/i.test(core)) return undefined;
  const hour = Number(match[1]);
  if (hour > 24) return undefined;
  const minute = Number(match[2] ?? '0');
  const meridiem = match[4] === undefined ? [] : [match[4].toUpperCase(), 'M'];
  const seconds =
    match[3] === undefined ? [] : ['and', ...cardinal(match[3]), match[3] === '01' ? 'second' : 'seconds'];
  const head = cardinal(match[1]!);
  if (minute === 0) {
    const isBare = !hasMeridiem && meridiem.length === 0;
    const tail = !isBare ? [] : hour === 0 || hour > 12 ? ['hundred'] : ["o'clock"];
    return [...head, ...(seconds.length > 0 && isBare ? [] : tail), ...seconds, ...meridiem];
  }
  return [...head, ...(minute < 10 ? ['oh'] : []), ...cardinal(String(minute)), ...seconds, ...meridiem];
}

/** Ordinal of a day of the month, or undefined when `core` is no day: "20", "20th", "3rd". */
export function dayWords(core: string): string[] | undefined {
  const match = /^(\d{1,2})(?:st|nd|rd|th)?$/i.exec(core);
  const day = match ? Number(match[1]) : 0;
  return day >= 1 && day <= 31 ? ordinal(match![1]!) : undefined;
}
