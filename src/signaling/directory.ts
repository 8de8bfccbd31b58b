import { VisavisError } from '../errors.js';
import { JoinTokens, verifyStoredSeat } from './auth.js';
import type { CreatedSession } from './messages.js';
import type { SessionRegistry, SessionSummary } from './registry.js';
import { LEASE_MS, type SessionStore, type StoredSession } from './store/session-store.js';
import type { Chronicles } from './transcript/chronicles.js';
import type { Transcript } from './transcript/transcript.js';

/** What one gateway may ask of another about a session that the other has. */
export type SessionRequest =
  | { type: 'describe'; sessionId: string }
  | { type: 'transcript'; sessionId: string }
  | { type: 'issue-token'; sessionId: string }
  | { type: 'end'; sessionId: string };

/** The other gateways that share the store. */
export interface Peers {
  /** Rejects with the other's error, or with `unavailable` when it gives no answer in time. */
  ask(gatewayId: string, request: SessionRequest): Promise<unknown>;
}

export interface DirectoryOptions {
  registry: SessionRegistry;
  store: SessionStore;
  chronicles: Pick<Chronicles, 'ended'>;
  gatewayId: string;
  /** Undefined: this gateway is the only one. */
  peers?: Peers | undefined;
}

/** A session may change hands while it is looked for. */
const ATTEMPTS = 3;

function notFound(): VisavisError {
  return new VisavisError('not-found', 'there is no session of this id; it may be over');
}

/** Finds sessions wherever they are: here, at another gateway, or left behind by a dead one. */
export class SessionDirectory {
  readonly #o: DirectoryOptions;
  /** From then on the leases of all live gateways can be trusted to be in the store. */
  #settledAtMs = 0;

  constructor(options: DirectoryOptions) {
    this.#o = options;
    options.store.onBack(() => {
      this.#settledAtMs = performance.now() + LEASE_MS;
    });
  }

  describe(sessionId: string): Promise<SessionSummary> {
    return this.#carryOut({ type: 'describe', sessionId }) as Promise<SessionSummary>;
  }

  /** Of a session wherever it is, or of one that is over and whose transcript is still kept. */
  async transcript(sessionId: string): Promise<Transcript> {
    try {
      return (await this.#carryOut({ type: 'transcript', sessionId })) as Transcript;
    } catch (thrown) {
      if (VisavisError.from(thrown).code !== 'not-found') throw thrown;
      const ended = await this.#o.chronicles.ended(sessionId);
      if (ended === undefined) throw thrown;
      return ended;
    }
  }

  issueToken(sessionId: string): Promise<CreatedSession> {
    return this.#carryOut({ type: 'issue-token', sessionId }) as Promise<CreatedSession>;
  }

  async end(sessionId: string): Promise<void> {
    await this.#carryOut({ type: 'end', sessionId });
  }

  /** Does what is asked with a session of this gateway; throws `not-found`. */
  async carryOutHere(request: SessionRequest): Promise<unknown> {
    const { registry } = this.#o;
    if (request.type === 'describe') return registry.describe(request.sessionId);
    if (request.type === 'transcript') return registry.transcript(request.sessionId);
    if (request.type === 'issue-token') return registry.issueToken(request.sessionId);
    return registry.get(request.sessionId).close('left');
  }

  /**
   * Resolves with the gateway that has the session of a join token: undefined when it is this one, which by then may have taken it over
   * from a dead one. Throws `unauthorized` for what leads nowhere; the token itself is checked by whoever has the session.
   */
  async locate(token: string): Promise<string | undefined> {
    const sessionId = JoinTokens.sessionOf(token);
    // Of a session that ended here a moment ago the registry can still say so.
    if (this.#o.registry.remembers(sessionId)) return undefined;
    return this.#find(sessionId, (stored) => verifyStoredSeat(token, stored?.seats ?? [], Date.now()));
  }

  async #carryOut(request: SessionRequest): Promise<unknown> {
    const owner = await this.#find(request.sessionId, (stored) => {
      if (stored === undefined) throw notFound();
    });
    if (owner === undefined) return this.carryOutHere(request);
    if (this.#o.peers === undefined) throw notFound();
    return this.#o.peers.ask(owner, request);
  }

  /** `check` throws when what the store knows of a session that is not here is not enough to go on. */
  async #find(sessionId: string, check: (stored: StoredSession | undefined) => void): Promise<string | undefined> {
    const { registry, store, gatewayId } = this.#o;
    if (!registry.has(sessionId)) await registry.inherited.catch(() => {});
    for (let attempt = 1; !registry.has(sessionId); attempt++) {
      const stored = await store.load(sessionId);
      check(stored);
      if (stored === undefined) throw notFound();
      const { owner } = stored;
      if (owner !== gatewayId) {
        if (await store.isAlive(owner)) return owner;
        if (performance.now() < this.#settledAtMs) {
          throw new VisavisError('unavailable', 'the gateway of this session is being looked for; try again');
        }
        registry.checkRoom(sessionId);
      }
      try {
        await registry.adopt(sessionId, owner);
      } catch (thrown) {
        if (VisavisError.from(thrown).code !== 'not-found' || attempt === ATTEMPTS) throw thrown;
      }
    }
    return undefined;
  }
}
