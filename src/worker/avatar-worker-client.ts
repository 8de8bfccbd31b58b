import type { ConversationEvent } from '../agents/events.js';
import { VisavisError } from '../errors.js';
import type { Message } from '../inference/engines.js';
import type { Logger } from '../log.js';
import type {
  ConversationOptions,
  FromAvatarWorker,
  PlainLink,
  RtpStream,
  ToAvatarWorker,
  WorkerStats,
} from './control.js';
import type { WorkerChannel } from './supervised-process.js';

/** What a conversation's owner hears from the worker. */
export interface ConversationListener {
  onEvent(event: ConversationEvent): void;
  /** The worker gave the conversation up. */
  onClosed(error: VisavisError | undefined): void;
  /** The worker died; the conversation is to be opened again after `onWorkerBack`. */
  onWorkerLost(): void;
  onWorkerBack(): void;
}

export interface OpenRequest {
  link: PlainLink;
  options: ConversationOptions;
  history: Message[];
}

export interface AvatarWorkerLimits {
  openMs: number;
  answerMs: number;
  /** The worker must answer a ping within this time. */
  pongMs: number;
  pingEveryMs: number;
}

const LIMITS: AvatarWorkerLimits = { openMs: 10_000, answerMs: 5_000, pongMs: 20_000, pingEveryMs: 5_000 };

/** A successor has all conversations to take over at once, on a machine that may be busy with more than that. */
const REOPEN_LIMIT_MS = 45_000;
const REOPEN_PAUSE_MS = 250;
/** A dead worker's port is free as soon as the kernel has buried the process; who else holds it then keeps it. */
const PORT_LIMIT_MS = 750;

interface Pending {
  resolve: () => void;
  reject: (error: VisavisError) => void;
  timer: NodeJS.Timeout;
}

/** Typed requests to the avatar worker: each is answered, or rejects with a typed error within its limit. */
export class AvatarWorkerClient {
  readonly #channel: WorkerChannel;
  readonly #limits: AvatarWorkerLimits;
  readonly #logger: Logger;
  readonly #onStats: (stats: WorkerStats) => void;
  readonly #listeners = new Map<string, ConversationListener>();
  readonly #opening = new Map<string, Pending>();
  readonly #answers = new Map<number, Pending>();
  #nextId = 1;
  #pingTimer: NodeJS.Timeout;
  #pinged: { id: number; atMs: number } | undefined;

