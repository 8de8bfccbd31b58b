import { describe, expect, it } from 'vitest';
import { SynthesisPace } from '../../src/agents/pace.js';
import { SegmentAssembler } from '../../src/agents/segments.js';

const paceOf = (rtf: number): SynthesisPace => {
  const pace = new SynthesisPace();
  for (let i = 0; i < 40; i++) pace.note(rtf * 1_000, 1_000);
  return pace;
};

describe('the pace of synthesis', () => {
  it('follows what segments really took', () => {
    expect(paceOf(0.07).rtf).toBeCloseTo(0.07, 3);
    expect(paceOf(0.6).rtf).toBeCloseTo(0.6, 3);
  });

  it('lets segments grow only as fast as the next one can be made', () => {
    for (const rtf of [0.05, 0.2, 0.33, 0.5, 0.7]) expect(paceOf(rtf).limits.growth * rtf).toBeLessThanOrEqual(0.801);
  });

  it('keeps a later segment from holding up other conversations', () => {
    for (const rtf of [0.15, 0.3, 0.5]) expect(paceOf(rtf).limits.laterMs * rtf).toBeLessThanOrEqual(1_501);
  });

  it('stays within bounds for a machine that is far too slow, and ignores empty segments', () => {
    const pace = paceOf(50);
    pace.note(0, 0);
    expect(pace.limits).toEqual({ growth: 1.1, laterMs: 3_000 });
  });

  it('makes shorter segments of the same text on a slower machine', () => {
    const text =
      'It runs on your own computer, so nothing leaves your house, and it needs neither a graphics card nor an account, which is why it can be tried at once. ' +
      'The voice and the face are made on the same machine, and every part can be exchanged for another one that you like better.';
    const count = (rtf: number) => {
      const assembler = new SegmentAssembler(paceOf(rtf).limits);
      return [...assembler.push(text), ...assembler.flush()].length;
    };
    expect(count(0.6)).toBeGreaterThan(count(0.07));
  });
});
