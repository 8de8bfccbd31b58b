import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { VisavisError } from '../errors.js';
import type { StoredToken } from './store/session-store.js';

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function hashOf(text: string): string {
  return sha256(text).toString('base64url');
}

/** The operator's keys. Only their hashes are kept, and every comparison takes the same time. */
export class ApiKeys {
  readonly #hashes: readonly Buffer[];

  constructor(keys: readonly string[]) {
    this.#hashes = keys.map(sha256);
  }

  /** False on a loopback service without keys, where the Host and Origin checks stand in for them. */
  get required(): boolean {
    return this.#hashes.length > 0;
  }

  /**
   * Takes the value of an `Authorization` header; throws `unauthorized` unless it carries one of the keys. What comes back tells the keys
   * apart without being one; undefined where none is needed.
   */
  check(authorization: string | undefined): string | undefined {
    if (!this.required) return undefined;
    const key = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    if (key === undefined) {
      throw new VisavisError('unauthorized', 'an API key is needed: send "Authorization: Bearer KEY"');
    }
    const hash = sha256(key);
    let match: number | undefined;
    for (const [index, known] of this.#hashes.entries()) if (timingSafeEqual(known, hash)) match = index;
    if (match === undefined) throw new VisavisError('unauthorized', 'this API key is not known');
    return `key ${match}`;
  }
}

/** What a join token stands for: one seat in one session. */
export interface Seat {
  sessionId: string;
  participantId: string;
}

/** A session id is within it for finding the session, not for proving anything. */
const TOKEN = /^([\w-]{1,64})\.[\w-]{43}$/;

function unknownToken(): VisavisError {
  return new VisavisError('unauthorized', 'this join token is not known', { field: 'token' });
}

/**
 * Short-lived join tokens: the session's id and 256 random bits, kept as hashes. A token admits its participant within its life, and
 * again for as long as that participant's seat is held, so that a connection that broke can be resumed. Pure; time is a parameter.
 */
export class JoinTokens {
  readonly #ttlMs: number;
  readonly #seats = new Map<string, Seat & { expiresAtMs: number }>();

  constructor(ttlMs: number) {
    this.#ttlMs = ttlMs;
  }

  /** The session that `token` claims to belong to; throws `unauthorized` for what is no token. */
  static sessionOf(token: string): string {
    const sessionId = TOKEN.exec(token)?.[1];
    if (sessionId === undefined) throw unknownToken();
    return sessionId;
  }

  /** A new token and the moment (`nowMs` + life) at which it ends. */
  issue(seat: Seat, nowMs: number): { token: string; expiresAtMs: number } {
    const token = `${seat.sessionId}.${randomBytes(32).toString('base64url')}`;
    const expiresAtMs = nowMs + this.#ttlMs;
    this.#seats.set(hashOf(token), { ...seat, expiresAtMs });
    return { token, expiresAtMs };
  }

  /** Throws `unauthorized`, and says whether the token has expired or was never valid. */
  verify(token: string, nowMs: number, isHeld: (seat: Seat) => boolean): Seat {
    // A lookup by hash: its time tells nothing of a token that an attacker could build on.
    const entry = this.#seats.get(hashOf(token));
    if (entry === undefined) throw unknownToken();
    const seat = { sessionId: entry.sessionId, participantId: entry.participantId };
    if (nowMs >= entry.expiresAtMs && !isHeld(seat)) {
      throw new VisavisError('unauthorized', 'this join token has expired', { field: 'token' });
    }
    return seat;
  }

  /** Tokens of a session that are kept. */
  count(sessionId: string): number {
    let count = 0;
    for (const seat of this.#seats.values()) if (seat.sessionId === sessionId) count++;
    return count;
  }

  /** Drops the expired tokens of seats that nobody holds, once their expiry was worth telling. */
  forget(sessionId: string, beforeMs: number, isHeld: (seat: Seat) => boolean): void {
    for (const [hash, seat] of this.#seats) {
      if (seat.sessionId === sessionId && seat.expiresAtMs < beforeMs && !isHeld(seat)) this.#seats.delete(hash);
    }
  }

  /** Forgets the tokens of a session that is over. */
  revoke(sessionId: string): void {
    for (const [hash, seat] of this.#seats) if (seat.sessionId === sessionId) this.#seats.delete(hash);
  }

  /** The tokens of a session as its successor needs them, with their ends on the wall clock. */
  stored(sessionId: string, nowMs: number, wallMs: number, isHeld: (seat: Seat) => boolean): StoredToken[] {
    const seats: StoredToken[] = [];
    for (const [tokenHash, seat] of this.#seats) {
      if (seat.sessionId !== sessionId) continue;
      const { participantId } = seat;
      const expiresAtMs = Math.round(wallMs + seat.expiresAtMs - nowMs);
      seats.push({ participantId, tokenHash, expiresAtMs, held: isHeld({ sessionId, participantId }) });
    }
    return seats;
  }

  /** Takes in what `stored()` gave another gateway; no token lives longer than a new one would. */
  restore(sessionId: string, seats: readonly StoredToken[], nowMs: number, wallMs: number): void {
    for (const { participantId, tokenHash, expiresAtMs } of seats) {
      const lifeMs = Math.min(this.#ttlMs, expiresAtMs - wallMs);
      this.#seats.set(tokenHash, { sessionId, participantId, expiresAtMs: nowMs + lifeMs });
    }
  }
}

/** Throws as `verify` does, for a session that no gateway has any more. Every comparison takes the same time. */
export function verifyStoredSeat(token: string, seats: readonly StoredToken[], wallMs: number): void {
  const hash = sha256(token);
  let match: StoredToken | undefined;
  for (const seat of seats) {
    const known = Buffer.from(seat.tokenHash, 'base64url');
    if (known.length === hash.length && timingSafeEqual(known, hash)) match = seat;
  }
  if (match === undefined) throw unknownToken();
  if (wallMs >= match.expiresAtMs && !match.held) {
    throw new VisavisError('unauthorized', 'this join token has expired', { field: 'token' });
  }
}
