import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { abortError } from '../../abort.js';
import { VisavisError } from '../../errors.js';
import { createLogger } from '../../log.js';
import { encodeFrame, FrameDecoder } from './framing.js';
import type { CallCost, ClientMessage, LoadedSynthesisers, ServerMessage } from './protocol.js';

export const CALL_LIMIT_MS = 30_000;
const WELCOME_LIMIT_MS = 5_000;
/** A spare worker takes over within milliseconds, and asking at a Unix socket costs nothing. */
const BACKOFF_FIRST_MS = 20;
const BACKOFF_LAST_MS = 250;
/** A call waits this long for a worker: as long as one takes to start where no spare one waits. */
const WORKER_WAIT_MS = 15_000;
/** A call that has cost two workers their lives is not put to a third one. */
const MAX_SENDINGS = 2;
/** A worker that does not read is given up and connected to anew. */
const MAX_UNSENT_BYTES = 16 << 20;

export type Request = Extract<ClientMessage, { type: 'recognise' | 'speak' | 'embed' }>;
export type RequestBody = Request extends infer R ? (R extends Request ? Omit<R, 'id'> : never) : never;
export type Reply = Extract<ServerMessage, CallCost>;

/** One finished call, for metrics. */
export interface CallReport extends CallCost {
  type: Request['type'];
  /** From the call to its answer, the socket included. */
  totalMs: number;
}

export interface LinkOptions {
  callLimitMs?: number;
  onCall?: (report: CallReport) => void;
}

interface Call {
  type: Request['type'];
  request: Request;
  startedAt: number;
  sendings: number;
  /** How many of the answer's chunks were passed on, and how many of those now come again. */
  chunks: number;
  chunksAgain: number;
  /** Set while there is no worker. */
  waiting: NodeJS.Timeout | undefined;
  onMessage: (message: ServerMessage) => void;
  resolve: (reply: Reply) => void;
  reject: (error: Error) => void;
}

/**
 * A client's connection to the speech worker, made again when it is lost, until `close()`. A call whose worker dies is put once more
 * to the next one, which begins anew, and its caller notices nothing but the time; while there is no worker a call waits for one, up
 * to 15 s, and is then rejected with `unavailable`. Partial texts are rejected at once: they are worth nothing later.
 */
export class SpeechLink {
  readonly #socketPath: string;
  readonly #options: LinkOptions;
  readonly #log = createLogger('speech-client');
  readonly #calls = new Map<number, Call>();
  readonly #closing = new AbortController();
  readonly #listeners = new Set<() => void>();
  #socket: Socket | null = null;
  #nextId = 0;
  synthesisers: LoadedSynthesisers = {};

  private constructor(socketPath: string, options: LinkOptions) {
    this.#socketPath = socketPath;
    this.#options = options;
  }

