import { type ChildProcess, fork } from 'node:child_process';
import { VisavisError } from '../errors.js';
import type { Logger } from '../log.js';
import type { Activation, FromGateway, Setup, ToGateway } from './protocol.js';

export interface GatewayChildEvents {
  onLoaded(): void;
  onListening(port: number): void;
  onMessage(message: Extract<FromGateway, { type: 'ready' | 'failed' | 'store-request' }>): void;
  /** It is gone; nothing comes from it any more. */
  onExit(how: string): void;
}

/** A gateway whose event loop stands still for this long is killed. */
const BEAT_LIMIT_MS = 15_000;
const LOAD_LIMIT_MS = 60_000;
const LAST_WORDS_LIMIT_MS = 500;

/** One gateway process: first loaded and waiting, then at work. It ends itself when its channel to this process closes. */
export class GatewayChild {
  readonly id: string;
  readonly #child: ChildProcess;
  readonly #events: GatewayChildEvents;
  readonly #logger: Logger;
  readonly #watch: NodeJS.Timeout;
  readonly #gone: Promise<void>;
  readonly #killOnExit = () => this.#child.kill('SIGKILL');
  #loaded = false;
  #lastSignMs = performance.now();
  #isGone = false;

  constructor(entry: string, setup: Setup, events: GatewayChildEvents, logger: Logger) {
    this.id = setup.gatewayId;
    this.#events = events;
    this.#logger = logger;
    this.#child = fork(entry, [], {
      serialization: 'advanced',
      env: setup.env,
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    process.once('exit', this.#killOnExit);
    this.#gone = new Promise((resolve) => {
      const end = (how: string) => {
        if (this.#isGone) return;
        this.#handleGone(how);
        resolve();
      };
      this.#child.once('exit', (code, signal) => {
        const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
        // What it sent last may still be in the channel, which closes after it.
        if (!this.#child.connected) return end(how);
        this.#child.once('disconnect', () => end(how));
        setTimeout(() => end(how), LAST_WORDS_LIMIT_MS).unref();
      });
      this.#child.once('error', (error) => {
        if (this.#child.pid === undefined) end(error.message);
      });
    });
    this.#child.on('message', (message: FromGateway) => this.#handleMessage(message));
    this.#watch = setInterval(() => this.#checkBeat(), 1_000);
    this.#watch.unref();
    this.send({ type: 'setup', setup });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isLoaded(): boolean {
    return this.#loaded;
  }

  send(message: ToGateway): void {
    if (!this.#child.connected) return;
    this.#child.send(message, (error) => {
      if (error !== null) this.#logger.warn({ err: error }, 'message to a gateway was lost');
    });
  }

  activate(activation: Activation): void {
    this.send({ type: 'activate', activation });
  }

  /** Asks it to end, makes it after `limitMs`, and resolves when it is gone. */
  async close(drain: boolean, limitMs: number): Promise<void> {
    if (this.#isGone) return;
    this.send({ type: 'shutdown', drain });
    const limit = setTimeout(() => {
      this.#logger.warn({ gatewayPid: this.pid }, 'gateway does not end by itself');
      this.kill();
    }, limitMs);
    await this.#gone;
    clearTimeout(limit);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #handleMessage(message: FromGateway): void {
    this.#lastSignMs = performance.now();
    if (message.type === 'beat') return;
    if (message.type === 'loaded') {
      this.#loaded = true;
      this.#events.onLoaded();
    } else if (message.type === 'listening') this.#events.onListening(message.port);
    else this.#events.onMessage(message);
  }

  #checkBeat(): void {
    const limitMs = this.#loaded ? BEAT_LIMIT_MS : LOAD_LIMIT_MS;
    if (performance.now() - this.#lastSignMs < limitMs) return;
    this.#logger.error({ gatewayPid: this.pid, limitMs }, 'gateway stands still and is killed');
    this.kill();
  }

  #handleGone(how: string): void {
    this.#isGone = true;
    clearInterval(this.#watch);
    process.removeListener('exit', this.#killOnExit);
    this.#child.removeAllListeners('message');
    this.#events.onExit(how);
  }
}

/** The error of a gateway that died before it said why. */
export function startFailure(how: string): VisavisError {
  return new VisavisError('unavailable', `the gateway does not start (${how})`);
}
