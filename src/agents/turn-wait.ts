/** How much silence ends a turn. Pure. */
import { type PauseHabits, speakerWaitMs } from './end-of-turn/pauses.js';
import type { TurnSettings } from './turn.js';
import { completeness } from './turn-text.js';

export interface WaitFacts {
  /** Undefined: not known yet. */
  text: string | undefined;
  /** "Wait!" has stopped the avatar; what it was stopped for mostly follows. */
  isCall: boolean;
  /** In this turn. */
  longestPauseMs: number;
  /** How likely the present pause is the end of the turn; undefined: words alone decide. */
  endProbability: number | undefined;
  /** What is known of the speaker's pauses, in this turn and before; undefined: what is usual. */
  habits: PauseHabits;
}

/** A cut-off is as bad as this much needless waiting, where finished words wait for `STANDARD_COMPLETE_MS`. */
export const CUT_OFF_MS = 2_000;
/** Settings whose finished words wait longer or shorter than this wait longer or shorter by as much after an estimate. */
const STANDARD_COMPLETE_MS = 400;
/** With these settings no estimate is sure enough to end a turn sooner. */
const LEAST_MS = 224;

/** Silence that ends the turn as things stand, in ms. */
export function requiredSilenceMs(s: TurnSettings, facts: WaitFacts): number {
  const { text, endProbability } = facts;
  const kind = facts.isCall ? 'unfinished' : text === undefined ? 'open' : completeness(text);
  const isJudged = text !== undefined && !facts.isCall && kind !== 'empty';
  if (endProbability !== undefined && isJudged) {
    const waitMs = estimatedMs(s, endProbability, facts.habits);
    // Whole questions hardly ever go on, and whoever asks one waits for the answer.
    return kind === 'question' ? Math.min(waitMs, s.questionMs) : waitMs;
  }
  const base = {
    question: s.questionMs,
    complete: s.completeMs,
    empty: s.completeMs,
    open: s.openMs,
    unfinished: s.unfinishedMs,
  }[kind];
  // A speaker who pauses long within the turn is given that time again.
  return Math.min(s.unfinishedMs, Math.max(base, facts.longestPauseMs * 0.9));
}

function estimatedMs(s: TurnSettings, probability: number, habits: PauseHabits): number {
  const share = s.completeMs / STANDARD_COMPLETE_MS;
  const mostMs = s.unfinishedMs / share;
  return speakerWaitMs({ probability, habits, cutOffMs: CUT_OFF_MS, leastMs: LEAST_MS, mostMs }) * share;
}
