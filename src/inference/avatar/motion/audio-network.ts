/** What the network that moves the mouth from audio takes in and answers; its training lies in `scripts/training/audio_motion`. */

/** Row j that the network answers is about the moment 10·(j + 1 − LOOKAHEAD_STEPS) ms; it takes mel frames by twos. */
export const LOOKAHEAD_STEPS = 5;
export const FRAMES_PER_STEP = 2;
/** The moment that an answer is about lies at most this far before the newest sample that the answer needs. */
export const LOOKAHEAD_MS = 60;
/** Classes of sounds that the network tells apart. Of these the motion uses /p b m/ and /f v/. */
export const CLASS_COUNT = 26;
export const BILABIAL_CLASS = 1;
export const LABIODENTAL_CLASS = 2;

/** What the network remembers of one stream; never changed. */
export interface AudioMotionState {
  readonly melPast: Float32Array;
  readonly past: Float32Array;
}

export interface AudioMotionRows {
  /** [rows × ARTICULATOR_COUNT], 0…1. */
  positions: Float32Array;
  /** [rows × CLASS_COUNT], probabilities. */
  classes: Float32Array;
  state: AudioMotionState;
}

export interface AudioMotionNetwork {
  /** The state after a long silence: a stream begins there. */
  readonly silence: AudioMotionState;
  /** One row for every frame of `mel` ([n × MEL_BANDS], n even), which follow those that `state` came with. */
  run(mel: Float32Array, state: AudioMotionState): Promise<AudioMotionRows>;
}
