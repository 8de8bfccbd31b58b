import { type ChildProcess, fork } from 'node:child_process';
import { rmSync } from 'node:fs';
import { setPriority } from 'node:os';
import { VisavisError } from '../errors.js';
import type { Logger } from '../log.js';

export interface SupervisedProcessOptions {
  name: string;
  /** Compiled module to run. */
  entry: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  /** Node's own flags. */
  execArgv?: readonly string[];
  /** Raises the child's nice value. */
  nice?: number;
  /** A Unix socket that the child listens on; a stale one is removed before each start. */
  socketPath?: string;
  /** From the fork to its `ready`. */
  readyLimitMs: number;
  /** Waits before restarts: doubled from the first to the last, from the first again after `stableMs` of life. */
  backoffMs?: { first: number; last: number; stableMs: number };
  logger: Logger;
}

/** The part of a supervised process that a protocol client needs. */
export interface WorkerChannel {
  readonly isUp: boolean;
  /** False when no ready child can take it. */
  send(message: unknown): boolean;
  /** All messages but `ready`. */
  onMessage(listener: (message: unknown) => void): void;
  onUp(listener: () => void): void;
  onDown(listener: () => void): void;
  /** Ends a child that no longer answers; it is then restarted. */
  kill(reason: string): void;
}

const DEFAULT_BACKOFF = { first: 250, last: 10_000, stableMs: 60_000 };
/** A child that fails this often before it was ever ready will not become so by itself. */
const FIRST_START_ATTEMPTS = 3;
const SHUTDOWN_LIMIT_MS = 1_500;

/**
 * One child process that is kept alive: restarted with growing waits when it exits or does not become ready. A child never outlives
 * this process: it is killed on exit, and ends itself when its IPC channel closes.
 */
export class SupervisedProcess implements WorkerChannel {
  readonly #options: SupervisedProcessOptions;
  readonly #backoff: { first: number; last: number; stableMs: number };
  readonly #messageListeners: ((message: unknown) => void)[] = [];
  readonly #upListeners: (() => void)[] = [];
  readonly #downListeners: (() => void)[] = [];
  readonly #killOnExit = () => this.#child?.kill('SIGKILL');
  #child: ChildProcess | undefined;
  #up = false;
  #closed = false;
  #startedAtMs = 0;
  #nextDelayMs: number;
  #restarts = 0;
  #timer: NodeJS.Timeout | undefined;
  #readyTimer: NodeJS.Timeout | undefined;
  #firstStart:
    | { resolve: (readyMessage: unknown) => void; reject: (error: Error) => void; failures: number }
    | undefined;

  constructor(options: SupervisedProcessOptions) {
    this.#options = options;
    this.#backoff = options.backoffMs ?? DEFAULT_BACKOFF;
    this.#nextDelayMs = this.#backoff.first;
  }

