/** What a session's turn-taking changes in the turn machine. Pure. */
import type { TurnTaking } from '../turn-taking.js';
import { DEFAULT_TURN_SETTINGS, type TurnSettings } from './turn.js';

/** Of an operator, for `balanced`; the other modes are in proportion. */
export interface TurnTimes {
  /** Silence that ends a turn whose words sound finished (`min`) and unfinished (`max`). */
  endOfTurnMs: { min: number; max: number };
  /** From the onset of speech over the avatar's voice to the decision whether it is an interruption. */
  interruptionMs: number;
}

/** `wait`: of the silence that ends a turn. `overlap`: of the time, and of the voice, that make an interruption. */
const SHARES: Record<TurnTaking, { wait: number; overlap: number }> = {
  eager: { wait: 0.6, overlap: 0.7 },
  balanced: { wait: 1, overlap: 1 },
  patient: { wait: 1.75, overlap: 1.4 },
  // Neither silence nor overlaps decide anything.
  off: { wait: 1, overlap: 1 },
  'push-to-talk': { wait: 1, overlap: 1 },
};

/** A pause is known after 64 ms; a turn that ended sooner would end between two words. */
const LEAST_WAIT_MS = 128;

/** With the standard times (400-1200, 448) `balanced` gives `DEFAULT_TURN_SETTINGS`, but for the 720 ms of undecided words. */
export function turnSettingsOf(mode: TurnTaking, { endOfTurnMs, interruptionMs }: TurnTimes): TurnSettings {
  const { wait, overlap } = SHARES[mode];
  const waited = (ms: number) => Math.max(LEAST_WAIT_MS, Math.round(ms * wait));
  const { min, max } = endOfTurnMs;
  return {
    ...DEFAULT_TURN_SETTINGS,
    questionMs: waited(min * 0.8),
    completeMs: waited(min),
    openMs: waited(min * 0.6 + max * 0.4),
    unfinishedMs: waited(max),
    classifyMs: Math.round(DEFAULT_TURN_SETTINGS.classifyMs * overlap),
    decideMs: Math.round(interruptionMs * overlap),
    insistMs: Math.round(DEFAULT_TURN_SETTINGS.insistMs * overlap),
    keyed: mode === 'push-to-talk',
  };
}