  constructor(
    channel: WorkerChannel,
    o: { logger: Logger; onStats?: (stats: WorkerStats) => void; limits?: Partial<AvatarWorkerLimits> },
  ) {
    this.#channel = channel;
    this.#logger = o.logger;
    this.#onStats = o.onStats ?? (() => {});
    this.#limits = { ...LIMITS, ...o.limits };
    channel.onMessage((message) => this.#handleMessage(message as FromAvatarWorker));
    channel.onDown(() => this.#handleDown());
    channel.onUp(() => this.#handleUp());
    this.#pingTimer = setInterval(() => this.#ping(), this.#limits.pingEveryMs);
    this.#pingTimer.unref();
    // What a worker measured at its start is wanted soon, not at the next interval.
    this.#ping();
  }

  get isUp(): boolean {
    return this.#channel.isUp;
  }

  /** Registers who hears about a conversation; call before `open`. */
  listen(conversationId: string, listener: ConversationListener): void {
    this.#listeners.set(conversationId, listener);
  }

  /** Resolves when the worker sends on `link`. A port that the worker cannot bind rejects with `conflict`. */
  open(conversationId: string, request: OpenRequest): Promise<void> {
    return this.#request(this.#opening, conversationId, this.#limits.openMs, {
      type: 'open',
      conversationId,
      ...request,
    });
  }

  /** Like `open`, but tries again, up to 45 s, while that is still wanted and the failure may pass; a taken port rejects sooner. */
  async reopen(conversationId: string, request: OpenRequest, isWanted: () => boolean): Promise<void> {
    const startMs = performance.now();
    for (;;) {
      try {
        return await this.open(conversationId, request);
      } catch (thrown) {
        const { retryable, code } = VisavisError.from(thrown);
        const mayPass = retryable && this.#channel.isUp;
        const limitMs = code === 'conflict' ? PORT_LIMIT_MS : REOPEN_LIMIT_MS;
        if (!mayPass || !isWanted() || performance.now() - startMs > limitMs) throw thrown;
        await new Promise((resolve) => setTimeout(resolve, REOPEN_PAUSE_MS));
        if (!isWanted()) throw thrown;
      }
    }
  }

  start(conversationId: string): void {
    this.#send({ type: 'start', conversationId });
  }

  addMicrophone(conversationId: string, participantId: string, stream: RtpStream): void {
    this.#send({ type: 'microphone-added', conversationId, participantId, stream });
  }

  removeMicrophone(conversationId: string, participantId: string): void {
    this.#send({ type: 'microphone-removed', conversationId, participantId });
  }

  setBitrate(conversationId: string, videoKbps: number): void {
    this.#send({ type: 'bitrate', conversationId, videoKbps });
  }

  setVoiceLoss(conversationId: string, percent: number): void {
    this.#send({ type: 'voice-loss', conversationId, percent });
  }

  relink(conversationId: string, remotePort: number): void {
    this.#send({ type: 'relink', conversationId, remotePort });
  }

  /** Word for word. */
  say(conversationId: string, text: string): Promise<void> {
    return this.#ask((requestId) => ({ type: 'say', conversationId, requestId, text }));
  }

  ask(conversationId: string, participantId: string, text: string): Promise<void> {
    return this.#ask((requestId) => ({ type: 'ask', conversationId, requestId, participantId, text }));
  }

  /** Push-to-talk: the participant pressed or released the key. */
  talk(conversationId: string, participantId: string, pressed: boolean): void {
    this.#send({ type: 'talk', conversationId, participantId, pressed });
  }

  /** Speaks the conversation's apology, outside the history. */
  apologise(conversationId: string): void {
    this.#send({ type: 'apologise', conversationId });
  }

  interrupt(conversationId: string): Promise<void> {
    return this.#ask((requestId) => ({ type: 'interrupt', conversationId, requestId }));
  }

  /** Ends a conversation; nothing more is heard of it. */
  close(conversationId: string): void {
    this.#listeners.delete(conversationId);
    this.#settle(this.#opening, conversationId, new VisavisError('unavailable', 'the conversation was closed'));
    this.#send({ type: 'close', conversationId });
  }

  /** Ends the client, not the worker. */
  dispose(): void {
    clearInterval(this.#pingTimer);
    this.#listeners.clear();
    this.#rejectAll(new VisavisError('unavailable', 'the service is shutting down'));
  }

  #ask(message: (requestId: number) => ToAvatarWorker): Promise<void> {
    const requestId = this.#nextId++;
    return this.#request(this.#answers, requestId, this.#limits.answerMs, message(requestId));
  }

  #request<K>(pending: Map<K, Pending>, key: K, limitMs: number, message: ToAvatarWorker): Promise<void> {
    return new Promise((resolve, reject) => {
      if (pending.has(key)) {
        reject(new VisavisError('conflict', `the avatar worker is already busy with ${message.type}`));
        return;
      }
      const timer = setTimeout(() => {
        this.#settle(
          pending,
          key,
          new VisavisError('upstream-timeout', `no answer to ${message.type} within ${limitMs} ms`),
        );
      }, limitMs);
      pending.set(key, { resolve, reject, timer });
      if (!this.#send(message)) {
        this.#settle(pending, key, new VisavisError('unavailable', 'the avatar worker is restarting'));
      }
    });
  }

  #settle<K>(pending: Map<K, Pending>, key: K, error?: VisavisError): void {
    const entry = pending.get(key);
    if (entry === undefined) return;
    pending.delete(key);
    clearTimeout(entry.timer);
    if (error === undefined) entry.resolve();
    else entry.reject(error);
  }

  #rejectAll(error: VisavisError): void {
    for (const key of [...this.#opening.keys()]) this.#settle(this.#opening, key, error);
    for (const key of [...this.#answers.keys()]) this.#settle(this.#answers, key, error);
  }

  #send(message: ToAvatarWorker): boolean {
    return this.#channel.send(message);
  }

  #handleMessage(message: FromAvatarWorker): void {
    switch (message.type) {
      case 'opened':
        this.#settle(this.#opening, message.conversationId);
        break;
      case 'open-failed':
        this.#settle(this.#opening, message.conversationId, openError(VisavisError.fromBody(message.error)));
        break;
      case 'answer':
        this.#settle(this.#answers, message.requestId, message.error && VisavisError.fromBody(message.error));
        break;
      case 'event':
        this.#listeners.get(message.conversationId)?.onEvent(message.event);
        break;
      case 'closed': {
        const error = message.error && VisavisError.fromBody(message.error);
        if (error !== undefined) this.#settle(this.#opening, message.conversationId, error);
        this.#listeners.get(message.conversationId)?.onClosed(error);
        break;
      }
      case 'pong':
        this.#pinged = undefined;
        this.#onStats(message.stats);
        break;
      case 'ready':
        break;
      default:
        this.#logger.warn({ type: (message as { type?: unknown }).type }, 'unknown message from the avatar worker');
    }
  }

  #handleDown(): void {
    this.#pinged = undefined;
    this.#rejectAll(new VisavisError('unavailable', 'the avatar worker failed'));
    for (const listener of [...this.#listeners.values()]) listener.onWorkerLost();
  }

  #handleUp(): void {
    this.#ping();
    for (const listener of [...this.#listeners.values()]) listener.onWorkerBack();
  }

  #ping(): void {
    if (!this.#channel.isUp) return;
    if (this.#pinged !== undefined) {
      if (performance.now() - this.#pinged.atMs > this.#limits.pongMs) {
        this.#pinged = undefined;
        this.#channel.kill(`no answer to a ping within ${this.#limits.pongMs} ms`);
      }
      return;
    }
    this.#pinged = { id: this.#nextId++, atMs: performance.now() };
    this.#send({ type: 'ping', id: this.#pinged.id });
  }
}

/** The worker reports the system's code in the text; a taken port is worth another attempt on another one. */
function openError(error: VisavisError): VisavisError {
  if (!/EADDRINUSE/.test(error.message)) return error;
  return new VisavisError('conflict', error.message, { cause: error, retryable: true });
}
