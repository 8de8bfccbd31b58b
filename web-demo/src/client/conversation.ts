import { io } from 'socket.io-client';
import type { CreateSessionBody, JoinAnswer } from '../../../src/signaling/messages.js';
import {
  advance,
  type ConnectionEvent,
  type ConnectionState,
  initialConnection,
  isLive,
  nextStep,
  type Step,
} from '../model/connection-state.js';
import { createSession } from './api.js';
import type { ConversationEvent, EndReason, Phase } from './events.js';
import { createTransports, joinWithTransports, MediaSession } from './media-session.js';
import { watchNetwork } from './network-watch.js';
import { ClientError, type ConversationSocket, request } from './request.js';

export interface ConversationOptions {
  /** Origin of the server; empty: the page's own. */
  baseUrl: string;
  /** What the session to be created is like. */
  session: CreateSessionBody;
  /** Joins the session of this token instead of creating one. */
  token: string | undefined;
  /** API key that creating a session takes, where it takes one. */
  key?: string | undefined;
  onEvent: (event: ConversationEvent) => void;
  signal: AbortSignal;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** One attempt; socket.io makes more. */
const ATTEMPT_TIMEOUT_MS = 5_000;

/**
 * One conversation: session, signalling and media, without any DOM. `create()` resolves when the avatar's tracks are flowing; afterwards
 * whatever breaks is mended as `connection-state.ts` decides (the socket by joining again with the same token, the media's path by an
 * ICE restart, the media by building it anew), until `close()` or the phase `over`.
 */
export class Conversation {
  readonly #options: ConversationOptions;
  readonly #socket: ConversationSocket;
  #token = '';
  #joined: JoinAnswer | undefined;
  #media: MediaSession | undefined;
  #microphone: MediaStreamTrack | null = null;
  #microphoneEnabled = true;
  /** What the server was last told; a new producer starts enabled. Undefined: it may or may not have heard. */
  #serverHears: boolean | undefined = true;
  /** Events that came since the last join; undefined: the server may count otherwise. */
  #received: number | undefined = 0;
  #state: ConnectionState = initialConnection(performance.now());
  #phase: Phase = 'connecting';
  /** `create()` is done; from now on trouble is mended. */
  #begun = false;
  #stepping = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #endWatch: (() => void) | undefined;

  static async create(options: ConversationOptions): Promise<Conversation> {
    const conversation = new Conversation(options);
    try {
      const { baseUrl, session, token, key, signal } = options;
      const [joinToken] = await Promise.all([
        token ?? createSession(baseUrl, session, key, signal).then((created) => created.token),
        conversation.#connect(),
      ]);
      conversation.#token = joinToken;
      await conversation.#enter();
      return conversation;
    } catch (failure) {
      conversation.#dispose();
      throw ClientError.from(failure);
    }
  }

  private constructor(options: ConversationOptions) {
    this.#options = options;
    this.#socket = io(options.baseUrl || undefined, {
      transports: ['websocket', 'polling'],
      tryAllTransports: true,
      autoConnect: false,
      forceNew: true,
      reconnectionDelay: 200,
      reconnectionDelayMax: 1_000,
      timeout: ATTEMPT_TIMEOUT_MS,
    });
    this.#handleServerEvents();
    options.signal.addEventListener('abort', () => this.#finish('left'), { once: true });
  }

  /** Sends this microphone from now on; null: none. It is sent again whenever media is built anew. */
  async setMicrophone(track: MediaStreamTrack | null): Promise<void> {
    this.#microphone = track;
    await this.#media?.setMicrophone(track);
    await this.#syncMicrophoneEnabled();
  }

  /** Tells the server whether the visitor means to be heard. */
  async setMicrophoneEnabled(enabled: boolean): Promise<void> {
    this.#microphoneEnabled = enabled;
    await this.#syncMicrophoneEnabled();
  }

