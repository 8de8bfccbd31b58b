import { type ChildProcess, fork } from 'node:child_process';
import { VisavisError } from '../errors.js';
import type { Logger } from '../log.js';
import { lowerPriority, restorePriority } from './priority.js';

export interface WorkerChildOptions {
  name: string;
  /** Compiled module to run. */
  entry: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  execArgv: readonly string[];
  /** Undefined: as this process. */
  nice: number | undefined;
  /** From the fork to its `ready`; a child that takes longer is killed. */
  readyLimitMs: number;
  logger: Logger;
}

export interface WorkerChildEvents {
  onReady(message: unknown): void;
  /** All messages but `ready`. */
  onMessage(message: unknown): void;
  /** The child is gone and everything that it had sent was delivered. Called once. */
  onGone(how: { code: number | null; signal: NodeJS.Signals | null }): void;
}

const SHUTDOWN_LIMIT_MS = 1_500;
/** What a dead child had sent waits in the channel; a grandchild could hold that open. */
const DRAIN_LIMIT_MS = 250;

/** One forked process with its life: starting, ready, gone. */
export class WorkerChild {
  readonly startedAtMs = performance.now();
  readonly #options: WorkerChildOptions;
  readonly #events: WorkerChildEvents;
  readonly #child: ChildProcess;
  readonly #readyTimer: NodeJS.Timeout;
  #ready = false;
  #unsent = 0;
  #gone = false;

  constructor(options: WorkerChildOptions, events: WorkerChildEvents) {
    this.#options = options;
    this.#events = events;
    const { entry, args, env, execArgv, nice, name, logger, readyLimitMs } = options;
    this.#child = fork(entry, [...args], {
      serialization: 'advanced',
      env: { ...env },
      execArgv: [...execArgv],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    if (nice !== undefined) lowerPriority(this.#child.pid, nice);
    this.#child.on('message', (message) => this.#handleMessage(message));
    this.#child.once('error', (error) => {
      logger.error({ worker: name, err: error }, 'worker process failed');
      // One that was never started does not exit either.
      if (this.#child.pid === undefined) this.#handleExit(null, null);
    });
    this.#child.once('exit', (code, signal) => this.#handleExit(code, signal));
    this.#readyTimer = setTimeout(() => this.kill(`not ready within ${readyLimitMs} ms`), readyLimitMs);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isReady(): boolean {
    return this.#ready && !this.#gone;
  }

  /** Messages that its pipe has not taken yet. */
  get unsent(): number {
    return this.#unsent;
  }

  /** False when the channel is closed. */
  send(message: unknown): boolean {
    if (!this.#child.connected) return false;
    this.#unsent++;
    this.#child.send(message as object, (error) => {
      this.#unsent--;
      if (error !== null) this.#options.logger.warn({ err: error }, 'message to a worker was lost');
    });
    return true;
  }

  /** Lets a child that was started at a higher nice value run at `nice`, where this system allows it. */
  restorePriority(nice: number): void {
    if (this.#child.pid !== undefined) restorePriority(this.#child.pid, nice);
  }

  kill(reason: string): void {
    if (this.#gone) return;
    this.#options.logger.error({ worker: this.#options.name, workerPid: this.pid, reason }, 'worker is killed');
    this.killSilently();
  }

  killSilently(): void {
    this.#child.kill('SIGKILL');
  }

  /** Asks the child to end, then makes it; resolves when it is gone. Its end is not reported. */
  async end(): Promise<void> {
    clearTimeout(this.#readyTimer);
    const { exitCode, signalCode } = this.#child;
    this.#gone = true;
    if (exitCode !== null || signalCode !== null || this.pid === undefined) return;
    await new Promise<void>((resolve) => {
      const limit = setTimeout(() => {
        this.#options.logger.warn({ worker: this.#options.name }, 'worker does not end by itself');
        this.killSilently();
      }, SHUTDOWN_LIMIT_MS);
      this.#child.once('exit', () => {
        clearTimeout(limit);
        resolve();
      });
      if (this.#child.connected) this.#child.send({ type: 'shutdown' }, () => {});
      if (!this.#ready) this.killSilently();
    });
  }

  #handleMessage(message: unknown): void {
    if (this.#gone) return;
    if (this.#ready || !isReady(message)) {
      this.#events.onMessage(message);
      return;
    }
    clearTimeout(this.#readyTimer);
    this.#ready = true;
    const ms = Math.round(performance.now() - this.startedAtMs);
    this.#options.logger.info({ worker: this.#options.name, workerPid: this.pid, ms }, 'worker is ready');
    this.#events.onReady(message);
  }

  /** The process may be gone before the last of its messages has been read from the channel. */
  #handleExit(code: number | null, signal: NodeJS.Signals | null): void {
    clearTimeout(this.#readyTimer);
    const report = () => {
      clearTimeout(limit);
      if (this.#gone) return;
      this.#gone = true;
      this.#events.onGone({ code, signal });
    };
    const limit = setTimeout(report, DRAIN_LIMIT_MS);
    if (this.#child.connected) this.#child.once('disconnect', report);
    else report();
  }
}

export function exitError(name: string, how: { code: number | null; signal: NodeJS.Signals | null }): VisavisError {
  const what = how.signal === null ? `exit code ${how.code}` : `signal ${how.signal}`;
  return new VisavisError('unavailable', `the ${name} does not start (${what})`);
}

function isReady(message: unknown): boolean {
  return typeof message === 'object' && message !== null && (message as { type?: unknown }).type === 'ready';
}
