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
