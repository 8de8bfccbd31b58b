import { describe, expect, it } from 'vitest';
import type { TurnLatency } from '../src/agents/events.js';
import { estimatedDeliveryMs, SILENCE_PARTS, silenceLedger } from '../src/silence-ledger.js';

const sum = (parts: Record<string, number>): number => Object.values(parts).reduce((total, ms) => total + ms, 0);

describe('the ledger of a silence', () => {
  it('gives the decision all the time in which the answer was made ready meanwhile', () => {
    const latency: TurnLatency = {
      speculationMs: 64.4,
      transcriptMs: 190,
      firstTextMs: 200,
      firstSegmentMs: 203,
      firstAudioMs: 390.6,
      turnEndMs: 416,
      firstSentMs: 431.5,
    };
    expect(silenceLedger(latency, 540)).toEqual({
      totalMs: 540,
      parts: {
        ...{ detection: 64, decision: 352, recognition: 0, agent: 0, segmentation: 0, synthesis: 0 },
        ...{ pacing: 16, delivery: 108 },
      },
    });
  });

  it('gives each stage what it added where the decision did not cover it', () => {
    const latency: TurnLatency = {
      ...{ speculationMs: 70, turnEndMs: 320, transcriptMs: 350, firstTextMs: 900, firstSegmentMs: 960 },
      ...{ firstAudioMs: 1_200, firstSentMs: 1_215 },
    };
    expect(silenceLedger(latency, 1_315).parts).toEqual({
      ...{ detection: 70, decision: 250, recognition: 30, agent: 550, segmentation: 60, synthesis: 240 },
      ...{ pacing: 15, delivery: 100 },
    });
  });

  it('has no part before the agent for typed text', () => {
    const { parts } = silenceLedger({ firstTextMs: 12, firstSegmentMs: 14, firstAudioMs: 200, firstSentMs: 210 }, 310);
    expect(parts).toMatchObject({ detection: 0, decision: 0, recognition: 0, agent: 12, synthesis: 186 });
  });

  it('adds up to the total exactly, whatever comes in, with no part below zero and in whole milliseconds', () => {
    let seed = 11;
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    const odd = [Number.NaN, Number.POSITIVE_INFINITY, -50, 0, 1e9, undefined];
    const value = () => (random() < 0.2 ? odd[Math.floor(random() * odd.length)] : random() * 3_000);
    for (let run = 0; run < 5_000; run++) {
      const latency: TurnLatency = {
        ...{ speculationMs: value(), turnEndMs: value(), transcriptMs: value(), firstTextMs: value() },
        ...{ firstSegmentMs: value(), firstAudioMs: value(), firstSentMs: value() },
      };
      const heard = random() * 4_000;
      const { totalMs, parts } = silenceLedger(latency, heard);
      expect(totalMs).toBe(Math.round(heard));
      expect(sum(parts)).toBe(totalMs);
      for (const part of SILENCE_PARTS) expect(Number.isInteger(parts[part]) && parts[part] >= 0).toBe(true);
    }
  });

  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY])('is empty for a total of %s', (total) => {
    expect(sum(silenceLedger({ turnEndMs: 400 }, total).parts)).toBe(0);
  });

  it('estimates delivery from the round trip', () => {
    expect(estimatedDeliveryMs(80) - estimatedDeliveryMs()).toBe(80);
    expect(estimatedDeliveryMs(-5)).toBe(estimatedDeliveryMs(0));
  });
});
