import { Worker } from 'node:worker_threads';
import { abortError } from '../../abort.js';
import { VisavisError } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { CallCost } from './protocol.js';
import { type QueueEntry, type QueueLimits, WorkQueue } from './queue.js';
import type { FromThread, ToThread } from './thread-protocol.js';

const JOB_LIMIT_MS = 60_000;
const RESTART_FIRST_MS = 250;
const RESTART_LAST_MS = 10_000;

export interface ThreadOptions<Event> {
  name: string;
  script: URL;
  workerData: unknown;
  limits: QueueLimits;
  log: Logger;
  /** A task that runs for longer has hung: its thread is ended and started anew. 60 s unless given. */
  jobLimitMs?: number;
  onProgress?: (what: string) => void;
  /** Events of loading, which belong to no task. */
  onEvent?: (event: Event) => void;
}

export interface SubmitOptions<Event> extends QueueEntry {
  signal: AbortSignal;
  /** Yields to urgent work: it is refused while any waits or runs, and stopped when some arrives. */
  yields?: boolean;
  onEvent?: (event: Event) => void;
}

export type Answer<Result> = { result: Result } & CallCost;

interface Job<Task, Result, Event> extends SubmitOptions<Event> {
  number: number;
  task: Task;
  submittedAt: number;
  startedAt: number;
  resolve: (answer: Answer<Result>) => void;
  reject: (error: Error) => void;
  detach: () => void;
}

/**
 * One engine on one worker thread, with the queue before it. `submit` resolves with the task's result; it rejects with
 * `too-many-requests` when the queue is full, AbortError when aborted, `unavailable` when low-priority work had to give
 * way, and `engine-failed` (worth another try) when the thread died, which also starts a new thread.
 */
export class EngineThread<Task, Result, Event = never> {
  readonly #options: ThreadOptions<Event>;
  readonly #queue: WorkQueue<Job<Task, Result, Event>>;
  #worker: Worker | null = null;
  #ready = false;
  #closed = false;
  #running: Job<Task, Result, Event> | null = null;
  #watchdog: NodeJS.Timeout | undefined;
  #restartTimer: NodeJS.Timeout | undefined;
  #failures = 0;
  #jobs = 0;
  readonly stats = { queued: 0, restarts: 0, completed: 0 };

  private constructor(options: ThreadOptions<Event>) {
    this.#options = options;
    this.#queue = new WorkQueue(options.limits);
  }

  /** Resolves when the engine is loaded; rejects when it cannot be loaded the first time. */
  static async start<Task, Result, Event = never>(
    options: ThreadOptions<Event>,
  ): Promise<EngineThread<Task, Result, Event>> {
    const thread = new EngineThread<Task, Result, Event>(options);
    await thread.#spawn();
    return thread;
  }

