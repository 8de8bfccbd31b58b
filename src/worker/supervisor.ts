import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '../log.js';
import type { StandardVoice } from './speech/standard-voice.js';
import { SupervisedProcess } from './supervised-process.js';

export interface SupervisorOptions {
  avatarEntry: string;
  speechEntry: string;
  /** Environment of both children. */
  env: Readonly<Record<string, string>>;
  logger: Logger;
  backoffMs?: { first: number; last: number; stableMs: number };
}

/** Garbage collection without helper threads: on few cores they starve, and the pacer's collector would wait for them. */
const AVATAR_NODE_FLAGS = ['--single-threaded-gc'];

/** Time from each worker's start to its `ready`. */
export interface WorkersReady {
  /** What the speech worker chose on this machine, when the choice was left to it. */
  standardVoice: StandardVoice | undefined;
  speechMs: number;
  avatarMs: number;
}

/** Loading models from a cold disk. */
const READY_LIMIT_MS = 180_000;
/** Below the avatar worker, whose pacer must never wait for a synthesiser. */
const SPEECH_NICE = 5;

/**
 * Runs one speech worker and one avatar worker and keeps them alive. They meet at a Unix socket in a folder that only this user can
 * enter; the folder goes when the workers go.
 */
export class WorkerSupervisor {
  readonly speech: SupervisedProcess;
  readonly avatar: SupervisedProcess;
  readonly #folder: string;
  readonly #removeFolder = () => rmSync(this.#folder, { recursive: true, force: true });

  constructor(options: SupervisorOptions) {
    // mkdtemp makes the folder with mode 0700.
    this.#folder = mkdtempSync(join(tmpdir(), 'visavis-'));
    process.once('exit', this.#removeFolder);
    const socketPath = join(this.#folder, 'speech.sock');
    const { env, logger, backoffMs } = options;
    const common = { args: ['--socket', socketPath], env, logger, backoffMs, readyLimitMs: READY_LIMIT_MS };
    this.speech = new SupervisedProcess({
      ...common,
      name: 'speech worker',
      entry: options.speechEntry,
      socketPath,
      nice: SPEECH_NICE,
    });
    this.avatar = new SupervisedProcess({
      ...common,
      name: 'avatar worker',
      entry: options.avatarEntry,
      execArgv: AVATAR_NODE_FLAGS,
    });
  }

  get isReady(): boolean {
    return this.speech.isUp && this.avatar.isUp;
  }

  /** Resolves when both workers are ready; when one cannot be started, both are ended and this rejects with `unavailable`. */
  async start(): Promise<WorkersReady> {
    const beganMs = performance.now();
    const elapsed = () => Math.round(performance.now() - beganMs);
    try {
      // The avatar worker connects to the speech worker's socket, so that one goes first.
      const standardVoice = choiceIn(await this.speech.start());
      const speechMs = elapsed();
      await this.avatar.start();
      return { speechMs, avatarMs: elapsed() - speechMs, standardVoice };
    } catch (thrown) {
      await this.close();
      throw thrown;
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.avatar.close(), this.speech.close()]);
    process.removeListener('exit', this.#removeFolder);
    this.#removeFolder();
  }
}

function choiceIn(readyMessage: unknown): StandardVoice | undefined {
  const { standard, kokoroMs } = readyMessage as Partial<StandardVoice>;
  return standard === undefined || kokoroMs === undefined ? undefined : { standard, kokoroMs };
}
