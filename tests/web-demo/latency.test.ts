import { describe, expect, it } from 'vitest';
import { silenceLedger } from '../../src/silence-ledger.js';
import {
  formatMs,
  type LatencyInput,
  MAX_TIMINGS,
  medianHeardMs,
  partsOf,
  reduceLatency,
  type TurnTiming,
} from '../../web-demo/src/model/latency.js';

const server = (turnId: number, firstSentMs: number): LatencyInput => ({
  type: 'latency',
  turnId,
  utteranceId: turnId,
  latency: { transcriptMs: 180, firstSentMs, turnEndMs: 310.4, speculationUsed: true, synthesisComputeMs: 90 },
  ledger: silenceLedger({}, 0),
});
const run = (...steps: [LatencyInput, number][]): readonly TurnTiming[] =>
  steps.reduce<readonly TurnTiming[]>((timings, [event, nowMs]) => reduceLatency(timings, event, nowMs), []);

describe('reduceLatency', () => {
  it('pairs what was heard with the figures of its turn, whichever comes first', () => {
    const after = run([server(1, 500), 1_000], [{ type: 'heard', ms: 640 }, 1_100]);
    const before = run([{ type: 'heard', ms: 640 }, 1_000], [server(1, 500), 1_100]);
    for (const timings of [after, before]) {
      expect(timings).toHaveLength(1);
      expect(timings[0]).toMatchObject({ turnId: 1, heardMs: 640, latency: { firstSentMs: 500 } });
    }
  });

  it('does not pair figures that are far apart, nor one turn with two answers', () => {
    expect(run([server(1, 500), 0], [{ type: 'heard', ms: 640 }, 30_000])).toHaveLength(2);
    expect(run([server(1, 500), 0], [{ type: 'heard', ms: 1 }, 1], [{ type: 'heard', ms: 2 }, 2])).toHaveLength(2);
  });

  it('updates a turn that is reported again', () => {
    expect(run([server(1, 500), 0], [server(1, 520), 9])).toMatchObject([{ latency: { firstSentMs: 520 } }]);
  });

  it('keeps the newest turns only', () => {
    const steps = Array.from({ length: MAX_TIMINGS + 5 }, (_, i): [LatencyInput, number] => [server(i, 1), i]);
    const timings = run(...steps);
    expect(timings).toHaveLength(MAX_TIMINGS);
    expect(timings[0]?.turnId).toBe(5);
  });
});

describe('partsOf', () => {
  const sum = (parts: readonly { ms: number }[]) => parts.reduce((total, { ms }) => total + ms, 0);

  it('splits what was heard here into parts that stand end to end and add up to it', () => {
    const [timing] = run([server(1, 500), 0], [{ type: 'heard', ms: 640 }, 1]);
    const ledger = timing && partsOf(timing);
    expect(ledger).toEqual({
      totalMs: 640,
      isEstimate: false,
      parts: [
        { label: 'Turn over', fromMs: 0, ms: 310 },
        { label: 'Sent', fromMs: 310, ms: 190 },
        { label: 'Both ways', fromMs: 500, ms: 140 },
      ],
    });
    expect(sum(ledger?.parts ?? [])).toBe(640);
  });

  it('estimates both ways where nothing was heard here, and says so', () => {
    const [timing] = run([server(1, 500), 0]);
    const ledger = timing && partsOf(timing);
    expect(ledger).toMatchObject({ isEstimate: true, totalMs: 600 });
    expect(sum(ledger?.parts ?? [])).toBe(600);
  });

  it('adds up as well when the browser heard the answer sooner than the server thought', () => {
    const [timing] = run([server(1, 500), 0], [{ type: 'heard', ms: 420 }, 1]);
    expect(sum((timing && partsOf(timing))?.parts ?? [])).toBe(420);
  });

  it('has nothing to say without the server’s figures', () => {
    const [timing] = run([{ type: 'heard', ms: 420 }, 1]);
    expect(timing && partsOf(timing)).toBeUndefined();
  });
});

describe('medianHeardMs', () => {
  it('is the middle value, or between the two middle ones', () => {
    const heard = (...values: number[]): readonly TurnTiming[] =>
      values.map((heardMs) => ({ turnId: undefined, latency: {}, heardMs, atMs: 0 }));
    expect(medianHeardMs([])).toBeUndefined();
    expect(medianHeardMs(heard(900, 500, 700))).toBe(700);
    expect(medianHeardMs(heard(900, 500))).toBe(700);
  });
});

describe('formatMs', () => {
  it('changes to seconds where milliseconds say too much', () => {
    expect([formatMs(0.4), formatMs(640), formatMs(1_349), formatMs(12_400)]).toEqual([
      '0 ms',
      '640 ms',
      '1.3 s',
      '12 s',
    ]);
  });
});
