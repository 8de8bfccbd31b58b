import type { ConversationEvent } from '../agents/events.js';
import { VisavisError } from '../errors.js';
import type { AgentState, Message } from '../inference/engines.js';
import { type CloseReason, Lifetime } from '../lifecycle.js';
import type { Logger } from '../log.js';
import { BitrateGovernor } from '../media/bitrate.js';
import type { Microphone, PlainLinkEndpoint } from '../media/plain-link.js';
import type { Room, Sfu } from '../media/sfu.js';
import type { Metrics } from '../metrics.js';
import type { AvatarWorkerClient } from '../worker/avatar-worker-client.js';
import type { ConversationOptions } from '../worker/control.js';
import { ConversationMirror } from './conversation-mirror.js';
import { IdleWatch } from './idle.js';
import type { JoinAnswer, ServerToClient } from './messages.js';
import type { IceServer } from './turn-credentials.js';
import { Viewer, type ViewerHost } from './viewer.js';

export interface SessionOptions {
  id: string;
  avatar: JoinAnswer['avatar'];
  conversation: ConversationOptions;
  /** Without anything said for this long the session ends. */
  idleTimeoutMs: number;
  /** Without anyone having joined for this long the session ends. */
  joinWithinMs: number;
}

export type SpeechEngineName = ConversationOptions['speech'];

export interface SessionServices {
  sfu: Sfu;
  worker: AvatarWorkerClient;
  /** The speech engine of a session that asks for none. */
  standardSpeech: SpeechEngineName;
  metrics: Metrics;
  logger: Logger;
  /** TURN servers with credentials for this session. */
  iceServers: (sessionId: string) => IceServer[];
}

export const MAX_VIEWERS = 16;
/** A participant whose connection broke keeps the seat for this long. */
export const SEAT_GRACE_MS = 35_000;
const OPEN_ATTEMPTS = 5;
const DISCLOSURE = 'You are talking to a machine: this face and this voice are made by a computer.';

/**
 * One conversation and everyone who watches it: the room, the link to the avatar worker, the viewers and a mirror of the
 * committed history, from which the conversation goes on when the worker has to be replaced.
 */
export class Session {
  readonly id: string;
  readonly avatar: JoinAnswer['avatar'];
  readonly createdAt = new Date();
  readonly #options: SessionOptions;
  readonly #services: SessionServices;
  readonly #logger: Logger;
  readonly #lifetime = new Lifetime();
  readonly #viewers = new Map<string, Viewer>();
  readonly #graces = new Map<string, NodeJS.Timeout>();
  readonly #microphones = new Map<string, { microphone: Microphone; enabled: boolean }>();
  readonly #mirror = new ConversationMirror();
  readonly #governor: BitrateGovernor;
  readonly #idle: IdleWatch;
  readonly #room: Room;
  #link!: PlainLinkEndpoint;
  #state: AgentState = 'idle';
  #started = false;
  /** A viewer became ready while no worker had the conversation. */
  #startPending = false;
  /** `served`: a worker has the conversation; `lost`: none; `reopening`: its successor is taking it over. */
  #worker: 'served' | 'lost' | 'reopening' = 'served';

  /** Resolves when the avatar worker sends; rejects with a typed error and leaves nothing behind. */
  static async create(options: SessionOptions, services: SessionServices): Promise<Session> {
    let session: Session | undefined;
    let failed: VisavisError | undefined;
    const room = await services.sfu.createRoom((error) => {
      failed = error;
      session?.fail(error);
    });
    session = new Session(options, services, room);
    try {
      await session.#open();
      if (failed !== undefined) throw failed;
    } catch (thrown) {
      await session.close('failed');
      throw thrown;
    }
    return session;
  }

  private constructor(options: SessionOptions, services: SessionServices, room: Room) {
    this.id = options.id;
    this.avatar = options.avatar;
    this.#options = options;
    this.#services = services;
    this.#logger = services.logger.child({ sessionId: options.id });
    this.#governor = new BitrateGovernor(options.conversation.videoBitrateKbps);
    this.#room = room;
    this.#lifetime.own(() => room.close());
    this.#idle = new IdleWatch(options.joinWithinMs, options.idleTimeoutMs, (reason) => void this.close(reason));
    this.#lifetime.own(() => this.#idle.close());
    services.worker.listen(this.id, {
      onEvent: (event) => this.#handleEvent(this.#mirror.accept(event)),
      onClosed: (error) => this.#handleWorkerClosed(error),
      onWorkerLost: () => this.#handleWorkerLost(),
      onWorkerBack: () => void this.#handleWorkerBack(),
    });
    this.#lifetime.own(() => services.worker.close(this.id));
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
    return this.#viewers.size;
  }

  /** The participant is here, or was a moment ago. */
  holdsSeat(participantId: string): boolean {
    return this.#viewers.has(participantId);
  }

