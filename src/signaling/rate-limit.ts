/** `burst` at once, `perSecond` in the long run. */
export interface Rate {
  burst: number;
  perSecond: number;
}

/** Token bucket: `capacity` at once, `perSecond` in the long run. Pure; time is a parameter. */
export class TokenBucket {
  readonly #capacity: number;
  readonly #perSecond: number;
  #tokens: number;
  #atMs: number;

  constructor(capacity: number, perSecond: number, nowMs: number) {
    this.#capacity = capacity;
    this.#perSecond = perSecond;
    this.#tokens = capacity;
    this.#atMs = nowMs;
  }

  /** Takes one token; false when there is none. */
  take(nowMs: number): boolean {
    this.#refill(nowMs);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Time until there is a token; 0 when there is one. */
  waitMs(nowMs: number): number {
    this.#refill(nowMs);
    return this.#tokens >= 1 ? 0 : ((1 - this.#tokens) / this.#perSecond) * 1000;
  }

  #refill(nowMs: number): void {
    const refill = ((nowMs - this.#atMs) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.#capacity, this.#tokens + Math.max(0, refill));
    this.#atMs = nowMs;
  }
}

/** Entries by key, the least recently used dropped beyond `max`: a flood of addresses costs bounded memory. */
class BoundedMap<V> {
  readonly #max: number;
  readonly #entries = new Map<string, V>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): V | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }

  set(key: string, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#max) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}

export const MAX_KEYS = 10_000;

/** A token bucket for each key. Pure; time is a parameter. */
export class KeyedBuckets {
  readonly #rate: Rate;
  readonly #buckets: BoundedMap<TokenBucket>;

  constructor(rate: Rate, maxKeys = MAX_KEYS) {
    this.#rate = rate;
    this.#buckets = new BoundedMap(maxKeys);
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** Takes a token of `key`. 0 when there was one, else the time in milliseconds until there is. */
  take(key: string, nowMs: number): number {
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      bucket = new TokenBucket(this.#rate.burst, this.#rate.perSecond, nowMs);
      this.#buckets.set(key, bucket);
    }
    return bucket.take(nowMs) ? 0 : bucket.waitMs(nowMs);
  }
}

/** How many of something are open for each key; a key without any takes no memory. */
export class OpenCounts {
  readonly #counts = new Map<string, number>();

  of(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  /** Counts one more; what comes back ends it, and is to be called once. */
  open(key: string): () => void {
    this.#counts.set(key, this.of(key) + 1);
    return () => {
      const left = this.of(key) - 1;
      if (left > 0) this.#counts.set(key, left);
      else this.#counts.delete(key);
    };
  }
}

export interface PenaltyRule {
  /** Failures in a row that cost nothing. */
  free: number;
  /** Pause after the next one; each further failure doubles it. */
  firstMs: number;
  longestMs: number;
  /** Without failures for this long everything is forgiven. */
  forgetAfterMs: number;
}

/** Failures in a row make whoever failed wait, ever longer. Pure; time is a parameter. */
export class Penalties {
  readonly #rule: PenaltyRule;
  readonly #entries: BoundedMap<{ failures: number; lastMs: number; untilMs: number }>;

  constructor(rule: PenaltyRule, maxKeys = MAX_KEYS) {
    this.#rule = rule;
    this.#entries = new BoundedMap(maxKeys);
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Milliseconds that `key` has to wait before it may try again. */
  waitMs(key: string, nowMs: number): number {
    return Math.max(0, (this.#entries.get(key)?.untilMs ?? 0) - nowMs);
  }

  failed(key: string, nowMs: number): void {
    const { free, firstMs, longestMs, forgetAfterMs } = this.#rule;
    const known = this.#entries.get(key);
    const failures = known === undefined || nowMs - known.lastMs > forgetAfterMs ? 1 : known.failures + 1;
    const pauseMs = failures <= free ? 0 : Math.min(longestMs, firstMs * 2 ** Math.min(30, failures - free - 1));
    this.#entries.set(key, { failures, lastMs: nowMs, untilMs: pauseMs === 0 ? 0 : nowMs + pauseMs });
  }

  succeeded(key: string): void {
    this.#entries.delete(key);
  }
}
