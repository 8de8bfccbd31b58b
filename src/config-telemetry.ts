/** The settings of OpenTelemetry that apply here, under the names and with the meanings of its specification. */
import { type Parse, text, webAddress, whole } from './config-values.js';

/** Where spans go. */
export interface TelemetryConfig {
  url: string;
  /** With whatever key the receiver wants. */
  headers: Readonly<Record<string, string>>;
  timeoutMs: number;
  /** Of the service, besides its version: `service.name` and what OTEL_RESOURCE_ATTRIBUTES adds. */
  resource: Readonly<Record<string, string>>;
}

/** `name=value,name=value`, both percent-encoded (W3C Baggage, as the specification has it). */
const pairs: Parse<Record<string, string>> = text.transform((value, context) => {
  const entries: [string, string][] = [];
  for (const item of value.split(',')) {
    if (item.trim() === '') continue;
    const at = item.indexOf('=');
    const entry = at < 1 ? undefined : decoded(item.slice(0, at), item.slice(at + 1));
    if (entry !== undefined) entries.push(entry);
    // The value may be a key.
    else context.addIssue('expected NAME=VALUE pairs, separated by commas, percent-encoded');
  }
  return Object.fromEntries(entries);
});

const headers: Parse<Record<string, string>> = pairs.transform((given, context) => {
  const wrong = Object.entries(given).find(
    ([name, value]) => !/^[\w!#$%&'*+.^`|~-]+$/.test(name) || !/^[ -~]*$/.test(value),
  );
  if (wrong !== undefined) context.addIssue(`expected HTTP headers; ${JSON.stringify(wrong[0])} cannot be one`);
  return given;
});

export const telemetryVariables = {
  OTEL_SDK_DISABLED: [text, 'false'],
  OTEL_TRACES_EXPORTER: [text, 'otlp'],
  OTEL_EXPORTER_OTLP_ENDPOINT: [webAddress, undefined],
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: [webAddress, undefined],
  OTEL_EXPORTER_OTLP_PROTOCOL: [text, 'http/json'],
  OTEL_EXPORTER_OTLP_HEADERS: [headers, {}],
  OTEL_EXPORTER_OTLP_TIMEOUT: [whole(1, 600_000), 10_000],
  OTEL_SERVICE_NAME: [text, undefined],
  OTEL_RESOURCE_ATTRIBUTES: [pairs, {}],
} as const satisfies Record<string, readonly [Parse<unknown>, unknown]>;

type Variables = typeof telemetryVariables;
type Values = { [K in keyof Variables]: ReturnType<Variables[K][0]['parse']> | Variables[K][1] };

/** What is set for a whole machine may name a protocol that is not spoken here; that is wrong only where spans are asked for. */
export function telemetryProblems(v: Values): string[] {
  const protocol = v.OTEL_EXPORTER_OTLP_PROTOCOL;
  if (telemetryOf(v) === null || protocol === 'http/json') return [];
  return [
    `OTEL_EXPORTER_OTLP_PROTOCOL: expected http/json, which receivers take at the port of http/protobuf (4318), got "${protocol}"`,
  ];
}

/** Null: nobody asked for spans. */
export function telemetryOf(v: Values): TelemetryConfig | null {
  const exporters = v.OTEL_TRACES_EXPORTER.split(',').map((name) => name.trim());
  if (v.OTEL_SDK_DISABLED.toLowerCase() === 'true' || !exporters.includes('otlp')) return null;
  // The general address is a base; the one for traces is used as it is.
  const base = v.OTEL_EXPORTER_OTLP_ENDPOINT?.replace(/\/*$/, '');
  const url = v.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? (base === undefined ? undefined : `${base}/v1/traces`);
  if (url === undefined) return null;
  const { 'service.name': named, ...attributes } = v.OTEL_RESOURCE_ATTRIBUTES as Record<string, string>;
  return {
    url,
    headers: v.OTEL_EXPORTER_OTLP_HEADERS,
    timeoutMs: v.OTEL_EXPORTER_OTLP_TIMEOUT,
    resource: { 'service.name': v.OTEL_SERVICE_NAME ?? named ?? 'visavis', ...attributes },
  };
}

function decoded(name: string, value: string): [string, string] | undefined {
  try {
    return [decodeURIComponent(name.trim()), decodeURIComponent(value.trim())];
  } catch {
    return undefined;
  }
}
