import { Worker } from 'node:worker_threads';
import { type ErrorCode, VisavisError } from '../errors.js';
import type { SpeechPosition } from '../inference/engines.js';
import type { PlainLink, RtpStream } from '../worker/control.js';
import type { FromPacer, MessagePortLike, PacerStats, SpeechSegment, ToPacer } from './output-protocol.js';
import { postToPacer } from './pacer-priority.js';

/** What a conversation's handler receives: everything but the answers that a method already returns. */
export type PacerEvent =
  | Extract<
      FromPacer,
      { type: 'segment-started' | 'word-sent' | 'utterance-sent' | 'speech-refused' | 'microphone' | 'closed' }
    >
  /** The thread died: nothing is sent any more, for any conversation. */
  | { type: 'failed'; conversationId: string; error: VisavisError };

const OPEN_TIMEOUT_MS = 5000;
const ANSWER_TIMEOUT_MS = 2000;

interface Waiting {
  key: string;
  resolve(message: FromPacer): void;
  reject(error: VisavisError): void;
}

/** The main thread's side of the pacer thread: one per process, shared by all conversations. */
export class PacerThread {
  readonly #worker: Worker;
  readonly #handlers = new Map<string, (event: PacerEvent) => void>();
  /** In the order of asking; answers of one kind for one conversation come in that order. */
  readonly #waiting: Waiting[] = [];
  #failure: VisavisError | undefined;

  /**
   * Starts the thread and waits until it answers. `entry` is the thread's compiled script, by default the one beside this module.
   * @throws VisavisError `unavailable` when it does not start.
   */
  static async create(entry: URL = new URL('./pacer-thread.js', import.meta.url)): Promise<PacerThread> {
    const thread = new PacerThread(new Worker(entry, { name: 'pacer' }));
    try {
      await thread.#ask({ type: 'stats' }, 'stats', OPEN_TIMEOUT_MS);
    } catch (thrown) {
      await thread.shutdown();
      throw thrown;
    }
    return thread;
  }

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (message: FromPacer) => this.#handle(message));
    worker.on('error', (cause) =>
      this.#fail(new VisavisError('unavailable', `the pacer thread failed: ${cause}`, { cause })),
    );
    worker.on('exit', () => this.#fail(new VisavisError('unavailable', 'the pacer thread ended')));
  }

  /**
   * Binds the link's socket and starts the clock; silence and frame requests begin at once. `framePort` goes to the thread.
   * @throws VisavisError `unavailable` when the port cannot be bound, `conflict` when the conversation is open already.
   */
  async open(conversationId: string, link: PlainLink, framePort: MessagePortLike): Promise<void> {
    const key = `opened ${conversationId}`;
    await this.#ask({ type: 'open', conversationId, link, framePort }, key, OPEN_TIMEOUT_MS, [framePort]);
  }

