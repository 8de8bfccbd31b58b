import type { Logger } from '../log.js';
import { canAffordSpare, type StandbyMode } from './memory.js';
import type { StandardVoice } from './speech/standard-voice.js';
import { READY_LIMIT_MS, type SpeechService, SpeechSupervisor } from './speech-supervisor.js';
import { SupervisedProcess, spareDelays } from './supervised-process.js';

export interface SupervisorOptions {
  avatarEntry: string;
  /** Compiled module of the speech worker; not used where `speech` is given. */
  speechEntry: string;
  /** A speech service that runs elsewhere; undefined: one of this supervisor's own. */
  speech?: SpeechService | undefined;
  /** Environment of both children. */
  env: Readonly<Record<string, string>>;
  logger: Logger;
  backoffMs?: { first: number; last: number; stableMs: number } | undefined;
  /** Whether spare workers wait for the death of those at work; by default `off`. */
  standby?: (() => StandbyMode) | undefined;
  /** To the start of a spare, the first one and those after a promotion; see `spareDelays`. */
  spareDelayMs?: number | undefined;
}

/** Garbage collection without helper threads: on few cores they starve, and the pacer's collector would wait for them. */
const AVATAR_NODE_FLAGS = ['--single-threaded-gc'];

/**
 * glibc's malloc, mallopt(3): buffers of 64 kB and more are mapped and given back whole. By default the threshold grows with the
 * first large buffer that is freed; the speech of every sentence then lies in the heap among small blocks, which grows by 2 MB a minute.
 */
const AVATAR_MALLOC = { MALLOC_MMAP_THRESHOLD_: '65536', MALLOC_TRIM_THRESHOLD_: '131072' };

/** A spare avatar worker takes little itself, but brings the conversations' faces with it when it takes them over. */
const SPARE_NEEDS_BYTES = 4 * 2 ** 30;

/** Time from each worker's start to its `ready`. */
export interface WorkersReady {
  /** What the speech worker chose on this machine, when the choice was left to it. */
  standardVoice: StandardVoice | undefined;
  speechMs: number;
  avatarMs: number;
}

/** Runs one speech worker and one avatar worker and keeps them alive, with a spare of each where memory allows. */
export class WorkerSupervisor {
  readonly speech: SpeechService;
  readonly avatar: SupervisedProcess;

  constructor(options: SupervisorOptions) {
    const { env, logger, backoffMs, standby = () => 'off', spareDelayMs } = options;
    const speech = { entry: options.speechEntry, env, logger, backoffMs, standby: standby(), spareDelayMs };
    this.speech = options.speech ?? new SpeechSupervisor(speech);
    this.avatar = new SupervisedProcess({
      name: 'avatar worker',
      entry: options.avatarEntry,
      args: (serial) => ['--socket', this.speech.socketPath, ...(serial > 1 ? ['--successor'] : [])],
      execArgv: AVATAR_NODE_FLAGS,
      env: { ...AVATAR_MALLOC, ...env },
      logger,
      backoffMs,
      readyLimitMs: READY_LIMIT_MS,
      standby: {
        ...spareDelays(spareDelayMs),
        isAffordable: () => canAffordSpare(standby(), SPARE_NEEDS_BYTES),
      },
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
