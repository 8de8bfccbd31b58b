import type { Config } from '../config.js';
import { VisavisError } from '../errors.js';
import type { AgentState } from '../inference/engines.js';
import type { Logger } from '../log.js';
import type { Sfu } from '../media/sfu.js';
import { MediaWatch } from '../metrics/media-watch.js';
import type { Metrics } from '../metrics/metrics.js';
import type { ProcessKind, ServiceProcess } from '../metrics/processes.js';
import type { WorkerStats } from '../worker/control.js';
import type { WorkerSupervisor } from '../worker/supervisor.js';
import type { CapacityReport, CostPrior } from './admission.js';
import { CapacityWatch } from './capacity-watch.js';
import { FrameLedger } from './frame-ledger.js';
import type { SessionStore } from './store/session-store.js';

/** What `GET /readyz` shows. */
export interface Readiness {
  status: 'ready' | 'not-ready' | 'draining';
  /** Why not. */
  reason?: string;
  parts: Record<'media' | 'speech' | 'avatar' | 'store', { state: 'up' | 'down' }>;
  sessions: number;
  capacity: CapacityReport;
}

/** The part of a session that is watched and ended from outside. */
export interface RunningSession {
  readonly id: string;
  readonly state: AgentState;
  readonly participantCount: number;
  announceShutdown(inMs: number): void;
}

export interface OperationsOptions {
  config: Pick<Config, 'admission' | 'maxSessions' | 'drainMs'>;
  metrics: Metrics;
  logger: Logger;
  sessions: () => Iterable<RunningSession>;
  /** Undefined when sessions can be created, else what is missing. */
  notReady: () => string | undefined;
  supervisor: WorkerSupervisor;
  /** Undefined while it starts. */
  sfu: () => Sfu | undefined;
  store: Pick<SessionStore, 'isUp'>;
  /** The speech engine of sessions that ask for none. */
  standardSpeech: () => CostPrior['speech'];
  /** The process that watches this one, if any. */
  guardianPid: number | undefined;
  /** Gateways that were here before this one and died. */
  gatewayRestarts: number;
}

const STATES: readonly AgentState[] = ['idle', 'listening', 'thinking', 'speaking'];
/** How often a drain looks whether the last session has ended. */
const DRAIN_LOOK_MS = 100;
/** A service that drains is usually back this long after its end. */
const RESTART_S = 10;

/** How the service is doing: readiness, admission, drain, and what of it is shown as metrics. */
export class Operations {
  readonly media: MediaWatch;
  readonly frames = new FrameLedger();
  readonly #options: OperationsOptions;
  readonly #capacity: CapacityWatch;
  #drainsUntilMs: number | undefined;
  #closed = false;

