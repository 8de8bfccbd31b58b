import { randomUUID } from 'node:crypto';
import type { ConversationEvent } from '../agents/events.js';
import type { Config } from '../config.js';
import { VisavisError } from '../errors.js';
import type { CloseReason } from '../lifecycle.js';
import type { Logger } from '../log.js';
import { JoinTokens, type Seat } from './auth.js';
import type { AvatarDirectory } from './avatars.js';
import type { VisitorMemories } from './memory/visitor-memories.js';
import type { CreatedSession, CreateSessionBody } from './messages.js';
import { MAX_VIEWERS } from './seats.js';
import { Session, type SessionOptions, type SessionServices } from './session.js';
import { sessionOptions } from './session-options.js';
import { Lease } from './store/lease.js';
import { SessionRecorder } from './store/session-recorder.js';
import type { SessionStore, StoredSession } from './store/session-store.js';
import type { Chronicle } from './transcript/chronicle.js';
import type { Chronicles } from './transcript/chronicles.js';
import type { Transcript } from './transcript/transcript.js';
import type { Viewer } from './viewer.js';

/** An expired token is told from an unknown one for this long. */
const REMEMBER_EXPIRED_MS = 600_000;
const MAX_TOKENS = 4 * MAX_VIEWERS;
/** Sessions of a dead gateway that are opened at once. */
const ADOPTIONS_AT_ONCE = 4;
/** For the transcripts of the sessions that the stop of the service ends. */
const LAST_WRITES_MS = 800;

export interface RegistryOptions {
  config: Config;
  avatars: AvatarDirectory;
  /** Throws `unavailable` while they are still loading. */
  services: () => SessionServices;
  store: SessionStore;
  chronicles: Chronicles;
  /** Undefined: no visitors are remembered. */
  memories?: VisitorMemories | undefined;
  /** This gateway's id in the store. */
  gatewayId: string;
  logger: Logger;
}

interface Entry {
  session: Session;
  recorder: SessionRecorder;
  chronicle: Chronicle;
}

type Opened = Pick<Entry, 'session' | 'chronicle'>;

/** What `GET /v1/sessions/:id` answers. */
export interface SessionSummary {
  sessionId: string;
  avatar: Session['avatar'];
  state: Session['state'];
  participants: number;
  createdAt: string;
}

/** The sessions that this gateway has, with the tokens that lead to them; the store has a copy of each. */
export class SessionRegistry {
  readonly #o: RegistryOptions;
  readonly #tokens: JoinTokens;
  readonly #entries = new Map<string, Entry>();
  readonly #adoptions = new Map<string, Promise<Session>>();
  readonly #lease: Lease;
  #inheriting: Promise<void> = Promise.resolve();
  #isInheriting = false;
  #creating = 0;
  /** Transcripts of sessions that are over, on their way to the store. */
  readonly #ending = new Set<Promise<void>>();
  #closed = false;

