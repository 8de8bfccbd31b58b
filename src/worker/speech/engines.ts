import type { Logger } from '../../log.js';
import { EngineThread } from './engine-thread.js';
import type { LoadedSynthesisers, SpeechWorkerStats, SynthesiserInfo, SynthesiserName } from './protocol.js';
import type {
  EmbeddingTask,
  RecognitionResult,
  RecognitionTask,
  SynthesisEvent,
  SynthesisTask,
} from './thread-protocol.js';

export interface EnginesOptions {
  recognitionThreads: number;
  synthesisThreads: number;
  /** Besides English; the model for them is loaded at the start where there are any. */
  languages: readonly string[];
  /** Synthesisers to load at the start; the others are loaded when first asked for. */
  preload: readonly SynthesiserName[];
  log: Logger;
  onProgress: (loading: string) => void;
}

/** Waiting work of one client (an avatar worker with all its conversations) and of all clients together. */
const LIMITS = {
  recognition: { perOwner: 32, total: 128 },
  synthesis: { perOwner: 64, total: 256 },
  embedding: { perOwner: 64, total: 256 },
};

/** The engine threads of the speech worker. */
export class SpeechEngines {
  readonly recognition: EngineThread<RecognitionTask, RecognitionResult>;
  readonly synthesis: EngineThread<SynthesisTask, void, SynthesisEvent>;
  readonly embedding: EngineThread<EmbeddingTask, Float32Array[]>;
  readonly #synthesisers: SynthesiserRegister;

  private constructor(
    threads: Pick<SpeechEngines, 'recognition' | 'synthesis' | 'embedding'>,
    synthesisers: SynthesiserRegister,
  ) {
    this.recognition = threads.recognition;
    this.synthesis = threads.synthesis;
    this.embedding = threads.embedding;
    this.#synthesisers = synthesisers;
  }

  /** Loads everything; rejects when any model that was asked for cannot be loaded. */
  static async create(o: EnginesOptions): Promise<SpeechEngines> {
    const { log, onProgress } = o;
    const register = new SynthesiserRegister();
    const common = { log, onProgress };
    const script = (name: string) => new URL(`./${name}-thread.js`, import.meta.url);
    // One after the other: two cores gain nothing from loading side by side, and the peak of memory is lower.
    const embedding = await EngineThread.start<EmbeddingTask, Float32Array[]>({
      ...{ ...common, name: 'embedding', script: script('embedding'), limits: LIMITS.embedding, workerData: {} },
    });
    const recognition = await EngineThread.start<RecognitionTask, RecognitionResult>({
      ...{ ...common, name: 'recognition', script: script('recognition'), limits: LIMITS.recognition },
      workerData: { threads: o.recognitionThreads, languages: o.languages },
    });
    const synthesis = await EngineThread.start<SynthesisTask, void, SynthesisEvent>({
      ...{ ...common, name: 'synthesis', script: script('synthesis'), limits: LIMITS.synthesis },
      workerData: { threads: o.synthesisThreads, preload: o.preload },
      onEvent: (event) => register.handle(event),
    });
    return new SpeechEngines({ recognition, synthesis, embedding }, register);
  }

  get synthesisers(): LoadedSynthesisers {
    return this.#synthesisers.loaded;
  }

  /** Called whenever a synthesiser has been loaded. */
  onSynthesiserLoaded(listener: () => void): void {
    this.#synthesisers.listener = listener;
  }

  /** Takes note of an event of the synthesis thread that came with a task. */
  handleSynthesisEvent(event: SynthesisEvent): void {
    this.#synthesisers.handle(event);
  }

  get stats(): SpeechWorkerStats['threads'] {
    const { recognition, synthesis, embedding } = this;
    return { recognition: recognition.stats, synthesis: synthesis.stats, embedding: embedding.stats };
  }

  async close(): Promise<void> {
    await Promise.all([this.recognition.close(), this.synthesis.close(), this.embedding.close()]);
  }
}

class SynthesiserRegister {
  readonly loaded: Partial<Record<SynthesiserName, SynthesiserInfo>> = {};
  listener: (() => void) | undefined;

  handle(event: SynthesisEvent): void {
    if (event.type !== 'loaded') return;
    this.loaded[event.engine] = event.info;
    this.listener?.();
  }
}
