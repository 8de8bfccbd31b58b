import { modelFile } from '../../inference/models.js';
import type { SynthesiserName } from './protocol.js';

/** A first segment that takes longer leaves a gap that people notice (the latency budget gives it 230–410 ms). */
export const FIRST_SEGMENT_LIMIT_MS = 350;
/** About a second of speech, as first segments have. */
const SAMPLE = 'Sure, I can help.';

export interface StandardVoice {
  standard: SynthesiserName;
  /** What Kokoro took for a first segment on this machine. */
  kokoroMs: number;
}

/**
 * The synthesiser for conversations that ask for none: Kokoro, the more natural one, where this machine makes a first segment with it
 * in time, else Piper where its model is there. `speak` resolves with the time that the engine took.
 */
export async function chooseStandardVoice(
  speak: (engine: SynthesiserName, text: string) => Promise<number>,
  hasPiper: () => boolean = piperIsThere,
): Promise<StandardVoice> {
  // The first run also allocates: only a second one may speak against Kokoro.
  let kokoroMs = await speak('kokoro', SAMPLE);
  if (kokoroMs > FIRST_SEGMENT_LIMIT_MS) kokoroMs = await speak('kokoro', SAMPLE);
  if (kokoroMs <= FIRST_SEGMENT_LIMIT_MS || !hasPiper()) return { standard: 'kokoro', kokoroMs };
  await speak('piper', SAMPLE);
  return { standard: 'piper', kokoroMs };
}

function piperIsThere(): boolean {
  try {
    return modelFile('piper-libritts.onnx') !== '' && modelFile('piper-libritts-tokens.txt') !== '';
  } catch {
    return false;
  }
}
