/** From recorded dialogues to figures. Pure: `bench --verify` runs the same code over the kept recordings. */

import type { Wav } from '../media/wav.js';
import type { FrameSeen } from './browser.js';
import type { Dialogue, PageEvent, SpokenTurn } from './dialogue.js';
import { dropsBelow, firstVoiced, lastVoiced } from './waveform.js';

export interface Response {
  text: string;
  /** From the visitor's last voiced sample to the avatar's first one after it; undefined when no reply was heard. */
  responseMs: number | undefined;
}

/** Response times from the recording alone: left channel visitor, right channel avatar. */
export function responses(recording: Wav, turns: readonly SpokenTurn[]): Response[] {
  const [visitor, avatar] = recording.channels as [Float32Array, Float32Array];
  const rate = recording.sampleRateHz;
  return turns
    .filter((turn) => turn.kind === 'question')
    .map((turn) => {
      const end = lastVoiced(visitor, rate, turn.first, turn.last);
      const reply = end === undefined ? undefined : firstVoiced(avatar, rate, end, Math.floor(turn.end));
      return {
        text: turn.text,
        responseMs: end === undefined || reply === undefined ? undefined : ((reply - end) * 1000) / rate,
      };
    });
}

export interface BargeIn {
  text: string;
  /** From the onset of the visitor's voice to the avatar's at least 12 dB lower or silent, in the recording. */
  duckedMs: number | undefined;
  /** From the onset to the decision that stood, by the server's clock: one that was taken back does not count. */
  decidedMs: number | undefined;
  outcome: 'stopped' | 'resumed' | 'none';
  /** From the page's news of the stop to the mouth at rest on the received frames. */
  mouthAtRestMs: number | undefined;
}

/** Pauses between words are shorter. */
const DUCK_HOLD_MS = 200;
const REST_TOLERANCE = 0.012;

export function bargeIns(
  dialogue: Pick<Dialogue, 'recording' | 'events' | 'frames' | 'clock'>,
  turns: readonly SpokenTurn[],
): BargeIn[] {
  const { recording, events, frames, clock } = dialogue;
  const [visitor, avatar] = recording.channels as [Float32Array, Float32Array];
  const rate = recording.sampleRateHz;
  const wallMs = (frame: number) => clock.nowWallMs + ((frame - clock.nowFrame) * 1000) / rate;
  return turns
    .filter((turn) => turn.kind !== 'question')
    .map((turn) => {
      const onset = firstVoiced(visitor, rate, turn.first, turn.last);
      const quiet =
        onset === undefined
          ? undefined
          : dropsBelow(avatar, rate, onset, onset + rate * 2, { dropDb: 12, holdMs: DUCK_HOLD_MS });
      const during = events.filter((e) => e.atMs >= wallMs(turn.first) && e.atMs <= wallMs(turn.end));
      const decision = during.findLast((e) => e.event.type === 'interruption' && e.event.phase !== 'ducked');
      const stopped = decision?.event.type === 'interruption' && decision.event.phase === 'stopped';
      return {
        text: turn.text,
        duckedMs: onset === undefined || quiet === undefined ? undefined : ((quiet - onset) * 1000) / rate,
        decidedMs: decision?.event.type === 'interruption' ? decision.event.sinceOnsetMs : undefined,
        outcome: decision === undefined ? 'none' : stopped ? 'stopped' : 'resumed',
        mouthAtRestMs: stopped && decision !== undefined ? restAfter(frames, decision, during) : undefined,
      };
    });
}

/** When the darkness of the mouth comes back to that of the closed mouth, and stays until the next utterance begins. */
function restAfter(frames: readonly FrameSeen[], stop: PageEvent, during: readonly PageEvent[]): number | undefined {
  const next = during.find((e) => e.atMs > stop.atMs && e.event.type === 'state' && e.event.state === 'speaking');
  const until = next?.atMs ?? stop.atMs + 2_000;
  const after = frames.filter((f) => f.displayAt >= stop.atMs && f.displayAt < until);
  if (after.length < 5) return undefined;
  const rest = after.map((f) => f.dark).toSorted((a, b) => a - b)[Math.floor(after.length / 4)] ?? 0;
  let at: number | undefined;
  for (const frame of after) {
    if (frame.dark > rest + REST_TOLERANCE) at = undefined;
    else at ??= frame.displayAt;
  }
  return at === undefined ? undefined : at - stop.atMs;
}

/**
 * From the moment a frame was made to its display. Video RTP timestamps follow the wall clock of the sending machine at 90 kHz,
 * modulo 2³², so the time of making is in the timestamp itself (same machine, same clock).
 */
export function frameToScreen(frames: readonly FrameSeen[]): number[] {
  const wrapMs = 2 ** 32 / 90;
  return frames.map((frame) => {
    const madeMs = frame.rtp / 90;
    const late = (frame.displayAt - madeMs) % wrapMs;
    return late > wrapMs / 2 ? late - wrapMs : late;
  });
}
