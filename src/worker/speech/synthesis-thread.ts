/** Thread of the synthesisers. */
import { workerData } from 'node:worker_threads';
import { throwIfAborted } from '../../abort.js';
import type { SpeechChunk, SpeechSynthesiser } from '../../inference/engines.js';
import type { SynthesiserName } from './protocol.js';
import type { SynthesisEvent, SynthesisTask } from './thread-protocol.js';
import { serveThread } from './thread-server.js';

interface SynthesiserModule {
  create(o: { threads: number; voice?: string }): Promise<SpeechSynthesiser>;
}

/** Imported when first needed, so that a synthesiser that is not used costs nothing. */
const MODULES: Record<SynthesiserName, () => Promise<SynthesiserModule>> = {
  kokoro: async () => (await import('../../inference/speech/kokoro.js')).KokoroSynthesiser,
  piper: async () => (await import('../../inference/speech/piper.js')).PiperSynthesiser,
};

const { threads, preload } = workerData as { threads: number; preload: readonly SynthesiserName[] };

await serveThread<SynthesisTask, void, SynthesisEvent>(async ({ progress, emit }) => {
  const loaded = new Map<SynthesiserName, SpeechSynthesiser>();
  const load = async (engine: SynthesiserName, report: (event: SynthesisEvent) => void) => {
    const known = loaded.get(engine);
    if (known) return known;
    const synthesiser = await (await MODULES[engine]()).create({ threads });
    loaded.set(engine, synthesiser);
    const { sampleRateHz, voices } = synthesiser;
    report({ type: 'loaded', engine, info: { sampleRateHz, voices: [...voices] } });
    return synthesiser;
  };
  for (const engine of preload) {
    progress(engine);
    await load(engine, emit);
  }
  return {
    async run(task, o) {
      const synthesiser = await load(task.engine, o.emit);
      throwIfAborted(o.signal);
      const { voice, speed, priority } = task;
      for await (const chunk of synthesiser.speak(task.text, { voice, speed, priority, signal: o.signal })) {
        throwIfAborted(o.signal);
        o.emit({ type: 'chunk', chunk: compact(chunk) });
      }
    },
  };
});

/** A view into a larger buffer would be sent with all of that buffer. */
function compact(chunk: SpeechChunk): SpeechChunk {
  const { samples } = chunk;
  return samples.byteLength === samples.buffer.byteLength ? chunk : { ...chunk, samples: samples.slice() };
}
