/** The numbers to reach on two cores; `bench --check` judges by them. */
export interface Goal {
  title: string;
  unit: string;
  p50?: number;
  p95?: number;
  /** Greater is better. */
  atLeast?: number;
}

export const GOALS = {
  'response-kokoro': { title: 'Response, Kokoro', unit: 'ms', p50: 600, p95: 900 },
  'response-piper': { title: 'Response, Piper', unit: 'ms', p50: 450, p95: 700 },
  ducked: { title: 'Barge-in: onset → 12 dB lower or silent', unit: 'ms', p95: 200 },
  decided: { title: 'Barge-in: onset → stop or resume decided', unit: 'ms', p95: 500 },
  'mouth-rest': { title: 'Barge-in: stop → mouth at rest', unit: 'ms', p95: 350 },
  skew: { title: 'Sound against picture, absolute', unit: 'ms', p95: 20 },
  drift: { title: 'Drift of sound against picture over the run', unit: 'ms', p50: 20 },
  'frame-to-screen': { title: 'Frame made → on the screen', unit: 'ms', p50: 40 },
  'first-frame': { title: 'Click → first live frame', unit: 'ms', p50: 1000 },
  fps: { title: 'Decoded frames per second', unit: '', atLeast: 24.5 },
} as const satisfies Record<string, Goal>;

export type GoalName = keyof typeof GOALS;

/** One figure of a face: at least, at most, or between. */
export interface FaceGoal {
  title: string;
  unit: string;
  atLeast?: number;
  atMost?: number;
  /** Decimal places that say something. */
  digits: number;
}

/** What a face must hold to; `bench:face --check` judges by them. Lengths are in per cent of the face's width. */
export const FACE_GOALS = {
  closed: { title: 'p, b, m whose lips close', unit: '%', atLeast: 100, digits: 0 },
  opening: { title: 'opening seen against asked, correlation', unit: '', atLeast: 0.8, digits: 2 },
  'open-vowels': { title: 'open vowels that reach their least gap', unit: '%', atLeast: 90, digits: 0 },
  /** Chosen: a difference that shows at a glance. */
  rounding: { title: 'mouth width, rounded over spread', unit: '', atMost: 0.9, digits: 2 },
  'step-drawn': { title: 'largest step of a landmark as drawn', unit: '% of face', atMost: 4, digits: 1 },
  'step-seen': { title: 'largest step of a landmark as seen', unit: '% of face', atMost: 4, digits: 1 },
  identity: { title: 'identity while speaking, cosine about the mean face', unit: '', atLeast: 0.85, digits: 2 },
  background: { title: 'change of the background a frame, mean', unit: 'levels', atMost: 0.1, digits: 3 },
  /** Bentivoglio et al. 1997: 17 ± 11 a minute at rest. */
  blinks: { title: 'blinks a minute in silence', unit: '', atLeast: 6, atMost: 28, digits: 1 },
  /** VanderWerf et al. 2003: down in 75–110 ms, up in 2–3 times that; counted while the eyes are at most half open. */
  'blink-length': { title: 'length of a blink, median', unit: 'ms', atLeast: 80, atMost: 240, digits: 0 },
  'face-seen': { title: 'frames in which the mesh sees the face', unit: '%', atLeast: 100, digits: 1 },
  'render-512': { title: 'drawing at 512², p50', unit: 'ms', atMost: 4, digits: 2 },
  /** 2.25 times the pixels of 512². */
  'render-768': { title: 'drawing at 768², p50', unit: 'ms', atMost: 9, digits: 2 },
  /** As many pixels as 768², most of them of a background that is not drawn. */
  'render-wide': { title: 'drawing at 1024 × 576, p50', unit: 'ms', atMost: 9, digits: 2 },
} as const satisfies Record<string, FaceGoal>;

export type FaceGoalName = keyof typeof FACE_GOALS;

/** One figure of a conversation; p50 and p95 for times, a share in per cent for the rest. */
export interface ConversationGoal {
  title: string;
  unit: 'ms' | '%';
  p50?: number;
  p95?: number;
  /** In per cent. */
  atMost?: number;
}

/** What talking must be like; `bench:conversation --check` judges by them. Those without a limit are shown only. */
export const CONVERSATION_GOALS = {
  'response-kokoro': { title: 'response, Kokoro', unit: 'ms', p50: 600, p95: 900 },
  'response-piper': { title: 'response, Piper', unit: 'ms', p50: 450, p95: 700 },
  'cut-offs': { title: 'pauses in which the turn was ended', unit: '%', atMost: 5 },
  'spoken-into': { title: 'turns into which the avatar spoke', unit: '%' },
  'missed-ends': { title: 'finished turns without an answer', unit: '%', atMost: 1 },
  'stopped-by-words': { title: 'stopped by a word of attention', unit: '%', atMost: 5 },
  'stopped-by-noises': { title: 'stopped by laughter, a cough, a door', unit: '%', atMost: 5 },
  'missed-interruptions': { title: 'interruptions not obeyed in time', unit: '%', atMost: 5 },
  decided: { title: 'onset → the decision to stop', unit: 'ms', p95: 500 },
  silent: { title: 'onset → the voice has ended', unit: 'ms' },
  'self-6db': { title: 'self-interruptions, echo at −6 dB', unit: '%', atMost: 0 },
  'self-12db': { title: 'self-interruptions, echo at −12 dB', unit: '%', atMost: 0 },
  'self-24db': { title: 'self-interruptions, echo at −24 dB', unit: '%', atMost: 0 },
  'missed-in-echo': { title: 'interruptions not obeyed in time, with echo', unit: '%' },
  /** Chosen: what Moonshine reaches on real voices (4 %), and room for voices of all kinds. */
  'words-clean': { title: 'word errors, quiet', unit: '%', atMost: 10 },
  'words-20db': { title: 'word errors, noise 20 dB below', unit: '%', atMost: 10 },
  'words-10db': { title: 'word errors, noise 10 dB below', unit: '%', atMost: 20 },
  'words-5db': { title: 'word errors, noise 5 dB below', unit: '%', atMost: 30 },
  'cut-offs-noise': { title: 'pauses in which the turn was ended, noise', unit: '%' },
  'missed-ends-noise': { title: 'finished turns without an answer, noise', unit: '%' },
  'words-es': { title: 'word errors, Spanish', unit: '%', atMost: 25 },
  'words-de': { title: 'word errors, German', unit: '%', atMost: 25 },
} as const satisfies Record<string, ConversationGoal>;

export type ConversationGoalName = keyof typeof CONVERSATION_GOALS;
