import { VisavisError } from '../errors.js';
import { PhonemeMotion } from '../inference/avatar/motion/phoneme-motion.js';
import { FRAME_RATE, MOTION, MOTION_FRAME_LENGTH } from '../inference/avatar/motion-frame.js';
import type { SpeechMotion, SpeechSynthesiser, TimedPhoneme, TimedWord } from '../inference/engines.js';
import { loudnessEnvelope } from '../media/loudness.js';

/** A text as it is spoken: what the face must know, and the words with their times. */
export interface Spoken {
  speech: SpeechMotion;
  words: TimedWord[];
}

/** One frame of a speaking face and what is heard with it. */
export interface SpokenFrame {
  atMs: number;
  /** The word that is heard, or an empty text. */
  word: string;
  motion: Float32Array;
}

const SEGMENT_ID = 1;
const FRAME_MS = 1_000 / FRAME_RATE;
/** Longer texts would make a preview wait for minutes. */
const MAX_CHARACTERS = 400;

/** Speaks `text` (1…400 characters) with `voice`. Throws `bad-request` for other lengths, else as the synthesiser does. */
export async function speakText(
  synthesiser: SpeechSynthesiser,
  text: string,
  voice: string,
  signal: AbortSignal,
): Promise<Spoken> {
  if (text.trim() === '' || text.length > MAX_CHARACTERS) {
    throw new VisavisError('bad-request', `--say: got ${text.length} characters, expected 1 to ${MAX_CHARACTERS}`, {
      field: 'say',
    });
  }
  const phonemes: TimedPhoneme[] = [];
  const words: TimedWord[] = [];
  const loudness: number[] = [];
  let durationMs = 0;
  for await (const chunk of synthesiser.speak(text, { voice, priority: 'first', signal })) {
    const shifted = <T extends { startMs: number; endMs: number }>(timed: T): T => ({
      ...timed,
      startMs: timed.startMs + durationMs,
      endMs: timed.endMs + durationMs,
    });
    phonemes.push(...(chunk.phonemes ?? []).map(shifted));
    words.push(...chunk.words.map(shifted));
    loudness.push(...loudnessEnvelope(chunk.samples, chunk.sampleRateHz));
    durationMs += (1_000 * chunk.samples.length) / chunk.sampleRateHz;
  }
  return { speech: { segmentId: SEGMENT_ID, durationMs, phonemes, loudness: Float32Array.from(loudness) }, words };
}

/** Every frame of the speech from its start to its end, with the motion that the service itself makes for it. */
export function framesOf({ speech, words }: Spoken, seed = 1): SpokenFrame[] {
  const stream = new PhonemeMotion().open({ frameRate: FRAME_RATE, seed });
  stream.addSpeech(speech);
  stream.setState('speaking');
  const frames: SpokenFrame[] = [];
  for (let atMs = 0; atMs < speech.durationMs; atMs += FRAME_MS) {
    const motion = new Float32Array(MOTION_FRAME_LENGTH);
    stream.next({ segmentId: speech.segmentId, positionMs: atMs }, motion);
    frames.push({ atMs, word: words.find((w) => atMs >= w.startMs && atMs < w.endMs)?.text ?? '', motion });
  }
  return frames;
}

/** Where the `count` successive frames begin in which the mouth moves most. */
export function liveliest(frames: readonly SpokenFrame[], count: number): number {
  const moved = frames.map(({ motion }, i) => {
    const before = frames[Math.max(0, i - 1)]!.motion;
    return MOVED.reduce((sum, channel) => sum + Math.abs(motion[channel]! - before[channel]!), 0);
  });
  let best = 0;
  let most = -1;
  for (let from = 0; from + count <= frames.length; from++) {
    const sum = moved.slice(from, from + count).reduce((a, b) => a + b, 0);
    if (sum > most) [best, most] = [from, sum];
  }
  return best;
}

const MOVED = [MOTION.jawOpen, MOTION.mouthClose, MOTION.mouthPucker, MOTION.mouthRollLower, MOTION.mouthStretchLeft];