  /** The server takes this only for a microphone that it knows; every new one counts as enabled. */
  async #syncMicrophoneEnabled(): Promise<void> {
    await this.#media?.microphoneSettled();
    const enabled = this.#microphoneEnabled && this.#microphone !== null;
    if (!this.#state.joined || !this.#media?.hasMicrophone || enabled === this.#serverHears) return;
    this.#serverHears = enabled;
    try {
      await request(this.#socket, 'set-microphone', { enabled });
    } catch (failure) {
      this.#serverHears = undefined;
      // Once joined again it is told anew.
      if (this.#state.joined) throw failure;
    }
  }

  async ask(text: string): Promise<void> {
    await request(this.#socket, 'ask', { text });
    this.#emit({ type: 'asked', text });
  }

  /** In a session that takes turns by push-to-talk. */
  async pushToTalk(pressed: boolean): Promise<void> {
    await request(this.#socket, 'push-to-talk', { pressed });
  }

  async interrupt(): Promise<void> {
    await request(this.#socket, 'interrupt', {});
  }

  /** WebRTC statistics of what is received; undefined while there is no connection. */
  async stats(): Promise<RTCStatsReport | undefined> {
    // Between asking and answering the transport may have been closed.
    return this.#media?.stats().catch(() => undefined);
  }

  /** Leaves and frees everything; the microphone's track stays its owner's. */
  close(): void {
    if (this.#socket.connected && this.#phase !== 'over') this.#socket.emit('leave', {}, () => undefined);
    this.#finish('left');
  }

  #connect(): Promise<void> {
    return new Promise((resolve, reject) => {
      const unreachable = (): void => reject(new ClientError('unreachable', 'the server does not answer', true));
      const timer = setTimeout(unreachable, CONNECT_TIMEOUT_MS);
      this.#socket.once('connect', () => {
        clearTimeout(timer);
        resolve();
      });
      this.#socket.connect();
    });
  }

  /** The first join; what goes wrong here fails `create()`. */
  async #enter(): Promise<void> {
    const { join, transports } = await joinWithTransports(this.#socket, this.#token);
    this.#handleJoined(join);
    await this.#start(await MediaSession.create(this.#socket, join, transports, this.#mediaHandlers()));
    if (this.#phase === 'over' || !this.#socket.connected) {
      throw new ClientError('unreachable', 'the connection went away', true);
    }
    this.#begun = true;
    this.#endWatch = watchNetwork(() => this.#handleNetworkChanged());
    this.#feed({ type: 'transports', state: this.#media?.state ?? 'connecting' });
  }

  /** Plays what `media` receives and sends the microphone that there is. */
  async #start(media: MediaSession): Promise<void> {
    this.#media = media;
    this.#serverHears = true;
    this.#emit({ type: 'tracks', tracks: media.tracks });
    await request(this.#socket, 'resume', {});
    this.#feed({ type: 'built' });
    this.#feed({ type: 'transports', state: media.state });
    if (this.#microphone) this.#restoreMicrophone();
  }

  #restoreMicrophone(): void {
    this.setMicrophone(this.#microphone).catch((failure: unknown) => {
      const { message } = ClientError.from(failure);
      this.#emit({ type: 'session-error', code: 'upstream-failed', message, retryable: true });
    });
  }

  #mediaHandlers(): Parameters<typeof MediaSession.create>[3] {
    return { onState: () => this.#media && this.#feed({ type: 'transports', state: this.#media.state }) };
  }

  #handleJoined(join: JoinAnswer): void {
    this.#joined = join;
    this.#emit({ type: 'joined', answer: join });
    this.#feed({ type: 'joined', mediaKept: join.mediaKept && this.#media !== undefined });
  }

  /** Takes what happened, tells the owner of a new phase and does what is to be done about it. */
  #feed(event: ConnectionEvent): void {
    if (this.#phase === 'over') return;
    this.#state = advance(this.#state, event, performance.now());
    if (isLive(this.#state)) this.#setPhase('live');
    else if (this.#phase === 'live') this.#setPhase('reconnecting');
    this.#drive();
  }

  #setPhase(phase: 'live' | 'reconnecting'): void {
    if (phase === this.#phase) return;
    this.#phase = phase;
    this.#emit({ type: 'phase', phase });
  }

  #drive(): void {
    if (!this.#begun || this.#stepping || this.#phase === 'over') return;
    clearTimeout(this.#timer);
    const next = nextStep(this.#state, performance.now());
    if ('waitUntilMs' in next) {
      if (next.waitUntilMs === Number.POSITIVE_INFINITY) return;
      this.#timer = setTimeout(() => this.#drive(), Math.max(0, next.waitUntilMs - performance.now()));
      return;
    }
    this.#stepping = true;
    void this.#carryOut(next.step).finally(() => {
      this.#stepping = false;
      this.#drive();
    });
  }

  async #carryOut(step: Step): Promise<void> {
    if (step === 'join') await this.#rejoin();
    else if (step === 'restart-ice') await this.#restartIce();
    else if (step === 'build') await this.#build();
    else this.#finish(this.#state.wasGood || !this.#state.joined ? 'lost' : 'blocked');
  }

  async #rejoin(): Promise<void> {
    const received = this.#received;
    this.#received = 0;
    try {
      const payload = { token: this.#token, resume: true, received };
      this.#handleJoined(await request(this.#socket, 'join', payload, ATTEMPT_TIMEOUT_MS));
    } catch (failure) {
      const { code, retryable, message } = ClientError.from(failure);
      const unclear = code === 'unreachable' || code === 'conflict';
      if (!retryable && !unclear) return this.#finish('expired', message);
      this.#received = unclear ? undefined : received;
      this.#feed({ type: 'join-failed' });
      // The server may have let this socket in without our hearing of it; it lets each one in only once.
      if (unclear) this.#hangUp();
      return;
    }
    await this.#syncMicrophoneEnabled().catch(() => undefined);
  }

  async #restartIce(): Promise<void> {
    const media = this.#media;
    if (media === undefined) return this.#feed({ type: 'media-lost' });
    try {
      await media.restartIce();
      this.#feed({ type: 'restarted' });
      this.#feed({ type: 'transports', state: media.state });
    } catch (failure) {
      const { code } = ClientError.from(failure);
      // A socket over the path that broke does not know yet that it is dead.
      if (code === 'unreachable') this.#hangUp();
      else this.#feed(code === 'not-found' || code === 'conflict' ? { type: 'media-lost' } : { type: 'restarted' });
    }
  }

  async #build(): Promise<void> {
    const join = this.#joined;
    if (join === undefined) return;
    this.#dropMedia();
    try {
      const transports = await createTransports(this.#socket);
      await this.#start(await MediaSession.create(this.#socket, join, transports, this.#mediaHandlers()));
    } catch {
      this.#dropMedia();
      this.#feed({ type: 'build-failed' });
    }
  }

  #dropMedia(): void {
    if (this.#media === undefined) return;
    this.#media.close();
    this.#media = undefined;
    this.#emit({ type: 'tracks', tracks: [] });
  }

  /** A fresh socket: the old one may hang for as long as nothing tells it that its path is gone. */
  #hangUp(): void {
    this.#socket.disconnect();
    if (this.#phase !== 'over') this.#socket.connect();
  }

  #handleNetworkChanged(): void {
    if (this.#phase === 'over') return;
    this.#feed({ type: 'network-changed' });
    this.#hangUp();
  }

  #handleServerEvents(): void {
    const socket = this.#socket;
    socket.on('connect', () => this.#feed({ type: 'socket', socket: 'up' }));
    socket.on('disconnect', (reason) => this.#handleDisconnect(reason));
    socket.onAny(() => {
      if (this.#received !== undefined) this.#received++;
    });
    socket.on('state', (e) => this.#emit({ type: 'state', ...e }));
    socket.on('transcript', (e) => this.#emit({ type: 'transcript', ...e }));
    socket.on('caption', (e) => this.#emit({ type: 'caption', ...e }));
    socket.on('sources', (e) => this.#emit({ type: 'sources', ...e }));
    socket.on('handover', () => this.#emit({ type: 'handover' }));
    socket.on('utterance-end', (e) => this.#emit({ type: 'utterance-end', ...e }));
    socket.on('interruption', (e) => this.#emit({ type: 'interruption', ...e }));
    socket.on('latency', (e) => this.#emit({ type: 'latency', ...e }));
    socket.on('session-error', (e) => this.#emit({ type: 'session-error', ...e }));
    socket.on('ending', (e) => this.#emit({ type: 'ending', ...e }));
    socket.on('media-lost', () => this.#feed({ type: 'media-lost' }));
    socket.on('closed', ({ reason }) => this.#finish(reason as EndReason));
  }

  #handleDisconnect(reason: string): void {
    this.#feed({ type: 'socket', socket: 'down' });
    // socket.io does not come back by itself when the server hung up; when we did, we connect anew ourselves.
    if (reason === 'io server disconnect' && this.#begun && this.#phase !== 'over') this.#socket.connect();
  }

  #emit(event: ConversationEvent): void {
    if (this.#phase !== 'over') this.#options.onEvent(event);
  }

  #finish(reason: EndReason, detail?: string): void {
    if (this.#phase === 'over') return;
    this.#dispose();
    this.#options.onEvent({ type: 'phase', phase: 'over', reason, detail });
  }

  #dispose(): void {
    this.#phase = 'over';
    clearTimeout(this.#timer);
    this.#endWatch?.();
    this.#media?.close();
    this.#socket.disconnect();
  }
}
