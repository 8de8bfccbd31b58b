import type { ConversationEvent } from '../agents/events.js';
import { VisavisError } from '../errors.js';
import type { AgentState, Message } from '../inference/engines.js';
import { type CloseReason, Lifetime } from '../lifecycle.js';
import type { Logger } from '../log.js';
import { wordingOf } from '../wording.js';
import type { PlainLink } from '../worker/control.js';
import { ConversationMirror } from './conversation-mirror.js';
import { IdleWatch } from './idle.js';
import type { JoinAnswer, ServerToClient } from './messages.js';
import { Seats } from './seats.js';
import { ServingWorker } from './serving-worker.js';
import { SessionEnding } from './session-ending.js';
import { passOn } from './session-events.js';
import { SessionMedia } from './session-media.js';
import { SessionMicrophones } from './session-microphones.js';
import type { SessionOptions, SessionServices } from './session-services.js';
import { viewerHost } from './session-viewer-host.js';
import type { LiveState, StoredSession } from './store/session-store.js';
import { StreamTuning } from './stream-tuning.js';
import { Viewer, type ViewerHost } from './viewer.js';

export type { SessionOptions, SessionServices, SpeechEngineName } from './session-services.js';

const OPEN_ATTEMPTS = 5;

/**
 * One conversation and everyone who watches it: its media, the viewers and a mirror of the committed history, from which the
 * conversation goes on when the worker has to be replaced.
 */
export class Session {
  readonly id: string;
  readonly avatar: JoinAnswer['avatar'];
  readonly createdAt: Date;
  readonly #options: SessionOptions;
  readonly #services: SessionServices;
  readonly #logger: Logger;
  readonly #lifetime = new Lifetime();
  readonly #seats = new Seats(
    (participantId, events) => new Viewer(participantId, this.#host, events),
    (viewer) => this.leave(viewer),
  );
  readonly #microphones: SessionMicrophones;
  readonly #mirror: ConversationMirror;
  readonly #tuning: StreamTuning;
  readonly #idle: IdleWatch;
  readonly #ending: SessionEnding;
  readonly #media: SessionMedia;
  readonly #worker: ServingWorker;
  #state: AgentState = 'idle';
  #started = false;
  /** A viewer became ready while no worker had the conversation. */
  #startPending = false;
  /** Something that was being said was cut off by a failure; the visitors are told as soon as they hear. */
  #owesApology = false;
  #onChange: () => void = () => {};

  /**
   * Resolves when the avatar worker sends; rejects with a typed error and leaves nothing behind. With `stored` a session of a dead
   * gateway goes on: with its history, without a second greeting, and with its seats, which are kept for a while.
   */
  static async create(options: SessionOptions, services: SessionServices, stored?: StoredSession): Promise<Session> {
    let session: Session | undefined;
    const media = await SessionMedia.create(services.sfu, {
      onLost: () => (session === undefined ? undefined : session.#handleMediaLost()),
      onBack: (moved) => {
        services.logger.info({ sessionId: options.id, moved }, 'media goes on in a new media worker');
        if (moved && session !== undefined) session.#tellPort();
      },
      onFailed: (error) => session?.fail(error),
    });
    session = new Session(options, services, media, stored);
    try {
      await session.#open();
    } catch (thrown) {
      await session.close('failed');
      throw thrown;
    }
    return session;
  }

  private constructor(
    options: SessionOptions,
    services: SessionServices,
    media: SessionMedia,
    stored: StoredSession | undefined,
  ) {
    this.id = options.id;
    this.createdAt = new Date(stored?.createdAtMs ?? Date.now());
    this.#mirror = new ConversationMirror(stored);
    this.avatar = options.avatar;
    this.#options = options;
    this.#services = services;
    this.#logger = services.logger.child({ sessionId: options.id });
    this.#worker = new ServingWorker(services.worker, options.id);
    this.#tuning = new StreamTuning(options.conversation.videoBitrateKbps, this.#worker, this.#logger);
    this.#media = media;
    this.#lifetime.own(() => media.close());
    this.#microphones = new SessionMicrophones(this.#worker, media);
    this.#idle = new IdleWatch(options.joinWithinMs, options.idleTimeoutMs, (reason) => void this.close(reason));
    this.#lifetime.own(() => this.#idle.close());
    this.#ending = new SessionEnding({
      elapsedMs: Date.now() - this.createdAt.getTime(),
      maxSessionMs: options.maxSessionMs,
      wording: wordingOf(options.conversation.language),
      announce: (event) => this.#broadcast('ending', event),
      say: async (text) => {
        if (!this.#started) throw new VisavisError('conflict', 'nobody listens yet');
        await this.#worker.say(text);
      },
      close: () => void this.close('duration'),
    });
    this.#lifetime.own(() => this.#ending.close());
    services.worker.listen(this.id, {
      onEvent: (event) => this.#handleEvent(this.#mirror.accept(event)),
      onClosed: (error) => this.#handleWorkerClosed(error),
      onWorkerLost: () => this.#handleWorkerLost(),
      onWorkerBack: () => void this.#handleWorkerBack(),
    });
    this.#lifetime.own(() => this.#worker.close());
    if (stored !== undefined) this.#takeOver(stored);
  }

