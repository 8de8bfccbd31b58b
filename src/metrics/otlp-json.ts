/**
 * Spans in the JSON encoding of the OpenTelemetry protocol 1.x (opentelemetry-proto, `ExportTraceServiceRequest`): identifiers in
 * hexadecimal, enumerations as numbers, 64-bit integers as strings. Pure.
 */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface Span {
  /** 16 bytes in lower-case hexadecimal, not all zeros; `spanId`: 8 bytes. */
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  /** Wall clock, ms since 1970. */
  startMs: number;
  endMs: number;
  attributes: Attributes;
  events: readonly { name: string; atMs: number }[];
}

/** SPAN_KIND_INTERNAL of trace.proto. */
const KIND_INTERNAL = 1;

/** The body of `POST …/v1/traces`. */
export function exportRequest(spans: readonly Span[], resource: Attributes, scope: { name: string; version: string }) {
  return {
    resourceSpans: [
      {
        resource: { attributes: keyValues(resource) },
        scopeSpans: [{ scope, spans: spans.map(spanOf) }],
      },
    ],
  };
}

function spanOf({ traceId, spanId, parentSpanId, name, startMs, endMs, attributes, events }: Span) {
  return {
    traceId,
    spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    name,
    kind: KIND_INTERNAL,
    startTimeUnixNano: nanoseconds(startMs),
    endTimeUnixNano: nanoseconds(endMs),
    attributes: keyValues(attributes),
    events: events.map((event) => ({ timeUnixNano: nanoseconds(event.atMs), name: event.name })),
  };
}

/** Whole microseconds: a double holds no more of the present time. */
function nanoseconds(ms: number): string {
  return String(BigInt(Math.round(ms * 1000)) * 1000n);
}

function keyValues(attributes: Attributes) {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: string | number | boolean) {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
