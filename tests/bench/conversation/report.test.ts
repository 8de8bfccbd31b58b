import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ConversationFigure } from '../../../src/bench/conversation/figures.js';
import { judgeScene } from '../../../src/bench/conversation/judge.js';
import { keepScene, keptScenes } from '../../../src/bench/conversation/kept.js';
import { drawSteps } from '../../../src/bench/conversation/picture.js';
import {
  differences,
  isMet,
  parseResult,
  type Result,
  renderComparison,
  renderFigures,
} from '../../../src/bench/conversation/report.js';
import { keptResult } from '../../../src/bench/conversation/result.js';
import { POINT_MS, ROWS, TimelineRows } from '../../../src/bench/conversation/timeline.js';
import { final, keptScene, turn } from './scenes.js';

const figures: ConversationFigure[] = [
  { goal: 'response-piper', value: 612, p95: 1_001, count: 120, note: '' },
  { goal: 'cut-offs', value: 4, count: 330, hits: 13, note: '13 of 330' },
  { goal: 'spoken-into', value: 2, count: 160, hits: 3, note: '' },
  { goal: 'words-es', value: Number.NaN, count: 0, note: 'not supported (understood "Oh")' },
];
const result = (over: Partial<Result> = {}): Result => ({
  ...{ version: 1, at: '2026-01-01T10:00:00.000Z', commit: 'abc1234', seed: 1, size: 'full', speech: 'piper', figures },
  ...over,
});
const scene = () =>
  keptScene({
    lengthMs: 7_500,
    visitor: [
      [1_000, 1_800],
      [2_300, 3_000],
    ],
    avatar: [[3_600, 5_000]],
    events: [final(3_400, 'How <much> & why?')],
    steps: [
      {
        step: turn('How much | and why?'),
        fromMs: 1_000,
        toMs: 3_000,
        pauses: [{ fromMs: 1_800, toMs: 2_300 }],
        endMs: 6_000,
      },
    ],
  });

let folder = '';
afterEach(() => {
  if (folder !== '') rmSync(folder, { recursive: true });
  folder = '';
});

describe('the table', () => {
  it('judges by both quantiles of a time, by the limit of a share, and not what has no limit', () => {
    expect(figures.map((figure) => isMet(figure))).toEqual([false, true, undefined, false]);
    expect(isMet({ goal: 'response-piper', value: 440, p95: 690 })).toBe(true);
    expect(isMet({ goal: 'response-piper', value: 440 })).toBe(false);
  });

  it('says what is not supported instead of leaving it out', () => {
    const lines = renderFigures(figures).split('\n');
    expect(lines).toHaveLength(6);
    expect(lines[2]).toMatch(/response, Piper, ms +612 +1001 +120 +450 \/ 700 +missed/);
    expect(lines[5]).toMatch(/Spanish, % .* not supported +not supported \(understood "Oh"\)/);
  });
});

describe('two results', () => {
  it('stand side by side, and small differences are called chance', () => {
    const after = figures.map((f) =>
      f.goal === 'cut-offs' ? { ...f, value: 5 } : f.goal === 'response-piper' ? { ...f, value: 450 } : f,
    );
    const text = renderComparison(result(), result({ commit: 'def5678', figures: after }));
    expect(text).toMatch(/response, Piper, ms +612 \/ 1001 \(120\) +450 \/ 1001 \(120\) +-162/);
    expect(text).toMatch(/turn was ended, % +4\.0 \(330\) +5\.0 \(330\) +\+1\.0 \(chance\)/);
    expect(text).not.toMatch(/different scripts/);
  });

  it('of different scripts are told to be so', () => {
    expect(renderComparison(result(), result({ seed: 2 }))).toMatch(/different scripts or voices/);
  });

  it('survive being written as JSON', () => {
    expect(parseResult(JSON.stringify(result()), 'a.json')).toEqual(result());
  });

  it.each([
    ['{', /^a\.json: /],
    ['null', /^a\.json: expected a result of bench:conversation, version 1/],
    ['{"version":9,"figures":[]}', /version 1/],
  ])('that are none are refused by name: %s', (text, message) => {
    expect(() => parseResult(text, 'a.json')).toThrow(message);
  });
});

describe('recordings that were kept', () => {
  it('give the same figures again, and a picture', () => {
    folder = mkdtempSync(join(tmpdir(), 'visavis-conversation-'));
    keepScene(folder, scene());
    const first = keptResult(folder, { seed: 1, size: 'quick' });
    expect(first.figures.find(({ goal }) => goal === 'response-piper')?.value).toBeCloseTo(600, -1);
    expect(differences(first.figures, keptResult(folder, first).figures)).toEqual([]);
    expect([...keptScenes(folder)]).toHaveLength(1);
  });

  it('are missed by name when there are none or one is broken', () => {
    folder = mkdtempSync(join(tmpdir(), 'visavis-conversation-'));
    expect(() => [...keptScenes(folder)]).toThrow(/expected recordings of bench:conversation, found none/);
    expect(() => [...keptScenes(join(folder, 'none'))]).toThrow(/there is no such folder/);
    writeFileSync(join(folder, 'turns-01.json'), '{"version":7}');
    expect(() => [...keptScenes(folder)]).toThrow(/turns-01\.json: expected version 1/);
  });

  it('are no longer the same when a figure is another', () => {
    const other = figures.map((figure) => (figure.goal === 'cut-offs' ? { ...figure, value: 9 } : figure));
    expect(differences(figures, other)).toEqual(['cut-offs']);
    expect(differences(figures, figures.slice(1))).toEqual(['response-piper']);
  });
});

describe('the picture of ten turns', () => {
  it('shows at most ten, with pauses, the silence and the end of the turn, and is escaped', () => {
    const rows = new TimelineRows();
    for (let i = 0; i < 15; i++) rows.add(scene(), judgeScene(scene()));
    expect(rows.rows).toHaveLength(ROWS);
    const [row] = rows.rows;
    // The step ends at 6 s, and the row begins 0.8 s before it: what comes after belongs to another.
    expect(row?.avatar).toHaveLength((6_000 - 200) / POINT_MS);
    expect(row?.pauses).toEqual([{ fromMs: 1_600, toMs: 2_100 }]);
    expect(row?.marks).toEqual([{ atMs: 3_200, label: 'turn over', tone: 'end' }]);
    expect(row!.silence!.toMs - row!.silence!.fromMs).toBeCloseTo(600, -1);
    const svg = drawSteps(rows.rows, 'a <b> & c');
    expect(svg).toContain('<title>a &lt;b&gt; &amp; c</title>');
    expect(svg.match(/class="visitor" d=/g)).toHaveLength(ROWS);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });
});