  constructor(options: RegistryOptions) {
    this.#o = options;
    this.#tokens = new JoinTokens(options.config.tokenTtlMs);
    const { store, gatewayId } = options;
    const ids = () => [...this.#entries.keys()];
    this.#lease = new Lease(store, gatewayId, ids, (unknown) => this.#rewrite(unknown));
    store.onBack(() => this.#rewrite(ids()));
  }

  get size(): number {
    return this.#entries.size;
  }

  get sessions(): Iterable<Session> {
    return [...this.#entries.values()].map(({ session }) => session);
  }

  /** Opens a conversation and a first seat in it. */
  async create(body: CreateSessionBody): Promise<CreatedSession> {
    const { config, avatars, store, memories } = this.#o;
    const services = this.#o.services();
    this.#checkOpen();
    if (store.problem !== undefined) throw new VisavisError('unavailable', store.problem);
    services.admit(this.#occupied);
    this.#creating++;
    let opened: Opened;
    try {
      const { standardSpeech } = services;
      const options = await sessionOptions(body, { config, avatars, standardSpeech, memories });
      opened = await this.#open(options, services);
    } finally {
      // From here on it is counted as a session.
      this.#creating--;
    }
    const issued = this.#issueToken(opened.session);
    await this.#enter(opened, services);
    opened.chronicle.begin();
    services.metrics.sessionsCreated.inc();
    return issued;
  }

  /** Another seat in a session that this gateway has. */
  issueToken(sessionId: string): CreatedSession {
    const session = this.get(sessionId);
    const isHeld = (seat: Seat) => session.holdsSeat(seat.participantId);
    this.#tokens.forget(sessionId, performance.now() - REMEMBER_EXPIRED_MS, isHeld);
    if (this.#tokens.count(sessionId) >= MAX_TOKENS) {
      throw new VisavisError('too-many-requests', 'too many join tokens were issued for this session');
    }
    const issued = this.#issueToken(session);
    this.#entries.get(sessionId)?.recorder.changed();
    return issued;
  }

  has(sessionId: string): boolean {
    return this.#entries.has(sessionId);
  }

  /** Its tokens lead here: it is here, or was until a moment ago. */
  remembers(sessionId: string): boolean {
    return this.#tokens.count(sessionId) > 0;
  }

  /** Throws `not-found`. */
  get(sessionId: string): Session {
    const session = this.#entries.get(sessionId)?.session;
    if (session === undefined) throw new VisavisError('not-found', 'there is no session of this id; it may be over');
    return session;
  }

  /** What was said in a session that this gateway has; throws `not-found`. */
  transcript(sessionId: string): Transcript {
    this.get(sessionId);
    return (this.#entries.get(sessionId) as Entry).chronicle.transcript;
  }

  describe(sessionId: string): SessionSummary {
    const { avatar, state, participantCount: participants, createdAt } = this.get(sessionId);
    return { sessionId, avatar, state, participants, createdAt: createdAt.toISOString() };
  }

  /** Admits whoever holds `token` to a session that this gateway has. */
  join(token: string): { session: Session; viewer: Viewer; answer: ReturnType<Session['join']>['answer'] } {
    const isHeld = (seat: Seat) => this.#entries.get(seat.sessionId)?.session.holdsSeat(seat.participantId) === true;
    const seat = this.#tokens.verify(token, performance.now(), isHeld);
    const session = this.get(seat.sessionId);
    return { session, ...session.join(seat.participantId) };
  }

  /** Resolves when the sessions that this gateway inherits have been opened. */
  get inherited(): Promise<void> {
    return this.#inheriting;
  }

  /** Sessions may still come that were another gateway's. */
  get isInheriting(): boolean {
    return this.#isInheriting;
  }

  /**
   * As soon as this gateway is `ready`, takes over all sessions of gateways that are dead for certain; those whose visitors do not come
   * back end by themselves.
   */
  inherit(predecessors: readonly string[], ready: Promise<unknown>): void {
    this.#isInheriting = true;
    this.#inheriting = ready
      .then(() => this.#inherit(predecessors))
      .finally(() => {
        this.#isInheriting = false;
      });
    this.#inheriting.catch((error: unknown) =>
      this.#o.logger.error({ err: error }, 'sessions could not be taken over'),
    );
  }

  /**
   * Takes over one session of a dead gateway. Rejects with `not-found` when another gateway was faster or the session has ended, and
   * with `unavailable` when there is no room for it here.
   */
  adopt(sessionId: string, from: string): Promise<Session> {
    const known = this.#adoptions.get(sessionId);
    if (known !== undefined) return known;
    const adoption = this.#adopt(sessionId, from).finally(() => this.#adoptions.delete(sessionId));
    this.#adoptions.set(sessionId, adoption);
    return adoption;
  }

  /** Throws `unavailable` when there is no room for this session of another gateway. */
  checkRoom(sessionId: string): void {
    this.#checkOpen();
    const { maxSessions } = this.#o.config;
    if (this.#adoptions.has(sessionId) || this.#occupied < maxSessions) return;
    throw new VisavisError('unavailable', `all ${maxSessions} sessions are in use`);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#entries.values()].map(({ session }) => session.close('shutdown')));
    await Promise.all([...this.#entries.values()].map(({ recorder }) => recorder.close(true)));
    // A store that does not answer must not keep other systems from hearing of the end.
    await Promise.race([Promise.all(this.#ending), new Promise((resolve) => setTimeout(resolve, LAST_WRITES_MS))]);
    await this.#lease.close();
  }

  async #inherit(predecessors: readonly string[]): Promise<void> {
    const { store, logger } = this.#o;
    for (const predecessor of predecessors) {
      const ids = await store.ownedBy(predecessor);
      if (ids.length > 0) logger.warn({ sessions: ids.length }, 'taking over the sessions of a dead gateway');
      const next = async (): Promise<void> => {
        for (let id = ids.shift(); id !== undefined; id = ids.shift()) {
          const sessionId = id;
          await this.adopt(sessionId, predecessor).catch((error: unknown) => {
            logger.error({ sessionId, err: error }, 'a session could not be taken over');
          });
        }
      };
      await Promise.all(Array.from({ length: ADOPTIONS_AT_ONCE }, next));
    }
  }

  async #adopt(sessionId: string, from: string): Promise<Session> {
    const { config, avatars, store, gatewayId, logger } = this.#o;
    const services = this.#o.services();
    this.#checkOpen();
    const stored = await store.claim(sessionId, from, gatewayId);
    if (stored === undefined) throw new VisavisError('not-found', 'this session is over or has gone elsewhere');
    const { folder } = await avatars.find(stored.options.avatar.id, { retired: true });
    const conversation = { ...stored.options.conversation, avatarPath: folder };
    const { idleTimeoutMs, maxSessionMs, tokenTtlMs: joinWithinMs } = config;
    const options = { ...stored.options, conversation, idleTimeoutMs, joinWithinMs, maxSessionMs };
    const opened = await this.#open(options, services, stored);
    this.#tokens.restore(sessionId, stored.seats, performance.now(), Date.now());
    await this.#enter(opened, services);
    logger.info({ sessionId, messages: stored.messages }, 'session taken over from a dead gateway');
    return opened.session;
  }

  /** A session and its chronicle, which writes down what happens from the first moment on. */
  async #open(options: SessionOptions, services: SessionServices, stored?: StoredSession): Promise<Opened> {
    const { chronicles } = this.#o;
    const resumed = stored === undefined ? undefined : { known: await chronicles.known(options.id) };
    const chronicle = chronicles.open(options, stored?.createdAtMs ?? Date.now(), resumed);
    try {
      const onEvent = (event: ConversationEvent) => chronicle.accept(event);
      return { session: await Session.create(options, { ...services, onEvent }, stored), chronicle };
    } catch (thrown) {
      await chronicles.close(chronicle, stored === undefined ? 'replaced' : 'failed');
      throw thrown;
    }
  }

  /** From here on the session is known, and the store's copy of it kept up to date. */
  async #enter({ session, chronicle }: Opened, services: SessionServices): Promise<void> {
    const { store, gatewayId: owner, logger } = this.#o;
    const isHeld = (seat: Seat) => session.holdsSeat(seat.participantId);
    const recorder = new SessionRecorder({
      store,
      owner,
      session,
      seats: () =>
        this.#tokens
          .stored(session.id, performance.now(), Date.now(), isHeld)
          .map((token) => ({ ...token, sent: session.sentTo(token.participantId) })),
      onForeign: () => void session.close('replaced'),
      logger,
    });
    this.#entries.set(session.id, { session, recorder, chronicle });
    session.watch(() => recorder.changed());
    void session.closed.then((reason) => this.#handleClosed({ session, recorder, chronicle }, reason, services));
    try {
      await recorder.create();
      this.#checkOpen();
    } catch (thrown) {
      await session.close('failed');
      throw thrown;
    }
  }

  #checkOpen(): void {
    if (this.#closed) throw new VisavisError('unavailable', 'the service is shutting down');
  }

  /** Sessions that are here, and those that are being created or taken over. */
  get #occupied(): number {
    const adopted = [...this.#adoptions.keys()].filter((id) => !this.#entries.has(id)).length;
    return this.#entries.size + this.#creating + adopted;
  }

  #rewrite(ids: string[]): void {
    for (const id of ids) this.#entries.get(id)?.recorder.rewrite();
  }

  #issueToken(session: Session): CreatedSession {
    const seat = { sessionId: session.id, participantId: randomUUID() };
    const nowMs = performance.now();
    const { token, expiresAtMs } = this.#tokens.issue(seat, nowMs);
    const expiresAt = new Date(Date.now() + expiresAtMs - nowMs).toISOString();
    return { sessionId: session.id, token, expiresAt, avatar: session.avatar };
  }

  #handleClosed({ session, recorder, chronicle }: Entry, reason: CloseReason, services: SessionServices): void {
    this.#entries.delete(session.id);
    const written = this.#o.chronicles.close(chronicle, reason).finally(() => this.#ending.delete(written));
    this.#ending.add(written);
    void recorder.close(reason !== 'replaced');
    services.metrics.sessionsClosed.inc({ reason });
    services.onSessionEnd(session.id, Date.now() - session.createdAt.getTime());
    services.logger.info({ sessionId: session.id, reason }, 'session closed');
    // The tokens of a session that just ended still say "over" for a while instead of "unknown".
    if (reason === 'replaced') this.#tokens.revoke(session.id);
    else setTimeout(() => this.#tokens.revoke(session.id), REMEMBER_EXPIRED_MS).unref();
  }
}
