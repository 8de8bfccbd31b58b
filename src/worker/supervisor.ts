import type { Logger } from '../log.js';
import type { StandardVoice } from './speech/standard-voice.js';
import { READY_LIMIT_MS, type SpeechService, SpeechSupervisor } from './speech-supervisor.js';
import { SupervisedProcess } from './supervised-process.js';

export interface SupervisorOptions {
  avatarEntry: string;
  /** Compiled module of the speech worker; not used where `speech` is given. */
  speechEntry: string;
  /** A speech service that runs elsewhere; undefined: one of this supervisor's own. */
  speech?: SpeechService | undefined;
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

/** Runs one speech worker and one avatar worker and keeps them alive. */
export class WorkerSupervisor {
  readonly speech: SpeechService;
  readonly avatar: SupervisedProcess;

  constructor(options: SupervisorOptions) {
    const { env, logger, backoffMs } = options;
    this.speech = options.speech ?? new SpeechSupervisor({ entry: options.speechEntry, env, logger, backoffMs });
    this.avatar = new SupervisedProcess({
      name: 'avatar worker',
      entry: options.avatarEntry,
      args: ['--socket', this.speech.socketPath],
      execArgv: AVATAR_NODE_FLAGS,
      env,
      logger,
      backoffMs,
      readyLimitMs: READY_LIMIT_MS,
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
      await this.speech.start();
      const speechMs = elapsed();
      await this.avatar.start();
      return { speechMs, avatarMs: elapsed() - speechMs, standardVoice: this.speech.standardVoice };
    } catch (thrown) {
      await this.close();
      throw thrown;
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.avatar.close(), this.speech.close()]);
  }
}
