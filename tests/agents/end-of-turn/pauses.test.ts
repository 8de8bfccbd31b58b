import { describe, expect, it } from 'vitest';
import {
  bestWaitMs,
  longerShare,
  SpeakerPauses,
  speakerWaitMs,
  USUAL_PAUSES,
} from '../../../src/agents/end-of-turn/pauses.js';

const range = { cutOffMs: 4_000, leastMs: 224, mostMs: 1_200 };
const waitAt = (probability: number, habits = USUAL_PAUSES) => bestWaitMs({ probability, habits, ...range });

describe('longerShare', () => {
  it('is that of a log-normal distribution', () => {
    const habits = { medianMs: 500, spread: 0.5 };
    expect(longerShare(500, habits)).toBeCloseTo(0.5, 6);
    expect(longerShare(500 * Math.exp(0.5 * 1.959964), habits)).toBeCloseTo(0.025, 5);
    expect(longerShare(500 * Math.exp(-0.5 * 1.281552), habits)).toBeCloseTo(0.9, 5);
    expect(longerShare(0, habits)).toBe(1);
  });
});

describe('bestWaitMs', () => {
  it('is the shortest for certain ends, the longest for certain pauses, and falls in between', () => {
    expect(waitAt(1)).toBe(224);
    expect(waitAt(0)).toBeGreaterThan(1_180);
    const waits = [0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98].map((p) => waitAt(p));
    expect(waits).toEqual([...waits].sort((a, b) => b - a));
    expect(waits[3]).toBeGreaterThan(500);
  });

  it('is longer where a cut-off costs more', () => {
    const at = (cutOffMs: number) => bestWaitMs({ probability: 0.6, habits: USUAL_PAUSES, ...range, cutOffMs });
    expect(at(16_000)).toBeGreaterThan(at(4_000));
    expect(at(4_000)).toBeGreaterThan(at(300));
  });
});

describe('speakerWaitMs', () => {
  it('does not give up on somebody because their pauses are long', () => {
    const slow = { medianMs: 1_400, spread: 0.56 };
    const o = { probability: 0.6, ...range, cutOffMs: 2_000 };
    expect(bestWaitMs({ ...o, habits: slow })).toBe(224);
    expect(speakerWaitMs({ ...o, habits: slow })).toBe(bestWaitMs({ ...o, habits: USUAL_PAUSES }));
    expect(speakerWaitMs({ ...o, habits: USUAL_PAUSES })).toBe(bestWaitMs({ ...o, habits: USUAL_PAUSES }));
  });
});

describe('SpeakerPauses', () => {
  it('waits longer for somebody who pauses long, and shorter for somebody who does not', () => {
    const slow = new SpeakerPauses();
    const quick = new SpeakerPauses();
    for (let i = 0; i < 6; i++) {
      slow.note(1_000);
      quick.note(260);
    }
    expect(slow.habits.medianMs).toBeGreaterThan(700);
    expect(quick.habits.medianMs).toBeLessThan(400);
    expect(waitAt(0.6, slow.habits)).toBeGreaterThan(waitAt(0.6));
    expect(waitAt(0.6, quick.habits)).toBeLessThan(waitAt(0.6));
  });

  it('takes no gap between two sounds for a pause, and follows a speaker who changes', () => {
    const speaker = new SpeakerPauses();
    for (let i = 0; i < 50; i++) speaker.note(64);
    expect(speaker.habits).toEqual(USUAL_PAUSES);
    for (let i = 0; i < 200; i++) speaker.note(1_500);
    for (let i = 0; i < 40; i++) speaker.note(300);
    expect(speaker.habits.medianMs).toBeLessThan(600);
  });
});
