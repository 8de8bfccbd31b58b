import type { WebhookConfig } from '../../config-events.js';
import type { Logger } from '../../log.js';
import type { Metrics } from '../../metrics/metrics.js';
import { WebhookMetrics } from '../../metrics/webhook-metrics.js';
import { WebhookEndpoint } from './endpoint.js';
import type { WebhookBody } from './events.js';

/** Events that wait for one receiver. */
const MAX_QUEUED = 1_000;
const BACKOFF = { firstMs: 1_000, lastMs: 60_000 };
/** What still waits when the service stops has this long. */
const DRAIN_MS = 1_500;

export interface WebhooksOptions {
  /** Null: nobody is told anything. */
  config: WebhookConfig | null;
  metrics: Metrics;
  logger: Logger;
  /** For what a test cannot wait for. */
  backoff?: { firstMs: number; lastMs: number };
  maxQueued?: number;
  random?: () => number;
}

/** Tells the configured receivers what happens in sessions; see `WebhookEndpoint` for what is promised. */
export class Webhooks {
  readonly #events: ReadonlySet<string>;
  readonly #endpoints: readonly WebhookEndpoint[];

  constructor({ config, metrics, logger, backoff = BACKOFF, maxQueued = MAX_QUEUED, random }: WebhooksOptions) {
    this.#events = new Set(config?.events ?? []);
    const counters = new WebhookMetrics(metrics.registry, () => this.queued);
    const common = { backoff, maxQueued, metrics: counters, logger, random: random ?? Math.random };
    const endpointOf = ({ secret, timeoutMs, retryMs }: WebhookConfig, url: string) =>
      new WebhookEndpoint({ ...common, url, secret, timeoutMs, retryMs });
    this.#endpoints = config === null ? [] : config.urls.map((url) => endpointOf(config, url));
  }

  /** Events that wait, over all receivers. */
  get queued(): number {
    return this.#endpoints.reduce((sum, { queued }) => sum + queued, 0);
  }

  send(event: WebhookBody): void {
    if (!this.#events.has(event.type)) return;
    const body = JSON.stringify(event);
    for (const endpoint of this.#endpoints) endpoint.send(event, body);
  }

  /** Resolves when everything was received or given up, after 1.5 s at most. */
  async close(limitMs = DRAIN_MS): Promise<void> {
    await Promise.all(this.#endpoints.map((endpoint) => endpoint.close(limitMs)));
  }
}