  constructor(options: OperationsOptions) {
    const { config, metrics, logger, supervisor, standardSpeech } = options;
    this.#options = options;
    this.media = new MediaWatch(metrics.media);
    this.#capacity = new CapacityWatch({
      ...{ mode: config.admission, maxSessions: config.maxSessions, metrics, logger },
      sessions: () => this.#sessions.length,
      processes: () => this.#processes,
      speech: () => ({ speech: standardSpeech(), kokoroMs: supervisor.speech.standardVoice?.kokoroMs }),
    });
    this.#observe();
  }

  /** To be called when the speech engine is known: the capacity once it has been measured, or as it is taken to be after `limitMs`. */
  async measuredCapacity(limitMs: number): Promise<CapacityReport> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limitMs);
    });
    await Promise.race([this.#capacity.measured, limit]);
    clearTimeout(timer);
    return this.#capacity.begin();
  }

  get isDraining(): boolean {
    return this.#drainsUntilMs !== undefined;
  }

  get readiness(): Readiness {
    const missing = this.#options.notReady();
    const { supervisor, sfu, store } = this.#options;
    const state = (up: boolean) => ({ state: up ? ('up' as const) : ('down' as const) });
    const common = {
      parts: {
        media: state(sfu()?.isHealthy === true),
        speech: state(supervisor.speech.isUp),
        avatar: state(supervisor.avatar.isUp),
        store: state(store.isUp),
      },
      sessions: this.#sessions.length,
      capacity: this.#capacity.report,
    };
    if (this.isDraining) return { status: 'draining', reason: 'the service is about to stop', ...common };
    return missing === undefined ? { status: 'ready', ...common } : { status: 'not-ready', reason: missing, ...common };
  }

  /**
   * Returns when a session may be opened beside `sessions` others.
   * @throws VisavisError `unavailable` with `retryAfterS`: the service drains or this machine can carry no more.
   */
  admit(sessions: number): void {
    if (this.#drainsUntilMs !== undefined) {
      this.#options.metrics.sessionsRefused.inc({ reason: 'draining' });
      const retryAfterS = Math.ceil(Math.max(0, this.#drainsUntilMs - performance.now()) / 1000) + RESTART_S;
      throw new VisavisError('unavailable', 'the service is about to restart', { retryAfterS });
    }
    this.#capacity.admit(sessions);
  }

  recordWorker(stats: WorkerStats): void {
    this.#options.metrics.recordWorker(stats);
    const open = new Set(this.#sessions.map(({ id }) => id));
    this.frames.record(stats, (id) => open.has(id));
    this.#capacity.recordWorker(stats);
  }

  recordSessionEnd(sessionId: string, durationMs: number): void {
    this.frames.forget(sessionId);
    this.#capacity.recordSession(durationMs);
    this.#options.metrics.sessionDuration.observe(durationMs / 1000);
  }

  /**
   * Refuses new sessions, tells those under way, and resolves when the last one has ended, after VISAVIS_DRAIN_S, or with `close()`,
   * whichever comes first.
   */
  async drain(): Promise<void> {
    const { drainMs } = this.#options.config;
    const sessions = this.#sessions;
    this.#drainsUntilMs ??= performance.now() + drainMs;
    if (sessions.length > 0 && drainMs > 0) {
      this.#options.logger.info({ sessions: sessions.length, drainMs }, 'draining: no new sessions');
      for (const session of sessions) session.announceShutdown(drainMs);
    }
    while (this.#sessions.length > 0 && performance.now() < this.#drainsUntilMs) {
      if (this.#closed) return;
      await new Promise((resolve) => setTimeout(resolve, DRAIN_LOOK_MS));
    }
  }

  close(): void {
    this.#closed = true;
    this.#capacity.close();
    this.media.close();
  }

  get #sessions(): RunningSession[] {
    return [...this.#options.sessions()];
  }

  get #processes(): ServiceProcess[] {
    const { speech, avatar } = this.#options.supervisor;
    const found: [ProcessKind, number | undefined][] = [
      ['guardian', this.#options.guardianPid],
      ['gateway', process.pid],
      ['avatar', avatar.pid],
      ['avatar', avatar.sparePid],
      ['speech', speech.pid],
      ['speech', speech.sparePid],
    ];
    for (const pid of this.#options.sfu()?.pids ?? []) found.push(['media', pid]);
    return found.flatMap(([kind, pid]) => (pid === undefined ? [] : [{ kind, pid }]));
  }

  #observe(): void {
    const { metrics, notReady, supervisor, sfu, store, gatewayRestarts } = this.#options;
    metrics.observeEach('visavis_sessions', 'Sessions under way, by what the avatar does', 'state', () =>
      STATES.map((state) => [state, this.#sessions.filter((session) => session.state === state).length] as const),
    );
    metrics.observe('visavis_viewers', 'Participants of all sessions', () =>
      this.#sessions.reduce((sum, { participantCount }) => sum + participantCount, 0),
    );
    metrics.observe('visavis_ready', '1 when sessions can be created', () =>
      Number(notReady() === undefined && !this.isDraining),
    );
    metrics.observe(
      'visavis_control_messages_unsent',
      'Messages to the avatar worker that the pipe to it has not taken yet',
      () => supervisor.avatar.unsent,
    );
    metrics.observe('visavis_session_store_up', '1 while the session store answers', () => Number(store.isUp));
    metrics.observe('visavis_draining', '1 while the service waits for its last sessions', () =>
      Number(this.isDraining),
    );
    metrics.observeEach(
      'visavis_spare_processes',
      'Processes that wait, ready, for the death of those at work, by kind',
      'process',
      () => [
        ['avatar', Number(supervisor.avatar.sparePid !== undefined)],
        ['speech', Number(supervisor.speech.sparePid !== undefined)],
        ['media', Number(sfu()?.hasSpare ?? false)],
      ],
    );
    metrics.observeTotal(
      'visavis_process_restarts_total',
      'Processes that were replaced after they had ended, by kind',
      'process',
      () => [
        ['gateway', gatewayRestarts],
        ['avatar', supervisor.avatar.restarts],
        ['speech', supervisor.speech.restarts],
        ['media', sfu()?.restarts ?? 0],
      ],
    );
  }
}
