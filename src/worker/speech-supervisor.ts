import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '../log.js';
import type { StandardVoice } from './speech/standard-voice.js';
import { SupervisedProcess } from './supervised-process.js';

/** Loading models from a cold disk. */
export const READY_LIMIT_MS = 180_000;
/** Below the avatar worker, whose pacer must never wait for a synthesiser. */
const SPEECH_NICE = 5;

/** Speech for every avatar worker of this machine, as those who use it see it. */
export interface SpeechService {
  readonly isUp: boolean;
  /** How often a worker was replaced. */
  readonly restarts: number;
  /** Where avatar workers connect; the same path for the life of the service. */
  readonly socketPath: string;
  /** Of the process at work. */
  readonly pid: number | undefined;
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
  backoffMs?: { first: number; last: number; stableMs: number };
}

/**
 * Keeps one speech worker alive behind a Unix socket, in a folder that only this user can enter. The folder goes when the worker goes.
 */
export class SpeechSupervisor implements SpeechService {
  readonly socketPath: string;
  readonly #process: SupervisedProcess;
  readonly #folder: string;
  readonly #removeFolder = () => rmSync(this.#folder, { recursive: true, force: true });
  #standardVoice: StandardVoice | undefined;

  constructor(options: SpeechSupervisorOptions) {
    // mkdtemp makes the folder with mode 0700.
    this.#folder = mkdtempSync(join(tmpdir(), 'visavis-'));
    process.once('exit', this.#removeFolder);
    this.socketPath = join(this.#folder, 'speech.sock');
    const { entry, env, logger, backoffMs } = options;
    this.#process = new SupervisedProcess({
      name: 'speech worker',
      entry,
      args: ['--socket', this.socketPath],
      env,
      logger,
      backoffMs,
      readyLimitMs: READY_LIMIT_MS,
      socketPath: this.socketPath,
      nice: SPEECH_NICE,
    });
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

  get standardVoice(): StandardVoice | undefined {
    return this.#standardVoice;
  }

  async start(): Promise<void> {
    this.#standardVoice = choiceIn(await this.#process.start());
  }

  async close(): Promise<void> {
    await this.#process.close();
    process.removeListener('exit', this.#removeFolder);
    this.#removeFolder();
  }
}

function choiceIn(readyMessage: unknown): StandardVoice | undefined {
  const { standard, kokoroMs } = readyMessage as Partial<StandardVoice>;
  return standard === undefined || kokoroMs === undefined ? undefined : { standard, kokoroMs };
}
