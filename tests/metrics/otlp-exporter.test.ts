import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.js';
import { createLogger } from '../../src/log.js';
import { Metrics } from '../../src/metrics/metrics.js';
import { OtlpExporter } from '../../src/metrics/otlp-exporter.js';
import { turnSpans } from '../../src/metrics/turn-spans.js';
import { SILENCE_PARTS, silenceLedger } from '../../src/silence-ledger.js';
import { OtlpReceiver } from '../support/otlp-receiver.js';

const latency = {
  speculationMs: 66.4,
  transcriptMs: 190.2,
  firstTextMs: 201,
  firstSegmentMs: 201.3,
  firstAudioMs: 396.7,
  turnEndMs: 416,
  firstSentMs: 431.9,
  speculationUsed: true,
  recognitionComputeMs: 118.5,
};
const LAST_VOICED_AT_MS = 1_790_000_000_123.25;

let number = 0;
const hexId = (bytes: number): string => (++number).toString(16).padStart(bytes * 2, '0');
const turn = (turnId = 1) => {
  const ledger = silenceLedger(latency, 535);
  return turnSpans(
    { sessionId: 's-1', turnId, utteranceId: 7, lastVoicedAtMs: LAST_VOICED_AT_MS, latency, ledger },
    hexId,
  );
};

let receiver: OtlpReceiver;
let metrics: Metrics;
const exporters: OtlpExporter[] = [];
beforeEach(async () => {
  receiver = await OtlpReceiver.start();
  metrics = new Metrics();
});
afterEach(async () => {
  await Promise.all(exporters.splice(0).map((exporter) => exporter.close()));
  await receiver.close();
});

function exporter(env: Record<string, string> = {}): OtlpExporter {
  const { telemetry } = loadConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, ...env });
  if (telemetry === null) throw new Error('no telemetry');
  const made = new OtlpExporter({
    config: telemetry,
    version: '1.2.3',
    instanceId: 'gateway-1',
    metrics,
    logger: createLogger('test', 'silent'),
    firstPauseMs: 1,
  });
  exporters.push(made);
  return made;
}

describe('a turn sent to a receiver', () => {
  it('arrives by the protocol, its parts end to end under one root', async () => {
    const sender = exporter({
      OTEL_SERVICE_NAME: 'lobby',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=caf%C3%A9,service.name=other',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20abc,x-tenant=7',
    });
    sender.export(turn());
    await sender.flush();
    expect(receiver.violations).toEqual([]);
    expect(receiver.requests[0]).toMatchObject({ headers: { authorization: 'Bearer abc', 'x-tenant': '7' } });
    expect(receiver.resources).toEqual([
      {
        'service.name': 'lobby',
        'deployment.environment': 'café',
        'service.version': '1.2.3',
        'service.instance.id': 'gateway-1',
      },
    ]);
    const [root, ...parts] = receiver.spans;
    expect(parts.map(({ name }) => name)).toEqual(SILENCE_PARTS.map((part) => `visavis.turn.${part}`));
    expect(root).toMatchObject({ name: 'visavis.turn', startTimeUnixNano: '1790000000123250000' });
    let atNano = root?.startTimeUnixNano;
    for (const part of parts) {
      expect(part).toMatchObject({ traceId: root?.traceId, parentSpanId: root?.spanId, startTimeUnixNano: atNano });
      atNano = part.endTimeUnixNano;
    }
    expect(atNano).toBe(root?.endTimeUnixNano);
    expect(root?.events.map(({ name }) => name)).toContain('text known');
    expect(root?.attributes).toContainEqual({ key: 'visavis.silence.ms', value: { intValue: '535' } });
    expect(await metrics.registry.metrics()).toContain('visavis_spans_total{result="exported"} 9');
  });

  it.each([
    ['503 without a time', { status: 503 } as const],
    ['429 with a time', { status: 429, retryAfterS: 0 } as const],
    ['a connection that is cut', 'hang-up' as const],
  ])('is sent again after %s', async (_what, script) => {
    receiver.scripts.push(script, script);
    const sender = exporter();
    sender.export(turn());
    await sender.flush();
    expect(receiver.requests).toHaveLength(3);
    expect(sender.counts).toEqual({ exported: 9, dropped: 0 });
  });

  it.each([400, 401, 404, 500])('is dropped and counted after %d, which would be answered again', async (status) => {
    receiver.scripts.push({ status });
    const sender = exporter();
    sender.export(turn());
    await sender.flush();
    expect(receiver.requests).toHaveLength(1);
    expect(sender.counts).toEqual({ exported: 0, dropped: 9 });
  });

  it('is given up after five attempts', async () => {
    receiver.scripts.push(...Array.from({ length: 9 }, () => ({ status: 503 })));
    const sender = exporter();
    sender.export(turn());
    await sender.flush();
    expect(receiver.requests).toHaveLength(5);
    expect(sender.counts).toEqual({ exported: 0, dropped: 9 });
  });

  it('does not follow the receiver elsewhere with its key', async () => {
    const other = await OtlpReceiver.start();
    receiver.scripts.push(...Array.from({ length: 5 }, () => ({ status: 307, location: `${other.url}/v1/traces` })));
    const sender = exporter({ OTEL_EXPORTER_OTLP_HEADERS: 'authorization=secret' });
    sender.export(turn());
    await sender.flush();
    expect(other.requests).toEqual([]);
    await other.close();
  });

  it('counts what the receiver took only in part', async () => {
    receiver.scripts.push({ status: 200, rejected: 4 });
    const sender = exporter();
    sender.export(turn());
    await sender.flush();
    expect(sender.counts).toEqual({ exported: 5, dropped: 4 });
  });

  it('is taken as arrived when the answer is empty or no JSON', async () => {
    receiver.scripts.push({ status: 200, body: '' }, { status: 200, body: '<html>' });
    const sender = exporter();
    for (let i = 0; i < 2; i++) {
      sender.export(turn());
      await sender.flush();
    }
    expect(sender.counts).toEqual({ exported: 18, dropped: 0 });
  });
});

