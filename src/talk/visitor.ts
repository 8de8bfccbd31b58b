import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type ErrorBody, VisavisError } from '../errors.js';
import type { JoinAnswer } from '../signaling/messages.js';
import type { FromVisitorProcess, ServiceEvent, ToVisitorProcess } from './visitor-messages.js';

const JOIN_LIMIT_MS = 60_000;
const ACCEPT_LIMIT_MS = 30_000;
const LEAVE_LIMIT_MS = 2_000;

export interface VisitorOptions {
  url: string;
  token: string;
  /** Every n-th received picture comes with its bytes. */
  pictureEvery: number;
  onEvent: (event: ServiceEvent) => void;
  onAudio: (audio: Extract<FromVisitorProcess, { type: 'audio' }>) => void;
  onFrame: (frame: Extract<FromVisitorProcess, { type: 'frame' }>) => void;
}

interface Waiting {
  limit: NodeJS.Timeout;
  resolve: (spoken: { firstAtMs: number; lastAtMs: number }) => void;
  reject: (error: VisavisError) => void;
}

/**
 * A visitor of a running service with real WebRTC but without a browser. `create()` resolves when the avatar's tracks flow and the
 * microphone, so far silent, is sent; it rejects with the service's own error. `close()` leaves.
 */
export class Visitor {
  readonly join: JoinAnswer;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #gone: Promise<void>;
  #nextId = 1;
  #ended: VisavisError | undefined;

  static create(options: VisitorOptions): Promise<Visitor> {
    const child = fork(fileURLToPath(new URL('./visitor-process.js', import.meta.url)), {
      serialization: 'advanced',
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    return new Promise((resolve, reject) => {
      let visitor: Visitor | undefined;
      const fail = (error: VisavisError) => {
        clearTimeout(limit);
        if (visitor !== undefined) return visitor.#handleEnd(error);
        child.kill('SIGKILL');
        reject(error);
      };
      const limit = setTimeout(() => {
        fail(new VisavisError('unavailable', `the service did not let the visitor in within ${JOIN_LIMIT_MS} ms`));
      }, JOIN_LIMIT_MS);
      child.once('error', (cause) => fail(new VisavisError('internal', 'the WebRTC process did not start', { cause })));
      child.once('exit', (code, signal) => {
        fail(new VisavisError('internal', `the WebRTC process ended (${signal ?? `code ${code}`})`));
      });
      child.on('message', (message: FromVisitorProcess) => {
        if (message.type === 'ended') fail(VisavisError.fromBody(message.error));
        else if (message.type === 'live') {
          clearTimeout(limit);
          visitor = new Visitor(child, message.join);
          resolve(visitor);
        } else if (message.type === 'event') options.onEvent(message.event);
        else if (message.type === 'audio') options.onAudio(message);
        else if (message.type === 'frame') options.onFrame(message);
        else if (visitor !== undefined) visitor.#handleAnswer(message);
      });
      const { url, token, pictureEvery } = options;
      child.send({ type: 'join', url, token, pictureEvery } satisfies ToVisitorProcess);
    });
  }

  private constructor(child: ChildProcess, join: JoinAnswer) {
    this.#child = child;
    this.join = join;
    this.#gone = new Promise((resolve) => child.once('exit', () => resolve()));
  }

  /** Why nothing more comes; undefined while the conversation goes on. */
  get ended(): VisavisError | undefined {
    return this.#ended;
  }

  /** Speaks mono 48 kHz PCM; resolves at its end with the wall-clock times of its first and last block. */
  speak(samples: Int16Array): Promise<{ firstAtMs: number; lastAtMs: number }> {
    const limitMs = samples.length / 48 + ACCEPT_LIMIT_MS;
    return this.#request((id) => ({ type: 'speak', id, samples }), 'the microphone stands still', limitMs);
  }

  /** Resolves when the service has taken the text; rejects with its error. */
  async send(name: 'ask' | 'say', text: string): Promise<void> {
    const silent = `the service gave no answer to "${name}"`;
    await this.#request((id) => ({ type: 'text', id, name, text }), silent, ACCEPT_LIMIT_MS);
  }

  /** Leaves the session and ends the child process. */
  async close(): Promise<void> {
    this.#ended ??= new VisavisError('conflict', 'this visitor has left');
    if (this.#child.connected) this.#child.send({ type: 'leave' } satisfies ToVisitorProcess);
    const limit = setTimeout(() => this.#child.kill('SIGKILL'), LEAVE_LIMIT_MS);
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.#gone;
    clearTimeout(limit);
  }

  #request(message: (id: number) => ToVisitorProcess, silent: string, limitMs: number) {
    const id = this.#nextId++;
    return new Promise<{ firstAtMs: number; lastAtMs: number }>((resolve, reject) => {
      if (this.#ended !== undefined) return reject(this.#ended);
      const limit = setTimeout(
        () => this.#settle(id, (w) => w.reject(new VisavisError('unavailable', silent))),
        limitMs,
      );
      this.#waiting.set(id, { limit, resolve, reject });
      this.#child.send(message(id));
    });
  }

  #handleAnswer(answer: Extract<FromVisitorProcess, { id: number }>): void {
    this.#settle(answer.id, ({ resolve, reject }) => {
      if (answer.type === 'refused') reject(VisavisError.fromBody(answer.error as ErrorBody));
      else if (answer.type === 'spoken') resolve(answer);
      else resolve({ firstAtMs: 0, lastAtMs: 0 });
    });
  }

  #settle(id: number, how: (waiting: Waiting) => void): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (waiting === undefined) return;
    clearTimeout(waiting.limit);
    how(waiting);
  }

  #handleEnd(error: VisavisError): void {
    this.#ended ??= error;
    for (const id of [...this.#waiting.keys()]) this.#settle(id, ({ reject }) => reject(this.#ended ?? error));
  }
}
