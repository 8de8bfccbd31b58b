/** The conversations of one avatar worker, driven by the gateway's control messages. */

import type { ConversationEvent } from '../../agents/events.js';
import { History } from '../../agents/history.js';
import { Conversation, type ConversationEngines } from '../../agents/session.js';
import { VisavisError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { PacerThread } from '../../media/pacer-client.js';
import type { DrawingCost, FromAvatarWorker, ToAvatarWorker, WorkerStats } from '../control.js';
import { AvatarThread, type AvatarThreadOptions } from './avatar-thread-client.js';
import type { WorkerEngines } from './engines.js';
import type { PreparedThreads } from './prepared-threads.js';
import { FrameTimes, percentile } from './stats.js';
import type { TurnTraceFolder } from './turn-trace-folder.js';

type Message<T extends ToAvatarWorker['type']> = Extract<ToAvatarWorker, { type: T }>;

interface Hosted {
  conversation: Conversation;
  avatar: AvatarThread;
}

export interface AvatarWorkerOptions {
  engines: WorkerEngines;
  send: (message: FromAvatarWorker) => void;
  log: Logger;
  /** What was measured before the start, for the reports. */
  drawing?: DrawingCost | null;
  /** Undefined: turns are not recorded. */
  traces?: TurnTraceFolder | undefined;
  /** Threads that were made ready for the picture most asked for; closed with the worker. */
  threads?: PreparedThreads;
}

export class AvatarWorker {
  readonly #o: AvatarWorkerOptions;
  readonly #pacer: PacerThread;
  readonly #hosted = new Map<string, Hosted>();
  readonly #opening = new Set<string>();
  /** Closed while they were being opened. */
  readonly #unwanted = new Set<string>();
  readonly #frameTimes = new FrameTimes();

  static async create(options: AvatarWorkerOptions): Promise<AvatarWorker> {
    return new AvatarWorker(options, await PacerThread.create());
  }

  private constructor(options: AvatarWorkerOptions, pacer: PacerThread) {
    this.#o = options;
    this.#pacer = pacer;
  }

  /** Never throws: a failing message is answered with a typed error, and no other conversation notices. */
  handle(message: ToAvatarWorker): void {
    this.#dispatch(message).catch((thrown: unknown) => {
      const error = VisavisError.from(thrown);
      this.#o.log.warn({ messageType: message.type, err: error }, 'control message failed');
      if ('requestId' in message) this.#o.send({ type: 'answer', requestId: message.requestId, error: error.toBody() });
    });
  }

  async #dispatch(message: ToAvatarWorker): Promise<void> {
    switch (message.type) {
      case 'open':
        return this.#open(message);
      case 'start':
        return this.#find(message.conversationId).conversation.start();
      case 'microphone-added': {
        const { conversationId, participantId, stream } = message;
        this.#find(conversationId).conversation.addMicrophone(participantId);
        this.#pacer.addMicrophone(conversationId, participantId, stream);
        return;
      }
      case 'microphone-removed':
        this.#pacer.removeMicrophone(message.conversationId, message.participantId);
        this.#hosted.get(message.conversationId)?.conversation.removeMicrophone(message.participantId);
        return;
      case 'say':
        this.#find(message.conversationId).conversation.say(message.text);
        return this.#o.send({ type: 'answer', requestId: message.requestId });
      case 'ask':
        this.#find(message.conversationId).conversation.ask(message.participantId, message.text);
        return this.#o.send({ type: 'answer', requestId: message.requestId });
      case 'talk':
        this.#hosted.get(message.conversationId)?.conversation.setTalking(message.participantId, message.pressed);
        return;
      case 'interrupt':
        this.#find(message.conversationId).conversation.interrupt();
        return this.#o.send({ type: 'answer', requestId: message.requestId });
      case 'apologise':
        return this.#find(message.conversationId).conversation.apologise();
      case 'bitrate':
        this.#hosted.get(message.conversationId)?.avatar.bitrate(message.videoKbps);
        return;
      case 'voice-loss':
        return this.#pacer.setVoiceLoss(message.conversationId, message.percent);
      case 'relink':
        return this.#pacer.relink(message.conversationId, message.remotePort);
      case 'close':
        await this.#closeConversation(message.conversationId);
        return this.#o.send({ type: 'closed', conversationId: message.conversationId });
      case 'ping':
        return this.#o.send({ type: 'pong', id: message.id, stats: await this.#stats() });
      case 'shutdown':
        await this.close();
        process.exit(0);
    }
  }

  async #open(message: Message<'open'>): Promise<void> {
    const { conversationId } = message;
    // Asked again by someone who did not wait for the answer; one that is being opened is answered when it is.
    if (this.#opening.has(conversationId)) {
      this.#unwanted.delete(conversationId);
      return;
    }
    if (this.#hosted.has(conversationId)) return this.#o.send({ type: 'opened', conversationId });
    this.#opening.add(conversationId);
    try {
      await this.#host(message);
      this.#opening.delete(conversationId);
      // Whoever gave up waiting has asked for its end meanwhile.
      if (this.#unwanted.delete(conversationId)) await this.#closeConversation(conversationId);
      // One whose face died at once was reported as closed.
      else if (this.#hosted.has(conversationId)) this.#o.send({ type: 'opened', conversationId });
    } catch (thrown) {
      const error = VisavisError.from(thrown);
      this.#o.log.warn({ conversationId, err: error }, 'conversation could not be opened');
      this.#o.send({ type: 'open-failed', conversationId, error: error.toBody() });
    } finally {
      this.#opening.delete(conversationId);
      this.#unwanted.delete(conversationId);
    }
  }

  async #host({ conversationId, link, options, history }: Message<'open'>): Promise<void> {
    const picture: AvatarThreadOptions = {
      avatarPath: options.avatarPath,
      width: options.width,
      height: options.height,
      bitrateKbps: options.videoBitrateKbps,
      seed: options.seed,
      badge: options.badge,
      listens: this.#o.engines.listens(options),
      onStats: (stats) => this.#frameTimes.add(stats),
    };
    // A session that an earlier version kept knows nothing of it.
    const turnTaking = options.turnTaking ?? 'balanced';
    const avatar = await AvatarThread.create(picture, this.#o.threads?.take(picture));
    let engines: ConversationEngines | undefined;
    try {
      const emit = (event: ConversationEvent): void => this.#o.send({ type: 'event', conversationId, event });
      engines = await this.#o.engines.forConversation({ conversationId, options, emit });
      await this.#pacer.open(conversationId, link, avatar.framePort);
      const conversation = new Conversation({
        engines,
        output: {
          speech: (segment) => this.#pacer.speech(conversationId, segment),
          utteranceComplete: (utteranceId) => this.#pacer.utteranceComplete(conversationId, utteranceId),
          gain: (gain, rampMs) => this.#pacer.gain(conversationId, gain, rampMs),
          clear: (fadeMs) => this.#pacer.clear(conversationId, fadeMs),
        },
        face: avatar,
        history: History.restore(history),
        speechVoice: options.voice,
        speechRate: options.speechRate,
        greeting: options.greeting,
        apology: options.apology,
        language: options.language,
        spokenIn: options.spokenIn,
        turnTaking,
        turnSettings: this.#o.engines.turnSettings(turnTaking),
        ...this.#o.engines.hearing,
        traces: this.#o.traces?.forConversation(conversationId, turnTaking),
        emit,
      });
      this.#hosted.set(conversationId, { conversation, avatar });
      this.#pacer.on(conversationId, (event) => {
        if (event.type === 'failed') this.#lose(conversationId, event.error);
        else conversation.handlePacer(event);
      });
      void avatar.closed.then((error) => {
        if (error !== undefined) this.#lose(conversationId, error);
      });
    } catch (thrown) {
      await engines?.dialogue?.close();
      await avatar.close();
      throw thrown;
    }
  }

  /** A conversation whose face died ends alone, with a typed error. */
  #lose(conversationId: string, thrown: unknown): void {
    if (!this.#hosted.has(conversationId)) return;
    const error = VisavisError.from(thrown, 'engine-failed');
    this.#o.log.error({ conversationId, err: error }, 'avatar thread ended');
    void this.#closeConversation(conversationId).then(() =>
      this.#o.send({ type: 'closed', conversationId, error: error.toBody() }),
    );
  }

  async #closeConversation(conversationId: string): Promise<void> {
    const hosted = this.#hosted.get(conversationId);
    if (hosted === undefined) {
      if (this.#opening.has(conversationId)) this.#unwanted.add(conversationId);
      return;
    }
    this.#hosted.delete(conversationId);
    await hosted.conversation.close();
    await this.#pacer.close(conversationId);
    await hosted.avatar.close();
    // While nobody talks: making threads ready takes the processor from those who do.
    if (this.#hosted.size === 0 && this.#opening.size === 0) this.#o.threads?.refill();
  }

  #find(conversationId: string): Hosted {
    const hosted = this.#hosted.get(conversationId);
    if (hosted === undefined) throw new VisavisError('not-found', `no conversation ${conversationId} in this worker`);
    return hosted;
  }

  async #stats(): Promise<WorkerStats> {
    const pacer = await this.#pacer.stats();
    const late = pacer.latenessMs.toSorted((a, b) => a - b);
    return {
      pid: process.pid,
      conversations: this.#hosted.size,
      pacerLatenessMs: {
        p50: percentile(late, 0.5),
        p99: percentile(late, 0.99),
        p999: percentile(late, 0.999),
        max: late.at(-1) ?? 0,
        count: late.length,
        worst: late.slice(-Math.ceil(late.length / 100)),
      },
      frameMs: this.#frameTimes.take(),
      framesDue: pacer.framesSent + pacer.framesMissed,
      framesLate: pacer.framesLate,
      underruns: pacer.underruns,
      histograms: { ...pacer.histograms, ...this.#frameTimes.histograms, ...this.#o.engines.speech.histograms },
      speechPending: this.#o.engines.speech.pending,
      perConversation: pacer.conversations,
      drawing: this.#o.drawing ?? null,
      rssBytes: process.memoryUsage.rss(),
    };
  }

  async close(): Promise<void> {
    await this.#o.threads?.close();
    await Promise.all([...this.#hosted.keys()].map((id) => this.#closeConversation(id)));
    await this.#pacer.shutdown();
    await this.#o.engines.close();
  }
}
