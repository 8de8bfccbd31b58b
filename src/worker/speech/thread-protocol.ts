import type { ErrorBody } from '../../errors.js';
import type { SpeechChunk } from '../../inference/engines.js';
import type { Pass } from '../../inference/speech/recognition-turn.js';
import type { SynthesiserInfo, SynthesiserName } from './protocol.js';

/** What each engine thread is asked and what it answers. */
export interface RecognitionTask {
  samples: Float32Array;
  pass: Pass;
  /** Absent: English. */
  language?: string | undefined;
}

export interface RecognitionResult {
  text: string;
  /** Only where it was to be found out. */
  language?: string;
}

export interface SynthesisTask {
  engine: SynthesiserName;
  text: string;
  voice?: string;
  speed?: number;
  priority: 'first' | 'later';
}

export interface EmbeddingTask {
  texts: string[];
}

export type SynthesisEvent =
  | { type: 'chunk'; chunk: SpeechChunk }
  | { type: 'loaded'; engine: SynthesiserName; info: SynthesiserInfo };

/** Main thread → engine thread. */
export type ToThread<Task> = { type: 'run'; job: number; task: Task } | { type: 'cancel'; job: number };

/** Engine thread → main thread. `job` −1: an event of loading, of no job. */
export type FromThread<Result, Event> =
  | { type: 'loading'; what: string }
  | { type: 'ready' }
  | { type: 'load-failed'; error: ErrorBody }
  | { type: 'event'; job: number; event: Event }
  | { type: 'done'; job: number; result: Result; computeMs: number }
  | { type: 'failed'; job: number; error: ErrorBody; aborted: boolean };
