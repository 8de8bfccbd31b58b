/** The bench's table, and two of its results side by side. Pure. */
import { VisavisError } from '../../errors.js';
import { table } from '../figures.js';
import { CONVERSATION_GOALS, type ConversationGoal, type ConversationGoalName } from '../goals.js';
import type { ConversationFigure } from './figures.js';

export const RESULT_VERSION = 1;

export interface Result {
  version: typeof RESULT_VERSION;
  /** ISO 8601. */
  at: string;
  /** Of the source code; undefined where it is not a git repository. */
  commit: string | undefined;
  seed: number;
  size: 'full' | 'quick';
  speech: string;
  figures: ConversationFigure[];
}

/** Undefined for figures without a limit; false also for one that could not be measured, unless the language is not supported. */
export function isMet({ goal, value, p95 }: Pick<ConversationFigure, 'goal' | 'value' | 'p95'>): boolean | undefined {
  const limits: ConversationGoal = CONVERSATION_GOALS[goal];
  if (limits.p50 === undefined && limits.p95 === undefined && limits.atMost === undefined) return undefined;
  if (limits.atMost !== undefined) return value <= limits.atMost;
  return (
    value <= (limits.p50 ?? Number.POSITIVE_INFINITY) && (p95 ?? Number.NaN) <= (limits.p95 ?? Number.POSITIVE_INFINITY)
  );
}

export function isSupported({ note }: Pick<ConversationFigure, 'note'>): boolean {
  return !note.startsWith('not supported');
}

export function renderFigures(figures: readonly ConversationFigure[]): string {
  const rows = figures.map((figure) => {
    const { title, unit } = CONVERSATION_GOALS[figure.goal];
    return [`${title}, ${unit}`, ...shown(figure), wanted(figure.goal), verdict(figure)];
  });
  const lines = table(['', 'p50 or share', 'p95', 'n', 'goal', ''], rows).split('\n');
  return lines.map((line, i) => (i < 2 ? line : `${line}  ${figures[i - 2]?.note ?? ''}`.trimEnd())).join('\n');
}

/** Figures of `before` and `after` beside each other; those that only one of them has show a dash. */
export function renderComparison(before: Result, after: Result): string {
  const goals = (Object.keys(CONVERSATION_GOALS) as ConversationGoalName[]).filter((goal) =>
    [before, after].some(({ figures }) => figures.some((figure) => figure.goal === goal)),
  );
  const rows = goals.map((goal) => {
    const [a, b] = [before, after].map(({ figures }) => figures.find((figure) => figure.goal === goal));
    const { title, unit } = CONVERSATION_GOALS[goal];
    return [
      `${title}, ${unit}`,
      compact(a),
      compact(b),
      change(a, b, unit),
      wanted(goal),
      b === undefined ? '' : verdict(b),
    ];
  });
  const head = [before, after].map(({ commit, at }) => `${commit ?? 'unknown'} (${at.slice(0, 16)})`);
  const same = before.seed === after.seed && before.size === after.size && before.speech === after.speech;
  const warning = same ? '' : 'These two played different scripts or voices; only large differences mean anything.\n';
  return `${warning}${table(['', ...head, 'change', 'goal', ''], rows)}`;
}

/** Throws `bad-request` with `name` in front. */
export function parseResult(text: string, name: string): Result {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new VisavisError('bad-request', `${name}: ${(cause as Error).message}`, { cause });
  }
  const result = value as Partial<Result> | null;
  if (
    typeof result !== 'object' ||
    result === null ||
    result.version !== RESULT_VERSION ||
    !Array.isArray(result.figures)
  )
    throw new VisavisError(
      'bad-request',
      `${name}: expected a result of bench:conversation, version ${RESULT_VERSION}`,
    );
  // JSON has no NaN: what was not measured comes back as null.
  const figures = result.figures.filter(({ goal }) => goal in CONVERSATION_GOALS);
  const known = (f: ConversationFigure) => ({
    ...f,
    value: f.value ?? Number.NaN,
    ...(f.p95 === null ? { p95: Number.NaN } : {}),
  });
  return { ...(result as Result), figures: figures.map(known) };
}

/** Figures that are not the same in both, to the last digit that is shown. */
export function differences(
  kept: readonly ConversationFigure[],
  now: readonly ConversationFigure[],
): ConversationGoalName[] {
  const goals = new Set([...kept, ...now].map(({ goal }) => goal));
  const of = (list: readonly ConversationFigure[], goal: ConversationGoalName) => list.find((f) => f.goal === goal);
  return [...goals].filter((goal) => compact(of(kept, goal)) !== compact(of(now, goal)));
}

function shown({ value, p95, count }: ConversationFigure): string[] {
  return [number(value, p95 === undefined), p95 === undefined ? '' : number(p95, false), String(count)];
}

function compact(figure: ConversationFigure | undefined): string {
  if (figure === undefined) return '–';
  const [value, p95, count] = shown(figure);
  return `${value}${p95 === '' ? '' : ` / ${p95}`} (${count})`;
}

/** A share has moved when neither lies in the other's 95 % interval, roughly: two standard errors of the difference. */
function change(a: ConversationFigure | undefined, b: ConversationFigure | undefined, unit: 'ms' | '%'): string {
  if (a === undefined || b === undefined || Number.isNaN(a.value) || Number.isNaN(b.value)) return '';
  const difference = b.value - a.value;
  const text = `${difference > 0 ? '+' : ''}${number(difference, unit === '%')}`;
  if (unit === 'ms') return text;
  const variance = ({ value, count }: ConversationFigure) => (value * Math.max(0, 100 - value)) / Math.max(1, count);
  return Math.abs(difference) > 2 * Math.sqrt(variance(a) + variance(b)) ? text : `${text} (chance)`;
}

function number(value: number, isShare: boolean): string {
  return Number.isNaN(value) || value === null ? '–' : value.toFixed(isShare ? 1 : 0);
}

function wanted(goal: ConversationGoalName): string {
  const { p50, p95, atMost }: ConversationGoal = CONVERSATION_GOALS[goal];
  if (atMost !== undefined) return `≤ ${atMost}`;
  return p50 === undefined && p95 === undefined ? '' : `${p50 ?? '–'} / ${p95 ?? '–'}`;
}

function verdict(figure: ConversationFigure): string {
  if (!isSupported(figure)) return 'not supported';
  const met = isMet(figure);
  return met === undefined ? '' : met ? 'met' : 'missed';
}
