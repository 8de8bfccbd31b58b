/** All that the report says, from the heard turns and the network. */
import { EndOfTurnModel, featuresOf } from '../../../dist/agents/end-of-turn/model.js';
import { CUT_OFF_MS } from '../../../dist/agents/turn-wait.js';
import { fitNetwork } from './fit.mjs';
import { estimateWait, judge, quantile, silenceWait, voiceWait, wordsWait } from './judge.mjs';

const SILENCES_MS = [250, 300, 350, 400, 450, 500, 600, 700, 800, 900, 1_000, 1_100, 1_200, 1_400];
const SHARES = [0.5, 0.6, 0.75, 0.9, 1, 1.25, 1.5, 1.75];
const COSTS_MS = [250, 500, 1_000, 1_500, 2_000, 3_000, 4_000, 6_000, 8_000, 12_000, 16_000, 32_000];

const round = (value) => Math.round(value * 10) / 10;

/** One point of a curve. */
function point(setting, { delaysMs, cuts, pauses }) {
  const meanMs = delaysMs.reduce((a, b) => a + b, 0) / delaysMs.length;
  return {
    setting,
    p50Ms: round(quantile(delaysMs, 0.5)),
    p90Ms: round(quantile(delaysMs, 0.9)),
    meanMs: round(meanMs),
    ends: delaysMs.length,
    cuts,
    pauses,
    cutShare: Math.round((cuts / pauses) * 1e4) / 1e4,
  };
}

/** How often a pause that was given 0–10 %, 10–20 %, … is an end. */
function calibration(turns, model) {
  const bins = Array.from({ length: 10 }, () => ({ count: 0, ends: 0 }));
  let [right, count] = [0, 0];
  for (const { parts, pauses, asked } of turns) {
    for (const { part, prosody } of pauses) {
      if (part < 0 || parts[part].text === '') continue;
      const p = model.probability(featuresOf({ prosody, text: parts[part].text, asked }));
      const isEnd = parts[part].nextMs === null;
      const bin = bins[Math.min(9, Math.floor(p * 10))];
      bin.count++;
      if (isEnd) bin.ends++;
      count++;
      if (p >= 0.5 === isEnd) right++;
    }
  }
  return { bins, accuracy: right / count };
}

/** Area under the ROC curve of ends against pauses. */
function auc(turns, model) {
  const [ends, pauses] = [[], []];
  for (const turn of turns) {
    for (const { part, prosody } of turn.pauses) {
      if (part < 0) continue;
      const { text, nextMs } = turn.parts[part];
      const p = model.probability(featuresOf({ prosody, text, asked: turn.asked }));
      (nextMs === null ? ends : pauses).push(p);
    }
  }
  let sum = 0;
  for (const end of ends) for (const pause of pauses) sum += end > pause ? 1 : end === pause ? 0.5 : 0;
  return sum / ends.length / pauses.length;
}

export function evaluate(turns, { weights, seed }) {
  const train = turns.filter(({ split }) => split === 'train');
  const test = turns.filter(({ split }) => split === 'test');
  const model = EndOfTurnModel.parse(JSON.stringify(weights));
  const part = (mask) => EndOfTurnModel.parse(JSON.stringify(fitNetwork(train, { seed, mask })));
  const wordsOnly = part((name) => name.startsWith('words:'));
  const voiceOnly = part((name) => name.startsWith('voice:'));
  const unasked = part((name) => !/asked|Asked|Answered/.test(name));
  const estimates = (network, o) => COSTS_MS.map((cost) => point(cost, judge(test, estimateWait(network, cost), o)));
  const at = (network, o) => point(CUT_OFF_MS, judge(test, estimateWait(network, CUT_OFF_MS), o));
  const kind = (name, keep) => ({
    name,
    rule: point(1, judge(keep, wordsWait(1))),
    estimate: point(CUT_OFF_MS, judge(keep, estimateWait(model, CUT_OFF_MS))),
  });
  const sentence = (turn) => turn.parts.slice(0, -1).some(({ written }) => /[.?!]$/.test(written));
  const answering = (turn) => turn.asked !== 'nothing' && turn.asked !== 'open';
  return {
    cutOffMs: CUT_OFF_MS,
    turns: { train: train.length, test: test.length },
    voices: {
      train: new Set(train.map(({ voice }) => voice)).size,
      test: new Set(test.map(({ voice }) => voice)).size,
    },
    trainedPauses: train.reduce((sum, { parts }) => sum + parts.length - 1, 0),
    curves: {
      silence: SILENCES_MS.map((ms) => point(ms, judge(test, silenceWait(ms)))),
      words: SHARES.map((share) => point(share, judge(test, wordsWait(share)))),
      estimate: estimates(model),
      written: estimates(model, { words: 'written' }),
      wordsOnly: estimates(wordsOnly),
      voiceOnly: COSTS_MS.map((cost) => point(cost, judge(test, voiceWait(voiceOnly, cost)))),
      unasked: estimates(unasked),
    },
    auc: {
      estimate: auc(test, model),
      wordsOnly: auc(test, wordsOnly),
      voiceOnly: auc(test, voiceOnly),
      unasked: auc(test, unasked),
      train: auc(train, model),
    },
    lateText: at(model, { textAfterMs: 320 }),
    kinds: [
      kind('answers to a question that asks for something', test.filter(answering)),
      kind(
        'everything else, with a pause after a whole sentence',
        test.filter((turn) => !answering(turn) && sentence(turn)),
      ),
      kind(
        'everything else',
        test.filter((turn) => !answering(turn) && !sentence(turn)),
      ),
    ],
    calibration: calibration(test, model),
  };
}
