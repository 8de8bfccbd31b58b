/** An engine thread without a model. Its tasks: wait for a gate, emit, fail, or die in several ways. */
import { setImmediate } from 'node:timers/promises';
import { workerData } from 'node:worker_threads';
import { serveThread } from '../../dist/worker/speech/thread-server.js';

await serveThread(async ({ progress, emit }) => {
  progress('echo');
  if (workerData.failToLoad) throw new Error('no such model');
  emit({ name: 'loaded' });
  return {
    async run(task, o) {
      if (task.gate) {
        const gate = new Int32Array(task.gate);
        Atomics.store(gate, 1, 1);
        while (Atomics.load(gate, 0) === 0) {
          o.signal.throwIfAborted();
          await setImmediate();
        }
      }
      for (let i = 0; i < (task.events ?? 0); i += 1) o.emit({ name: `${task.name} ${i}` });
      if (task.fail) throw new Error('the model failed');
      if (task.exit) process.exit(3);
      if (task.crash) {
        setTimeout(() => {
          throw new Error('out of nowhere');
        });
        await new Promise(() => {});
      }
      return task.name;
    },
  };
});
