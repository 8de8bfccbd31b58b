import { describe, expect, it } from 'vitest';
import {
  BILABIAL_CLASS,
  CLASS_COUNT,
  LABIODENTAL_CLASS,
} from '../../../../src/inference/avatar/motion/audio-network.js';
import { AudioTimeline } from '../../../../src/inference/avatar/motion/audio-timeline.js';
import { ARTICULATOR, ARTICULATOR_COUNT } from '../../../../src/inference/avatar/motion/visemes.js';

/** One row with this jaw and these likelihoods of contact. */
function row({ jaw = 0, bilabial = 0, labiodental = 0 }: { jaw?: number; bilabial?: number; labiodental?: number }) {
  const positions = new Float32Array(ARTICULATOR_COUNT);
  positions[ARTICULATOR.jaw] = jaw;
  const classes = new Float32Array(CLASS_COUNT);
  classes[BILABIAL_CLASS] = bilabial;
  classes[LABIODENTAL_CLASS] = labiodental;
  return { positions, classes };
}

function at(timeline: AudioTimeline, ms: number): Float32Array | null {
  const out = new Float32Array(ARTICULATOR_COUNT);
  return timeline.at(ms, out) ? out : null;
}

describe('the timeline of what was heard', () => {
  it('says nothing before anything is known', () => {
    const out = new Float32Array(ARTICULATOR_COUNT).fill(0.5);
    expect(new AudioTimeline().at(0, out)).toBe(false);
    expect(out).toEqual(new Float32Array(ARTICULATOR_COUNT).fill(0.5));
  });

  it('goes straight from moment to moment and stays at the last', () => {
    const timeline = new AudioTimeline();
    [0.1, 0.3, 0.2].forEach((jaw, step) => {
      timeline.write(step, row({ jaw }), 0);
    });
    const jaw = (ms: number) => at(timeline, ms)![ARTICULATOR.jaw]!;
    expect([0, 5, 10, 15, 20, 500].map((ms) => Number(jaw(ms).toFixed(4)))).toEqual([0.1, 0.2, 0.3, 0.25, 0.2, 0.2]);
  });

  it('lets a later answer for a moment replace the earlier one', () => {
    const timeline = new AudioTimeline();
    timeline.write(0, row({ jaw: 0.9 }), 0);
    timeline.write(1, row({ jaw: 0.9 }), 0);
    timeline.write(0, row({ jaw: 0.1 }), 0);
    expect(timeline.known).toBe(2);
    expect(at(timeline, 0)![ARTICULATOR.jaw]).toBeCloseTo(0.1);
  });

  it('closes the lips fully where a bilabial is certain, on the way there and back smoothly, and not where it is unlikely', () => {
    const timeline = new AudioTimeline();
    for (let step = 0; step < 60; step++) {
      timeline.write(step, row({ bilabial: step >= 20 && step < 26 ? 0.9 : step >= 50 ? 0.25 : 0.01 }), 0);
    }
    const close = (ms: number) => at(timeline, ms)![ARTICULATOR.close]!;
    for (let ms = 200; ms <= 250; ms += 10) expect(close(ms)).toBe(1);
    for (let ms = 0; ms < 450; ms += 5) {
      expect(Math.abs(close(ms + 5) - close(ms))).toBeLessThan(0.12);
    }
    expect(close(100)).toBe(0);
    expect(close(400)).toBe(0);
    expect(close(550)).toBe(0);
  });

  it('tucks the lip for a labiodental and lets a closure win over it', () => {
    const timeline = new AudioTimeline();
    for (let step = 0; step < 40; step++) {
      timeline.write(step, row({ labiodental: step >= 10 ? 0.8 : 0, bilabial: step >= 30 ? 0.8 : 0 }), 0);
    }
    expect(at(timeline, 150)![ARTICULATOR.tuck]).toBe(1);
    expect(at(timeline, 350)![ARTICULATOR.close]).toBe(1);
    expect(at(timeline, 350)![ARTICULATOR.tuck]).toBe(0);
  });

  it('takes a contact that is hardly made for none, and one that is nearly made for complete', () => {
    const timeline = new AudioTimeline();
    [0, 0.18, 0.5, 0.9].forEach((value, step) => {
      const rows = row({});
      rows.positions[ARTICULATOR.close] = value;
      timeline.write(step, rows, 0);
    });
    const close = (ms: number) => at(timeline, ms)![ARTICULATOR.close]!;
    expect([close(0), close(10), close(30)]).toEqual([0, 0, 1]);
    expect(close(20)).toBeGreaterThan(0.3);
    expect(close(20)).toBeLessThan(0.6);
  });

  it('evens out the lips’ shape and leaves the jaw as it is', () => {
    const timeline = new AudioTimeline();
    for (let step = 0; step < 40; step++) {
      const rows = row({ jaw: step === 20 ? 0.5 : 0.2 });
      rows.positions[ARTICULATOR.round] = step === 20 ? 1 : 0.2;
      timeline.write(step, rows, 0);
    }
    expect(at(timeline, 200)![ARTICULATOR.jaw]).toBeCloseTo(0.5);
    expect(at(timeline, 200)![ARTICULATOR.round]).toBeLessThan(0.45);
    expect(at(timeline, 120)![ARTICULATOR.round]).toBeCloseTo(0.2);
  });

  it('keeps 160 seconds and forgets what is older', () => {
    const timeline = new AudioTimeline();
    for (let step = 0; step < 20_000; step++) timeline.write(step, row({ jaw: (step % 100) / 100 }), 0);
    expect(at(timeline, 30_000)).toBeNull();
    expect(at(timeline, 45_670)![ARTICULATOR.jaw]).toBeCloseTo(0.67);
    expect(at(timeline, 199_990)![ARTICULATOR.jaw]).toBeCloseTo(0.99);
  });

  it('refuses to leave moments out', () => {
    expect(() => new AudioTimeline().write(1, row({}), 0)).toThrow(RangeError);
  });
});
