import type { SpeechMotion, TimedPhoneme } from '../../../engines.js';
import { PhonemeMotion } from '../../motion/phoneme-motion.js';
import { FRAME_RATE, MOTION, MOTION_FRAME_LENGTH } from '../../motion-frame.js';
import { CONTROLS, LITE_PARAMETERS } from '../parameters.js';

/** Every kind of sound between others, with usual lengths in ms (Kokoro's symbols). */
const TAUGHT =
  'm:60 ɑ:150 b:60 i:120 p:70 u:130 f:80 A:140 v:60 ð:50 ə:60 s:90 ɛ:110 t:50 ʃ:90 O:150 m:70 æ:140 k:60 w:70 ɔ:140 l:60 ɪ:80 n:60 z:80 ' +
  'I:160 p:70 ɹ:70 W:160 b:60 ʌ:100 d:50 ʊ:90 ʧ:90 j:60 u:140 θ:80 e:110 m:70 ,:240 ɑ:220 m:90 i:160 b:80 O:180 f:90 ɜ:140 .:200';
const JUDGED =
  'h:60 ə:60 l:70 O:160 m:60 I:130 n:60 A:120 m:70 ɪ:80 z:80 m:60 ɑ:140 ɹ:60 ə:80 ,:200 f:80 I:120 v:60 p:60 i:100 p:60 ə:40 l:80 ' +
  'm:60 u:130 v:70 d:50 p:60 æ:140 s:90 t:40 ð:50 ə:50 w:70 ɪ:90 n:60 d:50 O:150 b:60 ʌ:110 t:60 .:200';
const EVERY = 3;
const SEED = 11;
/** At which each coefficient, or pair of left and right, is looked at alone. */
const ALONE = [0.5] as const;
const JAW_ALONE = [0.08, 0.16, 0.24, 0.32, 0.42, 0.55] as const;

/** Poses of speech, head and eyes left out, that between them make every mouth shape; deterministic. `taught` and `judged` have no sentence in common. */
export function speechPoses(): { taught: Float32Array[]; judged: Float32Array[] } {
  return { taught: posesOf(TAUGHT), judged: posesOf(JUDGED) };
}

/** Each blendshape of the parameters alone, left and right together. */
export function singlePoses(): Float32Array[] {
  return CONTROLS.flatMap((parameters) => {
    const names = parameters.map((parameter) => LITE_PARAMETERS[parameter]!);
    const values = names[0] === 'jawOpen' ? JAW_ALONE : names[0] === 'mouthClose' ? [] : ALONE;
    return values.map((value) => {
      const pose = new Float32Array(MOTION_FRAME_LENGTH);
      for (const name of names) pose[MOTION[name]] = value;
      return pose;
    });
  });
}

function posesOf(sounds: string): Float32Array[] {
  const stream = new PhonemeMotion().open({ frameRate: FRAME_RATE, seed: SEED });
  const speech = speechOf(sounds);
  stream.setState('speaking');
  stream.addSpeech(speech);
  const frame = new Float32Array(MOTION_FRAME_LENGTH);
  const poses: Float32Array[] = [];
  const frames = Math.floor((speech.durationMs * FRAME_RATE) / 1_000);
  for (let index = 0; index < frames; index++) {
    stream.next({ segmentId: 1, positionMs: (index * 1_000) / FRAME_RATE }, frame);
    if (index % EVERY === 0) poses.push(mouthOnly(frame));
  }
  return poses;
}

/** Without head, eyes and brows: what the mouth is asked to do. */
function mouthOnly(frame: Float32Array): Float32Array {
  const pose = new Float32Array(MOTION_FRAME_LENGTH);
  for (const name of LITE_PARAMETERS) pose[MOTION[name]] = frame[MOTION[name]]!;
  return pose;
}

function speechOf(sounds: string): SpeechMotion {
  const phonemes: TimedPhoneme[] = [];
  let at = 40;
  for (const sound of sounds.split(' ')) {
    const [symbol = '', ms] = sound.split(':');
    phonemes.push({ symbol, startMs: at, endMs: at + Number(ms) });
    at += Number(ms);
  }
  const loudness = Float32Array.from({ length: Math.ceil(at / 10) }, (_, i) => 0.1 + 0.04 * Math.sin(i / 17));
  return { segmentId: 1, durationMs: at, phonemes, loudness };
}
