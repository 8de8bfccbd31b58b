import { Redis } from 'ioredis';
import { VisavisError } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { KeptTranscript } from '../transcript/transcript.js';
import { CLAIM, KEEP, OWNED_TTL_MS, PUT, REMOVE, UPDATE } from './redis-scripts.js';
import {
  LEASE_MS,
  lastMessages,
  SESSION_TTL_MS,
  type SessionStore,
  type SessionUpdate,
  type StoredSession,
  type WriteResult,
} from './session-store.js';

const COMMAND_LIMIT_MS = 2_000;
const CONNECT_LIMIT_MS = 2_000;
const RETRY = { firstMs: 100, lastMs: 1_000 };

export interface RedisStoreOptions {
  /** As in VISAVIS_REDIS_URL. */
  url: string;
  logger: Logger;
  /** How long a Redis that does not answer is waited for at first. */
  startWithinMs?: number;
}

const START_WITHIN_MS = 15_000;
const NOT_YET = 'not connected yet';

const SCRIPTS = {
  storePut: { lua: PUT, numberOfKeys: 3 },
  storeUpdate: { lua: UPDATE, numberOfKeys: 2 },
  storeClaim: { lua: CLAIM, numberOfKeys: 4 },
  storeRemove: { lua: REMOVE, numberOfKeys: 3 },
  storeKeep: { lua: KEEP, numberOfKeys: 2 },
};

type Script = (...keysAndValues: (string | number)[]) => Promise<unknown>;
type ScriptedRedis = Redis & Record<keyof typeof SCRIPTS, Script>;

const sessionKey = (id: string) => `visavis:session:${id}`;
const historyKey = (id: string) => `visavis:session:${id}:history`;
const transcriptKey = (id: string) => `visavis:transcript:${id}`;
/** Ids of the sessions that are over and whose transcripts are kept, by their end. */
const TRANSCRIPTS_KEY = 'visavis:transcripts';
const leaseKey = (gateway: string) => `visavis:gateway:${gateway}`;
const ownedKey = (gateway: string) => `visavis:gateway:${gateway}:sessions`;

/** The address without user and password. */
export function redactedAddress(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}

/** Sessions in Redis, shared by all gateways that use the same one. */
export class RedisStore implements SessionStore {
  readonly #redis: ScriptedRedis;
  readonly #address: string;
  readonly #logger: Logger;
  readonly #backListeners: (() => void)[] = [];
  #problem: string | undefined = NOT_YET;
  #lastError: Error | undefined;
  #connected = false;
  #closed = false;

