import { writeMouth } from '../inference/avatar/motion/blendshapes.js';
import { visemesOf } from '../inference/avatar/motion/visemes.js';
import { BLENDSHAPES, MOTION, MOTION_FRAME_LENGTH } from '../inference/avatar/motion-frame.js';

/** One cell of a contact sheet: what the face does, and what is written under it. */
export interface NamedPose {
  name: string;
  motion: Float32Array;
}

/** One phoneme of every mouth shape that can be told apart, in Kokoro's symbols, with a word that has it. */
const VISEMES = [
  ['m', 'm as in my'],
  ['f', 'f as in five'],
  ['θ', 'th as in think'],
  ['s', 's as in see'],
  ['ʃ', 'sh as in she'],
  ['t', 't as in tea'],
  ['l', 'l as in low'],
  ['ɹ', 'r as in red'],
  ['w', 'w as in we'],
  ['k', 'k as in key'],
  ['ɑ', 'a as in father'],
  ['æ', 'a as in cat'],
  ['ɛ', 'e as in bed'],
  ['i', 'ee as in see'],
  ['ɔ', 'aw as in law'],
  ['u', 'oo as in you'],
  ['ə', 'a as in about'],
] as const;

/** The portrait at rest, each of the 52 ARKit coefficients at 1, and the visemes. */
export function sheetPoses(): NamedPose[] {
  const coefficients = BLENDSHAPES.map((name) => {
    const motion = new Float32Array(MOTION_FRAME_LENGTH);
    motion[MOTION[name]] = 1;
    if (name !== 'mouthClose') return { name: name as string, motion };
    // Closes what the jaw opens.
    motion[MOTION.jawOpen] = 1;
    return { name: 'mouthClose, jawOpen', motion };
  });
  const visemes = VISEMES.map(([symbol, name]) => {
    const motion = new Float32Array(MOTION_FRAME_LENGTH);
    const viseme = visemesOf(symbol)[0];
    if (viseme !== undefined) writeMouth(viseme.target, motion);
    return { name, motion };
  });
  return [{ name: 'at rest', motion: new Float32Array(MOTION_FRAME_LENGTH) }, ...coefficients, ...visemes];
}
