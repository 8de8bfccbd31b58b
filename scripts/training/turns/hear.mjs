/**
 * What the service hears of a turn: voice activity by its own detector, pauses by its own turn machine (told never to end a turn), and the voice
 * before each of them. `{ pauses: [{ lastVoicedMs, resumedMs, part, prosody }] }`; `part` is the scripted part that ends there, −1 for a pause
 * that nobody scripted, `resumedMs` null after the last word.
 */
import { ProsodyTracker } from '../../../dist/agents/end-of-turn/prosody.js';
import { SpeechLevel } from '../../../dist/agents/speech-level.js';
import { TurnMachine } from '../../../dist/agents/turn.js';

const WINDOW = 512;
const WINDOW_MS = 32;
/** As in the listener: what is heard before the onset belongs to the turn. */
const PREROLL_WINDOWS = 10;
const NEVER_MS = 1e9;
/** The detector may let go of a soft last sound this long before it is over. */
const EARLY_MS = 160;

export async function hear(sound, truth, vad) {
  vad.reset();
  const machine = new TurnMachine({
    questionMs: NEVER_MS,
    completeMs: NEVER_MS,
    openMs: NEVER_MS,
    unfinishedMs: NEVER_MS,
  });
  const tracker = new ProsodyTracker();
  const level = new SpeechLevel();
  const preroll = [];
  const pauses = [];
  let inTurn = false;
  let atMs = 0;
  for (let from = 0; from + WINDOW <= sound.length; from += WINDOW) {
    const window = sound.subarray(from, from + WINDOW);
    const detected = await vad.process(window);
    atMs += WINDOW_MS;
    if (inTurn) tracker.push(window);
    else {
      preroll.push(window);
      if (preroll.length > PREROLL_WINDOWS) preroll.shift();
    }
    const probability = inTurn ? level.probability(window, detected) : detected;
    for (const decision of machine.window(probability, atMs, false)) {
      if (decision.type === 'onset') {
        inTurn = true;
        tracker.beginTurn();
        for (const heard of preroll.splice(0)) tracker.push(heard);
      } else if (decision.type === 'pause') {
        const { lastVoicedMs } = decision;
        const prosody = Array.from(tracker.describe(), (value) => Math.round(value * 1e4) / 1e4);
        pauses.push({ lastVoicedMs, resumedMs: null, part: partAt(lastVoicedMs, truth), prosody });
      } else if (decision.type === 'continue') {
        tracker.goOn();
        pauses.at(-1).resumedMs = atMs;
      }
    }
  }
  return { pauses };
}

const partAt = (ms, truth) =>
  truth.findIndex(({ endMs, nextMs }) => ms > endMs - EARLY_MS && ms < (nextMs ?? Number.POSITIVE_INFINITY));
