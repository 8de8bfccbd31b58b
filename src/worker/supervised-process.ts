import { getPriority } from 'node:os';
import { VisavisError } from '../errors.js';
import type { Logger } from '../log.js';
import { canRestorePriority } from './priority.js';
import { exitError, WorkerChild } from './worker-child.js';

/** A second, ready process that takes the place of one that dies. */
export interface StandbyOptions {
  /** Asked before each start: whether this machine can afford a spare now. */
  isAffordable: () => boolean;
  /** From the first `ready` to the start of the first spare. By default `delayMs`. */
  firstDelayMs?: number;
  /** From each promotion to the start of the next spare. */
  delayMs: number;
}

/** Loading a spare slows answers: the first one leaves whoever started the service, and talks at once, in peace. */
export const FIRST_SPARE_DELAY_MS = 20_000;
const SPARE_DELAY_MS = 3_000;

/** `delayMs` in all cases where it is given. */
export function spareDelays(delayMs?: number): Pick<StandbyOptions, 'firstDelayMs' | 'delayMs'> {
  return { firstDelayMs: delayMs ?? FIRST_SPARE_DELAY_MS, delayMs: delayMs ?? SPARE_DELAY_MS };
}

export interface SupervisedProcessOptions {
  name: string;
  /** Compiled module to run. */
  entry: string;
  /** A function is asked at each start; `serial` counts the starts from 1. */
  args: readonly string[] | ((serial: number) => readonly string[]);
  env: Readonly<Record<string, string>>;
  /** Node's own flags. */
  execArgv?: readonly string[];
  /** Raises the child's nice value. */
  nice?: number;
  /** From the fork to its `ready`. */
  readyLimitMs: number;
  /** Waits before restarts: doubled from the first to the last, from the first again after `stableMs` of life. */
  backoffMs?: { first: number; last: number; stableMs: number } | undefined;
  standby?: StandbyOptions | undefined;
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
  /** Ends a child that no longer answers; it is then replaced. */
  kill(reason: string): void;
}

const DEFAULT_BACKOFF = { first: 250, last: 10_000, stableMs: 60_000 };
/** A child that fails this often before it was ever ready will not become so by itself. */
const FIRST_START_ATTEMPTS = 3;
/** A spare starts this far below the one at work, where it can be given its priority back; lower still, a busy machine would starve it. */
const SPARE_NICE = 10;
const LOWEST_NICE = 19;
/** Until it is asked again whether a spare is affordable. */
const SPARE_RECHECK_MS = 60_000;

interface Seat {
  serial: number;
  child: WorkerChild;
  readyMessage?: unknown;
}

/**
 * One child process that is kept alive: when it exits, its spare takes its place at once where there is one (`onDown`, then
 * `onUp`), else it is restarted with growing waits. A child never outlives this process: it is killed on exit, and ends itself when its
 * IPC channel closes.
 */