  /** Rejects with `unavailable`, naming the variable and the address, when Redis does not answer in time. */
  static async connect(options: RedisStoreOptions): Promise<RedisStore> {
    const store = new RedisStore(options);
    const { startWithinMs = START_WITHIN_MS } = options;
    const deadline = performance.now() + startWithinMs;
    let told = false;
    for (;;) {
      try {
        await store.#redis.ping();
        store.#succeeded();
        return store;
      } catch (thrown) {
        store.#problem = `no answer from ${store.#address} (${reasonOf(store.#lastError ?? thrown)})`;
      }
      const rest = deadline - performance.now();
      if (rest <= 0) break;
      if (!told) options.logger.warn({ address: store.#address }, 'Redis does not answer yet; trying again');
      told = true;
      await new Promise((resolve) => setTimeout(resolve, Math.min(50, rest)));
    }
    await store.close();
    const seconds = Math.round(startWithinMs / 1000);
    throw new VisavisError('unavailable', `VISAVIS_REDIS_URL: ${store.#problem}, tried for ${seconds} s`);
  }

  private constructor({ url, logger }: RedisStoreOptions) {
    this.#address = redactedAddress(url);
    this.#logger = logger;
    this.#redis = new Redis(url, {
      scripts: SCRIPTS,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      commandTimeout: COMMAND_LIMIT_MS,
      connectTimeout: CONNECT_LIMIT_MS,
      retryStrategy: (times) => Math.min(RETRY.firstMs * times, RETRY.lastMs),
    }) as ScriptedRedis;
    this.#redis.on('error', (error: Error) => {
      this.#lastError = error;
    });
    this.#redis.on('close', () => this.#failed(this.#lastError ?? new Error('the connection was closed')));
    this.#redis.on('ready', () => {
      this.#lastError = undefined;
    });
  }

  get isUp(): boolean {
    return this.#problem === undefined;
  }

  get problem(): string | undefined {
    return this.#problem === undefined ? undefined : `the session store (VISAVIS_REDIS_URL): ${this.#problem}`;
  }

  onBack(listener: () => void): void {
    this.#backListeners.push(listener);
  }

  /** A connection of its own for publishing and subscribing; commands wait there until Redis is back. Its user ends it. */
  openChannel(): Redis {
    const channel = this.#redis.duplicate({
      enableOfflineQueue: true,
      maxRetriesPerRequest: null,
      commandTimeout: undefined,
    });
    channel.on('error', () => {});
    return channel;
  }

  /** Resolves with the number of receivers, 0 when it could not be sent; never rejects. */
  async publish(channel: string, message: string | Buffer): Promise<number> {
    try {
      return await this.#run(() => this.#redis.publish(channel, message));
    } catch {
      return 0;
    }
  }

  put(session: StoredSession): Promise<'written' | 'foreign'> {
    const { id, owner, createdAtMs, options, live, seats, history, messages } = session;
    const fields = [id, owner, createdAtMs, ...[options, live, seats].map((v) => JSON.stringify(v)), messages];
    const texts = lastMessages(history).map((message) => JSON.stringify(message));
    const keys = [sessionKey(id), historyKey(id), ownedKey(owner)];
    return this.#run(() => this.#redis.storePut(...keys, ...fields, ...texts)) as Promise<'written' | 'foreign'>;
  }

  update(id: string, owner: string, { live, seats, from, history }: SessionUpdate): Promise<WriteResult> {
    const json = (value: unknown) => (value === undefined ? '' : JSON.stringify(value));
    const fields = [owner, json(live), json(seats), from, ...history.map((message) => JSON.stringify(message))];
    return this.#run(() => this.#redis.storeUpdate(sessionKey(id), historyKey(id), ...fields)) as Promise<WriteResult>;
  }

  async load(id: string): Promise<StoredSession | undefined> {
    const [fields, texts] = (await this.#run(async () =>
      valuesOf(await this.#redis.multi().hgetall(sessionKey(id)).lrange(historyKey(id), 0, -1).exec()),
    )) as [Record<string, string> | undefined, string[] | undefined];
    if (fields?.['id'] === undefined || texts === undefined) return undefined;
    const json = (name: string) => JSON.parse(fields[name] ?? 'null');
    return {
      id: fields['id'],
      owner: fields['owner'] ?? '',
      createdAtMs: Number(fields['createdAtMs']),
      options: json('options'),
      live: json('live'),
      seats: json('seats'),
      history: texts.map((text) => JSON.parse(text)),
      messages: Number(fields['messages']),
    };
  }

  async claim(id: string, from: string, to: string): Promise<StoredSession | undefined> {
    const keys = [sessionKey(id), historyKey(id), ownedKey(from), ownedKey(to)];
    const won = await this.#run(() => this.#redis.storeClaim(...keys, id, from, to));
    return won === 1 ? this.load(id) : undefined;
  }

  async remove(id: string, owner: string): Promise<void> {
    const keys = [sessionKey(id), historyKey(id), ownedKey(owner)];
    await this.#run(() => this.#redis.storeRemove(...keys, id, owner));
  }

  async ownedBy(owner: string): Promise<string[]> {
    const ids = await this.#run(() => this.#redis.smembers(ownedKey(owner)));
    const owners = await this.#run(() => Promise.all(ids.map((id) => this.#redis.hget(sessionKey(id), 'owner'))));
    return ids.filter((_, index) => owners[index] === owner);
  }

  async renew(owner: string, ids: readonly string[]): Promise<string[]> {
    const batch = this.#redis.pipeline();
    batch.set(leaseKey(owner), '1', 'PX', LEASE_MS).pexpire(ownedKey(owner), OWNED_TTL_MS);
    for (const id of ids) batch.pexpire(sessionKey(id), SESSION_TTL_MS).pexpire(historyKey(id), SESSION_TTL_MS);
    const values = await this.#run(async () => valuesOf(await batch.exec()));
    return ids.filter((_, index) => values[2 + 2 * index] === 0);
  }

  async isAlive(owner: string): Promise<boolean> {
    return (await this.#run(() => this.#redis.exists(leaseKey(owner)))) === 1;
  }

  async retire(owner: string): Promise<void> {
    await this.#run(() => this.#redis.del(leaseKey(owner)));
  }

  async keepTranscript(kept: KeptTranscript, { keepMs, max }: { keepMs: number; max: number }): Promise<void> {
    const { sessionId, endedAt } = kept.transcript;
    const endedAtMs = endedAt === null ? '' : Date.parse(endedAt);
    const keys = [transcriptKey(sessionId), TRANSCRIPTS_KEY];
    const fields = [sessionId, JSON.stringify(kept), keepMs, endedAtMs, max, transcriptKey('')];
    await this.#run(() => this.#redis.storeKeep(...keys, ...fields));
  }

  async transcript(id: string): Promise<KeptTranscript | undefined> {
    const text = await this.#run(() => this.#redis.get(transcriptKey(id)));
    return text === null ? undefined : JSON.parse(text);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#redis.disconnect();
  }

  async #run<T>(work: () => Promise<T>): Promise<T> {
    let value: T;
    try {
      value = await work();
    } catch (thrown) {
      throw this.#failed(thrown);
    }
    this.#succeeded();
    return value;
  }

  #describe(thrown: unknown): string {
    return `no answer from ${this.#address} (${reasonOf(thrown)})`;
  }

  #failed(thrown: unknown): VisavisError {
    const problem = this.#describe(this.#redis.status === 'ready' ? thrown : (this.#lastError ?? thrown));
    if (this.#connected && this.#problem === undefined && !this.#closed)
      this.#logger.error({ problem }, 'the session store is lost');
    this.#problem = problem;
    return new VisavisError('unavailable', `the session store does not answer`, { cause: thrown });
  }

  #succeeded(): void {
    if (this.#problem === undefined) return;
    this.#problem = undefined;
    if (!this.#connected) {
      this.#connected = true;
      return;
    }
    this.#logger.info('the session store is back');
    for (const listener of this.#backListeners) listener();
  }
}

/** What the commands of a batch gave; throws the first error among them. */
function valuesOf(replies: [Error | null, unknown][] | null): unknown[] {
  return (replies ?? []).map(([error, value]) => {
    if (error !== null) throw error;
    return value;
  });
}

/** Never with an address in it: that may carry a password. */
function reasonOf(thrown: unknown): string {
  const { code, message } = thrown as { code?: unknown; message?: unknown };
  if (typeof code === 'string') return code;
  return String(message ?? thrown)
    .replace(/\/\/[^@\s]*@/g, '//[redacted]@')
    .slice(0, 200);
}
