/** Steps of a run as one SVG document: the visitor above the line, the avatar below it. Pure; light and dark by the viewer. */
import { type DrawnStep, POINT_MS, SHOWN_MS } from './timeline.js';

const WIDTH = 1_280;
const LEFT = 24;
const PLOT = WIDTH - 2 * LEFT;
const HEAD = 66;
const ROW = 108;
const TITLE = 20;
/** Half of the height of the two voices. */
const LANE = 34;
/** RMS that reaches the edge of its lane. */
const FULL_SCALE = 0.25;
/** Of the titles, about half an em at 12 px. */
const CHARACTER = 6.3;

const STYLE = `
svg{--paper:#fff;--ink:#1b1f24;--muted:#5d6875;--line:#d6dbe1;--lane:#f4f6f8;--visitor:#0b6e99;--avatar:#8a4bb3;--pause:#b26a0033;--gap:#2b7a3f2e;--end:#2b7a3f;--duck:#b26a00;--stop:#b3261e;--go-on:#5d6875;
background:var(--paper);font:11px system-ui,-apple-system,"Segoe UI",sans-serif}
@media (prefers-color-scheme:dark){svg{--paper:#14171a;--ink:#e8ecf0;--muted:#9aa6b2;--line:#39424c;--lane:#1c2126;--visitor:#5bc0eb;--avatar:#c99bea;--pause:#e0a03a40;--gap:#7fd09533;--end:#7fd095;--duck:#e0a03a;--stop:#ff8a80;--go-on:#9aa6b2}}
.paper{fill:var(--paper)}.lane{fill:var(--lane)}text{fill:var(--ink)}.muted{fill:var(--muted)}.head{font-size:15px;font-weight:600}.title{font-size:12px}
.grid{stroke:var(--line)}.visitor{fill:var(--visitor)}.avatar{fill:var(--avatar)}.pause{fill:var(--pause)}.gap{fill:var(--gap)}.mark{stroke-width:1.5}
.end{stroke:var(--end)}.duck{stroke:var(--duck)}.stop{stroke:var(--stop)}.go-on{stroke:var(--go-on)}text.end{fill:var(--end);stroke:none}text.duck{fill:var(--duck);stroke:none}
text.stop{fill:var(--stop);stroke:none}text.go-on{fill:var(--go-on);stroke:none}text.good{font-weight:600;fill:var(--end)}text.bad{font-weight:600;fill:var(--stop)}`.replaceAll(
  '\n',
  '',
);

export function drawSteps(steps: readonly DrawnStep[], title: string): string {
  const height = HEAD + steps.length * ROW + 12;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${xml(title)}</title><style>${STYLE}</style>`,
    `<rect class="paper" width="${WIDTH}" height="${height}"/>`,
    text(LEFT, 28, title, 'head'),
    legend(),
    ...steps.map((step, i) => drawStep(step, HEAD + i * ROW)),
    '</svg>\n',
  ].join('\n');
}

function drawStep(step: DrawnStep, top: number): string {
  const laneTop = top + TITLE;
  const middle = laneTop + LANE;
  const bottom = middle + LANE;
  const out = [rect('lane', LEFT, laneTop, PLOT, 2 * LANE)];
  for (const { fromMs, toMs } of step.pauses) out.push(span('pause', fromMs, toMs, laneTop, LANE));
  if (step.silence !== undefined) out.push(span('gap', step.silence.fromMs, step.silence.toMs, laneTop, 2 * LANE));
  for (let ms = 0; ms <= SHOWN_MS; ms += 1_000) {
    out.push(line('grid', x(ms), laneTop, x(ms), bottom));
    if (ms > 0 && ms < SHOWN_MS) out.push(text(x(ms), bottom + 11, `${ms / 1_000} s`, 'muted', 'middle'));
  }
  out.push(voice('visitor', step.visitor, middle, -1), voice('avatar', step.avatar, middle, 1));
  let free = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { atMs, label, tone } of step.marks) {
    out.push(line(`mark ${tone}`, x(atMs), laneTop, x(atMs), bottom));
    // Two heights for labels, so that neighbours do not lie on each other; a third is told by its line alone.
    const lane = free.findIndex((from) => from < x(atMs));
    if (lane < 0) continue;
    out.push(text(x(atMs) + 3, laneTop + 10 + 12 * lane, label, tone));
    free = free.with(lane, x(atMs) + 8 + label.length * CHARACTER);
  }
  const shown = Math.floor((PLOT - step.note.length * CHARACTER - 30) / CHARACTER);
  const title = step.title.length > shown ? `${step.title.slice(0, shown - 1)}…` : step.title;
  out.push(
    text(LEFT, top + 14, title, 'title'),
    text(LEFT + PLOT, top + 14, step.note, step.isGood ? 'title good' : 'title bad', 'end'),
  );
  return out.join('\n');
}

/** A closed curve from the middle outwards. */
function voice(name: 'visitor' | 'avatar', levels: readonly number[], middle: number, side: 1 | -1): string {
  if (levels.length === 0) return '';
  const y = (level: number) => round(middle + side * LANE * Math.min(1, level / FULL_SCALE));
  const points = levels.map((level, i) => `L${round(x((i + 0.5) * POINT_MS))} ${y(level)}`).join('');
  return `<path class="${name}" d="M${LEFT} ${middle}${points}L${round(x(levels.length * POINT_MS))} ${middle}Z"/>`;
}

function legend(): string {
  const entries = [
    ['visitor', 'visitor'],
    ['avatar', 'avatar'],
    ['pause', 'pause in mid-turn'],
    ['gap', 'silence before the answer'],
  ] as const;
  let at = LEFT;
  return entries
    .map(([name, label]) => {
      const entry = rect(name, at, 43, 16, 10) + text(at + 21, 52, label, 'muted');
      at += 41 + label.length * CHARACTER;
      return entry;
    })
    .join('');
}

function x(ms: number): number {
  return LEFT + (PLOT * Math.min(SHOWN_MS, Math.max(0, ms))) / SHOWN_MS;
}

function span(name: string, fromMs: number, toMs: number, top: number, height: number): string {
  return rect(name, x(fromMs), top, x(toMs) - x(fromMs), height);
}

function rect(name: string, left: number, top: number, width: number, height: number): string {
  if (width <= 0) return '';
  return `<rect class="${name}" x="${round(left)}" y="${round(top)}" width="${round(width)}" height="${round(height)}"/>`;
}

function line(name: string, x1: number, y1: number, x2: number, y2: number): string {
  return `<line class="${name}" x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`;
}

function text(left: number, top: number, content: string, name: string, anchor?: 'middle' | 'end'): string {
  const attribute = anchor === undefined ? '' : ` text-anchor="${anchor}"`;
  return `<text class="${name}" x="${round(left)}" y="${round(top)}"${attribute}>${xml(content)}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** What XML has no place for becomes a space. */
function xml(content: string): string {
  return content
    .replace(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
