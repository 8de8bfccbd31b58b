import { describe, expect, it } from 'vitest';
import { Admission, type LoadSample } from '../../src/signaling/admission.js';

const CORES = 4;
const SECOND = 1_000;
const QUIET: LoadSample = { sessions: 0, ownCores: 0, speechCores: 0, foreignCores: 0 };
const PUNCTUAL = { framesDue: 500, framesLate: 1, packets: 1000, latenessP99Ms: 0.7 };

function admission(o: { mode?: 'auto' | 'off'; maxSessions?: number; cores?: number } = {}) {
  return new Admission({ mode: 'auto', maxSessions: 100, cores: CORES, ...o });
}

/** A machine on which a frame costs `frameCpuMs`, calibrated, and seen idle for a while. */
function calibrated(frameCpuMs: number, o: Parameters<typeof admission>[0] = {}) {
  const result = admission(o);
  result.calibrate({ frameCpuMs, speech: 'piper' });
  for (let t = 0; t <= 20; t += 2) result.recordLoad(QUIET, t * SECOND);
  return result;
}

/** The same load every 2 s. */
function load(a: Admission, sample: Partial<LoadSample>, fromS: number, toS: number): void {
  for (let t = fromS; t <= toS; t += 2) a.recordLoad({ ...QUIET, ...sample }, t * SECOND);
}

const capacityOf = (a: Admission, atS = 20) => a.report(atS * SECOND).capacity;

