import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const SECONDS_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900];
const OUTCOMES = ['delivered', 'failed', 'dropped'] as const;
/** What came of one request; only `ok`, an answer of 200 to 299, counts as received. */
export const ATTEMPT_RESULTS = ['ok', 'redirect', 'status', 'timeout', 'unreachable'] as const;
export type AttemptResult = (typeof ATTEMPT_RESULTS)[number];

/** How other systems are told of sessions. */
export class WebhookMetrics {
  readonly deliveries: Counter<'outcome'>;
  readonly attempts: Counter<'result'>;
  readonly seconds: Histogram;

  /** `queued`: events that wait now. */
  constructor(registry: Registry, queued: () => number) {
    const registers = [registry];
    this.deliveries = new Counter({
      name: 'visavis_webhook_deliveries_total',
      help: 'Events for receivers of webhooks, by what became of them; dropped: the queue was full',
      labelNames: ['outcome'],
      registers,
    });
    this.attempts = new Counter({
      name: 'visavis_webhook_attempts_total',
      help: 'Requests to receivers of webhooks, by result; only ok counts as received',
      labelNames: ['result'],
      registers,
    });
    this.seconds = new Histogram({
      name: 'visavis_webhook_delivery_seconds',
      help: 'Time from an event to the answer of its receiver',
      buckets: SECONDS_BUCKETS,
      registers,
    });
    new Gauge({
      name: 'visavis_webhooks_queued',
      help: 'Events that wait for a receiver of webhooks',
      registers,
      collect() {
        this.set(queued());
      },
    });
    for (const outcome of OUTCOMES) this.deliveries.inc({ outcome }, 0);
    for (const result of ATTEMPT_RESULTS) this.attempts.inc({ result }, 0);
  }
}
