/** Plays heard turns against ways of waiting: how late their ends are noticed, and how many of their pauses are taken for ends. */

import { featuresOf } from '../../../dist/agents/end-of-turn/model.js';
import { SpeakerPauses, speakerWaitMs } from '../../../dist/agents/end-of-turn/pauses.js';
import { DEFAULT_TURN_SETTINGS } from '../../../dist/agents/turn.js';
import { requiredSilenceMs } from '../../../dist/agents/turn-wait.js';

const WINDOW_MS = 32;
/** A pause is known after this much silence, … */
const PAUSE_MS = 64;
/** … and its words this long after the last voice (p50 of `npm run bench` on two shared cores). */
export const TEXT_AFTER_MS = 235;

const RULES = { ...DEFAULT_TURN_SETTINGS, openMs: 720 };

/** Plain silence. */
export const silenceWait = (ms) => () => ms;

/** The words-only rule, all its waits `share` times as long. */
export function wordsWait(share) {
  const settings = { ...RULES };
  for (const name of ['questionMs', 'completeMs', 'openMs', 'unfinishedMs']) settings[name] = RULES[name] * share;
  return (facts) => requiredSilenceMs(settings, { ...facts, isCall: false, endProbability: undefined });
}

/** The estimate, with a cut-off as bad as `cutOffMs` of waiting; without words the words-only rule holds. */
export function estimateWait(model, cutOffMs) {
  const fallback = wordsWait(1);
  const cache = new WeakMap();
  return (facts) => {
    if (facts.text === undefined || facts.text === '') return fallback(facts);
    let probability = cache.get(facts.pause);
    if (probability === undefined) {
      probability = model.probability(
        featuresOf({ prosody: facts.pause.prosody, text: facts.text, asked: facts.asked }),
      );
      cache.set(facts.pause, probability);
    }
    return speakerWaitMs({ probability, habits: facts.habits, cutOffMs, leastMs: 224, mostMs: RULES.unfinishedMs });
  };
}

/** The voice alone, from the beginning of the pause. */
export function voiceWait(model, cutOffMs) {
  return ({ pause, habits }) => {
    const probability = model.probability(featuresOf({ prosody: pause.prosody, text: '', asked: 'nothing' }));
    return speakerWaitMs({ probability, habits, cutOffMs, leastMs: 96, mostMs: RULES.unfinishedMs });
  };
}

/** When the turn is ended in this pause, in ms since its last voice as the detector saw it; undefined: the speaker goes on first. */
function endedAfter(pause, text, wait, facts, textAfterMs) {
  const goesOnAfterMs =
    pause.resumedMs === null ? Number.POSITIVE_INFINITY : pause.resumedMs - PAUSE_MS - pause.lastVoicedMs;
  for (let ms = PAUSE_MS; ms <= goesOnAfterMs && ms < 2_400; ms += WINDOW_MS) {
    const known = ms >= textAfterMs ? text : undefined;
    if (ms >= wait({ ...facts, pause, text: known })) return ms;
  }
  return undefined;
}

/**
 * `delaysMs`: of every end, from the true last sound to the decision, sorted. `cuts` of `pauses` scripted pauses. `by`: the same by kind of pause.
 * `words`: `text` (the recogniser's) or `written`.
 */
export function judge(turns, wait, { words = 'text', textAfterMs = TEXT_AFTER_MS } = {}) {
  const speakers = new Map();
  const delaysMs = [];
  let cuts = 0;
  let pauses = 0;
  for (const turn of turns) {
    if (!speakers.has(turn.voice)) speakers.set(turn.voice, new SpeakerPauses());
    const speaker = speakers.get(turn.voice);
    let longestPauseMs = 0;
    const cut = new Set();
    let ended = false;
    for (const pause of turn.pauses) {
      const part = turn.parts[pause.part];
      const facts = { asked: turn.asked, longestPauseMs, habits: speaker.habits };
      const after = endedAfter(pause, part?.[words], wait, facts, textAfterMs);
      const isEnd = part !== undefined && part.nextMs === null;
      if (after !== undefined && isEnd && !ended) {
        delaysMs.push(pause.lastVoicedMs + after - part.endMs);
        ended = true;
      } else if (after !== undefined && !isEnd) cut.add(part === undefined ? pause : part);
      if (pause.resumedMs === null) continue;
      const ms = pause.resumedMs - PAUSE_MS - pause.lastVoicedMs;
      longestPauseMs = Math.max(longestPauseMs, ms);
      speaker.note(ms);
    }
    pauses += turn.parts.length - 1;
    cuts += cut.size;
  }
  delaysMs.sort((a, b) => a - b);
  return { delaysMs, cuts, pauses };
}

export const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
