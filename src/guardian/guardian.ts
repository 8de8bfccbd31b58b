import { randomUUID } from 'node:crypto';
import type { Config, Environment } from '../config.js';
import { VisavisError } from '../errors.js';
import type { Logger } from '../log.js';
import { answerStoreRequest } from '../signaling/store/ipc-store.js';
import { MemoryStore } from '../signaling/store/memory-store.js';
import { canAffordSpare } from '../worker/memory.js';
import type { SpeechService } from '../worker/speech-supervisor.js';
import { FIRST_SPARE_DELAY_MS } from '../worker/supervised-process.js';
import { GatewayChild, startFailure } from './gateway-child.js';
import type { FromGateway, GatewayReport, SpeechState } from './protocol.js';

export interface GuardianOptions {
  /** The environment that `config` was parsed from. */
  env: Environment;
  logger: Logger;
  /** Compiled entry of the gateway process. */
  gatewayEntry: string;
  speech: SpeechService;
  /** As in `Setup`. */
  avatarEntry?: string | undefined;
  webFolder?: string | undefined;
  /** Waits between a gateway's readiness and the start of its spare; by default 20 s the first time, then 3 s. */
  spareAfterMs?: number;
  /** Until it is asked again whether a spare is affordable. */
  spareRecheckMs?: number;
  /** Whether this machine can carry a spare gateway now; by default as `standby` says and memory allows. */
  isSpareAffordable?: () => boolean;
}

/** What a spare gateway with its avatar worker takes; `standby: auto` wants three times that free. */
const SPARE_BYTES = 0.7e9;
const SPARE_AFTER_MS = 3_000;
const SPARE_RECHECK_MS = 60_000;
const MAX_PREDECESSORS = 16;
const SPEECH_LOOK_MS = 200;
const CLOSE_LIMIT_MS = 4_000;
/** Gateways that die young are replaced after growing waits. */
const BACKOFF = { firstMs: 250, lastMs: 10_000, stableMs: 5_000 };

/**
 * The process that stays: it runs the speech service, one gateway at work and, where memory allows, a spare one that is loaded and waits.
 * When the one at work dies the spare takes its ports and its sessions, which are kept here (or in Redis).
 */
export class Guardian {
  /** Resolves when sessions can be created for the first time; rejects when a part cannot be started. */
  readonly ready: Promise<GatewayReport>;
  readonly #config: Config;
  readonly #options: GuardianOptions;
  readonly #logger: Logger;
  readonly #store: MemoryStore | undefined;
  #active: GatewayChild | undefined;
  #spare: GatewayChild | undefined;
  /** Whom the next gateway at work succeeds: the last one that was, and those that died before they were. */
  #predecessors: string[] = [];
  #port: number | undefined;
  /** When the gateway at work, or the one that is to be, was given its place. */
  #chosenAtMs = performance.now();
  #earlyDeaths = 0;
  /** Spare gateways that died since one went to work. */
  #spareDeaths = 0;
  #restarts = 0;
  #resolveReady!: (report: GatewayReport) => void;
  #rejectReady!: (error: VisavisError) => void;
  #isReady = false;
  #speechSeen = '';
  #speechTimer: NodeJS.Timeout | undefined;
  #spareTimer: NodeJS.Timeout | undefined;
  /** There was too little for a spare gateway when that was last asked. */
  #lacksMemory = false;
  #nextTimer: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;
  #draining = false;

