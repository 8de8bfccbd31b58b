/** The WebSocket of one conversation with a speech model: opened, configured, watched, and opened again. */
import { EventEmitter } from 'node:events';
import type { RealtimeClientEvent } from 'openai/resources/realtime/realtime';
import { WebSocket } from 'ws';
import { abortError, throwIfAborted } from '../../abort.js';
import { VisavisError } from '../../errors.js';
import { parseEvent, type RealtimeEvent } from './events.js';

/** A second of audio is 64 kB; what exceeds this is no event of the protocol. */
const MAX_MESSAGE_BYTES = 16 << 20;
/** A server that does not read is given up. */
const MAX_UNSENT_BYTES = 8 << 20;
const BACKOFF_FIRST_MS = 250;
const BACKOFF_LAST_MS = 8_000;
const OFFICIAL_URL = 'https://api.openai.com/v1';

export interface RealtimeConnectionOptions {
  /** Empty for servers that ask for none. */
  apiKey: string;
  /** http or https, as of the other APIs; undefined: OpenAI's own. */
  baseUrl: string | undefined;
  realtimeModel: string;
  /** For opening and configuring. */
  timeoutMs: number;
  /** What configures the session; sent first on every connection. */
  session: Extract<RealtimeClientEvent, { type: 'session.update' }>['session'];
  /** Something for the log; a static text. */
  onNotice?: ((notice: string, fields: Record<string, unknown>) => void) | undefined;
}

interface Events {
  event: [RealtimeEvent];
  /** A connection is ready: the server knows nothing of what was before. */
  open: [];
  /** The connection in use is gone. */
  lost: [VisavisError];
}

/** The address of a server's Realtime endpoint: `ws` where the API is `http`, else `wss`. */
export function realtimeUrl(baseUrl: string | undefined, model: string): URL {
  const url = new URL(`${(baseUrl ?? OFFICIAL_URL).replace(/\/+$/, '')}/realtime`);
  url.protocol = url.protocol === 'http:' ? 'ws:' : 'wss:';
  url.searchParams.set('model', model);
  return url;
}

/**
 * Connects at once, and again whenever the connection is lost, at growing intervals, until `close()`. A key that is refused ends that;
 * the next `ready()` tries once more.
 */
export class RealtimeConnection extends EventEmitter<Events> {
  readonly #o: RealtimeConnectionOptions;
  #socket: WebSocket | undefined;
  #isReady = false;
  #closed = false;
  #backoffMs = BACKOFF_FIRST_MS;
  #retry: NodeJS.Timeout | undefined;
  #failure: VisavisError | undefined;
  readonly #waiting = new Set<(failure: VisavisError | undefined) => void>();

  constructor(options: RealtimeConnectionOptions) {
    super();
    this.#o = options;
    this.#connect();
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** Resolves when there is a connection; rejects with AbortError, or with a typed error when there is none within the time limit. */
  async ready(signal: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    if (this.#closed) throw new VisavisError('conflict', 'the conversation is closed');
    if (this.#isReady) return;
    if (this.#socket === undefined) this.#connect();
    await new Promise<void>((resolve, reject) => {
      const settle = (failure: Error | undefined) => {
        clearTimeout(timer);
        this.#waiting.delete(onOutcome);
        signal.removeEventListener('abort', onAbort);
        if (failure === undefined) resolve();
        else reject(failure);
      };
      // What will not pass is said at once; for the rest there is another attempt within the limit.
      const onOutcome = (failure: VisavisError | undefined) => {
        if (failure === undefined || !failure.retryable) settle(failure);
      };
      const onAbort = () => settle(abortError(signal));
      const timer = setTimeout(
        () =>
          settle(this.#failure ?? new VisavisError('upstream-timeout', 'the speech model cannot be reached in time')),
        this.#o.timeoutMs,
      );
      this.#waiting.add(onOutcome);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Without a connection it is dropped: what must not be lost is sent again after `open`. */
  send(event: RealtimeClientEvent): void {
    if (!this.#isReady || this.#socket === undefined) return;
    this.#socket.send(JSON.stringify(event));
    if (this.#socket.bufferedAmount > MAX_UNSENT_BYTES) this.#socket.terminate();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#socket?.terminate();
    for (const tell of [...this.#waiting]) tell(gone('the conversation is closed', false));
  }

  #connect(): void {
    clearTimeout(this.#retry);
    const { apiKey, baseUrl, realtimeModel, timeoutMs } = this.#o;
    const socket = new WebSocket(realtimeUrl(baseUrl, realtimeModel), {
      headers: apiKey === '' ? {} : { Authorization: `Bearer ${apiKey}` },
      handshakeTimeout: timeoutMs,
      maxPayload: MAX_MESSAGE_BYTES,
    });
    this.#socket = socket;
    let failure = gone('the connection to the speech model broke off');
    const limit = setTimeout(() => {
      failure = new VisavisError('upstream-timeout', 'the speech model did not answer in time');
      socket.terminate();
    }, timeoutMs);
    socket.on('unexpected-response', (request, { statusCode = 0 }) => {
      failure = refusal(statusCode);
      request.destroy();
      socket.terminate();
    });
    socket.on('message', (data) => {
      let event: RealtimeEvent | undefined;
      try {
        event = parseEvent(String(data));
      } catch {
        failure = gone('the speech model sent something else than events');
        socket.terminate();
        return;
      }
      if (event?.type === 'session-created')
        socket.send(JSON.stringify({ type: 'session.update', session: this.#o.session }));
      else if (event?.type === 'session-updated') {
        clearTimeout(limit);
        if (!this.#isReady) this.#handleReady();
      } else if (event?.type === 'error' && !this.#isReady) {
        failure = gone(`the speech model refused the session (${event.code ?? 'no reason given'})`, false);
        socket.terminate();
      } else if (event !== undefined) this.emit('event', event);
    });
    // What is wrong is known by the close that follows.
    socket.on('error', (error) => {
      if (failure.cause === undefined)
        failure = new VisavisError(failure.code, failure.message, { ...failure, cause: error });
    });
    socket.on('close', () => {
      clearTimeout(limit);
      if (this.#socket === socket) this.#handleLoss(failure);
    });
  }

  #handleReady(): void {
    this.#isReady = true;
    this.#failure = undefined;
    this.#backoffMs = BACKOFF_FIRST_MS;
    this.emit('open');
    for (const tell of [...this.#waiting]) tell(undefined);
  }

  #handleLoss(failure: VisavisError): void {
    const wasReady = this.#isReady;
    this.#socket = undefined;
    this.#isReady = false;
    this.#failure = failure;
    if (this.#closed) return;
    this.#o.onNotice?.('the connection to the speech model is lost', { reason: failure.message });
    if (wasReady) this.emit('lost', failure);
    for (const tell of [...this.#waiting]) tell(failure);
    if (!failure.retryable) return;
    this.#retry = setTimeout(() => this.#connect(), this.#backoffMs);
    this.#backoffMs = Math.min(BACKOFF_LAST_MS, this.#backoffMs * 2);
  }
}

function gone(message: string, retryable = true): VisavisError {
  return new VisavisError('upstream-failed', message, { retryable });
}

function refusal(status: number): VisavisError {
  if (status === 401 || status === 403) return gone(`the speech model refused the key (status ${status})`, false);
  return gone(`the speech model answered with status ${status}`, status === 408 || status === 429 || status >= 500);
}
