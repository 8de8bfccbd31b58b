import { afterEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/log.js';
import { EngineThread, type SubmitOptions, type ThreadOptions } from '../../../src/worker/speech/engine-thread.js';

interface Task {
  name: string;
  gate?: SharedArrayBuffer;
  events?: number;
  fail?: boolean;
  exit?: boolean;
  crash?: boolean;
}
interface Event {
  name: string;
}
type Echo = EngineThread<Task, string, Event>;

let thread: Echo;
const events: string[] = [];
const progress: string[] = [];
afterEach(async () => {
  await thread?.close();
  events.length = 0;
  progress.length = 0;
});

async function start(o: Partial<ThreadOptions<Event>> = {}): Promise<Echo> {
  thread = await EngineThread.start<Task, string, Event>({
    name: 'echo',
    script: new URL('../../support/echo-thread.mjs', import.meta.url),
    workerData: {},
    limits: { perOwner: 4, total: 8 },
    log: createLogger('test', 'silent'),
    onProgress: (what) => progress.push(what),
    onEvent: (event) => events.push(event.name),
    ...o,
  });
  return thread;
}

function options(o: Partial<SubmitOptions<Event>> = {}): SubmitOptions<Event> {
  return { owner: 'a', priority: 1, signal: new AbortController().signal, ...o };
}

/** A task that runs until `open()`; `running()` resolves once it does. */
class Gate {
  readonly buffer = new SharedArrayBuffer(8);
  readonly #flags = new Int32Array(this.buffer);
  open(): void {
    Atomics.store(this.#flags, 0, 1);
  }
  async running(): Promise<void> {
    while (Atomics.load(this.#flags, 1) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** A running task that holds the thread. */
async function occupy(echo: Echo, o: Partial<SubmitOptions<Event>> = {}) {
  const gate = new Gate();
  const done = echo.submit({ name: 'gate', gate: gate.buffer }, options({ priority: 0, ...o }));
  const settled = done.catch((error: unknown) => error);
  await gate.running();
  return { gate, done, settled };
}

describe('EngineThread', () => {
  it('tells what it loads, then works, and says what each task cost', async () => {
    const echo = await start();
    expect(progress).toEqual(['echo']);
    expect(events).toEqual(['loaded']);
    const own: string[] = [];
    const answer = await echo.submit(
      { name: 'hello', events: 2 },
      options({ onEvent: (event) => own.push(event.name) }),
    );
    expect(answer.result).toBe('hello');
    expect(answer.computeMs).toBeGreaterThanOrEqual(0);
    expect(answer.queueMs).toBeGreaterThanOrEqual(0);
    expect(own).toEqual(['hello 0', 'hello 1']);
    expect(echo.stats).toEqual({ queued: 0, restarts: 0, completed: 1 });
  });

  it('does urgent work first', async () => {
    const echo = await start();
    const { gate } = await occupy(echo);
    const order: string[] = [];
    const submit = (name: string, priority: number) =>
      echo.submit({ name }, options({ priority })).then((answer) => order.push(answer.result));
    const all = [submit('later 1', 1), submit('first 1', 0), submit('later 2', 1), submit('first 2', 0)];
    expect(echo.stats.queued).toBe(4);
    gate.open();
    await Promise.all(all);
    expect(order).toEqual(['first 1', 'first 2', 'later 1', 'later 2']);
  });

  it('drops waiting work and stops running work when it is aborted', async () => {
    const echo = await start();
    const runningAbort = new AbortController();
    const waitingAbort = new AbortController();
    const { settled } = await occupy(echo, { signal: runningAbort.signal });
    const waiting = echo.submit({ name: 'waiting' }, options({ signal: waitingAbort.signal }));
    const next = echo.submit({ name: 'next' }, options());
    waitingAbort.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    expect(echo.stats.queued).toBe(1);
    runningAbort.abort('barge-in');
    expect(await settled).toMatchObject({ name: 'AbortError' });
    // The gate stays shut: the thread is free again only because the task heard the abort.
    expect((await next).result).toBe('next');
    await expect(echo.submit({ name: 'x' }, options({ signal: runningAbort.signal }))).rejects.toMatchObject({
      name: 'AbortError',
    });
  });

  it('makes low-priority work yield to urgent work', async () => {
    const echo = await start();
    const { settled } = await occupy(echo, { priority: 1, yields: true });
    const urgent = echo.submit({ name: 'urgent' }, options({ priority: 0 }));
    expect((await urgent).result).toBe('urgent');
    expect(await settled).toMatchObject({ code: 'unavailable' });
  });

  it('refuses low-priority work while urgent work runs or waits', async () => {
    const echo = await start();
    const { gate, done } = await occupy(echo);
    await expect(echo.submit({ name: 'partial' }, options({ yields: true }))).rejects.toMatchObject({
      code: 'unavailable',
    });
    gate.open();
    await done;
    expect((await echo.submit({ name: 'partial' }, options({ yields: true }))).result).toBe('partial');
  });

  it('keeps only the newest waiting request of a kind', async () => {
    const echo = await start();
    const { gate } = await occupy(echo, { priority: 1 });
    const old = echo.submit({ name: 'old' }, options({ coalesceKey: 'stream 1' }));
    const newest = echo.submit({ name: 'new' }, options({ coalesceKey: 'stream 1' }));
    await expect(old).rejects.toMatchObject({ code: 'unavailable' });
    gate.open();
    expect((await newest).result).toBe('new');
  });

  it('refuses work beyond its limits', async () => {
    const echo = await start();
    const { gate } = await occupy(echo);
    const waiting = Array.from({ length: 4 }, (_, i) => echo.submit({ name: String(i) }, options()));
    await expect(echo.submit({ name: 'too much' }, options())).rejects.toMatchObject({ code: 'too-many-requests' });
    const other = echo.submit({ name: 'other' }, options({ owner: 'b' }));
    gate.open();
    await Promise.all([...waiting, other]);
    expect(echo.stats.completed).toBe(6);
  });

  it('reports a task that fails and goes on', async () => {
    const echo = await start();
    await expect(echo.submit({ name: 'x', fail: true }, options())).rejects.toMatchObject({
      code: 'engine-failed',
      message: 'the model failed',
    });
    expect((await echo.submit({ name: 'y' }, options())).result).toBe('y');
    expect(echo.stats.restarts).toBe(0);
  });

  it.each([{ crash: true }, { exit: true }])(
    'rejects all its work and starts anew when the thread dies (%o)',
    async (how) => {
      const echo = await start();
      const { gate, done } = await occupy(echo);
      const deadly = echo.submit({ name: 'deadly', ...how }, options());
      const waiting = echo.submit({ name: 'waiting' }, options());
      gate.open();
      await done;
      await expect(deadly).rejects.toMatchObject({ code: 'engine-failed', retryable: true });
      await expect(waiting).rejects.toMatchObject({ code: 'engine-failed', retryable: true });
      // Waits in the queue until the new thread is ready.
      expect((await echo.submit({ name: 'after' }, options())).result).toBe('after');
      expect(echo.stats.restarts).toBe(1);
    },
  );

  it('ends a thread whose task does not come back', async () => {
    const echo = await start({ jobLimitMs: 50 });
    const { settled } = await occupy(echo);
    expect(await settled).toMatchObject({ code: 'engine-failed', retryable: true });
    expect((await echo.submit({ name: 'after' }, options())).result).toBe('after');
  });

  it('rejects when its engine cannot be loaded', async () => {
    await expect(start({ workerData: { failToLoad: true } })).rejects.toMatchObject({
      code: 'engine-failed',
      message: 'no such model',
    });
  });

  it('rejects what waits and what comes when it closes', async () => {
    const echo = await start();
    const { settled } = await occupy(echo);
    const waiting = echo.submit({ name: 'waiting' }, options()).catch((error: unknown) => error);
    await echo.close();
    expect(await settled).toMatchObject({ code: 'unavailable' });
    expect(await waiting).toMatchObject({ code: 'unavailable' });
    await expect(echo.submit({ name: 'x' }, options())).rejects.toMatchObject({ code: 'unavailable' });
  });
});
