import { SegmentAssembler } from '../../agents/segments.js';
import { VisavisError } from '../../errors.js';
import type { SpeechChunk, SpeechMotion, SpeechSynthesiser } from '../../inference/engines.js';
import { loudnessEnvelope } from '../../media/loudness.js';
import { resample } from '../../media/resample.js';

/** One piece of a recital: what the face must know of it, and what is said. Times inside are relative to the piece. */
export interface RecitalPart {
  /** From the recital's first sample. */
  startMs: number;
  speech: Omit<SpeechMotion, 'segmentId'>;
  words: SpeechChunk['words'];
}

/** A text spoken: pieces one after the other without a gap, as the pacer sends them, and their sound. */
export interface Recital {
  text: string;
  parts: readonly RecitalPart[];
  durationMs: number;
  /** Mono, −1…1, at `RECITAL_RATE_HZ`. */
  samples: Float32Array;
}

export const RECITAL_RATE_HZ = 48_000;
/** More is no clip any more. */
export const MAX_TEXT_CHARACTERS = 4_000;

/**
 * Speaks a text the way a conversation does: cut into segments, each synthesised by itself, with phonemes and loudness for the face. Rejects
 * with `bad-request` for a text without anything to say or beyond `MAX_TEXT_CHARACTERS`, with AbortError when aborted.
 */
export async function recite(
  synthesiser: SpeechSynthesiser,
  text: string,
  o: { voice?: string; speed?: number | undefined; signal: AbortSignal },
): Promise<Recital> {
  if (text.length > MAX_TEXT_CHARACTERS) {
    const limit = `expected at most ${MAX_TEXT_CHARACTERS}`;
    throw new VisavisError('too-large', `the text has ${text.length} characters, ${limit}`, { field: 'text' });
  }
  const assembler = new SegmentAssembler();
  const segments = [...assembler.push(text), ...assembler.flush()];
  const parts: RecitalPart[] = [];
  const sounds: Float32Array[] = [];
  let samplesBefore = 0;
  for (const segment of segments) {
    const options = { voice: o.voice, speed: o.speed, priority: 'later', signal: o.signal } as const;
    for await (const chunk of synthesiser.speak(segment.text, options)) {
      const sound = resample(chunk.samples, chunk.sampleRateHz, RECITAL_RATE_HZ);
      parts.push({
        startMs: (samplesBefore * 1_000) / RECITAL_RATE_HZ,
        speech: {
          durationMs: (sound.length * 1_000) / RECITAL_RATE_HZ,
          phonemes: chunk.phonemes,
          loudness: loudnessEnvelope(chunk.samples, chunk.sampleRateHz),
        },
        words: chunk.words,
      });
      sounds.push(sound);
      samplesBefore += sound.length;
    }
  }
  if (samplesBefore === 0) {
    throw new VisavisError('bad-request', `nothing to say: got "${text.slice(0, 40)}", expected words`, {
      field: 'text',
    });
  }
  const samples = new Float32Array(samplesBefore);
  let at = 0;
  for (const sound of sounds) {
    samples.set(sound, at);
    at += sound.length;
  }
  return { text, parts, durationMs: (samplesBefore * 1_000) / RECITAL_RATE_HZ, samples };
}
