import { VisavisError } from '../errors.js';
import { limitKey } from './client-address.js';
import { KeyedBuckets, Penalties, type Rate } from './rate-limit.js';

/** Requests of one address: a page with its files and some sessions, many times over. */
const REQUESTS: Rate = { burst: 400, perSecond: 100 };
/** Sessions and seats created by one visitor's address, and by one key: a whole web site's server. */
const CREATIONS_PER_ADDRESS: Rate = { burst: 60, perSecond: 2 };
const CREATIONS_PER_KEY: Rate = { burst: 300, perSecond: 20 };
/** Avatars: each takes seconds of a core. A key may belong to a whole web site. */
const AVATARS_PER_ADDRESS: Rate = { burst: 10, perSecond: 1 / 30 };
const AVATARS_PER_KEY: Rate = { burst: 30, perSecond: 1 / 10 };
/** Sockets opened by one address: an office behind one router that reconnects at once, and again. */
const CONNECTIONS: Rate = { burst: 120, perSecond: 10 };
const UNAUTHORIZED = { free: 10, firstMs: 1_000, longestMs: 60_000, forgetAfterMs: 600_000 };
const BAD_JOINS = { free: 20, firstMs: 1_000, longestMs: 30_000, forgetAfterMs: 600_000 };

/** What one address or one API key may ask for in a time. Every refusal is `too-many-requests` and says when to try again. */
export class AccessLimits {
  readonly #nowMs: () => number;
  readonly #requests = new KeyedBuckets(REQUESTS);
  readonly #creationsPerAddress = new KeyedBuckets(CREATIONS_PER_ADDRESS);
  readonly #creationsPerKey = new KeyedBuckets(CREATIONS_PER_KEY);
  readonly #avatarsPerAddress = new KeyedBuckets(AVATARS_PER_ADDRESS);
  readonly #avatarsPerKey = new KeyedBuckets(AVATARS_PER_KEY);
  readonly #connections = new KeyedBuckets(CONNECTIONS);
  readonly #unauthorized = new Penalties(UNAUTHORIZED);
  readonly #badJoins = new Penalties(BAD_JOINS);

  /** `nowMs`: a clock that never jumps. */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  request(address: string): void {
    this.#take(this.#requests, limitKey(address), 'too many requests come from your address');
  }

  connection(address: string): void {
    this.#take(this.#connections, limitKey(address), 'too many connections come from your address');
  }

  /** A session or a seat. `keyId`: the API key it is asked for with; without one the address counts. */
  creation(address: string, keyId: string | undefined): void {
    if (keyId === undefined) {
      this.#take(this.#creationsPerAddress, limitKey(address), 'too many sessions were asked for from your address');
    } else {
      this.#take(this.#creationsPerKey, keyId, 'too many sessions were asked for with this API key');
    }
  }

  /** An avatar that is to be made; as `creation`. */
  avatar(address: string, keyId: string | undefined): void {
    if (keyId === undefined) {
      this.#take(this.#avatarsPerAddress, limitKey(address), 'too many avatars were asked for from your address');
    } else {
      this.#take(this.#avatarsPerKey, keyId, 'too many avatars were asked for with this API key');
    }
  }

  /** Runs `check`; who fails it again and again is refused without a check for a while, at last for a minute each time. */
  authorization<T>(address: string, check: () => T): T {
    const attempt = this.#attempt(this.#unauthorized, address, 'too many wrong API keys come from your address');
    try {
      const result = check();
      attempt.succeeded();
      return result;
    } catch (thrown) {
      throw attempt.failed(thrown);
    }
  }

  /** As `authorization`, for join tokens. */
  async join<T>(address: string, check: () => T | Promise<T>): Promise<T> {
    const attempt = this.#attempt(this.#badJoins, address, 'too many wrong join tokens come from your address');
    try {
      const result = await check();
      attempt.succeeded();
      return result;
    } catch (thrown) {
      throw attempt.failed(thrown);
    }
  }

  #attempt(penalties: Penalties, address: string, message: string) {
    const key = limitKey(address);
    const waitMs = penalties.waitMs(key, this.#nowMs());
    if (waitMs > 0) throw tooMany(message, waitMs);
    return {
      succeeded: () => penalties.succeeded(key),
      failed: (thrown: unknown) => {
        if (VisavisError.from(thrown).code === 'unauthorized') penalties.failed(key, this.#nowMs());
        return thrown;
      },
    };
  }

  #take(buckets: KeyedBuckets, key: string, message: string): void {
    const waitMs = buckets.take(key, this.#nowMs());
    if (waitMs > 0) throw tooMany(message, waitMs);
  }
}

function tooMany(message: string, waitMs: number): VisavisError {
  return new VisavisError('too-many-requests', message, { retryAfterS: Math.max(1, Math.ceil(waitMs / 1000)) });
}
