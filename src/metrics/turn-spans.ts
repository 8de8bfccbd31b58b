/** One turn as OpenTelemetry spans: a root for the silence and a child for each part of its ledger, end to end. Pure. */
import type { TurnLatency } from '../agents/events.js';
import { SILENCE_PARTS, type SilenceLedger } from '../silence-ledger.js';
import type { Attributes, Span } from './otlp-json.js';

export interface TracedTurn {
  sessionId: string;
  turnId: number;
  utteranceId: number;
  /** Wall clock, ms since 1970. */
  lastVoicedAtMs: number;
  latency: TurnLatency;
  ledger: SilenceLedger;
}

/** What really happened when, within the parts as well: recognition and synthesis run while the decision is waited for. */
const MOMENTS = [
  ['speculationMs', 'pause seen'],
  ['transcriptMs', 'text known'],
  ['firstTextMs', 'first text'],
  ['firstSegmentMs', 'first segment'],
  ['firstAudioMs', 'first audio'],
  ['turnEndMs', 'turn decided'],
  ['firstSentMs', 'first sample sent'],
] as const satisfies readonly (readonly [keyof TurnLatency, string])[];

/** `hexId(bytes)`: a random identifier that is not all zeros, in lower-case hexadecimal. Nothing that was said is in a span. */
export function turnSpans(turn: TracedTurn, hexId: (bytes: number) => string): Span[] {
  const { lastVoicedAtMs, latency, ledger } = turn;
  const traceId = hexId(16);
  const rootId = hexId(8);
  const root: Span = {
    traceId,
    spanId: rootId,
    name: 'visavis.turn',
    startMs: lastVoicedAtMs,
    endMs: lastVoicedAtMs + ledger.totalMs,
    attributes: rootAttributes(turn),
    events: MOMENTS.flatMap(([field, name]) => {
      const ms = latency[field];
      return ms === undefined ? [] : [{ name, atMs: lastVoicedAtMs + ms }];
    }),
  };
  let atMs = lastVoicedAtMs;
  const parts = SILENCE_PARTS.map((part): Span => {
    const startMs = atMs;
    atMs += ledger.parts[part];
    const spanId = hexId(8);
    const attributes: Attributes = part === 'delivery' ? { 'visavis.estimated': true } : {};
    const name = `visavis.turn.${part}`;
    return { traceId, spanId, parentSpanId: rootId, name, startMs, endMs: atMs, attributes, events: [] };
  });
  return [root, ...parts];
}

function rootAttributes({ sessionId, turnId, utteranceId, latency, ledger }: TracedTurn): Attributes {
  const { speculationUsed, recognitionComputeMs, synthesisComputeMs } = latency;
  return {
    'visavis.session.id': sessionId,
    'visavis.turn.id': turnId,
    'visavis.utterance.id': utteranceId,
    'visavis.silence.ms': ledger.totalMs,
    ...(speculationUsed === undefined ? {} : { 'visavis.speculation.used': speculationUsed }),
    ...(recognitionComputeMs === undefined ? {} : { 'visavis.recognition.compute_ms': recognitionComputeMs }),
    ...(synthesisComputeMs === undefined ? {} : { 'visavis.synthesis.compute_ms': synthesisComputeMs }),
  };
}
