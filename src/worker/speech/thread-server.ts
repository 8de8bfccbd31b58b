import { parentPort } from 'node:worker_threads';
import { isAbort, VisavisError } from '../../errors.js';
import type { FromThread, ToThread } from './thread-protocol.js';

/** What an engine thread needs to serve: how to load, and how to do one task. */
export interface ThreadEngine<Task, Result, Event> {
  run(task: Task, o: { signal: AbortSignal; emit: (event: Event) => void }): Promise<Result>;
}

export interface LoadOptions<Event> {
  progress(what: string): void;
  emit(event: Event): void;
}

/**
 * Runs an engine on this worker thread: loads it, then does one task at a time as the main thread sends them. A cancel
 * aborts the task's signal; it is heard between inference calls, because every call gives the event loop a turn before it
 * blocks the thread. A task that throws is reported and the thread goes on; anything thrown outside a task ends the thread.
 */
export async function serveThread<Task, Result, Event>(
  load: (o: LoadOptions<Event>) => Promise<ThreadEngine<Task, Result, Event>>,
): Promise<void> {
  const port = parentPort;
  if (!port) throw new VisavisError('internal', 'an engine thread must be started as a worker thread');
  const send = (message: FromThread<Result, Event>) => port.postMessage(message);
  let engine: ThreadEngine<Task, Result, Event>;
  try {
    engine = await load({
      progress: (what) => send({ type: 'loading', what }),
      emit: (event) => send({ type: 'event', job: -1, event }),
    });
  } catch (thrown) {
    send({ type: 'load-failed', error: VisavisError.from(thrown, 'engine-failed').toBody() });
    return;
  }

  const running = new Map<number, AbortController>();
  const run = async (job: number, task: Task) => {
    const controller = new AbortController();
    running.set(job, controller);
    const started = performance.now();
    try {
      const emit = (event: Event) => send({ type: 'event', job, event });
      const result = await engine.run(task, { signal: controller.signal, emit });
      send({ type: 'done', job, result, computeMs: performance.now() - started });
    } catch (thrown) {
      send({
        type: 'failed',
        job,
        error: VisavisError.from(thrown, 'engine-failed').toBody(),
        aborted: isAbort(thrown),
      });
    } finally {
      running.delete(job);
    }
  };
  port.on('message', (message: ToThread<Task>) => {
    if (message.type === 'cancel') running.get(message.job)?.abort();
    else void run(message.job, message.task);
  });
  send({ type: 'ready' });
}
