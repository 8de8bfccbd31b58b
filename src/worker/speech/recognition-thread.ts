/** Thread of the recognition models. */
import { workerData } from 'node:worker_threads';
import { MoonshineRecogniser } from '../../inference/speech/moonshine-recogniser.js';
import type { RecognitionTask } from './thread-protocol.js';
import { serveThread } from './thread-server.js';

const { threads } = workerData as { threads: number };

await serveThread<RecognitionTask, string, never>(async ({ progress }) => {
  progress('speech recognition');
  const recogniser = await MoonshineRecogniser.create({ threads });
  await recogniser.warmUp();
  return {
    run: (task, { signal }) => recogniser.decode(task.samples, task.pass, { signal }),
  };
});
