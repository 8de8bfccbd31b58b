import { setImmediate } from 'node:timers/promises';
import { throwIfAborted } from '../../abort.js';
import { VisavisError } from '../../errors.js';
import type { SpeakOptions, SpeechChunk } from '../engines.js';
import { isPhoneme, type Utterance } from './phonemes.js';
import { type Timeline, timeline } from './phonemes-timing.js';
import { finishAudio } from './trim.js';

/** Raw output of one run of a model. */
export interface RawSpeech {
  samples: Float32Array;
  /** Samples of every unit of the utterance, in order. */
  unitSamples: number[];
  /** Samples before the first unit; what is left after the last one is the model's own tail. */
  leadSamples: number;
  /** By how much the audio is ahead of the durations; taken off every time. */
  audioAheadSamples: number;
}

export interface SpeakPlan {
  /** What is said of the segment, in runs that the model can take; nothing for text without anything to say. */
  utterances(segment: string, o: { signal: AbortSignal }): Iterable<Utterance> | AsyncIterable<Utterance>;
  sampleRateHz: number;
  run(utterance: Utterance): Promise<RawSpeech>;
}

/** Normal rate and its limits; outside of them the models mumble or drawl. */
export const SPEED_RANGE = [0.5, 2] as const;

/** `o.speed` or 1; rejects what lies outside `SPEED_RANGE`. */
export function checkedSpeed(speed: number | undefined): number {
  const value = speed ?? 1;
  if (!(value >= SPEED_RANGE[0] && value <= SPEED_RANGE[1])) {
    throw new VisavisError('bad-request', `speed must be between ${SPEED_RANGE[0]} and ${SPEED_RANGE[1]}`, {
      field: 'speed',
    });
  }
  return value;
}

/**
 * The way from text to chunks that both synthesisers share: pronounce, run, trim, time. Yields nothing for
 * text without anything to say. A run in progress cannot be interrupted; abort takes effect before and after it.
 */
export async function* speakWith(plan: SpeakPlan, segment: string, o: SpeakOptions): AsyncGenerator<SpeechChunk> {
  throwIfAborted(o.signal);
  for await (const utterance of plan.utterances(segment, { signal: o.signal })) {
    throwIfAborted(o.signal);
    const started = performance.now();
    const raw = await plan.run(utterance);
    const computeMs = performance.now() - started;
    throwIfAborted(o.signal);
    yield toChunk(utterance, raw, plan.sampleRateHz, computeMs);
    // Runs block the thread; an abort that came in meanwhile must be seen before the next one.
    await setImmediate();
  }
}

function toChunk(utterance: Utterance, raw: RawSpeech, sampleRateHz: number, computeMs: number): SpeechChunk {
  const firstUnits = utterance.units.findIndex((unit) => unit.symbol !== 'ˈ' && unit.symbol !== 'ˌ') + 1;
  const leadSamples = raw.leadSamples - raw.audioAheadSamples;
  const voiceBySample = leadSamples + raw.unitSamples.slice(0, firstUnits + 1).reduce((a, b) => a + b, 0);
  const { samples, trimmedSamples, voiceStartSample } = finishAudio(raw.samples, {
    sampleRateHz,
    endMark: utterance.endMark,
    voiceBySample,
  });
  const times = timeline(utterance, raw.unitSamples, {
    leadSamples,
    trimmedSamples,
    totalSamples: samples.length,
    sampleRateHz,
  });
  startNoLater(times, (voiceStartSample / sampleRateHz) * 1000);
  return { samples, sampleRateHz, phonemes: times.phonemes, words: times.words, computeMs };
}

/** A first sound that is audible before its predicted start (a long sibilant) starts when it is heard. */
function startNoLater(times: Timeline, voiceStartMs: number): void {
  for (const first of [times.phonemes.find(({ symbol }) => isPhoneme(symbol)), times.words[0]]) {
    if (first !== undefined) first.startMs = Math.min(first.startMs, voiceStartMs);
  }
}
