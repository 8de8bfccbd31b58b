/**
 * What the silence between a visitor's last voiced sample and the avatar's first one was spent on. Pure.
 *
 * Recognition, agent and synthesis work while the turn detector still waits, so their times overlap. Each part of the ledger is the time by
 * which its stage put the answer off beyond all stages before it: what was done within an earlier stage's wait costs nothing. The parts are whole
 * milliseconds, none is negative, and they add up to the total exactly: each is the distance between two neighbouring marks on one line.
 */
import type { TurnLatency } from './agents/events.js';

/** In the order in which an answer passes them. */
export const SILENCE_PARTS = [
  /** Until the voice detector was sure of a pause and its audio had come. */
  'detection',
  /** Until the turn was decided to be over. */
  'decision',
  /** Until the final text was known. */
  'recognition',
  /** Until the agent's first text. */
  'agent',
  /** Until that text was enough to be spoken. */
  'segmentation',
  /** Until the first audio. */
  'synthesis',
  /** Until its first sample was handed to the network. */
  'pacing',
  /** Both ways between visitor and service: capture, network, jitter buffer, playout. */
  'delivery',
] as const;
export type SilencePart = (typeof SILENCE_PARTS)[number];

export interface SilenceLedger {
  /** Whole milliseconds from the visitor's last voiced sample to the answer's first one; the sum of `parts`. */
  totalMs: number;
  parts: Record<SilencePart, number>;
}

/** The mark at which each part ends; the last one ends with the silence. */
const MARKS = {
  detection: 'speculationMs',
  decision: 'turnEndMs',
  recognition: 'transcriptMs',
  agent: 'firstTextMs',
  segmentation: 'firstSegmentMs',
  synthesis: 'firstAudioMs',
  pacing: 'firstSentMs',
} as const satisfies Record<Exclude<SilencePart, 'delivery'>, keyof TurnLatency>;

/**
 * Capture, packet, reordering and decoding of the microphone, and Opus frame, jitter buffer and playout at the other end: 25 and 75 ms over
 * a network without delay, the latency budget of docs/decisions/0013-latency-ledger.md. The round trip comes on top.
 */
const DELIVERY_WITHOUT_NETWORK_MS = 100;

/** What both ways take, as far as the service can know it. `roundTripMs`: of the visitor's connection; 0 when unknown. */
export function estimatedDeliveryMs(roundTripMs = 0): number {
  return DELIVERY_WITHOUT_NETWORK_MS + Math.max(0, roundTripMs);
}

/**
 * Splits `totalMs` of silence. `totalMs` is what was heard, or `firstSentMs` plus an estimate of the delivery; a mark beyond it counts as
 * at its end. Marks that are missing, not numbers or out of order cost nothing.
 */
export function silenceLedger(latency: TurnLatency, totalMs: number): SilenceLedger {
  const total = Number.isFinite(totalMs) ? Math.max(0, Math.round(totalMs)) : 0;
  const parts = Object.fromEntries(SILENCE_PARTS.map((part) => [part, 0])) as Record<SilencePart, number>;
  let reached = 0;
  for (const part of SILENCE_PARTS) {
    const mark = part === 'delivery' ? total : latency[MARKS[part]];
    if (mark === undefined || !Number.isFinite(mark)) continue;
    const end = Math.min(total, Math.max(reached, Math.round(mark)));
    parts[part] = end - reached;
    reached = end;
  }
  return { totalMs: total, parts };
}
