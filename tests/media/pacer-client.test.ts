import { afterEach, expect, test } from 'vitest';
import { type PacerEvent, PacerThread } from '../../src/media/pacer-client.js';

const script = (source: string): URL => new URL(`data:text/javascript,${encodeURIComponent(source)}`);
const ANSWERS_STATS = `
  import { parentPort } from 'node:worker_threads';
  parentPort.on('message', (message) => {
    if (message.type === 'stats') parentPort.postMessage({ type: 'stats', stats: { latenessMs: [] } });
    if (message.type === 'gain') throw new Error('struck');
    if (message.type === 'close') process.exit(3);
  });`;

let thread: PacerThread | undefined;

afterEach(() => thread?.shutdown());

test('when the thread fails, every conversation and every open question hears of it', async () => {
  thread = await PacerThread.create(script(ANSWERS_STATS));
  const events: PacerEvent[] = [];
  thread.on('a', (event) => events.push(event));
  thread.on('b', (event) => events.push(event));
  const off = thread.on('c', (event) => events.push(event));
  off();
  const question = thread.clear('a');
  thread.gain('a', 1, 0);
  await expect(question).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('struck') });
  expect(events.map(({ type, conversationId }) => [type, conversationId])).toEqual([
    ['failed', 'a'],
    ['failed', 'b'],
  ]);
  await expect(thread.stats()).rejects.toMatchObject({ code: 'unavailable' });
  thread.on('late', (event) => events.push(event));
  expect(events.at(-1)).toMatchObject({ type: 'failed', conversationId: 'late' });
  await thread.close('a');
});

test('a thread that exits on its own counts as failed', async () => {
  thread = await PacerThread.create(script(ANSWERS_STATS));
  await expect(thread.close('a')).rejects.toMatchObject({ code: 'unavailable' });
});

test('a thread that does not start is an error, not a wait', async () => {
  await expect(PacerThread.create(script('throw new Error("no addon")'))).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('no addon'),
  });
});

test('shutting down is no failure of the conversations, and may be repeated', async () => {
  thread = await PacerThread.create(script(ANSWERS_STATS));
  const events: PacerEvent[] = [];
  thread.on('a', (event) => events.push(event));
  await thread.shutdown();
  await thread.shutdown();
  expect(events).toEqual([]);
  await expect(thread.stats()).rejects.toMatchObject({ code: 'unavailable' });
});