  submit(task: Task, o: SubmitOptions<Event>): Promise<Answer<Result>> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new VisavisError('unavailable', `${this.#options.name} is shutting down`));
      if (o.signal.aborted) return reject(abortError(o.signal));
      if (o.yields && this.#isBusyAbove(o.priority)) {
        return reject(new VisavisError('unavailable', `${this.#options.name} has more urgent work`));
      }
      const number = this.#jobs++;
      const onAbort = () => this.#cancel(job, abortError(o.signal));
      o.signal.addEventListener('abort', onAbort, { once: true });
      const detach = () => o.signal.removeEventListener('abort', onAbort);
      const job: Job<Task, Result, Event> = {
        ...o,
        ...{ number, task, submittedAt: performance.now(), startedAt: 0, resolve, reject, detach },
      };
      try {
        const superseded = this.#queue.push(job);
        if (superseded) this.#settle(superseded, new VisavisError('unavailable', 'superseded by a newer request'));
      } catch (thrown) {
        detach();
        return reject(thrown as Error);
      }
      this.#preemptFor(job);
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#restartTimer);
    clearTimeout(this.#watchdog);
    this.#rejectAll(new VisavisError('unavailable', `${this.#options.name} is shutting down`));
    await this.#worker?.terminate();
  }

  async #spawn(): Promise<void> {
    const worker = new Worker(this.#options.script, { workerData: this.#options.workerData, name: this.#options.name });
    this.#worker = worker;
    await new Promise<void>((resolve, reject) => {
      let failure: Error = new VisavisError('engine-failed', `${this.#options.name} thread ended`);
      worker.on('message', (message: FromThread<Result, Event>) => {
        if (message.type === 'ready') {
          this.#ready = true;
          this.#failures = 0;
          resolve();
          this.#next();
        } else if (message.type === 'load-failed') {
          failure = VisavisError.fromBody(message.error);
          void worker.terminate();
        } else this.#handleMessage(message);
      });
      worker.on('error', (error) => {
        failure = VisavisError.from(error, 'engine-failed');
      });
      worker.on('exit', () => {
        const wasReady = this.#ready;
        reject(failure);
        this.#handleExit(failure, wasReady);
      });
    });
  }

  #handleMessage(message: Exclude<FromThread<Result, Event>, { type: 'ready' | 'load-failed' }>): void {
    if (message.type === 'loading') {
      this.#options.onProgress?.(message.what);
      return;
    }
    const job = this.#running?.number === message.job ? this.#running : null;
    if (message.type === 'event') {
      const listener = message.job < 0 ? this.#options.onEvent : job?.onEvent;
      listener?.(message.event);
      return;
    }
    if (!job) return;
    this.#running = null;
    clearTimeout(this.#watchdog);
    if (message.type === 'done') {
      this.stats.completed += 1;
      const queueMs = job.startedAt - job.submittedAt;
      job.detach();
      job.resolve({ result: message.result, queueMs, computeMs: message.computeMs });
    } else {
      const yielded = new VisavisError('unavailable', `${this.#options.name} has more urgent work`);
      this.#settle(job, message.aborted ? yielded : VisavisError.fromBody(message.error));
    }
    this.#next();
  }

  #handleExit(failure: Error, wasReady: boolean): void {
    this.#worker = null;
    this.#ready = false;
    clearTimeout(this.#watchdog);
    if (this.#closed) return;
    const { name, log } = this.#options;
    this.#rejectAll(new VisavisError('engine-failed', `${name} ended: ${failure.message}`, { cause: failure }));
    // A thread that never became ready at its first start is its creator's to report.
    if (!wasReady && this.stats.restarts === 0) return;
    const delayMs = Math.min(RESTART_LAST_MS, RESTART_FIRST_MS * 2 ** this.#failures++);
    log.error({ thread: name, reason: failure.message, delayMs }, 'engine thread ended, starting a new one');
    this.stats.restarts += 1;
    this.#restartTimer = setTimeout(() => void this.#spawn().catch(() => undefined), delayMs);
  }

  #next(): void {
    const job = this.#running || !this.#ready ? undefined : this.#queue.take();
    this.#countQueue();
    if (!job) return;
    job.startedAt = performance.now();
    this.#running = job;
    const limitMs = this.#options.jobLimitMs ?? JOB_LIMIT_MS;
    this.#watchdog = setTimeout(() => void this.#worker?.terminate(), limitMs);
    this.#post({ type: 'run', job: job.number, task: job.task });
  }

  /** Low-priority work gives way at its next inference call; it is told when its thread says that it stopped. */
  #preemptFor(job: Job<Task, Result, Event>): void {
    const running = this.#running;
    if (running?.yields && running.priority > job.priority) this.#post({ type: 'cancel', job: running.number });
  }

  #isBusyAbove(priority: number): boolean {
    const running = this.#running;
    return this.#queue.hasUrgent(priority - 1) || (running !== null && running.priority < priority);
  }

  #cancel(job: Job<Task, Result, Event>, error: Error): void {
    if (this.#queue.remove(job)) this.#countQueue();
    else if (this.#running === job) this.#post({ type: 'cancel', job: job.number });
    this.#settle(job, error);
  }

  #settle(job: Job<Task, Result, Event>, error: Error): void {
    job.detach();
    job.reject(error);
  }

  #rejectAll(error: Error): void {
    const running = this.#running;
    this.#running = null;
    for (const job of [...(running ? [running] : []), ...this.#queue.drain()]) this.#settle(job, error);
    this.#countQueue();
  }

  #post(message: ToThread<Task>): void {
    this.#worker?.postMessage(message);
  }

  #countQueue(): void {
    this.stats.queued = this.#queue.size;
  }
}
