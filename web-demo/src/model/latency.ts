import type { TurnLatency } from '../../../src/agents/events.js';
import { estimatedDeliveryMs, SILENCE_PARTS, type SilencePart, silenceLedger } from '../../../src/silence-ledger.js';
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

/** One part of a silence; `fromMs` is where it begins, so that the parts stand end to end. */
export interface Part {
  label: string;
  fromMs: number;
  ms: number;
}

const LABELS: Record<SilencePart, string> = {
  detection: 'Pause seen',
  decision: 'Turn over',
  recognition: 'Understood',
  agent: 'First text',
  segmentation: 'Sentence',
  synthesis: 'Voice made',
  pacing: 'Sent',
  delivery: 'Both ways',
};

/**
 * What the silence before an answer was spent on: of what was heard here, or of the server's figure with an estimate of the delivery
 * (`isEstimate`). The parts add up to `totalMs` exactly; those that took no time are left out. Undefined without the server's figures.
 */
export function partsOf({
  latency,
  heardMs,
}: TurnTiming): { totalMs: number; isEstimate: boolean; parts: Part[] } | undefined {
  const { firstSentMs } = latency;
  if (firstSentMs === undefined) return undefined;
  const ledger = silenceLedger(latency, heardMs ?? firstSentMs + estimatedDeliveryMs());
  let fromMs = 0;
  const parts = SILENCE_PARTS.map((part) => {
    const ms = ledger.parts[part];
    fromMs += ms;
    return { label: LABELS[part], fromMs: fromMs - ms, ms };
  });
  return { totalMs: ledger.totalMs, isEstimate: heardMs === undefined, parts: parts.filter(({ ms }) => ms > 0) };
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