  /** Takes a seat, or the own seat again after a broken connection; the answer of `join`. */
  join(participantId: string): { viewer: Viewer; answer: Omit<JoinAnswer, 'mediaKept'> } {
    if (this.#lifetime.isClosed) throw new VisavisError('not-found', 'this session is over');
    let viewer = this.#viewers.get(participantId);
    if (viewer === undefined) {
      if (this.#viewers.size >= MAX_VIEWERS) throw new VisavisError('unavailable', 'this session is full');
      viewer = new Viewer(participantId, this.#hostOf());
      this.#viewers.set(participantId, viewer);
    }
    clearTimeout(this.#graces.get(participantId));
    this.#graces.delete(participantId);
    this.#idle.joined();
    const answer = {
      sessionId: this.id,
      participantId,
      routerRtpCapabilities: { ...this.#room.router.rtpCapabilities },
      iceServers: this.#services.iceServers(this.id),
      avatar: this.avatar,
      state: this.#state,
      disclosure: DISCLOSURE,
    };
    return { viewer, answer };
  }

  /** The participant's connection broke: the seat stays for a while. */
  suspend(viewer: Viewer): void {
    if (viewer.isClosed || this.#viewers.get(viewer.participantId) !== viewer) return;
    viewer.detach();
    clearTimeout(this.#graces.get(viewer.participantId));
    this.#graces.set(
      viewer.participantId,
      setTimeout(() => this.leave(viewer), SEAT_GRACE_MS),
    );
  }

  /** The participant is gone for good; the last one ends the session. */
  leave(viewer: Viewer): void {
    const id = viewer.participantId;
    if (this.#viewers.get(id) !== viewer) return;
    clearTimeout(this.#graces.get(id));
    this.#graces.delete(id);
    viewer.close();
    this.#viewers.delete(id);
    this.#applyBitrate(this.#governor.remove(id, performance.now()));
    if (this.#viewers.size === 0) void this.close('left');
  }

  async say(text: string): Promise<void> {
    this.#idle.active();
    await this.#servingWorker.say(this.id, text);
  }

  async ask(viewer: Viewer, text: string): Promise<void> {
    this.#idle.active();
    await this.#servingWorker.ask(this.id, viewer.participantId, text);
  }

  async interrupt(): Promise<void> {
    await this.#servingWorker.interrupt(this.id);
  }

  get #servingWorker(): AvatarWorkerClient {
    if (this.#worker !== 'served') throw new VisavisError('unavailable', 'the avatar is coming back; try again');
    return this.#services.worker;
  }

  /** Ends the session for everyone, with an error that they are told. */
  fail(error: VisavisError): void {
    if (this.#lifetime.isClosed) return;
    this.#logger.error({ err: error }, 'session failed');
    this.#services.metrics.errors.inc({ code: error.code });
    this.#broadcast('session-error', error.toBody());
    void this.close('failed');
  }

  async close(reason: CloseReason): Promise<void> {
    if (this.#lifetime.isClosed) return;
    this.#broadcast('closed', { reason });
    for (const timer of this.#graces.values()) clearTimeout(timer);
    this.#graces.clear();
    const closing = this.#lifetime.close(reason);
    for (const viewer of this.#viewers.values()) viewer.close();
    this.#viewers.clear();
    await closing;
  }

  /** A port may be taken between its choice and the worker's bind; then another one is tried. */
  async #open(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const link = await this.#room.createLink();
      try {
        const { conversation } = this.#options;
        await this.#services.worker.open(this.id, { link: link.link, options: conversation, history: [] });
        this.#link = link;
        this.#lifetime.own(() => link.close());
        return;
      } catch (thrown) {
        link.close();
        if (VisavisError.from(thrown).code !== 'conflict' || attempt === OPEN_ATTEMPTS) throw thrown;
        this.#logger.warn({ port: link.link.localPort }, 'link port was taken meanwhile');
      }
    }
  }

  #hostOf(): ViewerHost {
    return {
      router: this.#room.router,
      createTransport: () => this.#room.createViewerTransport(),
      iceServers: () => this.#services.iceServers(this.id),
      avatarProducers: () => [this.#link.voice, this.#link.picture],
      onMicrophone: async (viewer, producer) => {
        const microphone = await this.#link.addMicrophone(producer);
        this.#microphones.set(viewer.participantId, { microphone, enabled: true });
        // A successor is told of all microphones once it has the conversation.
        if (this.#worker === 'served') {
          this.#services.worker.addMicrophone(this.id, viewer.participantId, microphone.stream);
        }
        await microphone.resume();
      },
      onMicrophoneEnabled: async (viewer, enabled) => {
        const entry = this.#microphones.get(viewer.participantId);
        if (entry === undefined) return;
        entry.enabled = enabled;
        if (this.#worker !== 'served') return;
        const { worker } = this.#services;
        if (enabled) worker.addMicrophone(this.id, viewer.participantId, entry.microphone.stream);
        else worker.removeMicrophone(this.id, viewer.participantId);
      },
      onMicrophoneGone: (viewer) => {
        const entry = this.#microphones.get(viewer.participantId);
        this.#microphones.delete(viewer.participantId);
        entry?.microphone.close();
        if (this.#lifetime.isClosed || this.#worker !== 'served') return;
        this.#services.worker.removeMicrophone(this.id, viewer.participantId);
      },
      onReady: () => this.#handleFirstReady(),
      onBandwidth: (viewer, bps) =>
        this.#applyBitrate(this.#governor.update(viewer.participantId, bps, performance.now())),
    };
  }

  #handleFirstReady(): void {
    if (this.#started) return;
    this.#startPending = this.#worker !== 'served';
    if (this.#startPending) return;
    this.#started = true;
    this.#services.worker.start(this.id);
  }

  #applyBitrate(kbps: number | undefined): void {
    if (kbps !== undefined && !this.#lifetime.isClosed && this.#worker === 'served')
      this.#services.worker.setBitrate(this.id, kbps);
  }

  #handleEvent(event: ConversationEvent): void {
    if (this.#lifetime.isClosed) return;
    const { metrics } = this.#services;
    switch (event.type) {
      case 'state':
        this.#state = event.state;
        this.#broadcast('state', { state: event.state });
        break;
      case 'transcript': {
        const { turnId, participantId, text, final } = event;
        this.#idle.active();
        if (final) metrics.turns.inc();
        this.#broadcast('transcript', { turnId, participantId, text, final });
        break;
      }
      case 'caption': {
        const { utteranceId, index, word } = event;
        this.#idle.active();
        this.#broadcast('caption', { utteranceId, index, word });
        break;
      }
      case 'utterance-end': {
        const { utteranceId, text, interrupted } = event;
        this.#broadcast('utterance-end', { utteranceId, text, interrupted });
        break;
      }
      case 'interruption': {
        const { phase, utteranceId, sinceOnsetMs } = event;
        metrics.interruptions.inc({ phase });
        this.#broadcast('interruption', { phase, utteranceId, sinceOnsetMs });
        break;
      }
      case 'latency': {
        const { turnId, utteranceId, latency } = event;
        metrics.recordTurn(latency);
        this.#broadcast('latency', { turnId, utteranceId, latency });
        break;
      }
      case 'error':
        metrics.errors.inc({ code: event.error.code });
        this.#logger.warn({ code: event.error.code, reason: event.error.message }, 'conversation reported an error');
        this.#broadcast('session-error', event.error);
        break;
    }
  }

  #handleWorkerClosed(error: VisavisError | undefined): void {
    this.fail(error ?? new VisavisError('engine-failed', 'the avatar worker ended the conversation'));
  }

  #handleWorkerLost(): void {
    if (this.#lifetime.isClosed || this.#link === undefined) return;
    this.#worker = 'lost';
    this.#state = 'idle';
    this.#logger.warn('avatar worker lost');
    this.#link.pause().catch((error: unknown) => this.#logger.warn({ err: error }, 'link could not be paused'));
    for (const event of this.#mirror.workerLost()) this.#handleEvent(event);
    this.#broadcast('state', { state: 'idle' });
    const message = 'the avatar failed and is coming back; what was said is kept';
    this.#broadcast('session-error', new VisavisError('unavailable', message).toBody());
  }

  /** The successor binds the same port, goes on with the same SSRCs and knows what was said; it does not greet again. */
  async #handleWorkerBack(): Promise<void> {
    if (this.#lifetime.isClosed || this.#worker !== 'lost') return;
    this.#worker = 'reopening';
    const { worker } = this.#services;
    const { conversation } = this.#options;
    const options = this.#started ? { ...conversation, greeting: null } : conversation;
    try {
      await worker.open(this.id, { link: this.#link.link, options, history: [...this.history] });
      await this.#link.resume();
    } catch (thrown) {
      // When it died once more, the next `onWorkerBack` tries again.
      if (this.#worker === 'reopening') this.fail(VisavisError.from(thrown));
      return;
    }
    if (this.#lifetime.isClosed) return;
    this.#worker = 'served';
    worker.setBitrate(this.id, this.#governor.currentKbps);
    for (const [participantId, { microphone, enabled }] of this.#microphones) {
      if (enabled) worker.addMicrophone(this.id, participantId, microphone.stream);
    }
    if (this.#started) worker.start(this.id);
    else if (this.#startPending) this.#handleFirstReady();
    this.#logger.info({ messages: this.history.length }, 'conversation goes on in a new avatar worker');
  }

  #broadcast<K extends keyof ServerToClient>(name: K, payload: Parameters<ServerToClient[K]>[0]): void {
    for (const viewer of this.#viewers.values()) viewer.notify(name, payload);
  }
}
