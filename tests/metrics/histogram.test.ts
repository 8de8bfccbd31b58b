import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { HistogramCounts, quantileBound, WORKER_HISTOGRAM_BOUNDS_MS } from '../../src/histogram.js';
import { JoinedHistogram } from '../../src/metrics/joined-histogram.js';

const BOUNDS_MS = [1, 10, 100];

function counted(...values: number[]) {
  const counts = new HistogramCounts(BOUNDS_MS);
  for (const value of values) counts.observe(value);
  return counts;
}

async function shown(registry: Registry): Promise<Record<string, number>> {
  const lines = (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
  );
}

function joined(label?: { name: string; values: readonly string[] }) {
  const registry = new Registry();
  const histogram = new JoinedHistogram({ name: 'x_seconds', help: 'x', boundsMs: BOUNDS_MS, label, registry });
  return { registry, histogram };
}

describe('histogram counts', () => {
  it('put a value into the first bucket whose bound it does not exceed', () => {
    expect(counted(0.5, 1, 1.01, 10, 99, 100, 101, 5_000).snapshot().counts).toEqual([2, 2, 2, 2]);
  });

  it('sum up what was observed and leave out what is not a number', () => {
    const snapshot = counted(1, 2, 3, Number.NaN, Number.POSITIVE_INFINITY).snapshot();
    expect(snapshot.sum).toBe(6);
    expect(snapshot.counts).toEqual([1, 2, 0, 0]);
  });

  it('give a snapshot that later observations do not change', () => {
    const counts = counted(1);
    const snapshot = counts.snapshot();
    counts.observe(1);
    expect(snapshot.counts).toEqual([1, 0, 0, 0]);
  });

  it('name the bound that a share of the observations does not exceed', () => {
    expect(quantileBound(BOUNDS_MS, [98, 1, 1, 0], 0.5)).toBe(1);
    expect(quantileBound(BOUNDS_MS, [98, 1, 1, 0], 0.99)).toBe(10);
    expect(quantileBound(BOUNDS_MS, [0, 0, 0, 5], 0.5)).toBe(Number.POSITIVE_INFINITY);
    expect(quantileBound(BOUNDS_MS, [0, 0, 0, 0], 0.99)).toBe(0);
  });

  it('have ascending bounds for everything that a worker counts', () => {
    for (const bounds of Object.values(WORKER_HISTOGRAM_BOUNDS_MS)) {
      expect([...bounds]).toEqual([...bounds].sort((a, b) => a - b));
      expect(new Set(bounds).size).toBe(bounds.length);
    }
  });
});

describe('a joined histogram', () => {
  it('shows cumulative buckets, sum and count in seconds', async () => {
    const { registry, histogram } = joined();
    histogram.join('worker 1', counted(0.5, 5, 50, 500).snapshot());
    expect(await shown(registry)).toEqual({
      'x_seconds_bucket{le="0.001"}': 1,
      'x_seconds_bucket{le="0.01"}': 2,
      'x_seconds_bucket{le="0.1"}': 3,
      'x_seconds_bucket{le="+Inf"}': 4,
      x_seconds_sum: 0.5555,
      x_seconds_count: 4,
    });
  });

  it('adds only what a source has counted since its last report', async () => {
    const { registry, histogram } = joined();
    const counts = counted(5);
    histogram.join('worker 1', counts.snapshot());
    histogram.join('worker 1', counts.snapshot());
    counts.observe(5);
    histogram.join('worker 1', counts.snapshot());
    expect((await shown(registry))['x_seconds_count']).toBe(2);
  });

  it('adds up sources, and goes on when one begins anew', async () => {
    const { registry, histogram } = joined();
    histogram.join(1, counted(5, 5, 5).snapshot());
    histogram.join(2, counted(5).snapshot());
    histogram.join(1, counted(5).snapshot());
    expect((await shown(registry))['x_seconds_count']).toBe(5);
  });

  it('never counts down, whatever comes', async () => {
    const { registry, histogram } = joined();
    let before = 0;
    for (let i = 0; i < 200; i++) {
      const values = Array.from({ length: (i * 7919) % 13 }, (_, k) => k * 9);
      histogram.join(i % 3, counted(...values).snapshot());
      const now = (await shown(registry))['x_seconds_count'] ?? 0;
      expect(now).toBeGreaterThanOrEqual(before);
      before = now;
    }
  });

  it('ignores counts of other bounds and label values that it does not know', async () => {
    const { registry, histogram } = joined({ name: 'engine', values: ['a', 'b'] });
    histogram.join(1, { counts: [1, 2], sum: 3 }, 'a');
    histogram.join(1, counted(5).snapshot(), 'forged');
    histogram.join(1, counted(5).snapshot(), 'b');
    const lines = await shown(registry);
    expect(lines['x_seconds_count{engine="a"}']).toBe(0);
    expect(lines['x_seconds_count{engine="b"}']).toBe(1);
    expect(Object.keys(lines).some((line) => line.includes('forged'))).toBe(false);
  });
});