  get isUp(): boolean {
    return this.#up;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts after the first one. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Resolves with the child's first `ready` message; rejects when three starts in a row fail. Call once. */
  start(): Promise<unknown> {
    if (this.#closed) return Promise.reject(new VisavisError('unavailable', `${this.#options.name} was stopped`));
    process.once('exit', this.#killOnExit);
    return new Promise((resolve, reject) => {
      this.#firstStart = { resolve, reject, failures: 0 };
      this.#spawn();
    });
  }

  send(message: unknown): boolean {
    if (!this.#up || this.#child?.connected !== true) return false;
    this.#child.send(message as object, (error) => {
      if (error !== null) this.#options.logger.warn({ err: error }, 'message to a worker was lost');
    });
    return true;
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#messageListeners.push(listener);
  }

  onUp(listener: () => void): void {
    this.#upListeners.push(listener);
  }

  onDown(listener: () => void): void {
    this.#downListeners.push(listener);
  }

  kill(reason: string): void {
    this.#options.logger.error({ worker: this.#options.name, reason }, 'worker is killed');
    this.#child?.kill('SIGKILL');
  }

  /** Asks the child to end, then makes it; resolves when it is gone. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#readyTimer);
    this.#firstStart?.reject(new VisavisError('unavailable', `${this.#options.name} was stopped while it started`));
    this.#firstStart = undefined;
    const child = this.#child;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) await this.#end(child);
    process.removeListener('exit', this.#killOnExit);
  }

  #end(child: ChildProcess): Promise<void> {
    return new Promise((resolve) => {
      const limit = setTimeout(() => {
        this.#options.logger.warn({ worker: this.#options.name }, 'worker does not end by itself');
        child.kill('SIGKILL');
      }, SHUTDOWN_LIMIT_MS);
      child.once('exit', () => {
        clearTimeout(limit);
        resolve();
      });
      if (child.connected) child.send({ type: 'shutdown' }, () => {});
      if (!this.#up) child.kill('SIGKILL');
    });
  }

  #spawn(): void {
    const { entry, args, env, nice, socketPath, logger, name, readyLimitMs } = this.#options;
    if (socketPath !== undefined) rmSync(socketPath, { force: true });
    this.#startedAtMs = performance.now();
    const child = fork(entry, [...args], {
      serialization: 'advanced',
      env: { ...env },
      execArgv: [...(this.#options.execArgv ?? [])],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child = child;
    lowerPriority(child, nice);
    child.on('message', (message) => this.#handleMessage(child, message));
    child.once('error', (error) => logger.error({ worker: name, err: error }, 'worker process failed'));
    child.once('exit', (code, signal) => this.#handleExit(child, code, signal));
    this.#readyTimer = setTimeout(() => this.kill(`not ready within ${readyLimitMs} ms`), readyLimitMs);
  }

  #handleMessage(child: ChildProcess, message: unknown): void {
    if (child !== this.#child || this.#closed) return;
    if (!this.#up && isReady(message)) {
      this.#handleReady(message);
      return;
    }
    for (const listener of this.#messageListeners) listener(message);
  }

  #handleReady(message: unknown): void {
    clearTimeout(this.#readyTimer);
    this.#up = true;
    const ms = Math.round(performance.now() - this.#startedAtMs);
    this.#options.logger.info({ worker: this.#options.name, workerPid: this.#child?.pid, ms }, 'worker is ready');
    this.#firstStart?.resolve(message);
    this.#firstStart = undefined;
    for (const listener of this.#upListeners) listener();
  }

  #handleExit(child: ChildProcess, code: number | null, signal: NodeJS.Signals | null): void {
    if (child !== this.#child) return;
    clearTimeout(this.#readyTimer);
    const wasUp = this.#up;
    this.#up = false;
    if (this.#closed) return;
    this.#options.logger.error({ worker: this.#options.name, code, signal, wasUp }, 'worker exited');
    if (wasUp) for (const listener of this.#downListeners) listener();
    if (this.#firstStart !== undefined && ++this.#firstStart.failures >= FIRST_START_ATTEMPTS) {
      const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
      this.#firstStart.reject(new VisavisError('unavailable', `the ${this.#options.name} does not start (${how})`));
      this.#firstStart = undefined;
      return;
    }
    this.#scheduleRestart();
  }

  #scheduleRestart(): void {
    const { first, last, stableMs } = this.#backoff;
    if (performance.now() - this.#startedAtMs >= stableMs) this.#nextDelayMs = first;
    const delayMs = this.#nextDelayMs;
    this.#nextDelayMs = Math.min(last, delayMs * 2);
    this.#timer = setTimeout(() => {
      this.#restarts++;
      this.#spawn();
    }, delayMs);
  }
}

function isReady(message: unknown): boolean {
  return typeof message === 'object' && message !== null && (message as { type?: unknown }).type === 'ready';
}

/** Threads inherit the nice value of the thread that starts them, so this must happen before the child has any. */
function lowerPriority(child: ChildProcess, nice: number | undefined): void {
  if (nice === undefined || child.pid === undefined) return;
  try {
    setPriority(child.pid, nice);
  } catch {
    // The child is already gone; its exit is handled.
  }
}
