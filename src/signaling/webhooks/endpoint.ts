import type { Logger } from '../../log.js';
import type { WebhookMetrics } from '../../metrics/webhook-metrics.js';
import { attempt } from './attempt.js';
import type { WebhookBody } from './events.js';

export interface EndpointOptions {
  url: string;
  secret: string;
  /** Of one request. */
  timeoutMs: number;
  /** From an event to the last attempt at it. */
  retryMs: number;
  metrics: WebhookMetrics;
  logger: Logger;
  /** Pauses between attempts: doubled from the first to the last, each shortened by up to its half at random. */
  backoff: { firstMs: number; lastMs: number };
  maxQueued: number;
  /** 0…1. */
  random: () => number;
}

interface Delivery {
  event: WebhookBody;
  body: string;
  queuedAtMs: number;
}

/** Requests to one receiver at once. */
const MAX_AT_ONCE = 8;

/**
 * One receiver of webhooks. The events of one session arrive one after the other, in their order: the next is sent when the one before was
 * received or given up; those of different sessions do not wait for each other. Bounded: what comes while the queue is full is dropped.
 */
export class WebhookEndpoint {
  readonly #o: EndpointOptions;
  /** What waits or is being sent, by session. */
  readonly #lanes = new Map<string, Delivery[]>();
  readonly #slots: (() => void)[] = [];
  readonly #closing = new AbortController();
  readonly #aborting = new AbortController();
  #queued = 0;
  #sending = 0;
  #idle: (() => void) | undefined;

  constructor(options: EndpointOptions) {
    this.#o = options;
  }

  /** Events that were neither received nor given up. */
  get queued(): number {
    return this.#queued;
  }

  send(event: WebhookBody, body: string): void {
    const { sessionId } = event;
    if (this.#queued >= this.#o.maxQueued || this.#aborting.signal.aborted) {
      this.#conclude('dropped', event, 0);
      return;
    }
    this.#queued++;
    const delivery = { event, body, queuedAtMs: performance.now() };
    const lane = this.#lanes.get(sessionId);
    if (lane !== undefined) {
      lane.push(delivery);
      return;
    }
    this.#lanes.set(sessionId, [delivery]);
    void this.#run(sessionId);
  }

  /** What waits is tried once more, at once; after `limitMs` what is left is given up. */
  async close(limitMs: number): Promise<void> {
    this.#closing.abort();
    if (this.#queued === 0) return this.#aborting.abort();
    const idle = new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
    const timer = setTimeout(() => this.#aborting.abort(), limitMs);
    await idle;
    clearTimeout(timer);
    this.#aborting.abort();
  }

  async #run(sessionId: string): Promise<void> {
    const lane = this.#lanes.get(sessionId) ?? [];
    for (let next = lane[0]; next !== undefined; next = lane[0]) {
      await this.#deliver(next);
      lane.shift();
      this.#queued--;
    }
    this.#lanes.delete(sessionId);
    if (this.#queued === 0) this.#idle?.();
  }

  async #deliver({ event, body, queuedAtMs }: Delivery): Promise<void> {
    const { url, secret, timeoutMs, retryMs, metrics } = this.#o;
    for (let attempts = 1; ; attempts++) {
      const isLast = this.#closing.signal.aborted;
      await this.#takeSlot();
      const nowS = Math.floor(Date.now() / 1000);
      const signal = this.#aborting.signal;
      const { result, waitMs } = await attempt({ url, secret, event, body, timeoutMs, signal, nowS });
      this.#freeSlot();
      metrics.attempts.inc({ result });
      if (result === 'ok') {
        metrics.seconds.observe((performance.now() - queuedAtMs) / 1000);
        return this.#conclude('delivered', event, attempts);
      }
      const pauseMs = Math.max(waitMs, this.#pauseMs(attempts));
      const isLate = performance.now() - queuedAtMs + pauseMs > retryMs;
      if (isLate || isLast) return this.#conclude('failed', event, attempts, result);
      await this.#pause(pauseMs);
    }
  }

  #pauseMs(attempts: number): number {
    const { firstMs, lastMs } = this.#o.backoff;
    const whole = Math.min(lastMs, firstMs * 2 ** Math.min(attempts - 1, 30));
    return whole * (1 - this.#o.random() / 2);
  }

  /** Ends early when the service stops. */
  #pause(ms: number): Promise<void> {
    const { signal } = this.#closing;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener('abort', end, { once: true });
    });
  }

  async #takeSlot(): Promise<void> {
    if (this.#sending < MAX_AT_ONCE) this.#sending++;
    else await new Promise<void>((resolve) => this.#slots.push(resolve));
  }

  #freeSlot(): void {
    const next = this.#slots.shift();
    if (next === undefined) this.#sending--;
    else next();
  }

  /** Of what is told only ids are logged, and of the receiver only its name. */
  #conclude(outcome: 'delivered' | 'failed' | 'dropped', event: WebhookBody, attempts: number, result?: string): void {
    const { metrics, logger, url } = this.#o;
    metrics.deliveries.inc({ outcome });
    const { id: delivery, type, sessionId } = event;
    const fields = { delivery, type, sessionId, receiver: new URL(url).host, attempts };
    if (outcome === 'delivered') logger.debug(fields, 'webhook received');
    else if (outcome === 'failed') logger.warn({ ...fields, result }, 'webhook given up');
    else logger.warn(fields, 'webhook dropped: too many wait for this receiver');
  }
}
