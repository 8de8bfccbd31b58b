/** A trace as a picture: rows of ten seconds, in each the voice, the words, the decisions and the avatar. Pure; light and dark by the viewer. */
import type { Trace } from '../agents/turn-trace-reader.js';
import { placeLabels, textWidth } from './labels.js';
import { type Timeline, type Span as TimeSpan, timelineOf } from './timeline.js';

export interface DrawOptions {
  /** Seconds of media time; by default all of it. */
  fromS?: number | undefined;
  toS?: number | undefined;
}

const ROW_MS = 10_000;
/** More would be a picture that nobody scrolls through. */
export const MAX_ROWS = 60;
const WIDTH = 1_280;
const LEFT = 92;
const RIGHT = 24;
const PLOT = WIDTH - LEFT - RIGHT;
const HEAD = 76;
const LABEL_HEIGHT = 15;
const LANES = { voice: 84, words: 3 * LABEL_HEIGHT, decisions: 3 * LABEL_HEIGHT, avatar: 30 };
const AXIS = 20;
const GAP = 8;
const ROW_HEIGHT = AXIS + LANES.voice + LANES.words + LANES.decisions + LANES.avatar + 5 * GAP + 14;
const QUIET_HEIGHT = 26;

const STYLE = `
svg{--paper:#fff;--ink:#1b1f24;--muted:#5d6875;--line:#d6dbe1;--lane:#f4f6f8;--visitor:#0b6e99;--turn:#0b6e9922;--none:#8a94a022;
--avatar:#8a4bb3;--planned:#8a4bb326;--begin:#2b7a3f;--work:#5d6875;--end:#0b6e99;--stop:#b3261e;--quiet:#5d6875;--duck:#b3261e;
background:var(--paper);font:11px system-ui,-apple-system,"Segoe UI",sans-serif}
@media (prefers-color-scheme:dark){svg{--paper:#14171a;--ink:#e8ecf0;--muted:#9aa6b2;--line:#39424c;--lane:#1c2126;--visitor:#5bc0eb;--turn:#5bc0eb26;
--none:#9aa6b220;--avatar:#c99bea;--planned:#c99bea2e;--begin:#7fd095;--work:#9aa6b2;--end:#5bc0eb;--stop:#ff8a80;--quiet:#9aa6b2;--duck:#ff8a80}}
.paper{fill:var(--paper)}.lane{fill:var(--lane)}text{fill:var(--ink)}.muted{fill:var(--muted)}.title{font-size:15px;font-weight:600}
.grid{stroke:var(--line)}.threshold{stroke:var(--muted);stroke-dasharray:2 4;opacity:.7}.voice{fill:none;stroke:var(--visitor);stroke-width:1.4}
.turn{fill:var(--turn)}.noturn{fill:var(--none)}.key{fill:none;stroke:var(--visitor);stroke-width:3}.final{font-weight:600}.partial{fill:var(--muted)}
.planned{fill:var(--planned);stroke:var(--avatar);stroke-dasharray:3 3}.heard{fill:var(--avatar);opacity:.45}.duck{fill:url(#hatch)}.hatch{stroke:var(--duck);stroke-width:1.5}
.mark{stroke-width:1.4}.begin{stroke:var(--begin)}.work{stroke:var(--work)}.end{stroke:var(--end)}.stop{stroke:var(--stop)}.none{stroke:var(--quiet)}
line.final,line.partial{stroke:var(--muted)}text.begin{fill:var(--begin);stroke:none}text.work{fill:var(--work);stroke:none}text.end{fill:var(--end);stroke:none;font-weight:600}
text.stop{fill:var(--stop);stroke:none;font-weight:600}text.none{fill:var(--quiet);stroke:none}`.replaceAll('\n', '');

