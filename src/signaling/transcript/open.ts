import type { Config } from '../../config.js';
import type { Logger } from '../../log.js';
import type { Metrics } from '../../metrics/metrics.js';
import type { SessionStore } from '../store/session-store.js';
import { Webhooks } from '../webhooks/webhooks.js';
import { Chronicles } from './chronicles.js';

/** What writes down a gateway's sessions, and what tells other systems of them; whoever asks closes `webhooks`, after the last session. */
export function openChronicles(o: {
  config: Pick<Config, 'events' | 'idleTimeoutMs'>;
  store: SessionStore;
  metrics: Metrics;
  logger: Logger;
}): { chronicles: Chronicles; webhooks: Webhooks } {
  const { config, store, metrics, logger } = o;
  const { events, idleTimeoutMs } = config;
  const webhooks = new Webhooks({ config: events.webhooks, metrics, logger });
  const tell = webhooks.send.bind(webhooks);
  return { chronicles: new Chronicles({ store, config: events.transcripts, idleTimeoutMs, tell, logger }), webhooks };
}
