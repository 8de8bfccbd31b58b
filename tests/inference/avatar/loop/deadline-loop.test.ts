import { describe, expect, it } from 'vitest';
import { BatchCosts } from '../../../../src/inference/avatar/loop/batch-cost.js';
import { DeadlineLoop } from '../../../../src/inference/avatar/loop/deadline-loop.js';
import { seededRandom } from '../../../support/media.js';
import { simulate, type Visitor } from './simulation.js';

const PERIOD_MS = 40;
const LEAD_MS = 36;

/** Costs as measured: `fixedMs` a run and `frameMs` more for every frame. */
function costs(maxBatch: number, fixedMs: number, frameMs: number): BatchCosts {
  const out = new BatchCosts(maxBatch);
  for (let batch = 1; batch <= maxBatch; batch++) out.record(batch, fixedMs + batch * frameMs);
  return out;
}

const evenly = (id: string, firstDueMs: number): Visitor => ({
  id,
  firstDueMs,
  spacingMs: () => PERIOD_MS,
  aheadMs: () => LEAD_MS,
});

describe('the deadline loop', () => {
  it('misses no frame of any conversation it accepted, whatever the order in which they ask, and refuses the one beyond', () => {
    let accepted = 0;
    let largest = 0;
    for (let seed = 1; seed <= 150; seed++) {
      const random = seededRandom(seed);
      const missed: string[] = [];
      const loop = new DeadlineLoop({ leadMs: LEAD_MS, onMissed: (id) => missed.push(id) });
      const graphs = Array.from({ length: 1 + Math.floor(random() * 3) }, (_, k) => {
        const maxBatch = [1, 2, 4, 8, 64][Math.floor(random() * 5)]!;
        const [fixedMs, frameMs] = [random() * 8, 0.3 + random() ** 2 * 9];
        loop.addGraph(`graph ${k}`, costs(maxBatch, fixedMs, frameMs));
        return { name: `graph ${k}`, costMs: (batch: number) => fixedMs + batch * frameMs };
      });
      const visitors: Visitor[] = [];
      for (;;) {
        const graph = graphs[Math.floor(random() * graphs.length)]!;
        const id = `${visitors.length}`;
        try {
          loop.admit(id, graph.name);
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'unavailable', reason: 'capacity', retryable: true });
          break;
        }
        // Evenly, at random, in bursts that all begin at once, and never closer than the lead.
        const kind = Math.floor(random() * 3);
        visitors.push({
          id,
          firstDueMs: kind === 2 ? 100 : 100 + random() * PERIOD_MS,
          spacingMs: kind === 1 ? () => LEAD_MS + random() * 30 : () => PERIOD_MS,
          aheadMs: () => LEAD_MS,
        });
      }
      const byName = new Map(graphs.map(({ name, costMs }) => [name, costMs]));
      // Never longer than measured, often shorter.
      const share = seed % 3 === 0 ? () => 1 : () => 0.3 + 0.7 * random();
      const outcome = simulate(loop, visitors, {
        untilMs: 3_000,
        runMs: (graph, size) => byName.get(graph)!(size) * share(),
      });
      accepted += visitors.length;
      largest = Math.max(largest, ...outcome.batches.map(({ size }) => size));
      expect(missed, `seed ${seed}`).toEqual([]);
      for (const { id } of visitors) {
        expect(outcome.missed[id], `seed ${seed}`).toBe(0);
        expect(outcome.inTime[id]).toBeGreaterThanOrEqual(outcome.due[id]! - 2);
      }
      expect(loop.counts.missed).toBe(0);
    }
    expect(accepted).toBeGreaterThan(500);
    expect(largest).toBeGreaterThan(4);
  });

  it('accepts more conversations where runs of several cost less than runs of one', () => {
    const roomWith = (maxBatch: number) => {
      const loop = new DeadlineLoop({ leadMs: LEAD_MS });
      loop.addGraph('face', costs(maxBatch, 5, 1));
      return loop.roomFor('face');
    };
    expect(roomWith(1)).toBe(6);
    expect(roomWith(64)).toBe(13);
  });

  it('keeps its promise to others whatever a conversation announces, and keeps one frame of each at most', () => {
    const random = seededRandom(5);
    const missed: string[] = [];
    const loop = new DeadlineLoop({ leadMs: LEAD_MS, onMissed: (id) => missed.push(id) });
    loop.addGraph('face', costs(2, 2, 6));
    const visitors: Visitor[] = [];
    for (let k = 0; loop.roomFor('face') > 0; k++) {
      loop.admit(`${k}`, 'face');
      visitors.push(evenly(`${k}`, 100 + random() * PERIOD_MS));
    }
    expect(visitors.length).toBeGreaterThanOrEqual(3);
    // Five times as many as it may, some long ago, some far ahead.
    visitors[0] = { id: '0', firstDueMs: 100, spacingMs: () => 8, aheadMs: () => random() * 300 - 30 };
    const outcome = simulate(loop, visitors, { untilMs: 4_000, runMs: (_, size) => 2 + size * 6 });
    expect(missed.every((id) => id === '0')).toBe(true);
    for (const { id } of visitors.slice(1)) expect(outcome.missed[id]).toBe(0);
    // Nor is it left alone.
    expect(outcome.inTime['0']).toBeGreaterThan(40);
  });

  it('lets no graph that has become slow starve the others', () => {
    for (const slowMs of [15, 60, 200]) {
      const loop = new DeadlineLoop({ leadMs: LEAD_MS });
      loop.addGraph('quick', costs(4, 1, 2));
      loop.addGraph('slow', costs(1, 0, 8));
      const visitors = ['a', 'b', 'c'].map((id, k) => evenly(id, 100 + k * 11));
      for (const { id } of visitors) loop.admit(id, 'quick');
      for (const [k, id] of ['x', 'y'].entries()) {
        loop.admit(id, 'slow');
        visitors.push(evenly(id, 105 + k * 17));
      }
      const outcome = simulate(loop, visitors, {
        untilMs: 40_000,
        runMs: (graph, size) => (graph === 'slow' ? slowMs : 1 + 2 * size),
      });
      for (const id of ['a', 'b', 'c']) expect(outcome.inTime[id]! / outcome.due[id]!).toBeGreaterThan(0.85);
      // Nor is it given up.
      expect(outcome.batches.filter(({ graph }) => graph === 'slow').length).toBeGreaterThan(10);
    }
  });

  it('takes what runs cost by now for what they cost, and refuses by it', () => {
    const loop = new DeadlineLoop({ leadMs: LEAD_MS });
    loop.addGraph('face', costs(1, 0, 5));
    expect(loop.roomFor('face')).toBe(7);
    loop.admit('a', 'face');
    const slower = simulate(loop, [evenly('a', 100)], { untilMs: 4_000, runMs: () => 20 });
    expect(loop.roomFor('face')).toBe(0);
    expect(() => loop.admit('b', 'face')).toThrow(/would need 40.0 ms a frame, of 36 ms/);
    // Alone it fits: after the first runs nothing is missed.
    expect(slower.missed['a']).toBeLessThan(20);
    simulate(loop, [evenly('a', 4_100)], { fromMs: 4_000, untilMs: 8_000, runMs: () => 5 });
    expect(loop.roomFor('face')).toBe(6);
  });

  it('gives back the place of who leaves, once nothing is drawn for them', () => {
    const loop = new DeadlineLoop({ leadMs: LEAD_MS });
    loop.addGraph('face', costs(1, 0, 18));
    loop.admit('a', 'face');
    loop.admit('b', 'face');
    loop.announce('a', 100, 0);
    expect(loop.next(0)).toBeNull();
    expect(loop.wakeAtMs).toBe(100 - LEAD_MS);
    expect(loop.next(70)).toMatchObject({ graph: 'face', size: 1 });
    loop.leave('a');
    loop.leave('a');
    expect(() => loop.admit('c', 'face')).toThrow(/one more conversation/);
    loop.finished(85);
    loop.admit('c', 'face');
    expect(() => loop.removeGraph('face')).toThrow(/in use/);
    loop.leave('b');
    loop.leave('c');
    loop.removeGraph('face');
    expect(loop.hasGraph('face')).toBe(false);
  });

  it('has nothing to do for conversations that announce nothing', () => {
    const loop = new DeadlineLoop({ leadMs: LEAD_MS });
    loop.addGraph('face', costs(4, 1, 1));
    for (const id of ['a', 'b', 'c']) loop.admit(id, 'face');
    expect(loop.next(1_000)).toBeNull();
    expect(loop.wakeAtMs).toBe(Number.POSITIVE_INFINITY);
    expect(loop.counts).toEqual({ due: 0, missed: 0, runs: 0, drawn: 0 });
  });

  it('refuses what it does not know with typed errors', () => {
    const loop = new DeadlineLoop({ leadMs: LEAD_MS });
    expect(() => new DeadlineLoop({ leadMs: 0 })).toThrow(/leadMs: got 0/);
    expect(() => loop.admit('a', 'face')).toThrow(/no graph face/);
    expect(() => loop.announce('a', 100, 0)).toThrow(/no conversation a/);
    loop.addGraph('face', new BatchCosts(1));
    expect(() => loop.addGraph('face', new BatchCosts(1))).toThrow(/already/);
    // Nothing is promised by a graph that was never measured.
    expect(() => loop.admit('a', 'face')).toThrow(/would need Infinity ms/);
    expect(loop.roomFor('face')).toBe(0);
  });
});

describe('the cost of batches', () => {
  it('is the 95 % quantile of the last 64 runs, forgets old ones and never falls with the size', () => {
    const measured = new BatchCosts(8);
    expect(measured.costMs(1)).toBe(Number.POSITIVE_INFINITY);
    for (let k = 0; k < 100; k++) measured.record(1, k === 50 ? 90 : 4);
    measured.record(1, Number.NaN);
    expect(measured.costMs(1)).toBe(4);
    expect(measured.costMs(3)).toBe(12);
    for (let k = 0; k < 64; k++) measured.record(4, 10);
    expect([1, 2, 3, 4, 5, 8].map((size) => measured.costMs(size))).toEqual([4, 8, 10, 10, 20, 20]);
    for (let k = 0; k < 10; k++) measured.record(4, 30);
    expect(measured.costMs(4)).toBe(30);
    measured.record(8, 20);
    expect(measured.costMs(8)).toBe(30);
    for (let k = 0; k < 64; k++) measured.record(4, 12);
    expect(measured.costMs(4)).toBe(12);
  });
});
