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
