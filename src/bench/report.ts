import { figure, ms, table } from './figures.js';
import { GOALS, type Goal, type GoalName } from './goals.js';

/** One line of the report: a goal's measurements. */
export interface Measured {
  goal: GoalName;
  values: number[];
  note?: string;
}

/** A table of every figure beside its goal. */
export function render(measured: readonly Measured[]): string {
  const rows = measured.map(({ goal, values, note }) => {
    const f = figure(values);
    return [
      title(goal),
      ms(f.p50),
      ms(f.p95),
      String(f.count),
      wanted(GOALS[goal]),
      meets(goal, values) ? 'met' : 'missed',
      note ?? '',
    ];
  });
  return table(['', 'p50', 'p95', 'n', 'goal p50 / p95', '', ''], rows);
}

export function meets(name: GoalName, values: readonly number[]): boolean {
  const goal: Goal = GOALS[name];
  const f = figure(values);
  if (f.count === 0) return false;
  if (goal.atLeast !== undefined) return f.p50 >= goal.atLeast;
  return (goal.p50 === undefined || f.p50 <= goal.p50) && (goal.p95 === undefined || f.p95 <= goal.p95);
}

function title(name: GoalName): string {
  const { title, unit }: Goal = GOALS[name];
  return unit === '' ? title : `${title}, ${unit}`;
}

function wanted(goal: Goal): string {
  if (goal.atLeast !== undefined) return `≥ ${goal.atLeast}`;
  return `${goal.p50 ?? '–'} / ${goal.p95 ?? '–'}`;
}