  /** Calls `handler` for the conversation's events, in place of any former one; the returned function ends that. */
  on(conversationId: string, handler: (event: PacerEvent) => void): () => void {
    this.#handlers.set(conversationId, handler);
    if (this.#failure !== undefined) handler({ type: 'failed', conversationId, error: this.#failure });
    return () => {
      if (this.#handlers.get(conversationId) === handler) this.#handlers.delete(conversationId);
    };
  }

  /**
   * Queues `segment` after all earlier speech; its samples are transferred when they own their buffer. Refusal (more than 120 s
   * waiting) comes as `speech-refused`.
   */
  speech(conversationId: string, segment: SpeechSegment): void {
    const { samples } = segment;
    const whole = samples.buffer instanceof ArrayBuffer && samples.byteLength === samples.buffer.byteLength;
    this.#send({ type: 'speech', conversationId, segment }, whole ? [samples.buffer as ArrayBuffer] : []);
  }

  utteranceComplete(conversationId: string, utteranceId: number): void {
    this.#send({ type: 'utterance-complete', conversationId, utteranceId });
  }

  gain(conversationId: string, gain: number, rampMs: number): void {
    this.#send({ type: 'gain', conversationId, gain, rampMs });
  }

  /** Drops all queued speech under a fade; resolves with the last position heard, null when nothing was. */
  async clear(conversationId: string, fadeMs = 20): Promise<{ position: SpeechPosition | null; atMs: number }> {
    const key = `cleared ${conversationId}`;
    const answer = await this.#ask({ type: 'clear', conversationId, fadeMs }, key, ANSWER_TIMEOUT_MS);
    if (answer.type !== 'cleared') throw new VisavisError('internal', 'the pacer thread gave another answer');
    return { position: answer.position, atMs: answer.atMs };
  }

  addMicrophone(conversationId: string, participantId: string, stream: RtpStream): void {
    const { ssrc, payloadType } = stream;
    this.#send({ type: 'microphone-added', conversationId, participantId, ssrc, payloadType });
  }

  removeMicrophone(conversationId: string, participantId: string): void {
    this.#send({ type: 'microphone-removed', conversationId, participantId });
  }

  setVoiceLoss(conversationId: string, percent: number): void {
    this.#send({ type: 'voice-loss', conversationId, percent });
  }

  /** From now on everything goes to this port of the link's other end. */
  relink(conversationId: string, remotePort: number): void {
    this.#send({ type: 'relink', conversationId, remotePort });
  }

  /** Resolves when the socket is closed; also when the thread is gone already. Forgets the conversation's handler. */
  async close(conversationId: string): Promise<void> {
    this.#handlers.delete(conversationId);
    if (this.#failure !== undefined) return;
    await this.#ask({ type: 'close', conversationId }, `closed ${conversationId}`, ANSWER_TIMEOUT_MS);
  }

  /** Since the last call. */
  async stats(): Promise<PacerStats> {
    const answer = await this.#ask({ type: 'stats' }, 'stats', ANSWER_TIMEOUT_MS);
    if (answer.type !== 'stats') throw new VisavisError('internal', 'the pacer thread gave another answer');
    return answer.stats;
  }

  /** Ends the thread with all its conversations; idempotent. */
  async shutdown(): Promise<void> {
    this.#handlers.clear();
    this.#fail(new VisavisError('unavailable', 'the pacer thread was shut down', { retryable: false }));
    await this.#worker.terminate();
  }

  #send(message: ToPacer, transfer: (ArrayBuffer | MessagePortLike)[] = []): void {
    if (this.#failure === undefined) postToPacer(this.#worker, message, transfer);
  }

  #ask(
    message: ToPacer,
    key: string,
    timeoutMs: number,
    transfer: (ArrayBuffer | MessagePortLike)[] = [],
  ): Promise<FromPacer> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#forget(waiting);
        reject(new VisavisError('unavailable', `the pacer thread did not answer in ${timeoutMs} ms (${key})`));
      }, timeoutMs);
      const waiting: Waiting = {
        key,
        resolve: (answer) => {
          clearTimeout(timer);
          resolve(answer);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      this.#waiting.push(waiting);
      this.#send(message, transfer);
    });
  }

  #forget(waiting: Waiting): void {
    const index = this.#waiting.indexOf(waiting);
    if (index >= 0) this.#waiting.splice(index, 1);
  }

  /** Takes the first that waits for `key` off the list. */
  #next(key: string): Waiting | undefined {
    const waiting = this.#waiting.find((candidate) => candidate.key === key);
    if (waiting !== undefined) this.#forget(waiting);
    return waiting;
  }

  #handle(message: FromPacer): void {
    if (message.type === 'stats') this.#next('stats')?.resolve(message);
    else if (message.type === 'open-failed') {
      const error = new VisavisError(message.code as ErrorCode, message.message);
      this.#next(`opened ${message.conversationId}`)?.reject(error);
    } else if (message.type === 'opened' || message.type === 'cleared') {
      this.#next(`${message.type} ${message.conversationId}`)?.resolve(message);
    } else {
      if (message.type === 'closed') this.#next(`closed ${message.conversationId}`)?.resolve(message);
      this.#handlers.get(message.conversationId)?.(message);
    }
  }

  #fail(error: VisavisError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    for (const waiting of this.#waiting.splice(0)) waiting.reject(error);
    for (const [conversationId, handler] of this.#handlers) handler({ type: 'failed', conversationId, error });
  }
}