describe('the queue', () => {
  it('is bounded while the receiver does not answer, and closing does not wait for it', async () => {
    receiver.scripts.push('never', 'never', 'never');
    const sender = exporter();
    for (let i = 0; i < 400; i++) sender.export(turn(i));
    expect(sender.counts.dropped).toBe(400 * 9 - 2_048);
    await sender.close();
    expect(sender.counts).toEqual({ exported: 0, dropped: 3_600 });
    sender.export(turn());
    expect(sender.counts.dropped).toBe(3_609);
  });

  it('is sent in batches of 512', async () => {
    const sender = exporter();
    for (let i = 0; i < 200; i++) sender.export(turn(i));
    await sender.flush();
    expect(receiver.requests).toHaveLength(4);
    expect(sender.counts).toEqual({ exported: 1_800, dropped: 0 });
  });
});

describe('the settings of OpenTelemetry', () => {
  const of = (env: Record<string, string>) => loadConfig(env).telemetry;

  it('ask for nothing unless an address is set', () => {
    expect(of({})).toBeNull();
    expect(of({ OTEL_SERVICE_NAME: 'x', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })).toBeNull();
    expect(of({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_SDK_DISABLED: 'TRUE' })).toBeNull();
    expect(of({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_TRACES_EXPORTER: 'none' })).toBeNull();
  });

  it('take the general address as a base and that of traces as it is', () => {
    expect(of({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318/' })?.url).toBe('http://c:4318/v1/traces');
    expect(of({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://c/in' })?.url).toBe('https://c/in');
  });

  it('are refused with their name where they cannot be followed, and without the value of a header', () => {
    const base = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' };
    expect(() => of({ ...base, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })).toThrow(
      /OTEL_EXPORTER_OTLP_PROTOCOL.*http\/json/,
    );
    expect(() => of({ ...base, OTEL_EXPORTER_OTLP_HEADERS: 'secret-without-name' })).toThrow(
      /OTEL_EXPORTER_OTLP_HEADERS/,
    );
    expect(() => of({ ...base, OTEL_EXPORTER_OTLP_HEADERS: 'k=%0d%0asecret' })).not.toThrow(/secret/);
    expect(() => of({ ...base, OTEL_EXPORTER_OTLP_HEADERS: 'k=%0d%0asecret' })).toThrow(/OTEL_EXPORTER_OTLP_HEADERS/);
  });
});