/** An SVG document. Rows in which nothing happens are drawn as one line; `title` stands above all. */
export function drawTrace(
  trace: Trace,
  title: string,
  { fromS = 0, toS = Number.POSITIVE_INFINITY }: DrawOptions = {},
): string {
  const timeline = timelineOf(trace);
  const endMs = Math.min(toS * 1000, timeline.endMs);
  const starts: number[] = [];
  for (let ms = fromS * 1000; ms < endMs || starts.length === 0; ms += ROW_MS) starts.push(ms);
  const parts: string[] = [];
  let y = HEAD;
  let drawn = 0;
  let quietFromMs: number | undefined;
  const flushQuiet = (toMs: number): void => {
    if (quietFromMs === undefined) return;
    parts.push(text(LEFT, y + 16, `${seconds(quietFromMs)} to ${seconds(toMs)}: nobody speaks`, 'muted'));
    y += QUIET_HEIGHT;
    quietFromMs = undefined;
  };
  let cutAtMs: number | undefined;
  for (const startMs of starts) {
    const row = { fromMs: startMs, toMs: startMs + ROW_MS };
    if (drawn === MAX_ROWS) {
      cutAtMs = startMs;
      break;
    }
    if (isQuiet(timeline, row)) {
      quietFromMs ??= startMs;
      continue;
    }
    flushQuiet(startMs);
    parts.push(drawRow(timeline, trace, row, y));
    y += ROW_HEIGHT;
    drawn++;
  }
  flushQuiet(endMs);
  const { header } = trace;
  const notes = [
    `${header.startedAt}, turn-taking ${header.turnTaking}, ${seconds(timeline.endMs)} recorded`,
    trace.isCutOff ? 'the recording was cut off' : '',
    cutAtMs === undefined ? '' : `drawn up to ${seconds(cutAtMs)}; --from goes on`,
  ].filter((note) => note !== '');
  const height = y + 12;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${xml(title)}</title><style>${STYLE}</style>`,
    '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line class="hatch" y2="6"/></pattern></defs>',
    `<rect class="paper" width="${WIDTH}" height="${height}"/>`,
    text(LEFT, 28, title, 'title'),
    text(LEFT, 46, notes.join('; '), 'muted'),
    legend(LEFT, 64),
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function drawRow(timeline: Timeline, { header }: Trace, row: TimeSpan, top: number): string {
  const x = (ms: number): number =>
    LEFT + (PLOT * (Math.min(row.toMs, Math.max(row.fromMs, ms)) - row.fromMs)) / ROW_MS;
  const within = <T extends { atMs: number }>(list: readonly T[]): T[] =>
    list.filter(({ atMs }) => atMs >= row.fromMs && atMs < row.toMs);
  const overlapping = <T extends TimeSpan>(list: readonly T[]): T[] =>
    list.filter(({ fromMs, toMs }) => toMs > row.fromMs && fromMs < row.toMs);
  const out: string[] = [];
  const voiceTop = top + AXIS;
  const wordsTop = voiceTop + LANES.voice + GAP;
  const decisionsTop = wordsTop + LANES.words + GAP;
  const avatarTop = decisionsTop + LANES.decisions + GAP;
  const bottom = avatarTop + LANES.avatar;

  for (const [name, laneTop, height] of [
    ['voice', voiceTop, LANES.voice],
    ['words', wordsTop, LANES.words],
    ['decisions', decisionsTop, LANES.decisions],
    ['avatar', avatarTop, LANES.avatar],
  ] as const) {
    out.push(rect('lane', LEFT, laneTop, PLOT, height), text(LEFT - 8, laneTop + height / 2 + 4, name, 'muted', 'end'));
  }
  for (let ms = Math.ceil(row.fromMs / 1000) * 1000; ms <= row.toMs; ms += 1000) {
    out.push(line('grid', x(ms), voiceTop - 4, x(ms), bottom), text(x(ms), top + 12, seconds(ms), 'muted', 'middle'));
  }
  for (const turn of overlapping(timeline.turns)) {
    out.push(
      rect(turn.isTurn ? 'turn' : 'noturn', x(turn.fromMs), voiceTop, x(turn.toMs) - x(turn.fromMs), LANES.voice),
    );
  }
  const level = (probability: number): number => round(voiceTop + LANES.voice * (1 - probability));
  const { voicedProbability, silentProbability, sureProbability } = header.settings;
  for (const threshold of [voicedProbability, silentProbability, sureProbability]) {
    out.push(line('threshold', LEFT, level(threshold), LEFT + PLOT, level(threshold)));
    out.push(text(LEFT + PLOT + 3, level(threshold) + 4, threshold.toFixed(2).replace(/^0/, ''), 'muted'));
  }
  out.push(curve(within(timeline.voice), x, level));
  for (const key of overlapping(timeline.keys)) out.push(line('key', x(key.fromMs), voiceTop, x(key.toMs), voiceTop));

  const finals = within(timeline.words).filter(({ isFinal }) => isFinal);
  const partials = within(timeline.words).filter(({ isFinal }) => !isFinal);
  const right = LEFT + PLOT;
  out.push(
    ...labels(
      finals,
      x,
      wordsTop,
      1,
      right,
      ({ text }) => text,
      () => 'final',
    ),
  );
  out.push(
    ...labels(
      partials,
      x,
      wordsTop + LABEL_HEIGHT,
      2,
      right,
      ({ text }) => text,
      () => 'partial',
    ),
  );
  out.push(
    ...labels(
      within(timeline.decisions),
      x,
      decisionsTop,
      3,
      right,
      ({ label }) => label,
      ({ tone }) => tone,
    ),
  );
  for (const atMs of timeline.asked.filter((ms) => ms >= row.fromMs && ms < row.toMs)) {
    out.push(line('mark work', x(atMs), decisionsTop + LANES.decisions - 5, x(atMs), decisionsTop + LANES.decisions));
  }

  for (const { fromMs, toMs, heardToMs, text: words } of overlapping(timeline.speech)) {
    out.push(rect('planned', x(fromMs), avatarTop + 3, x(toMs) - x(fromMs), LANES.avatar - 6));
    out.push(rect('heard', x(fromMs), avatarTop + 3, x(heardToMs) - x(fromMs), LANES.avatar - 6));
    const [shown] = placeLabels([{ x: x(fromMs) + 4, text: words }], 1, x(toMs) - 2);
    if (shown !== undefined) out.push(text(shown.x, avatarTop + 19, shown.text, ''));
  }
  for (const duck of overlapping(timeline.ducked)) {
    out.push(rect('duck', x(duck.fromMs), avatarTop, x(duck.toMs) - x(duck.fromMs), LANES.avatar));
  }
  return out.join('\n');
}

function labels<T extends { atMs: number }>(
  items: readonly T[],
  x: (ms: number) => number,
  top: number,
  lanes: number,
  right: number,
  textOf: (item: T) => string,
  classOf: (item: T) => string,
): string[] {
  const placed = placeLabels(
    items.map((item) => ({ x: x(item.atMs) + 3, text: textOf(item), item })),
    lanes,
    right,
  );
  return placed.flatMap(({ x: at, lane, text: shown, item }) => {
    const y = top + lane * LABEL_HEIGHT;
    const tick = line(`mark ${classOf(item)}`, at - 3, y + 2, at - 3, y + LABEL_HEIGHT - 2);
    return shown === '' ? [tick] : [tick, text(at, y + 11, shown, classOf(item), undefined, textOf(item))];
  });
}

function isQuiet(timeline: Timeline, row: TimeSpan): boolean {
  const inside = ({ atMs }: { atMs: number }) => atMs >= row.fromMs && atMs < row.toMs;
  const touches = ({ fromMs, toMs }: TimeSpan) => toMs > row.fromMs && fromMs < row.toMs;
  const { decisions, words, turns, speech, keys } = timeline;
  return !decisions.some(inside) && !words.some(inside) && ![...turns, ...speech, ...keys].some(touches);
}

/** One line for each stretch without a gap. */
function curve(points: Timeline['voice'], x: (ms: number) => number, y: (probability: number) => number): string {
  let path = '';
  let previousMs = Number.NEGATIVE_INFINITY;
  for (const { atMs, probability } of points) {
    path += `${atMs - previousMs > 100 ? 'M' : 'L'}${round(x(atMs))} ${y(probability)}`;
    previousMs = atMs;
  }
  return `<path class="voice" d="${path}"/>`;
}

function legend(left: number, y: number): string {
  let x = left;
  const entry = (className: string, label: string): string => {
    const box = rect(className, x, y - 9, 16, 10);
    const words = text(x + 21, y, label, 'muted');
    x += 21 + textWidth(label) + 20;
    return box + words;
  };
  return [
    entry('turn', 'a turn'),
    entry('noturn', 'no turn came of it'),
    entry('planned', 'speech planned'),
    entry('heard', 'heard'),
    entry('duck', 'ducked'),
  ].join('');
}

const round = (value: number): number => Math.round(value * 10) / 10;
const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms % 1000 === 0 ? 0 : 1)} s`;

function rect(className: string, x: number, y: number, width: number, height: number): string {
  if (width <= 0) return '';
  return `<rect class="${className}" x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="2"/>`;
}

function line(className: string, x1: number, y1: number, x2: number, y2: number): string {
  return `<line class="${className}" x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`;
}

function text(
  x: number,
  y: number,
  content: string,
  className: string,
  anchor?: 'middle' | 'end',
  full?: string,
): string {
  const attributes = `${className === '' ? '' : ` class="${className}"`}${anchor === undefined ? '' : ` text-anchor="${anchor}"`}`;
  const title = full === undefined || full === content ? '' : `<title>${xml(full)}</title>`;
  return `<text x="${round(x)}" y="${round(y)}"${attributes}>${title}${xml(content)}</text>`;
}

/** For element content and attributes; what XML has no place for becomes a space. */
function xml(content: string): string {
  return content
    .replace(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