/** Small, seeded: the tests must be the same every time. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

describe('admission', () => {
  it('gives a faster machine, and one with more cores, room for more', () => {
    expect(capacityOf(calibrated(3))).toBeGreaterThan(capacityOf(calibrated(6)));
    expect(capacityOf(calibrated(5, { cores: 8 }))).toBeGreaterThan(capacityOf(calibrated(5, { cores: 2 })));
  });

  it('gives the slower voice room for fewer', () => {
    const a = calibrated(5);
    const piper = capacityOf(a);
    a.calibrate({ frameCpuMs: 5, speech: 'kokoro', kokoroMs: 700 });
    expect(capacityOf(a)).toBeLessThan(piper);
  });

  it('does not take a Kokoro that was held up by other programs for a slow machine', () => {
    const cost = (kokoroMs: number) => {
      const a = admission();
      a.calibrate({ frameCpuMs: 5.7, speech: 'kokoro', kokoroMs });
      return a.report(0).costCores;
    };
    expect(cost(729)).toBeLessThan(cost(1_000));
    expect(cost(7_000)).toBe(cost(70_000));
  });

  it('follows a better measurement without a jump', () => {
    const a = calibrated(10);
    const before = capacityOf(a);
    a.calibrate({ frameCpuMs: 4, speech: 'piper' });
    expect(capacityOf(a)).toBe(before);
    load(a, {}, 22, 60);
    expect(capacityOf(a, 60)).toBeGreaterThan(before);
  });

  it('admits exactly as many as it reports, and no more', () => {
    const a = calibrated(5);
    const capacity = capacityOf(a);
    for (let n = 0; n < capacity; n++) expect(a.decide(n, 20 * SECOND)).toEqual({ admitted: true });
    expect(a.decide(capacity, 20 * SECOND)).toMatchObject({ admitted: false, reason: 'capacity' });
  });

  it('has the configured limit as its upper bound, also where it is off', () => {
    expect(calibrated(1, { maxSessions: 3 }).decide(3, 20 * SECOND)).toMatchObject({
      admitted: false,
      reason: 'limit',
    });
    const off = calibrated(1000, { mode: 'off', maxSessions: 3 });
    off.recordPunctuality({ framesDue: 100, framesLate: 100, packets: 100, latenessP99Ms: 50 }, 20 * SECOND);
    expect(off.decide(2, 20 * SECOND)).toEqual({ admitted: true });
    expect(off.decide(3, 20 * SECOND)).toMatchObject({ admitted: false, reason: 'limit' });
    expect(off.report(20 * SECOND)).toMatchObject({ capacity: 3, strained: false });
  });

  it('admits one conversation on the slowest and busiest machine, since there is nobody to disturb', () => {
    const a = calibrated(1000);
    load(a, { foreignCores: 64 }, 22, 60);
    a.recordPunctuality({ framesDue: 100, framesLate: 100, packets: 100, latenessP99Ms: 50 }, 60 * SECOND);
    expect(a.decide(0, 60 * SECOND)).toEqual({ admitted: true });
    expect(a.decide(1, 60 * SECOND)).toMatchObject({ admitted: false });
  });

  it('admits fewer while other programs load the machine, and again more when they have ended', () => {
    const a = calibrated(5);
    const free = capacityOf(a);
    load(a, { foreignCores: 2 }, 22, 60);
    const loaded = capacityOf(a, 60);
    expect(loaded).toBeLessThan(free);
    load(a, {}, 62, 240);
    expect(capacityOf(a, 240)).toBe(free);
  });

  it('takes back at once and gives back only after a while', () => {
    const a = calibrated(5);
    const free = capacityOf(a);
    load(a, { foreignCores: 3 }, 22, 30);
    expect(capacityOf(a, 30)).toBeLessThan(free);
    load(a, { foreignCores: 3 }, 32, 60);
    const low = capacityOf(a, 60);
    a.recordLoad(QUIET, 62 * SECOND);
    expect(capacityOf(a, 62)).toBe(low);
  });

  it('does not flutter at the border between two capacities', () => {
    const a = calibrated(5);
    const cost = a.report(0).costCores;
    // Room for 5 conversations, a hundredth more or less.
    const atBorder = CORES * 0.85 - 5 * cost;
    load(a, { foreignCores: atBorder + 0.1 }, 22, 100);
    let changes = 0;
    let before = capacityOf(a, 100);
    for (let i = 0; i < 300; i++) {
      const foreignCores = atBorder + (i % 10 < 5 ? 0.01 : -0.01) * cost;
      a.recordLoad({ ...QUIET, foreignCores }, (102 + 2 * i) * SECOND);
      const now = capacityOf(a, 102 + 2 * i);
      if (now !== before) changes++;
      before = now;
    }
    expect(changes).toBeLessThanOrEqual(1);
  });

  it('raises the cost of a conversation to what is seen, and never lowers it below what was measured at the start', () => {
    const a = calibrated(5);
    const prior = a.report(0).costCores;
    load(a, { sessions: 2, ownCores: 0.02 }, 22, 300);
    expect(a.report(300 * SECOND).costCores).toBe(prior);
    load(a, { sessions: 2, ownCores: 1.6, speechCores: 1.2 }, 302, 900);
    expect(a.report(900 * SECOND).costCores).toBeCloseTo(1.4, 2);
  });

  it('admits nobody while frames or packets are late, and somebody when that has been over for a while', () => {
    const late = [
      { ...PUNCTUAL, framesLate: 40 },
      { ...PUNCTUAL, latenessP99Ms: 15 },
    ];
    for (const sample of late) {
      const a = calibrated(3);
      a.recordPunctuality(PUNCTUAL, 20 * SECOND);
      expect(a.decide(1, 20 * SECOND)).toEqual({ admitted: true });
      a.recordPunctuality(sample, 21 * SECOND);
      expect(a.decide(1, 21 * SECOND)).toMatchObject({ admitted: false, reason: 'strained' });
      expect(a.report(21 * SECOND).strained).toBe(true);
      expect(a.decide(1, 40 * SECOND)).toEqual({ admitted: true });
    }
  });

  it('does not take a few late frames, such as those of a start, for strain', () => {
    const a = calibrated(3);
    a.recordPunctuality({ framesDue: 125, framesLate: 5, packets: 250, latenessP99Ms: 1 }, 20 * SECOND);
    a.recordPunctuality({ framesDue: 0, framesLate: 0, packets: 0, latenessP99Ms: 0 }, 20 * SECOND);
    expect(a.decide(1, 20 * SECOND)).toEqual({ admitted: true });
  });

  it('estimates the wait from how long conversations last and how many there are, within bounds', () => {
    const wait = (durationMs: number, sessions: number) => {
      const a = admission({ mode: 'off', maxSessions: sessions });
      for (let i = 0; i < 60; i++) a.recordSession(durationMs);
      const decision = a.decide(sessions, 0);
      if (decision.admitted) throw new Error('admitted above the limit');
      return decision.retryAfterS;
    };
    expect(wait(60_000, 2)).toBeCloseTo(30, -1);
    expect(wait(60_000, 4)).toBeLessThan(wait(60_000, 2));
    expect(wait(10, 50)).toBe(5);
    expect(wait(7_200_000, 1)).toBe(120);
  });

  it.each([1, 2, 3, 4])('keeps its promises whatever is measured (seed %i)', (seed) => {
    const next = random(seed);
    const maxSessions = 1 + Math.floor(next() * 20);
    const a = admission({ maxSessions, cores: 1 + next() * 15 });
    let nowMs = 0;
    for (let i = 0; i < 2_000; i++) {
      nowMs += next() * 4_000;
      const sessions = Math.floor(next() * (maxSessions + 2));
      if (next() < 0.05) a.calibrate({ frameCpuMs: next() * 50, speech: 'kokoro', kokoroMs: next() * 2_000 });
      a.recordLoad({ sessions, ownCores: next() * 20, speechCores: next() * 4, foreignCores: next() * 20 - 2 }, nowMs);
      a.recordPunctuality(
        { framesDue: 500, framesLate: Math.floor(next() ** 4 * 500), packets: 1000, latenessP99Ms: next() * 11 },
        nowMs,
      );
      a.recordSession(next() * 1e6);
      const { capacity, strained } = a.report(nowMs);
      expect(capacity).toBeGreaterThanOrEqual(1);
      expect(capacity).toBeLessThanOrEqual(maxSessions);
      const decision = a.decide(sessions, nowMs);
      const expected = sessions < maxSessions && (sessions === 0 || (sessions < capacity && !strained));
      expect(decision.admitted).toBe(expected);
      if (decision.admitted) continue;
      expect(decision.retryAfterS).toBeGreaterThanOrEqual(5);
      expect(decision.retryAfterS).toBeLessThanOrEqual(120);
      expect(Number.isInteger(decision.retryAfterS)).toBe(true);
    }
  });
});
