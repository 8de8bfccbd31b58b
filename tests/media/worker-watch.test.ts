import type { Worker } from 'mediasoup/types';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { mediasoupWorkerBin } from '../../src/cache.js';
import { createLogger } from '../../src/log.js';
import { loadMediasoup } from '../../src/media/sfu.js';
import { watchWorker } from '../../src/media/worker-watch.js';

const LIMITS = { everyMs: 20, answerMs: 400 };
const logger = createLogger('test', 'silent');

let worker: Worker;
beforeEach(async () => {
  const mediasoup = await loadMediasoup(mediasoupWorkerBin());
  worker = await mediasoup.createWorker({ logLevel: 'none' });
});
afterEach(() => worker.close());

it('a media worker that answers is left alone', async () => {
  watchWorker(worker, logger, LIMITS);
  for (let i = 0; i < 20; i++) await worker.createRouter();
  await new Promise((resolve) => setTimeout(resolve, 2 * LIMITS.answerMs));
  expect(worker.closed).toBe(false);
});

it('a media worker that hangs is killed, and reported dead like one that crashed', async () => {
  const died = new Promise((resolve) => worker.once('died', resolve));
  watchWorker(worker, logger, LIMITS);
  process.kill(worker.pid, 'SIGSTOP');
  await died;
  expect(worker.died).toBe(true);
});
