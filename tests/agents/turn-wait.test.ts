import { describe, expect, it } from 'vitest';
import { type TurnDecision, TurnMachine } from '../../src/agents/turn.js';
import { turnSettingsOf } from '../../src/agents/turn-modes.js';
import { TURN_TAKING, type TurnTaking } from '../../src/turn-taking.js';

const TIMES = { endOfTurnMs: { min: 400, max: 1_200 }, interruptionMs: 448 };

/** A speaker: `speak`, `pause`, and what the machine decides. */
class Speaker {
  readonly machine: TurnMachine;
  readonly decisions: TurnDecision[] = [];
  #atMs = 0;

  constructor(mode: TurnTaking = 'balanced', times = TIMES) {
    this.machine = new TurnMachine(turnSettingsOf(mode, times));
  }

  hear(ms: number, probability: number): this {
    for (let i = 0; i < ms; i += 32) {
      this.#atMs += 32;
      this.decisions.push(...this.machine.window(probability, this.#atMs, false));
    }
    return this;
  }

  speak(ms = 960): this {
    return this.hear(ms, 0.95);
  }

  /** 64 ms of silence, then these words and this estimate, then silence up to `ms`. */
  pause(ms: number, text: string, endProbability?: number): this {
    this.hear(64, 0.02);
    this.decisions.push(...this.machine.transcript(text, this.#atMs, false));
    if (endProbability !== undefined) this.machine.estimate(endProbability);
    return this.hear(ms - 64, 0.02);
  }

  /** Silence after which the turn was ended; undefined: it was not. */
  get endedAfterMs(): number | undefined {
    const end = this.decisions.find((decision) => decision.type === 'end');
    return end && end.atMs - end.lastVoicedMs;
  }
}

const waited = (text: string, endProbability?: number, mode?: TurnTaking) =>
  new Speaker(mode).speak().pause(2_400, text, endProbability).endedAfterMs;

describe('an end-of-turn estimate', () => {
  it('ends a turn sooner than finished words do when it is sure', () => {
    expect(waited('I would like to book a table.')).toBe(416);
    expect(waited('I would like to book a table.', 0.99)).toBe(224);
  });

  it('waits for a speaker whose voice goes on though the words sound finished', () => {
    expect(waited('I would like to book a table.', 0.3)).toBeGreaterThan(700);
    expect(waited('I would like to book a table.', 0.01)).toBeGreaterThan(1_100);
  });

  it('lets nobody wait who has asked a whole question', () => {
    expect(waited('How much do I have to pay for it?', 0.3)).toBe(waited('How much do I have to pay for it?'));
    expect(waited('How much do I have to pay for it?', 0.99)).toBe(224);
  });

  it('never waits longer than for unfinished words', () => {
    for (const p of [0, 0.001, 0.5]) expect(waited('So I was thinking of', p)).toBeLessThanOrEqual(1_216);
  });

  it('is scaled by the mode and by the times of the operator', () => {
    const waits = (['eager', 'balanced', 'patient'] as const).map((mode) => waited('It is the blue one.', 0.7, mode)!);
    expect(waits[0]! / waits[1]!).toBeCloseTo(0.6, 1);
    expect(waits[2]! / waits[1]!).toBeCloseTo(1.75, 1);
    const slow = new Speaker('balanced', { ...TIMES, endOfTurnMs: { min: 800, max: 2_400 } });
    // Windows of 32 ms.
    const ratio = slow.speak().pause(2_400, 'It is the blue one.', 0.7).endedAfterMs! / waits[1]!;
    expect(Math.abs(ratio - 2)).toBeLessThan(0.1);
  });

  it('holds for its own pause only', () => {
    const speaker = new Speaker().speak().pause(160, 'It is the blue one.', 0.99);
    expect(speaker.endedAfterMs).toBeUndefined();
    speaker.speak(320).hear(320, 0.02);
    expect(speaker.endedAfterMs).toBeUndefined();
    expect(speaker.hear(480, 0.02).endedAfterMs).toBe(416);
  });

  it('means nothing while somebody speaks, before anybody spoke, and while a key is held', () => {
    const speaker = new Speaker();
    speaker.machine.estimate(1);
    speaker.speak();
    speaker.machine.estimate(1);
    expect(speaker.pause(320, 'It is the blue one.').endedAfterMs).toBeUndefined();
    const keyed = new Speaker('push-to-talk');
    keyed.machine.key(true, 0, false);
    expect(keyed.speak().pause(2_400, 'It is the blue one.', 1).endedAfterMs).toBeUndefined();
  });

  it('does not make a turn of a pause in which nothing was said', () => {
    const speaker = new Speaker().speak().pause(1_000, '', 0.99);
    expect(speaker.decisions.at(-1)?.type).toBe('discard');
  });

  it('learns how long this speaker pauses, and keeps it for the next turn', () => {
    const words = 'It is the blue one.';
    const turn = (speaker: Speaker) => {
      speaker.decisions.length = 0;
      return speaker.speak().pause(2_400, words, 0.5).endedAfterMs!;
    };
    const usual = turn(new Speaker());
    const slow = new Speaker().speak();
    for (let i = 0; i < 6; i++) slow.pause(960, 'And then', 0.05).speak();
    slow.pause(2_400, words, 0.99);
    expect(turn(slow)).toBeGreaterThan(usual + 64);
    const quick = new Speaker().speak();
    for (let i = 0; i < 6; i++) quick.pause(224, 'And then', 0.05).speak();
    quick.pause(2_400, words, 0.99);
    expect(turn(quick)).toBeLessThan(usual);
  });

  it('without it every mode decides as before', () => {
    const expected: Record<TurnTaking, number | undefined> = {
      eager: 256,
      balanced: 416,
      patient: 704,
      off: 416,
      'push-to-talk': undefined,
    };
    for (const mode of TURN_TAKING) expect(waited('It is the blue one.', undefined, mode), mode).toBe(expected[mode]);
  });
});
