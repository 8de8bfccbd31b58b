import { table } from '../figures.js';
import { FACE_GOALS, type FaceGoal } from '../goals.js';
import type { FaceFigure } from './judge.js';

/** False also for a figure that could not be measured. */
export function isMet({ goal, value }: Pick<FaceFigure, 'goal' | 'value'>): boolean {
  const { atLeast, atMost }: FaceGoal = FACE_GOALS[goal];
  return value >= (atLeast ?? Number.NEGATIVE_INFINITY) && value <= (atMost ?? Number.POSITIVE_INFINITY);
}

/** A table of every figure beside its goal. */
export function renderFigures(figures: readonly FaceFigure[]): string {
  const rows = figures.map((figure) => {
    const goal: FaceGoal = FACE_GOALS[figure.goal];
    const title = goal.unit === '' ? goal.title : `${goal.title}, ${goal.unit}`;
    const value = Number.isNaN(figure.value) ? '–' : figure.value.toFixed(goal.digits);
    return [title, value, wanted(goal), isMet(figure) ? 'met' : 'missed', figure.note];
  });
  const head = table(
    ['', 'measured', 'goal', ''],
    rows.map((row) => row.slice(0, 4)),
  ).split('\n');
  return head.map((line, i) => (i < 2 ? line : `${line}  ${rows[i - 2]?.[4] ?? ''}`.trimEnd())).join('\n');
}

function wanted({ atLeast, atMost }: FaceGoal): string {
  if (atLeast !== undefined && atMost !== undefined) return `${atLeast} … ${atMost}`;
  return atLeast !== undefined ? `≥ ${atLeast}` : `≤ ${atMost}`;
}
