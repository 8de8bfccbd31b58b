import type { TurnLatency } from '../../../src/agents/events.js';
import type { ConversationEvent } from '../client/events.js';

export interface TurnTiming {
  turnId: number | undefined;
  latency: TurnLatency;
  /** From the visitor's last voiced sample to the first voiced sample of the answer, as measured in this browser. */
  heardMs: number | undefined;
  atMs: number;
}

export const MAX_TIMINGS = 50;
/** The server's figures and the browser's own arrive within this time of each other. */
const PAIRING_WINDOW_MS = 5_000;

export type LatencyInput = ConversationEvent | { type: 'heard'; ms: number };

/** Pairs the server's figures of a turn with the one measured here. Newest last. */
export function reduceLatency(
  timings: readonly TurnTiming[],
  event: LatencyInput,
  nowMs: number,
): readonly TurnTiming[] {
  if (event.type !== 'latency' && event.type !== 'heard') return timings;
  const last = timings.at(-1);
  const isRecent = last !== undefined && nowMs - last.atMs < PAIRING_WINDOW_MS;
  if (event.type === 'heard') {
    if (isRecent && last.heardMs === undefined) return timings.with(-1, { ...last, heardMs: event.ms });
    return append(timings, { turnId: undefined, latency: {}, heardMs: event.ms, atMs: nowMs });
  }
  const { turnId, latency } = event;
  const index = timings.findIndex((timing) => timing.turnId === turnId);
  const known = timings[index];
  if (known) return timings.with(index, { ...known, latency: { ...known.latency, ...latency } });
  if (isRecent && last.turnId === undefined) return timings.with(-1, { ...last, turnId, latency });
  return append(timings, { turnId, latency, heardMs: undefined, atMs: nowMs });
}

export interface Stage {
  label: string;
  ms: number;
}

const STAGES: readonly [keyof TurnLatency, string][] = [
  ['speculationMs', 'Head start'],
  ['transcriptMs', 'Understood'],
  ['turnEndMs', 'Turn decided'],
  ['firstTextMs', 'First text'],
  ['firstAudioMs', 'First audio'],
  ['firstSentMs', 'First sent'],
];

/** The stages that happened, in the order in which they did, and last what was heard here. */
export function stagesOf({ latency, heardMs }: TurnTiming): Stage[] {
  const stages = STAGES.flatMap(([key, label]) => {
    const ms = latency[key];
    return typeof ms === 'number' ? [{ label, ms: Math.round(ms) }] : [];
  }).sort((a, b) => a.ms - b.ms);
  return heardMs === undefined ? stages : [...stages, { label: 'Heard here', ms: Math.round(heardMs) }];
}

/** Median of what was heard here; undefined without any. */
export function medianHeardMs(timings: readonly TurnTiming[]): number | undefined {
  const sorted = timings.flatMap(({ heardMs }) => heardMs ?? []).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  const lower = sorted[middle - 1];
  if (upper === undefined) return undefined;
  return sorted.length % 2 === 1 || lower === undefined ? upper : Math.round((lower + upper) / 2);
}

/** "640 ms", "1.3 s". */
export function formatMs(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}

function append(timings: readonly TurnTiming[], timing: TurnTiming): readonly TurnTiming[] {
  return [...timings.slice(-(MAX_TIMINGS - 1)), timing];
}
