import type { Worker } from 'mediasoup/types';
import type { Logger } from '../log.js';

export interface WorkerWatchLimits {
  everyMs: number;
  /** A worker answers within a millisecond or so; one that takes this long carries nobody's media any more. */
  answerMs: number;
}

const LIMITS: WorkerWatchLimits = { everyMs: 2_000, answerMs: 8_000 };

/** Kills a media worker that no longer answers, so that it is replaced like one that died. Ends with the worker. */
export function watchWorker(worker: Worker, logger: Logger, limits = LIMITS): void {
  let limit: NodeJS.Timeout | undefined;
  const ask = () => {
    if (limit !== undefined) return;
    limit = setTimeout(() => {
      logger.error({ workerPid: worker.pid, limitMs: limits.answerMs }, 'media worker stands still and is killed');
      end();
      process.kill(worker.pid, 'SIGKILL');
    }, limits.answerMs);
    const answered = () => {
      clearTimeout(limit);
      limit = undefined;
    };
    worker.getResourceUsage().then(answered, answered);
  };
  const timer = setInterval(ask, limits.everyMs);
  timer.unref();
  const end = () => {
    clearInterval(timer);
    clearTimeout(limit);
  };
  worker.observer.once('close', end);
}