  constructor(config: Config, options: GuardianOptions) {
    this.#config = config;
    this.#options = options;
    this.#logger = options.logger;
    this.#store = config.redisUrl === undefined ? new MemoryStore() : undefined;
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve;
      this.#rejectReady = reject;
    });
    // Whoever awaits `ready` hears of a failure; nobody else must crash because of it.
    this.ready.catch(() => {});
    this.#active = this.#fork(false);
    this.#speechTimer = setInterval(() => this.#tellSpeech(), SPEECH_LOOK_MS);
    options.speech.start().then(
      () => this.#tellSpeech(),
      (thrown: unknown) => this.#fail(VisavisError.from(thrown)),
    );
  }

  /** Gateways that died at work and were replaced. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Process ids of the gateway at work and of the spare one. */
  get pids(): { active: number | undefined; spare: number | undefined } {
    return { active: this.#active?.pid, spare: this.#spare?.pid };
  }

  /** A spare gateway waits, loaded. */
  get hasSpare(): boolean {
    return this.#spare?.isLoaded === true;
  }

  /**
   * Ends gateways, then the speech service. With `drain` conversations under way may end by themselves within the configured time;
   * a second call without it does not wait for them any longer.
   */
  close(drain = false): Promise<void> {
    if (this.#closing !== undefined && this.#draining && !drain) {
      this.#draining = false;
      this.#active?.send({ type: 'shutdown', drain: false });
    }
    this.#closing ??= this.#close(drain);
    return this.#closing;
  }

  async #close(drain: boolean): Promise<void> {
    this.#draining = drain;
    clearInterval(this.#speechTimer);
    clearTimeout(this.#spareTimer);
    clearTimeout(this.#nextTimer);
    this.#rejectReady(new VisavisError('unavailable', 'the service was stopped while it started'));
    const limitMs = CLOSE_LIMIT_MS + (drain ? this.#config.drainMs : 0);
    await Promise.all([this.#spare?.close(false, CLOSE_LIMIT_MS), this.#active?.close(drain, limitMs)]);
    await this.#options.speech.close();
    await this.#store?.close();
  }

  #fork(warm: boolean): GatewayChild {
    const { env, gatewayEntry, avatarEntry, webFolder } = this.#options;
    const setup = {
      gatewayId: randomUUID(),
      env: definedOf(env),
      avatarEntry,
      webFolder,
      storeHere: this.#store !== undefined,
      speech: this.#speechState(),
      warm,
    };
    const child: GatewayChild = new GatewayChild(
      gatewayEntry,
      setup,
      {
        onLoaded: () => {
          if (child === this.#active) this.#activate(child);
        },
        onListening: (port) => {
          if (child === this.#active) this.#port = port;
        },
        onMessage: (message) => this.#handleMessage(child, message),
        onExit: (how) => this.#handleExit(child, how),
      },
      this.#logger,
    );
    return child;
  }

  #activate(child: GatewayChild): void {
    this.#chosenAtMs = performance.now();
    child.activate({ port: this.#port, predecessors: this.#predecessors, restarts: this.#restarts });
  }

  #handleMessage(
    child: GatewayChild,
    message: Extract<FromGateway, { type: 'ready' | 'failed' | 'store-request' }>,
  ): void {
    if (message.type === 'store-request') {
      if (this.#store === undefined) return;
      void answerStoreRequest(this.#store, message).then((answer) => child.send(answer));
    } else if (message.type === 'failed') {
      const error = VisavisError.fromBody(message.error);
      this.#logger.error({ code: error.code, reason: error.message }, 'gateway could not start');
      if (!this.#isReady && child === this.#active) this.#fail(error);
    } else if (child === this.#active) {
      const { spareAfterMs } = this.#options;
      this.#planSpare(spareAfterMs ?? (this.#isReady ? SPARE_AFTER_MS : FIRST_SPARE_DELAY_MS));
      this.#isReady = true;
      this.#predecessors = [];
      this.#resolveReady(message.report);
    }
  }

  #handleExit(child: GatewayChild, how: string): void {
    if (child === this.#spare) this.#spare = undefined;
    if (this.#closing !== undefined) return;
    if (child !== this.#active) {
      this.#logger.warn({ how }, 'spare gateway ended');
      const { spareAfterMs = SPARE_AFTER_MS, spareRecheckMs = SPARE_RECHECK_MS } = this.#options;
      this.#planSpare(Math.min(spareRecheckMs, spareAfterMs * 2 ** this.#spareDeaths++));
      return;
    }
    this.#active = undefined;
    if (!this.#isReady) {
      this.#fail(startFailure(how));
      return;
    }
    this.#logger.error({ how }, 'gateway died');
    this.#predecessors = [...this.#predecessors, child.id].slice(-MAX_PREDECESSORS);
    this.#restarts++;
    const aliveMs = performance.now() - this.#chosenAtMs;
    this.#earlyDeaths = aliveMs >= BACKOFF.stableMs ? 0 : this.#earlyDeaths + 1;
    // The first one that dies young may be an accident.
    const delayMs =
      this.#earlyDeaths < 2 ? 0 : Math.min(BACKOFF.lastMs, BACKOFF.firstMs * 2 ** (this.#earlyDeaths - 2));
    if (delayMs === 0) this.#succeed();
    else this.#nextTimer = setTimeout(() => this.#succeed(), delayMs);
  }

  /** The spare gateway goes to work, or a new one does. */
  #succeed(): void {
    clearTimeout(this.#spareTimer);
    const spare = this.#spare;
    this.#spare = undefined;
    this.#spareDeaths = 0;
    // One that dies while it loads died young, however long its predecessor lived.
    this.#chosenAtMs = performance.now();
    this.#active = spare ?? this.#fork(false);
    this.#logger.warn({ spare: spare !== undefined, gatewayPid: this.#active.pid }, 'another gateway takes over');
    // One that is still loading is activated when it has.
    if (spare?.isLoaded) this.#activate(spare);
  }

  #planSpare(delayMs: number): void {
    clearTimeout(this.#spareTimer);
    const { standby } = this.#config;
    if (standby === 'off') return;
    const { isSpareAffordable = () => canAffordSpare(standby, 3 * SPARE_BYTES), spareRecheckMs = SPARE_RECHECK_MS } =
      this.#options;
    this.#spareTimer = setTimeout(() => {
      if (this.#spare !== undefined || this.#closing !== undefined) return;
      const lacksMemory = !isSpareAffordable();
      if (lacksMemory && !this.#lacksMemory) this.#logger.info('too little free memory for a spare gateway');
      this.#lacksMemory = lacksMemory;
      if (lacksMemory) this.#planSpare(spareRecheckMs);
      else this.#spare = this.#fork(true);
    }, delayMs);
    this.#spareTimer.unref();
  }

  /** The service cannot start; one that runs goes on with what it has. */
  #fail(error: VisavisError): void {
    if (this.#isReady) {
      this.#logger.fatal({ err: error }, 'the speech service cannot be started');
      return;
    }
    this.#rejectReady(error);
  }

  #speechState(): SpeechState {
    const { isUp, restarts, socketPath, pid, sparePid, standardVoice } = this.#options.speech;
    return { isUp, restarts, socketPath, pid, sparePid, standardVoice };
  }

  #tellSpeech(): void {
    const speech = this.#speechState();
    const seen = JSON.stringify(speech);
    if (seen === this.#speechSeen) return;
    this.#speechSeen = seen;
    for (const child of [this.#active, this.#spare]) child?.send({ type: 'speech', speech });
  }
}

function definedOf(env: Environment): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
