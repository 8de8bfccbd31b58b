/** Thread of the sentence embeddings: a query never waits behind a synthesis, nor a recognition behind an index. */
import { MiniLmEmbedder } from '../../inference/text/minilm.js';
import type { EmbeddingTask } from './thread-protocol.js';
import { serveThread } from './thread-server.js';

await serveThread<EmbeddingTask, Float32Array[], never>(async ({ progress }) => {
  progress('sentence embeddings');
  const embedder = await MiniLmEmbedder.create({ threads: 1 });
  return { run: (task, { signal }) => embedder.embed(task.texts, { signal }) };
});
