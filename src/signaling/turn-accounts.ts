import { randomBytes } from 'node:crypto';
import type { ConversationEvent } from '../agents/events.js';
import type { Metrics } from '../metrics/metrics.js';
import type { OtlpExporter } from '../metrics/otlp-exporter.js';
import { turnSpans } from '../metrics/turn-spans.js';
import { estimatedDeliveryMs, type SilenceLedger, silenceLedger } from '../silence-ledger.js';

export interface TurnAccounts {
  sessionId: string;
  metrics: Metrics;
  /** Undefined: nobody asked for spans. */
  spans?: Pick<OtlpExporter, 'export'> | undefined;
  /** Of the participant's connection; undefined when unknown. */
  roundTripMs: (participantId: string) => number | undefined;
}

/** Draws up a turn's ledger, with what delivery takes by estimate, and hands it to metrics and spans. */
export function settleTurn(
  { turnId, participantId, utteranceId, lastVoicedAtMs, latency }: Extract<ConversationEvent, { type: 'latency' }>,
  { sessionId, metrics, spans, roundTripMs }: TurnAccounts,
): SilenceLedger {
  const deliveryMs = estimatedDeliveryMs(roundTripMs(participantId));
  const ledger = silenceLedger(latency, (latency.firstSentMs ?? 0) + deliveryMs);
  metrics.recordTurn(latency, ledger);
  spans?.export(turnSpans({ sessionId, turnId, utteranceId, lastVoicedAtMs, latency, ledger }, hexId));
  return ledger;
}

/** All zeros would be an invalid identifier; they come once in 2⁶⁴ times. */
function hexId(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}
