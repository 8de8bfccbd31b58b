import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

const hex = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`))
    .refine((id) => /[^0]/.test(id), 'all zeros');
/** fixed64 and int64 of protobuf's JSON mapping. */
const integer64 = z.string().regex(/^-?\d{1,20}$/);
const anyValue = z.union([
  z.strictObject({ stringValue: z.string() }),
  z.strictObject({ boolValue: z.boolean() }),
  z.strictObject({ intValue: integer64 }),
  z.strictObject({ doubleValue: z.number() }),
]);
const attributes = z
  .array(z.strictObject({ key: z.string().min(1), value: anyValue }))
  .refine((list) => new Set(list.map(({ key }) => key)).size === list.length, 'a key stands twice');
const span = z
  .strictObject({
    traceId: hex(16),
    spanId: hex(8),
    parentSpanId: hex(8).optional(),
    name: z.string().min(1),
    kind: z.int().min(0).max(5),
    startTimeUnixNano: integer64,
    endTimeUnixNano: integer64,
    attributes,
    events: z.array(z.strictObject({ timeUnixNano: integer64, name: z.string().min(1) })),
  })
  .refine((s) => BigInt(s.endTimeUnixNano) >= BigInt(s.startTimeUnixNano), 'ends before it begins');
/** `ExportTraceServiceRequest` of opentelemetry-proto 1.x, as far as a span without links and status goes. */
const exportRequest = z.strictObject({
  resourceSpans: z.array(
    z.strictObject({
      resource: z.strictObject({ attributes }),
      scopeSpans: z.array(
        z.strictObject({ scope: z.strictObject({ name: z.string(), version: z.string() }), spans: z.array(span) }),
      ),
    }),
  ),
});

export type ReceivedSpan = z.infer<typeof span>;

/** What the receiver does with one request. */
export type ReceiverScript =
  | { status: number; retryAfterS?: number; rejected?: number; location?: string; body?: string }
  /** The connection is cut. */
  | 'hang-up'
  | 'never';

/**
 * A stand-in for an OpenTelemetry collector: takes `POST …/v1/traces` over HTTP in JSON, holds every request to the protocol (400 and an
 * entry in `violations` where one breaks it), and answers as the next script says, else with success.
 */
export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  readonly resources: Record<string, string>[] = [];
  readonly violations: string[] = [];
  readonly requests: { path: string; headers: IncomingMessage['headers']; atMs: number }[] = [];
  readonly scripts: ReceiverScript[] = [];
  readonly #server: Server;

  static async start(path = '/v1/traces'): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver(path);
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  private constructor(readonly path: string) {
    this.#server = createServer((request, response) => void this.#take(request, response));
  }

  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    this.requests.push({ path: request.url ?? '', headers: request.headers, atMs: performance.now() });
    const problem = this.#problemOf(request, Buffer.concat(chunks).toString('utf8'));
    const script = this.scripts.shift() ?? { status: 200 };
    if (script === 'never') return;
    if (script === 'hang-up') return void request.socket.destroy();
    const status = problem === undefined ? script.status : 400;
    if (script.retryAfterS !== undefined) response.setHeader('retry-after', String(script.retryAfterS));
    if (script.location !== undefined) response.setHeader('location', script.location);
    response.writeHead(status, { 'content-type': 'application/json' });
    if (status !== 200)
      return void response.end(script.body ?? JSON.stringify({ code: 14, message: problem ?? 'busy' }));
    const { rejected } = script;
    const partialSuccess = { rejectedSpans: String(rejected), errorMessage: 'too many' };
    response.end(script.body ?? JSON.stringify(rejected === undefined ? {} : { partialSuccess }));
  }

  #problemOf(request: IncomingMessage, body: string): string | undefined {
    const violate = (what: string): string => {
      this.violations.push(what);
      return what;
    };
    if (request.method !== 'POST') return violate(`method ${request.method}`);
    if (request.url !== this.path) return violate(`path ${request.url}`);
    if (!/^application\/json(;|$)/.test(request.headers['content-type'] ?? '')) return violate('content-type');
    const parsed = exportRequest.safeParse(JSON.parse(body));
    if (!parsed.success) return violate(z.prettifyError(parsed.error));
    const spans = parsed.data.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
    for (const { parentSpanId, traceId } of spans) {
      if (parentSpanId === undefined) continue;
      // A trace may be spread over several requests; a root is sent before its children.
      const parent = [...this.spans, ...spans].find((other) => other.spanId === parentSpanId);
      if (parent?.traceId !== traceId) return violate(`parent ${parentSpanId} is not in the trace`);
    }
    if (this.scripts.length > 0 && this.scripts[0] !== undefined && !isTaken(this.scripts[0])) return undefined;
    this.spans.push(...spans);
    for (const { resource } of parsed.data.resourceSpans) {
      this.resources.push(
        Object.fromEntries(resource.attributes.map(({ key, value }) => [key, String(Object.values(value)[0])])),
      );
    }
    return undefined;
  }
}

function isTaken(script: ReceiverScript): boolean {
  return typeof script === 'object' && script.status === 200;
}