  /** Calls `listener` after whatever changed that `live`, `history` or the held seats tell. */
  watch(listener: () => void): void {
    this.#onChange = listener;
  }

  /** What a successor must know besides the messages. */
  get live(): LiveState {
    return { started: this.#started, state: this.#state, ...this.#mirror.underWay, recent: this.#seats.recent };
  }

  /** Events that were sent on the present connection of a seat. */
  sentTo(participantId: string): number {
    return this.#seats.sentTo(participantId);
  }

  /** Messages ever, those that the history no longer holds included. */
  get messageCount(): number {
    return this.#mirror.messageCount;
  }

  get options(): SessionOptions {
    return this.#options;
  }

  get closed(): Promise<CloseReason> {
    return this.#lifetime.closed;
  }

  get state(): AgentState {
    return this.#state;
  }

  get history(): readonly Message[] {
    return this.#mirror.history;
  }

  get participantCount(): number {
    return this.#seats.size;
  }

  /** The participant is here, or was a moment ago. */
  holdsSeat(participantId: string): boolean {
    return this.#seats.holds(participantId);
  }

  /** Takes a seat, or the own seat again after a broken connection; the answer of `join`. */
  join(participantId: string): { viewer: Viewer; answer: Omit<JoinAnswer, 'mediaKept'> } {
    if (this.#lifetime.isClosed) throw new VisavisError('not-found', 'this session is over');
    const viewer = this.#seats.take(participantId);
    this.#idle.joined();
    this.#onChange();
    const answer = {
      sessionId: this.id,
      participantId,
      routerRtpCapabilities: { ...this.#media.router.rtpCapabilities },
      iceServers: this.#services.iceServers(this.id),
      avatar: this.avatar,
      state: this.#state,
      disclosure: this.#options.disclosure.text,
      language: this.#options.disclosure.language,
      turnTaking: this.#options.conversation.turnTaking ?? 'balanced',
    };
    return { viewer, answer };
  }

  /** The participant's connection broke: the seat stays for a while. */
  suspend(viewer: Viewer): void {
    // The release of a held key would never come.
    this.talk(viewer, false);
    this.#seats.suspend(viewer);
  }

  /** The participant is gone for good; the last one ends the session. */
  leave(viewer: Viewer): void {
    if (!this.#seats.remove(viewer)) return;
    this.#tuning.remove(viewer.participantId);
    this.#onChange();
    if (this.#seats.size === 0) void this.close('left');
  }

  async say(text: string): Promise<void> {
    this.#idle.active();
    await this.#worker.say(text);
  }

  async ask(viewer: Viewer, text: string): Promise<void> {
    this.#idle.active();
    await this.#worker.ask(viewer.participantId, text);
  }

  /** Push-to-talk; in other modes it means nothing. */
  talk(viewer: Viewer, pressed: boolean): void {
    this.#worker.talk(viewer.participantId, pressed);
  }

  async interrupt(): Promise<void> {
    await this.#worker.interrupt();
  }

  /** The service is to stop in `inMs`. */
  announceShutdown(inMs: number): void {
    this.#ending.shutdown(inMs);
  }

  /** Ends the session for everyone, with an error that they are told. */
  fail(error: VisavisError): void {
    if (this.#lifetime.isClosed) return;
    this.#logger.error({ err: error }, 'session failed');
    this.#services.metrics.errors.inc({ code: error.code });
    this.#broadcast('session-error', error.toPublicBody());
    void this.close('failed');
  }

  async close(reason: CloseReason): Promise<void> {
    if (this.#lifetime.isClosed) return;
    this.#broadcast('closed', { reason });
    const closing = this.#lifetime.close(reason);
    this.#seats.close();
    await closing;
  }

  /** A port may be taken between its choice and the worker's bind; then another one is tried. */
  async #open(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const link = await this.#media.openLink();
      try {
        const { conversation } = this.#options;
        const options = this.#started ? { ...conversation, greeting: null } : conversation;
        await this.#worker.open({ link, options, history: [...this.history] });
        if (this.#started) this.#worker.start();
        return;
      } catch (thrown) {
        this.#media.closeLink();
        if (VisavisError.from(thrown).code !== 'conflict' || attempt === OPEN_ATTEMPTS) throw thrown;
        this.#logger.warn({ port: link.localPort }, 'link port was taken meanwhile');
      }
    }
  }

  get #host(): ViewerHost {
    const parts = { media: this.#media, microphones: this.#microphones, tuning: this.#tuning };
    const iceServers = () => this.#services.iceServers(this.id);
    return viewerHost({ ...parts, iceServers, onReady: () => this.#handleReady() });
  }

  get #accounts() {
    const { metrics, spans, remember } = this.#services;
    const roundTripMs = (participantId: string) => this.#seats.roundTripMs(participantId);
    return { sessionId: this.id, metrics, spans, remember, roundTripMs, logger: this.#logger };
  }

  #handleReady(): void {
    this.#handleFirstReady();
    this.#apologise();
  }

  #handleFirstReady(): void {
    if (this.#started) return;
    this.#startPending = !this.#worker.isServed;
    if (this.#startPending) return;
    this.#started = true;
    this.#worker.start();
    this.#onChange();
  }

  #handleEvent(event: ConversationEvent): void {
    if (this.#lifetime.isClosed) return;
    if (event.type === 'state') this.#state = event.state;
    else if (event.type === 'transcript' || event.type === 'caption') this.#idle.active();
    this.#ending.handle(event);
    this.#services.onEvent?.(event);
    if (event.type === 'history') this.#onChange();
    passOn(event, this.#accounts, (name, payload) => this.#broadcast(name, payload));
  }

  #handleWorkerClosed(error: VisavisError | undefined): void {
    this.fail(error ?? new VisavisError('engine-failed', 'the avatar worker ended the conversation'));
  }

  #handleWorkerLost(): void {
    if (this.#lifetime.isClosed || this.#media.link === undefined) return;
    this.#worker.lose();
    this.#logger.warn('avatar worker lost');
    this.#media.pauseLink().catch((error: unknown) => this.#logger.warn({ err: error }, 'link could not be paused'));
    this.#oweApologyWhenBusy();
    this.#state = 'idle';
    for (const event of this.#mirror.workerLost()) this.#handleEvent(event);
    this.#broadcast('state', { state: 'idle' });
    const message = 'the avatar failed and is coming back; what was said is kept';
    this.#broadcast('session-error', new VisavisError('unavailable', message).toBody());
  }

  /** The successor binds the same port, goes on with the same SSRCs and knows what was said; it does not greet again. */
  async #handleWorkerBack(): Promise<void> {
    if (this.#media.link === undefined) return;
    let link: PlainLink | undefined;
    try {
      const reopened = await this.#worker.reopen({
        request: () => {
          link = this.#media.link;
          if (link === undefined) throw new VisavisError('unavailable', 'the media server is restarting');
          const { conversation } = this.#options;
          const options = this.#started ? { ...conversation, greeting: null } : conversation;
          return { link, options, history: [...this.history] };
        },
        move: async () => {
          this.#logger.warn({ port: link?.localPort }, "the dead worker's port was taken meanwhile");
          await this.#media.moveLink();
          this.#loseViewersMedia();
        },
        resume: () => this.#media.resumeLink(),
      });
      // When it died once more, the next `onWorkerBack` tries again, or has begun to.
      if (!reopened) return;
    } catch (thrown) {
      this.fail(VisavisError.from(thrown));
      return;
    }
    if (this.#media.link?.remotePort !== link?.remotePort) this.#tellPort();
    this.#tuning.announce();
    this.#microphones.announce();
    if (this.#started) this.#worker.start();
    else if (this.#startPending) this.#handleFirstReady();
    this.#apologise();
    this.#logger.info({ messages: this.history.length }, 'conversation goes on in a new avatar worker');
  }

  /**
   * Nobody hears what is being said, and nobody's microphone arrives: the avatar stops, so that the history ends with the words that
   * were heard, and the viewers build their media anew.
   */
  #handleMediaLost(): void {
    if (this.#lifetime.isClosed || this.#media.link === undefined) return;
    this.#logger.warn('media worker lost');
    this.#oweApologyWhenBusy();
    if (this.#worker.isServed && this.#owesApology) {
      this.#worker.interrupt().catch((error: unknown) => this.#logger.warn({ err: error }, 'avatar did not stop'));
    }
    this.#loseViewersMedia();
  }

  #loseViewersMedia(): void {
    for (const viewer of this.#seats.viewers) viewer.loseMedia();
  }

  #tellPort(): void {
    const { link } = this.#media;
    if (link !== undefined) this.#worker.relink(link.remotePort);
  }

  #oweApologyWhenBusy(): void {
    if (this.#started && (this.#state !== 'idle' || this.#mirror.isUnderWay)) this.#owesApology = true;
  }

  #apologise(): void {
    if (!this.#owesApology || !this.#started || !this.#worker.isServed) return;
    this.#owesApology = false;
    this.#worker.apologise();
  }

  /** A dead gateway's session: seats are held for those who come back, and what was open is ended. */
  #takeOver({ live, seats }: StoredSession): void {
    this.#started = live.started;
    this.#state = live.state;
    this.#oweApologyWhenBusy();
    this.#state = 'idle';
    this.#seats.restore(seats, live.recent);
    if (this.#seats.size > 0) this.#idle.joined();
    // Told to those who come back.
    for (const event of this.#mirror.workerLost()) this.#handleEvent(event);
  }

  #broadcast<K extends keyof ServerToClient>(name: K, payload: Parameters<ServerToClient[K]>[0]): void {
    // Nobody hears of what a successor would not know.
    this.#seats.broadcast(name, payload, () => this.#onChange());
  }
}
