/**
 * Sends spans to an OpenTelemetry receiver: OTLP over HTTP with JSON bodies, as its specification has it (retryable answers, Retry-After,
 * partial success). Nothing here can hold a conversation up: what does not fit into the queue or is refused is dropped and counted.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TelemetryConfig } from '../config-telemetry.js';
import type { Logger } from '../log.js';
import type { Metrics } from './metrics.js';
import { type Attributes, exportRequest, type Span } from './otlp-json.js';

const FLUSH_EVERY_MS = 2_000;
const MAX_QUEUED_SPANS = 2_048;
const MAX_BATCH_SPANS = 512;
const MAX_ATTEMPTS = 5;
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;
const CLOSE_WITHIN_MS = 2_000;
const MAX_ANSWER_BYTES = 65_536;
const COMPLAIN_EVERY_MS = 60_000;
/** The retryable answers of the protocol; anything else that is no success would be refused again. */
const RETRYABLE = new Set([429, 502, 503, 504]);

export interface OtlpExporterOptions {
  config: TelemetryConfig;
  /** Of this program. */
  version: string;
  /** Of this process, among all of the service. */
  instanceId: string;
  metrics: Pick<Metrics, 'spans'>;
  logger: Logger;
  flushEveryMs?: number;
  firstPauseMs?: number;
}

type Outcome = { result: 'taken'; rejected: number } | { result: 'refused' | 'again'; why: string; afterMs?: number };

export class OtlpExporter {
  /** Spans since the start. */
  readonly counts = { exported: 0, dropped: 0 };
  readonly #o: OtlpExporterOptions;
  readonly #resource: Attributes;
  readonly #timer: NodeJS.Timeout;
  readonly #abort = new AbortController();
  #queue: Span[] = [];
  #sending: Promise<void> | undefined;
  #complainedAtMs = Number.NEGATIVE_INFINITY;

  /** Undefined where nobody asked for spans. */
  static create(
    options: Omit<OtlpExporterOptions, 'config'> & { config: TelemetryConfig | null },
  ): OtlpExporter | undefined {
    const { config } = options;
    return config === null ? undefined : new OtlpExporter({ ...options, config });
  }

  constructor(options: OtlpExporterOptions) {
    this.#o = options;
    const { config, version, instanceId } = options;
    this.#resource = { ...config.resource, 'service.version': version, 'service.instance.id': instanceId };
    this.#timer = setInterval(() => void this.flush(), options.flushEveryMs ?? FLUSH_EVERY_MS);
    this.#timer.unref();
  }

  /** Takes spans that are over; never throws, never waits. */
  export(spans: readonly Span[]): void {
    const room = this.#abort.signal.aborted ? 0 : Math.max(0, MAX_QUEUED_SPANS - this.#queue.length);
    this.#queue.push(...spans.slice(0, room));
    if (spans.length <= room) return;
    this.#count('dropped', spans.length - room);
    this.#complain('the receiver is too slow');
  }

  /** Resolves when all that is queued now was taken or given up; a call while one is under way waits for that one. */
  flush(): Promise<void> {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  /** Sends what is left, for two seconds at most; nothing is taken afterwards. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    const limit = setTimeout(() => this.#abort.abort(), CLOSE_WITHIN_MS);
    await this.flush();
    clearTimeout(limit);
    this.#abort.abort();
  }

  async #sendAll(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.slice(0, MAX_BATCH_SPANS);
      this.#queue = this.#queue.slice(batch.length);
      const rejected = await this.#send(batch);
      this.#count('exported', batch.length - rejected);
      this.#count('dropped', rejected);
    }
  }

  /** Resolves with how many of the spans were lost. */
  async #send(batch: readonly Span[]): Promise<number> {
    const scope = { name: 'visavis', version: this.#o.version };
    const body = JSON.stringify(exportRequest(batch, this.#resource, scope));
    let pauseMs = this.#o.firstPauseMs ?? FIRST_PAUSE_MS;
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#post(body);
      if (outcome.result === 'taken') {
        if (outcome.rejected > 0) this.#complain(`${outcome.rejected} spans were rejected`);
        return Math.min(batch.length, outcome.rejected);
      }
      if (outcome.result === 'refused' || attempt === MAX_ATTEMPTS || this.#abort.signal.aborted) {
        this.#complain(outcome.why);
        return batch.length;
      }
      const waitMs = outcome.afterMs ?? pauseMs * (0.5 + Math.random() / 2);
      await sleep(Math.min(MAX_PAUSE_MS, waitMs), undefined, { signal: this.#abort.signal }).catch(() => {});
      pauseMs *= 2;
    }
  }

  async #post(body: string): Promise<Outcome> {
    const { url, headers, timeoutMs } = this.#o.config;
    const signal = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(timeoutMs)]);
    try {
      const answer = await fetch(url, {
        method: 'POST',
        // Headers may carry a key, which no other address is to get.
        redirect: 'error',
        headers: { ...headers, 'content-type': 'application/json' },
        body,
        signal,
      });
      const text = await readSome(answer);
      if (answer.ok) return { result: 'taken', rejected: rejectedSpans(text) };
      const why = `the receiver answered ${answer.status}`;
      if (!RETRYABLE.has(answer.status)) return { result: 'refused', why };
      const afterS = Number(answer.headers.get('retry-after') ?? Number.NaN);
      return { result: 'again', why, ...(afterS >= 0 ? { afterMs: afterS * 1000 } : {}) };
    } catch (thrown) {
      const { message, cause } = thrown as Error;
      return { result: 'again', why: cause instanceof Error ? `${message}: ${cause.message}` : message };
    }
  }

  #count(result: 'exported' | 'dropped', spans: number): void {
    this.counts[result] += spans;
    this.#o.metrics.spans.inc({ result }, spans);
  }

  #complain(why: string): void {
    const nowMs = performance.now();
    if (nowMs - this.#complainedAtMs < COMPLAIN_EVERY_MS) return;
    this.#complainedAtMs = nowMs;
    this.#o.logger.warn({ why, dropped: this.counts.dropped }, 'spans could not be exported');
  }
}

async function readSome(answer: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of answer.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_ANSWER_BYTES) break;
  }
  return text;
}

/** `partialSuccess.rejectedSpans`, a 64-bit integer: a string, or a number from lenient receivers. An empty body is a full success. */
function rejectedSpans(text: string): number {
  try {
    const { partialSuccess } = JSON.parse(text) as { partialSuccess?: { rejectedSpans?: unknown } };
    const rejected = Number(partialSuccess?.rejectedSpans ?? 0);
    return Number.isFinite(rejected) && rejected > 0 ? rejected : 0;
  } catch {
    return 0;
  }
}
