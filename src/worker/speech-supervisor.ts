import { renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../log.js';
import { canAffordSpare, residentBytes, type StandbyMode } from './memory.js';
import { RuntimeFolder } from './runtime-folder.js';
import type { FromSpeechWorker } from './speech/protocol.js';
import type { StandardVoice } from './speech/standard-voice.js';
import { SupervisedProcess, spareDelays } from './supervised-process.js';

/** Loading models from a cold disk. */
export const READY_LIMIT_MS = 180_000;
/** Below the avatar worker, whose pacer must never wait for a synthesiser. */
const SPEECH_NICE = 10;
/** A spare may take a third of the free memory; what a worker takes is known once one runs, and is about this. */
const SPARE_SHARE = 3;
const TYPICAL_BYTES = 1.2e9;
const PING_EVERY_MS = 5_000;
const PONG_LIMIT_MS = 20_000;

/** Speech for every avatar worker of this machine, as those who use it see it. */
export interface SpeechService {
  readonly isUp: boolean;
  /** How often a worker was replaced. */
  readonly restarts: number;
  /** Where avatar workers connect; the same path for the life of the service. */
  readonly socketPath: string;
  /** Of the process at work. */
  readonly pid: number | undefined;
  /** Of the process that waits, where it is known. */
  readonly sparePid?: number | undefined;
  /** What the speech worker chose on this machine, once it is up, when the choice was left to it. */
  readonly standardVoice: StandardVoice | undefined;
  /** Resolves when clients can connect; rejects with `unavailable` when the speech worker cannot be started. Call once. */
  start(): Promise<void>;
  close(): Promise<void>;
}

export interface SpeechSupervisorOptions {
  /** Compiled module of the speech worker. */
  entry: string;
  env: Readonly<Record<string, string>>;
  logger: Logger;
  backoffMs?: { first: number; last: number; stableMs: number } | undefined;
  /** By default `off`. */
  standby?: StandbyMode | undefined;
  spareDelayMs?: number | undefined;
}

/**
 * Keeps one speech worker alive behind one path, and a spare one with loaded models where memory allows. Each worker listens on a socket
 * of its own, in a folder that only this user can enter; `socketPath` is a symbolic link to that of the worker at work.
 */
export class SpeechSupervisor implements SpeechService {
  readonly socketPath: string;
  readonly #process: SupervisedProcess;
  readonly #folder = new RuntimeFolder();
  #standardVoice: StandardVoice | undefined;
  #linkedSerial = 0;
  #pingTimer: NodeJS.Timeout | undefined;
  #pingedAtMs: number | undefined;

  constructor(options: SpeechSupervisorOptions) {
    this.socketPath = join(this.#folder.path, 'speech.sock');
    const { entry, env, logger, backoffMs, standby = 'off', spareDelayMs } = options;
    this.#process = new SupervisedProcess({
      name: 'speech worker',
      entry,
      args: (serial) => ['--socket', this.#socketOf(serial), ...this.#knownVoice()],
      env,
      logger,
      backoffMs,
      readyLimitMs: READY_LIMIT_MS,
      nice: SPEECH_NICE,
      standby: { ...spareDelays(spareDelayMs), isAffordable: () => canAffordSpare(standby, this.#spareBytes()) },
    });
    this.#process.onUp(() => this.#handleUp());
    this.#process.onMessage((message) => this.#handleMessage(message as FromSpeechWorker));
  }

  get isUp(): boolean {
    return this.#process.isUp;
  }

  get restarts(): number {
    return this.#process.restarts;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Of a spare that is ready to take over; undefined without one. */
  get sparePid(): number | undefined {
    return this.#process.sparePid;
  }

  get standardVoice(): StandardVoice | undefined {
    return this.#standardVoice;
  }

  async start(): Promise<void> {
    this.#standardVoice = choiceIn(await this.#process.start());
  }

  async close(): Promise<void> {
    clearInterval(this.#pingTimer);
    await this.#process.close();
    this.#folder.remove();
  }

  #socketOf(serial: number): string {
    return join(this.#folder.path, `speech-${serial}.sock`);
  }

  /** What the first worker measured need not be measured again. */
  #knownVoice(): string[] {
    if (this.#standardVoice === undefined) return [];
    const { standard, kokoroMs } = this.#standardVoice;
    return ['--standard', standard, '--kokoro-ms', String(kokoroMs)];
  }

  #spareBytes(): number {
    return SPARE_SHARE * Math.max(TYPICAL_BYTES, residentBytes(this.#process.pid));
  }

  /** Clients that come back find the new worker behind the same path; a rename replaces the link atomically. */
  #handleUp(): void {
    const { serial } = this.#process;
    const next = `${this.socketPath}.next`;
    rmSync(next, { force: true });
    symlinkSync(this.#socketOf(serial), next);
    renameSync(next, this.socketPath);
    if (this.#linkedSerial !== 0) rmSync(this.#socketOf(this.#linkedSerial), { force: true });
    this.#linkedSerial = serial;
    this.#pingedAtMs = undefined;
    this.#pingTimer ??= setInterval(() => this.#ping(), PING_EVERY_MS).unref();
  }

  #handleMessage(message: FromSpeechWorker): void {
    if (message.type === 'pong') this.#pingedAtMs = undefined;
  }

  #ping(): void {
    if (!this.#process.isUp) return;
    if (this.#pingedAtMs === undefined) {
      this.#pingedAtMs = performance.now();
      this.#process.send({ type: 'ping', id: 0 });
    } else if (performance.now() - this.#pingedAtMs > PONG_LIMIT_MS) {
      this.#pingedAtMs = undefined;
      this.#process.kill(`no answer to a ping within ${PONG_LIMIT_MS} ms`);
    }
  }
}

function choiceIn(readyMessage: unknown): StandardVoice | undefined {
  const { standard, kokoroMs } = readyMessage as Partial<StandardVoice>;
  return standard === undefined || kokoroMs === undefined ? undefined : { standard, kokoroMs };
}
