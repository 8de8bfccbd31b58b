import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { AskedKind } from '../../../src/agents/end-of-turn/asked.js';
import { EndOfTurnModel, FEATURES, featuresOf } from '../../../src/agents/end-of-turn/model.js';
import { TurnMachine } from '../../../src/agents/turn.js';
import { turnSettingsOf } from '../../../src/agents/turn-modes.js';
import { flatWeights } from './flat-model.js';

interface HeardTurn {
  asked: AskedKind;
  pauses: { text: string; isEnd: boolean; silenceMs: number | null; prosody: number[] }[];
}

const shipped = () => EndOfTurnModel.parse(readFileSync('assets/turns/end-of-turn.json', 'utf8'));
const heard = JSON.parse(readFileSync('tests/fixtures/end-of-turn.json', 'utf8')) as HeardTurn[];
const all = heard.flatMap(({ asked, pauses }) => pauses.map((pause) => ({ ...pause, asked })));
const probabilityOf = (model: EndOfTurnModel, { prosody, text, asked }: (typeof all)[number]) =>
  model.probability(featuresOf({ prosody, text, asked }));

describe('the end-of-turn network', () => {
  it('gives ends of turns that it was not made with more than pauses inside them', () => {
    const model = shipped();
    const [ends, pauses] = [true, false].map((isEnd) =>
      all.filter((pause) => pause.isEnd === isEnd && pause.text !== '').map((pause) => probabilityOf(model, pause)),
    ) as [number[], number[]];
    expect(ends.length).toBeGreaterThan(40);
    expect(pauses.length).toBeGreaterThan(25);
    const higher = ends.flatMap((end) => pauses.map((pause): number => (end > pause ? 1 : 0)));
    expect(higher.reduce((a, b) => a + b, 0) / higher.length).toBeGreaterThan(0.75);
  });

  it('lets the turn machine cut off fewer of them than words alone, and end most turns sooner', () => {
    const model = shipped();
    const settings = turnSettingsOf('balanced', { endOfTurnMs: { min: 400, max: 1_200 }, interruptionMs: 448 });
    const play = (withEstimate: boolean) => {
      let cuts = 0;
      const delays: number[] = [];
      for (const pause of all) {
        const machine = new TurnMachine(settings);
        let atMs = 0;
        for (; atMs < 960; atMs += 32) machine.window(0.95, atMs + 32, false);
        const lastMs = atMs;
        const goesOnMs = (pause.silenceMs ?? 2_400) - 64;
        let endedMs: number | undefined;
        while (endedMs === undefined && atMs - lastMs < goesOnMs) {
          atMs += 32;
          const ended = machine.window(0.02, atMs, false).some(({ type }) => type === 'end');
          if (ended) endedMs = atMs - lastMs;
          if (atMs - lastMs !== 224) continue;
          machine.transcript(pause.text, atMs, false);
          if (withEstimate && pause.text !== '') machine.estimate(probabilityOf(model, pause));
        }
        if (endedMs === undefined) continue;
        if (pause.isEnd) delays.push(endedMs);
        else cuts++;
      }
      delays.sort((a, b) => a - b);
      return { cuts, medianMs: delays[delays.length >> 1]! };
    };
    const [before, now] = [play(false), play(true)];
    expect(now.cuts).toBeLessThan(before.cuts);
    expect(now.medianMs).toBeLessThan(before.medianMs);
  });

  it('says the same of the same', () => {
    const pause = all[0]!;
    expect(probabilityOf(shipped(), pause)).toBe(probabilityOf(shipped(), pause));
  });

  it('computes what its weights say', () => {
    const weights = flatWeights(0);
    weights.members[0]!.hidden[0]![FEATURES.indexOf('words:isOneWord')] = 0.5;
    weights.members[0]!.output = [2, -1];
    weights.mean[FEATURES.indexOf('words:isOneWord')] = 0.25;
    weights.scale[FEATURES.indexOf('words:isOneWord')] = 0.5;
    const model = EndOfTurnModel.parse(JSON.stringify(weights));
    const logit = 2 * Math.tanh(0.5 * ((1 - 0.25) / 0.5)) - 1;
    const features = featuresOf({ prosody: [], text: 'Yes', asked: 'nothing' });
    expect(model.probability(features)).toBeCloseTo(1 / (1 + Math.exp(-logit)), 12);
  });
});

describe('a damaged model', () => {
  const broken = (change: (weights: ReturnType<typeof flatWeights>) => void) => {
    const weights = flatWeights(0);
    change(weights);
    return () => EndOfTurnModel.parse(JSON.stringify(weights));
  };

  it('is refused with the field that is wrong', () => {
    expect(() => EndOfTurnModel.parse('{')).toThrow(/no JSON/);
    expect(() => EndOfTurnModel.parse('{}')).toThrow(/format/);
    expect(broken((w) => w.features.splice(3, 1))).toThrow(
      /features\.3: expected voice:levelDrop, got voice:pitchKnown/,
    );
    expect(broken((w) => w.features.push('words:more'))).toThrow(/expected no more, got words:more/);
    expect(broken((w) => w.mean.pop())).toThrow(/expected weights for \d+ features/);
    expect(broken((w) => w.members[0]!.hidden[0]!.pop())).toThrow(/expected weights for/);
    expect(broken((w) => (w.scale[0] = 0))).toThrow(/scale\.0/);
  });
});
