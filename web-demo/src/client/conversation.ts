import { io } from 'socket.io-client';
import type { CreateSessionBody } from '../../../src/signaling/messages.js';
import { createSession } from './api.js';
import type { ConversationEvent, EndReason } from './events.js';
import { MediaSession } from './media-session.js';
import { ClientError, type ConversationSocket, request } from './request.js';

export interface ConversationOptions {
  /** Origin of the server; empty: the page's own. */
  baseUrl: string;
  /** What the session to be created is like. */
  session: CreateSessionBody;
  /** Joins the session of this token instead of creating one. */
  token: string | undefined;
  onEvent: (event: ConversationEvent) => void;
  signal: AbortSignal;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** How long a broken connection may last before the conversation is given up. */
const RECONNECT_LIMIT_MS = 30_000;
const REJOIN_PAUSE_MS = 1_000;

/**
 * One conversation: session, signalling and media, without any DOM. `create()` resolves when the avatar's tracks are flowing;
 * afterwards a broken connection is mended by joining again with the same token, until `close()` or the phase `over`.
 */
export class Conversation {
  readonly #options: ConversationOptions;
  readonly #socket: ConversationSocket;
  #token = '';
  #media: MediaSession | undefined;
  #microphone: MediaStreamTrack | null = null;
  #microphoneEnabled = true;
  /** What the server was last told; a new producer starts enabled. */
  #serverHears = true;
  #generation = 0;
  #live = false;
  #rejoining = false;
  #over = false;
  #deadline: ReturnType<typeof setTimeout> | undefined;

  static async create(options: ConversationOptions): Promise<Conversation> {
    const conversation = new Conversation(options);
    try {
      const { baseUrl, session, token, signal } = options;
      const [joinToken] = await Promise.all([
        token ?? createSession(baseUrl, session, signal).then((created) => created.token),
        conversation.#connect(),
      ]);
      conversation.#token = joinToken;
      await conversation.#join();
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
      reconnectionDelay: 300,
      reconnectionDelayMax: 2_000,
      timeout: CONNECT_TIMEOUT_MS,
    });
    this.#handleServerEvents();
    options.signal.addEventListener('abort', () => this.#finish('left'), { once: true });
  }

  /** Sends this microphone from now on; null: none. It is sent again after every reconnection. */
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
    if (!this.#live || !this.#media?.hasMicrophone || enabled === this.#serverHears) return;
    this.#serverHears = enabled;
    await request(this.#socket, 'set-microphone', { enabled });
  }

  async ask(text: string): Promise<void> {
    await request(this.#socket, 'ask', { text });
    this.#emit({ type: 'asked', text });
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
    if (this.#socket.connected && !this.#over) this.#socket.emit('leave', {}, () => undefined);
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

  async #join(): Promise<void> {
    const generation = ++this.#generation;
    this.#media?.close();
    this.#media = undefined;
    const media = await MediaSession.join(this.#socket, this.#token, {
      onJoined: (answer) => this.#emit({ type: 'joined', answer }),
      onFailed: () => this.#handleMediaLost(generation),
    });
    if (this.#over || generation !== this.#generation) {
      media.close();
      throw new ClientError('unreachable', 'the connection went away', true);
    }
    this.#media = media;
    this.#serverHears = true;
    this.#emit({ type: 'tracks', tracks: media.tracks });
    await request(this.#socket, 'resume', {});
    this.#live = true;
    this.#emit({ type: 'phase', phase: 'live' });
    if (this.#microphone) this.#restoreMicrophone(this.#microphone);
  }

  #restoreMicrophone(track: MediaStreamTrack): void {
    this.setMicrophone(track).catch((failure: unknown) => {
      const { message } = ClientError.from(failure);
      this.#emit({ type: 'session-error', code: 'upstream-failed', message, retryable: true });
    });
  }

  /** Joins again until it works, the server refuses for good or the time is up. */
  async #rejoin(): Promise<void> {
    if (this.#rejoining) return;
    this.#rejoining = true;
    while (!this.#over && !this.#live && this.#socket.connected) {
      try {
        await this.#join();
        clearTimeout(this.#deadline);
        this.#deadline = undefined;
      } catch (failure) {
        const { code, retryable, message } = ClientError.from(failure);
        if (!retryable && code !== 'conflict') this.#finish('expired', message);
        else await new Promise((resolve) => setTimeout(resolve, REJOIN_PAUSE_MS));
      }
    }
    this.#rejoining = false;
  }

  #handleServerEvents(): void {
    const socket = this.#socket;
    socket.on('connect', () => {
      if (this.#deadline !== undefined) void this.#rejoin();
    });
    socket.on('disconnect', (reason) => this.#handleDisconnect(reason));
    socket.on('state', (e) => this.#emit({ type: 'state', ...e }));
    socket.on('transcript', (e) => this.#emit({ type: 'transcript', ...e }));
    socket.on('caption', (e) => this.#emit({ type: 'caption', ...e }));
    socket.on('utterance-end', (e) => this.#emit({ type: 'utterance-end', ...e }));
    socket.on('interruption', (e) => this.#emit({ type: 'interruption', ...e }));
    socket.on('latency', (e) => this.#emit({ type: 'latency', ...e }));
    socket.on('session-error', (e) => this.#emit({ type: 'session-error', ...e }));
    socket.on('closed', ({ reason }) => this.#finish(reason as EndReason));
  }

  #handleDisconnect(reason: string): void {
    if (this.#over || !this.#live) return;
    this.#live = false;
    this.#generation++;
    this.#emit({ type: 'phase', phase: 'reconnecting' });
    this.#media?.close();
    this.#media = undefined;
    this.#deadline ??= setTimeout(() => this.#finish('lost'), RECONNECT_LIMIT_MS);
    // socket.io does not come back by itself when the server, or we, hung up.
    if (reason === 'io server disconnect' || reason === 'io client disconnect') this.#socket.connect();
  }

  /** Media died although signalling lives: hang up, which takes the same way back as a lost socket. */
  #handleMediaLost(generation: number): void {
    if (generation === this.#generation && this.#live) this.#socket.disconnect();
  }

  #emit(event: ConversationEvent): void {
    if (!this.#over) this.#options.onEvent(event);
  }

  #finish(reason: EndReason, detail?: string): void {
    if (this.#over) return;
    this.#dispose();
    this.#options.onEvent({ type: 'phase', phase: 'over', reason, detail });
  }

  #dispose(): void {
    this.#over = true;
    this.#live = false;
    clearTimeout(this.#deadline);
    this.#media?.close();
    this.#socket.disconnect();
  }
}
