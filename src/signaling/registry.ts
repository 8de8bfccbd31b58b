import { randomInt, randomUUID } from 'node:crypto';
import type { Config } from '../config.js';
import { VisavisError } from '../errors.js';
import type { CloseReason } from '../lifecycle.js';
import { JoinTokens, type Seat } from './auth.js';
import type { AvatarDirectory } from './avatars.js';
import type { CreatedSession, CreateSessionBody } from './messages.js';
import { MAX_VIEWERS, Session, type SessionServices } from './session.js';
import { sessionTexts } from './session-texts.js';
import { sessionVoice } from './session-voice.js';
import type { Viewer } from './viewer.js';

/** An expired token is told from an unknown one for this long. */
const REMEMBER_EXPIRED_MS = 600_000;
const MAX_TOKENS = 4 * MAX_VIEWERS;

/** All sessions of this gateway, in memory, with the tokens that lead to them. */
export class SessionRegistry {
  readonly #config: Config;
  readonly #avatars: AvatarDirectory;
  readonly #services: () => SessionServices;
  readonly #tokens: JoinTokens;
  readonly #sessions = new Map<string, Session>();
  #creating = 0;
  #closed = false;

  /** `services` throws `unavailable` while they are still loading. */
  constructor(config: Config, avatars: AvatarDirectory, services: () => SessionServices) {
    this.#config = config;
    this.#avatars = avatars;
    this.#services = services;
    this.#tokens = new JoinTokens(config.tokenTtlMs);
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Opens a conversation and a first seat in it. */
  async create(body: CreateSessionBody): Promise<CreatedSession> {
    const services = this.#services();
    if (this.#closed) throw new VisavisError('unavailable', 'the service is shutting down');
    if (this.#sessions.size + this.#creating >= this.#config.maxSessions) {
      throw new VisavisError('unavailable', `all ${this.#config.maxSessions} sessions are in use`);
    }
    this.#creating++;
    try {
      const session = await this.#open(body, services);
      this.#sessions.set(session.id, session);
      services.metrics.sessionsCreated.inc();
      void session.closed.then((reason) => this.#handleClosed(session, reason, services));
      if (this.#closed) {
        await session.close('shutdown');
        throw new VisavisError('unavailable', 'the service is shutting down');
      }
      return this.#issueToken(session);
    } finally {
      this.#creating--;
    }
  }

  /** Another seat in a session that is under way. */
  issueToken(sessionId: string): CreatedSession {
    const session = this.get(sessionId);
    const isHeld = (seat: Seat) => session.holdsSeat(seat.participantId);
    this.#tokens.forget(sessionId, Date.now() - REMEMBER_EXPIRED_MS, isHeld);
    if (this.#tokens.count(sessionId) >= MAX_TOKENS) {
      throw new VisavisError('too-many-requests', 'too many join tokens were issued for this session');
    }
    return this.#issueToken(session);
  }

  /** Throws `not-found`. */
  get(sessionId: string): Session {
    const session = this.#sessions.get(sessionId);
    if (session === undefined) throw new VisavisError('not-found', 'there is no session of this id; it may be over');
    return session;
  }

  /** Admits whoever holds `token`. */
  join(token: string): { session: Session; viewer: Viewer; answer: ReturnType<Session['join']>['answer'] } {
    const isHeld = (seat: Seat) => this.#sessions.get(seat.sessionId)?.holdsSeat(seat.participantId) === true;
    const seat = this.#tokens.verify(token, Date.now(), isHeld);
    const session = this.get(seat.sessionId);
    return { session, ...session.join(seat.participantId) };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#sessions.values()].map((session) => session.close('shutdown')));
  }

  async #open(body: CreateSessionBody, services: SessionServices): Promise<Session> {
    const config = this.#config;
    const speech = body.speech ?? services.standardSpeech;
    if (speech === 'openai' && config.openai === null) {
      throw new VisavisError('bad-request', 'speech: this service has no speech API configured', { field: 'speech' });
    }
    const { folder, manifest } = await this.#avatars.find(body.avatar ?? config.avatar);
    const { id, name, width, height } = manifest;
    const texts = sessionTexts({ config, request: body, name, speech });
    const options = {
      id: randomUUID(),
      avatar: { id, name, width, height },
      conversation: {
        name,
        avatarPath: folder,
        width,
        height,
        voice: sessionVoice({ engine: speech, requested: body.voice, config, avatar: manifest }),
        speech,
        language: texts.spokenLanguage,
        greeting: texts.greeting,
        apology: texts.apology,
        badge: texts.badge,
        instructions: body.instructions ?? config.instructions,
        videoBitrateKbps: config.videoBitrateKbps,
        seed: randomInt(2 ** 32),
      },
      disclosure: texts.disclosure,
      idleTimeoutMs: config.idleTimeoutMs,
      joinWithinMs: config.tokenTtlMs,
    };
    return Session.create(options, services);
  }

  #issueToken(session: Session): CreatedSession {
    const seat = { sessionId: session.id, participantId: randomUUID() };
    const { token, expiresAtMs } = this.#tokens.issue(seat, Date.now());
    return { sessionId: session.id, token, expiresAt: new Date(expiresAtMs).toISOString(), avatar: session.avatar };
  }

  #handleClosed(session: Session, reason: CloseReason, services: SessionServices): void {
    this.#sessions.delete(session.id);
    services.metrics.sessionsClosed.inc({ reason });
    services.logger.info({ sessionId: session.id, reason }, 'session closed');
    // The tokens of a session that just ended still say "over" for a while instead of "unknown".
    setTimeout(() => this.#tokens.revoke(session.id), REMEMBER_EXPIRED_MS).unref();
  }
}