export class SupervisedProcess implements WorkerChannel {
  readonly #options: SupervisedProcessOptions;
  readonly #backoff: { first: number; last: number; stableMs: number };
  readonly #messageListeners: ((message: unknown) => void)[] = [];
  readonly #upListeners: (() => void)[] = [];
  readonly #downListeners: (() => void)[] = [];
  readonly #killOnExit = () => {
    for (const seat of [this.#current, this.#spare]) seat?.child.killSilently();
  };
  #current: Seat | undefined;
  #spare: Seat | undefined;
  #serial = 0;
  #up = false;
  #closed = false;
  #nextDelayMs: number;
  #restarts = 0;
  #timer: NodeJS.Timeout | undefined;
  #spareTimer: NodeJS.Timeout | undefined;
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

  /** Of the child at work. */
  get pid(): number | undefined {
    return this.#current?.child.pid;
  }

  /** Of a spare that is ready to take over; undefined without one. */
  get sparePid(): number | undefined {
    return this.#spare?.child.isReady ? this.#spare.child.pid : undefined;
  }

  /** Which start the child at work is of, from 1. */
  get serial(): number {
    return this.#current?.serial ?? 0;
  }

  /** How often a child that died was replaced. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Resolves with the child's first `ready` message; rejects when three starts in a row fail. Call once. */
  start(): Promise<unknown> {
    if (this.#closed) return Promise.reject(new VisavisError('unavailable', `${this.#options.name} was stopped`));
    process.once('exit', this.#killOnExit);
    return new Promise((resolve, reject) => {
      this.#firstStart = { resolve, reject, failures: 0 };
      this.#current = this.#spawn(this.#options.nice);
    });
  }

  /** Messages that the child at work has not been handed yet. */
  get unsent(): number {
    return this.#current?.child.unsent ?? 0;
  }

  send(message: unknown): boolean {
    return this.#up && this.#current?.child.send(message) === true;
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
    this.#current?.child.kill(reason);
  }

  /** Asks the children to end, then makes them; resolves when they are gone. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#spareTimer);
    this.#firstStart?.reject(new VisavisError('unavailable', `${this.#options.name} was stopped while it started`));
    this.#firstStart = undefined;
    await Promise.all([this.#current?.child.end(), this.#spare?.child.end()]);
    process.removeListener('exit', this.#killOnExit);
  }

  #spawn(nice: number | undefined): Seat {
    const { name, entry, args, env, execArgv = [], readyLimitMs, logger } = this.#options;
    const serial = ++this.#serial;
    const given = typeof args === 'function' ? args(serial) : args;
    const child = new WorkerChild(
      { name, entry, args: given, env, execArgv, nice, readyLimitMs, logger },
      {
        onReady: (message) => this.#handleReady(seat, message),
        onMessage: (message) => this.#handleMessage(seat, message),
        onGone: (how) => this.#handleGone(seat, how),
      },
    );
    const seat: Seat = { serial, child };
    return seat;
  }

  #handleMessage(seat: Seat, message: unknown): void {
    if (seat !== this.#current || this.#closed) return;
    for (const listener of this.#messageListeners) listener(message);
  }

  #handleReady(seat: Seat, message: unknown): void {
    seat.readyMessage = message;
    if (seat === this.#current && !this.#closed) this.#takeUp(seat);
  }

  #takeUp(seat: Seat): void {
    this.#up = true;
    const { delayMs = 0, firstDelayMs = delayMs } = this.#options.standby ?? {};
    const spareDelayMs = this.#firstStart === undefined ? delayMs : firstDelayMs;
    this.#firstStart?.resolve(seat.readyMessage);
    this.#firstStart = undefined;
    for (const listener of this.#upListeners) listener();
    this.#scheduleSpare(Math.max(spareDelayMs, this.#nextDelayMs));
  }

  #handleGone(seat: Seat, how: { code: number | null; signal: NodeJS.Signals | null }): void {
    const { name, logger } = this.#options;
    if (this.#closed) return;
    if (seat === this.#spare) {
      logger.warn({ worker: name, ...how }, 'spare worker exited');
      this.#spare = undefined;
      this.#scheduleSpare(this.#growingDelay(seat));
      return;
    }
    if (seat !== this.#current) return;
    const wasUp = this.#up;
    this.#up = false;
    this.#current = undefined;
    logger.error({ worker: name, ...how, wasUp }, 'worker exited');
    if (wasUp) for (const listener of this.#downListeners) listener();
    if (this.#firstStart !== undefined && ++this.#firstStart.failures >= FIRST_START_ATTEMPTS) {
      this.#firstStart.reject(exitError(name, how));
      this.#firstStart = undefined;
      return;
    }
    this.#replace(seat);
  }

  #replace(dead: Seat): void {
    const delayMs = this.#growingDelay(dead);
    const { nice = getPriority() } = this.#options;
    clearTimeout(this.#spareTimer);
    const spare = this.#spare;
    if (spare !== undefined) {
      this.#restarts++;
      this.#spare = undefined;
      this.#current = spare;
      spare.child.restorePriority(nice);
      if (spare.child.isReady) this.#takeUp(spare);
      return;
    }
    this.#timer = setTimeout(() => {
      this.#restarts++;
      this.#current = this.#spawn(this.#options.nice);
    }, delayMs);
  }

  #spareNice(): number | undefined {
    const { nice } = this.#options;
    return canRestorePriority() ? Math.min(LOWEST_NICE, (nice ?? getPriority()) + SPARE_NICE) : nice;
  }

  #growingDelay(dead: Seat): number {
    const { first, last, stableMs } = this.#backoff;
    if (performance.now() - dead.child.startedAtMs >= stableMs) this.#nextDelayMs = first;
    const delayMs = this.#nextDelayMs;
    this.#nextDelayMs = Math.min(last, delayMs * 2);
    return delayMs;
  }

  #scheduleSpare(delayMs: number): void {
    const { standby } = this.#options;
    if (standby === undefined || this.#closed) return;
    clearTimeout(this.#spareTimer);
    this.#spareTimer = setTimeout(() => {
      if (this.#closed || this.#spare !== undefined || !this.#up) return;
      if (standby.isAffordable()) this.#spare = this.#spawn(this.#spareNice());
      else this.#scheduleSpare(SPARE_RECHECK_MS);
    }, delayMs);
    this.#spareTimer.unref();
  }
}