  /** Tries until the worker has greeted; rejects with `unavailable` after `timeoutMs`. */
  static async connect(socketPath: string, timeoutMs: number, options: LinkOptions = {}): Promise<SpeechLink> {
    const link = new SpeechLink(socketPath, options);
    const deadline = performance.now() + timeoutMs;
    if (await link.#establish(deadline)) return link;
    link.close();
    throw new VisavisError('unavailable', `the speech worker does not answer within ${timeoutMs} ms`);
  }

  get isConnected(): boolean {
    return this.#socket !== null;
  }

  /** Calls of this kind that have not been answered. */
  pending(type: Request['type']): number {
    let count = 0;
    for (const call of this.#calls.values()) if (call.type === type) count++;
    return count;
  }

  /** Calls `listener` on every reconnection, before anything else is sent. Returns its removal. */
  onReconnect(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Sends a message that has no answer; without a connection it is dropped. */
  send(message: ClientMessage): void {
    const socket = this.#socket;
    if (!socket) return;
    socket.write(encodeFrame(message));
    if (socket.writableLength > MAX_UNSENT_BYTES) socket.destroy();
  }

  /**
   * Asks and resolves with the answer. Rejects with AbortError at once when `signal` aborts (the worker is told), and with
   * `unavailable` after 30 s, or when no worker could take it.
   */
  call(
    body: RequestBody,
    o: { signal?: AbortSignal; onMessage?: (message: ServerMessage) => void } = {},
  ): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const { signal } = o;
      if (signal?.aborted) return reject(abortError(signal));
      if (this.#closing.signal.aborted || (!this.#socket && !mayWait(body)))
        return reject(new VisavisError('unavailable', NOT_CONNECTED));
      const id = this.#nextId++;
      const giveUp = (error: Error) => {
        this.send({ type: 'cancel', id });
        this.#calls.get(id)?.reject(error);
      };
      const limitMs = this.#options.callLimitMs ?? CALL_LIMIT_MS;
      const timer = setTimeout(() => giveUp(timedOut(limitMs)), limitMs);
      const onAbort = () => giveUp(abortError(signal!));
      signal?.addEventListener('abort', onAbort, { once: true });
      const settle = () => {
        clearTimeout(timer);
        clearTimeout(call.waiting);
        signal?.removeEventListener('abort', onAbort);
        this.#calls.delete(id);
      };
      const call: Call = {
        type: body.type,
        request: { ...body, id },
        startedAt: performance.now(),
        sendings: 0,
        chunks: 0,
        chunksAgain: 0,
        waiting: undefined,
        onMessage: o.onMessage ?? (() => undefined),
        resolve: (reply) => {
          settle();
          resolve(reply);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      this.#calls.set(id, call);
      if (this.#socket) this.#put(call);
      else this.#wait(call);
    });
  }

  close(): void {
    this.#closing.abort();
    this.#socket?.destroy();
    this.#socket = null;
    const error = new VisavisError('unavailable', 'the connection to the speech worker is closed');
    for (const call of [...this.#calls.values()]) call.reject(error);
  }

  #put(call: Call): void {
    clearTimeout(call.waiting);
    call.waiting = undefined;
    call.sendings++;
    call.chunksAgain = call.chunks;
    this.send(call.request);
  }

  #wait(call: Call): void {
    call.waiting = setTimeout(() => call.reject(new VisavisError('unavailable', NOT_CONNECTED)), WORKER_WAIT_MS);
  }

  async #establish(deadline: number): Promise<boolean> {
    let waitMs = BACKOFF_FIRST_MS;
    while (!this.#closing.signal.aborted && performance.now() < deadline) {
      if (await this.#attempt(Math.min(WELCOME_LIMIT_MS, deadline - performance.now()))) return true;
      const jitteredMs = waitMs * (0.5 + Math.random() / 2);
      waitMs = Math.min(BACKOFF_LAST_MS, waitMs * 2);
      await delay(Math.min(jitteredMs, Math.max(0, deadline - performance.now())), undefined, {
        signal: this.#closing.signal,
      }).catch(() => undefined);
    }
    return false;
  }

  /** One try; true when the worker has greeted. */
  #attempt(limitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.#socketPath);
      const decoder = new FrameDecoder();
      const timer = setTimeout(() => socket.destroy(), limitMs);
      const abandon = () => socket.destroy();
      this.#closing.signal.addEventListener('abort', abandon, { once: true });
      let greeted = false;
      socket.on('data', (bytes) => {
        try {
          for (const message of decoder.push(bytes)) {
            if (!greeted) {
              greeted = true;
              clearTimeout(timer);
              this.#socket = socket;
              for (const listener of this.#listeners) listener();
            }
            this.#handleMessage(message as ServerMessage);
            for (const call of this.#calls.values()) if (call.waiting !== undefined) this.#put(call);
          }
        } catch (thrown) {
          this.#log.error({ reason: VisavisError.from(thrown).message }, 'answer of the speech worker is malformed');
          socket.destroy();
        }
        if (greeted) resolve(true);
      });
      socket.on('error', () => undefined);
      socket.on('close', () => {
        clearTimeout(timer);
        this.#closing.signal.removeEventListener('abort', abandon);
        resolve(false);
        if (this.#socket === socket) this.#handleLoss();
      });
    });
  }

  #handleMessage(message: ServerMessage): void {
    if (message.type === 'synthesisers') {
      this.synthesisers = message.loaded;
      return;
    }
    const call = this.#calls.get(message.id);
    if (!call) return;
    if (message.type === 'failed') {
      call.reject(VisavisError.fromBody(message.error));
    } else if (message.type === 'chunk') {
      if (call.chunksAgain > 0) {
        call.chunksAgain--;
        return;
      }
      call.chunks++;
      call.onMessage(message);
    } else {
      const { queueMs, computeMs } = message;
      this.#options.onCall?.({ type: call.type, queueMs, computeMs, totalMs: performance.now() - call.startedAt });
      call.resolve(message);
    }
  }

  #handleLoss(): void {
    this.#socket = null;
    if (this.#closing.signal.aborted) return;
    for (const call of [...this.#calls.values()]) {
      if (mayWait(call.request) && call.sendings < MAX_SENDINGS) this.#wait(call);
      else call.reject(new VisavisError('unavailable', 'the connection to the speech worker was lost'));
    }
    this.#log.warn({ socketPath: this.#socketPath }, 'speech worker is gone, reconnecting');
    void this.#establish(Number.POSITIVE_INFINITY).then((connected) => {
      if (connected) this.#log.info({ socketPath: this.#socketPath }, 'speech worker is back');
    });
  }
}

const NOT_CONNECTED = 'the speech worker is not connected';

function mayWait(body: RequestBody): boolean {
  return body.type !== 'recognise' || body.pass === 'final';
}

function timedOut(limitMs: number): VisavisError {
  return new VisavisError('unavailable', `the speech worker has not answered within ${limitMs} ms`);
}
