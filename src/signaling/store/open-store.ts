import type { Config } from '../../config.js';
import type { Logger } from '../../log.js';
import { MemoryStore } from './memory-store.js';
import { RedisStore } from './redis-store.js';
import type { SessionStore } from './session-store.js';

/** Redis where it is configured, else this process's memory. Rejects with `unavailable` when Redis does not answer. */
export async function openStore({ redisUrl: url }: Pick<Config, 'redisUrl'>, logger: Logger): Promise<SessionStore> {
  return url === undefined ? new MemoryStore() : RedisStore.connect({ url, logger });
}
