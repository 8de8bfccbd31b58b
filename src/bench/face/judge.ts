import { quantile } from '../figures.js';
import type { FaceGoalName } from '../goals.js';
import { blinks, eyeOpenness } from './blinks.js';
import { closures, correlation, type LipTrack, lipTrack, openings, rounding, type SoundMeasure } from './lips.js';
import type { Observation } from './observe.js';
import type { BenchScript } from './script.js';
import { largestStep, type Step, steps } from './steps.js';

/** One figure of a face beside its goal; `value` is NaN where it cannot be measured, which `note` explains. */
export interface FaceFigure {
  goal: FaceGoalName;
  value: number;
  note: string;
}

/** What the figures rest on, for pictures and for looking closer. */
export interface FaceDetails {
  lips: LipTrack;
  /** Greatest gap of closed lips, in per cent of the face's width. */
  closedLimit: number;
  closures: SoundMeasure[];
  openings: SoundMeasure[];
  seenSteps: Step[];
  drawnSteps: Step[];
}

/** A gap of about half a millimetre on a face 140 mm wide, which is less than one pixel of a 512² picture: nobody sees it as open. */
const CLOSED_MARGIN = 0.4;
/** A portrait whose lips are farther apart than this at rest says nothing about how closed lips look. */
const CLOSED_AT_REST = 0.5;
/** What the mesh sees of closed lips, where the portrait's own are not: the most it saw on three stock portraits at rest. */
const USUAL_REST = 0.1;
/** About 5 mm on a face 140 mm wide. Chosen: clearly open at a glance, and about half of what careful speech has in "father". */
export const LEAST_OPENING = 3.5;
/**
 * dlib's descriptors of different people have a common part, so that their plain cosine is about 0.85. About the mean face it is
 * 1 − d²/D², where D² is the mean squared distance of different people: measured 0.71 on five of them.
 */
const DIFFERENT_SQUARED = 0.71;

/** From idle gaps: what the mesh sees of closed lips, its noise (three robust standard deviations), and a margin that is not seen. */
export function closedLimitOf(idleGaps: readonly number[]): number {
  const rest = quantile(idleGaps, 0.5);
  if (!(rest <= CLOSED_AT_REST)) return USUAL_REST + CLOSED_MARGIN;
  const spread = quantile(
    idleGaps.map((gap) => Math.abs(gap - rest)),
    0.5,
  );
  return rest + 3 * 1.4826 * spread + CLOSED_MARGIN;
}

export function cosineOf(distance: number): number {
  return 1 - distance ** 2 / DIFFERENT_SQUARED;
}

/** All figures of an avatar that performed the script. */
export function judge(
  observed: Observation,
  { placed, sounds }: BenchScript,
): { figures: FaceFigure[]; details: FaceDetails } {
  const lips = lipTrack(observed.seen);
  const idle = placed.filter(({ scene }) => scene.kind === 'silence' && scene.state === 'idle');
  const longest = idle.reduce((a, b) => (b.endFrame - b.firstFrame > a.endFrame - a.firstFrame ? b : a));
  const idleGaps = seenOf(lips.gap.subarray(longest.firstFrame, longest.endFrame));
  const closedLimit = closedLimitOf(idleGaps);
  const closed = closures(lips, sounds, closedLimit);
  const opened = openings(lips, sounds, LEAST_OPENING);
  const inSpeech = (values: Float32Array) =>
    [...values].map((value, i) => (observed.spoken[i] === 1 ? value : Number.NaN));
  const seenSteps = steps(observed.seen);
  const drawnSteps = observed.drawn === null ? [] : steps(observed.drawn);
  const share = (list: readonly SoundMeasure[]) => (100 * list.filter(({ met }) => met).length) / list.length;
  const missed = (list: readonly SoundMeasure[]) => {
    const shown = list
      .filter(({ met }) => !met)
      .map(({ symbol, word, value }) => `${symbol} in ${word} ${value.toFixed(1)}`);
    return shown.length === 0 ? '' : `; missed: ${shown.slice(0, 6).join(', ')}${shown.length > 6 ? ', …' : ''}`;
  };
  const missing = observed.seen.frames.filter((points) => points === null).length;
  const figures: FaceFigure[] = [
    {
      goal: 'closed',
      value: share(closed),
      note: `${closed.length} sounds, limit ${closedLimit.toFixed(2)} %${missed(closed)}`,
    },
    {
      goal: 'opening',
      value: correlation(lips.gap, inSpeech(observed.asked)),
      note:
        observed.drawn === null
          ? ''
          : `with the drawn gap ${correlation(inSpeech(lips.gap), lipTrack(observed.drawn).gap).toFixed(2)}`,
    },
    {
      goal: 'open-vowels',
      value: share(opened),
      note: `${opened.length} vowels, least ${LEAST_OPENING} %${missed(opened)}`,
    },
    { goal: 'rounding', value: rounding(lips, sounds), note: '' },
    stepFigure('step-drawn', drawnSteps, observed),
    stepFigure('step-seen', seenSteps, observed),
    likenessFigure(observed),
    {
      goal: 'background',
      value: mean(seenOf(observed.background)),
      note: `${(100 * observed.backgroundShare).toFixed(0)} % of the picture, most ${Math.max(...seenOf(observed.background)).toFixed(2)}`,
    },
    ...blinkFigures(observed, longest),
    { goal: 'face-seen', value: 100 * (1 - missing / observed.seen.frames.length), note: '' },
  ];
  return { figures, details: { lips, closedLimit, closures: closed, openings: opened, seenSteps, drawnSteps } };
}

function stepFigure(goal: 'step-drawn' | 'step-seen', list: readonly Step[], { seen }: Observation): FaceFigure {
  const largest = largestStep(list);
  if (largest === undefined) return { goal, value: Number.NaN, note: 'the renderer does not tell' };
  const each = (['lips', 'eyes', 'face'] as const).map((region) => {
    const most = largestStep(list.filter((step) => step.region === region));
    return most === undefined
      ? ''
      : `${region} ${most.percent.toFixed(1)} at ${(most.frame / seen.frameRate).toFixed(2)} s`;
  });
  return { goal, value: largest.percent, note: each.filter((text) => text !== '').join(', ') };
}

function likenessFigure({ likeness }: Observation): FaceFigure {
  const distances = likeness.map(({ distance }) => distance);
  if (distances.length === 0)
    return { goal: 'identity', value: Number.NaN, note: 'no model: node scripts/setup.mjs --with face-bench' };
  const worst = quantile(distances, 0.95);
  return {
    goal: 'identity',
    value: cosineOf(worst),
    note: `p5 of ${distances.length} frames, median ${cosineOf(quantile(distances, 0.5)).toFixed(2)}; distance p95 ${worst.toFixed(2)} (same person < 0.6)`,
  };
}

function blinkFigures(
  { seen, lid }: Observation,
  { firstFrame, endFrame }: { firstFrame: number; endFrame: number },
): FaceFigure[] {
  const open = eyeOpenness(seen);
  const idle = blinks(open, seen.frameRate, firstFrame, endFrame);
  const all = blinks(open, seen.frameRate);
  const asked = blinks(
    lid.map((shut) => 1 - shut),
    seen.frameRate,
  ).length;
  const minutes = (endFrame - firstFrame) / seen.frameRate / 60;
  const durations = all.map(({ durationMs }) => durationMs);
  return [
    {
      goal: 'blinks',
      value: idle.length / minutes,
      note: `${idle.length} in ${(60 * minutes).toFixed(0)} s of silence`,
    },
    {
      goal: 'blink-length',
      value: quantile(durations, 0.5),
      note: `${Math.min(...durations).toFixed(0)} to ${Math.max(...durations).toFixed(0)} ms, ${all.length} blinks seen of ${asked} asked`,
    },
  ];
}

function seenOf(values: Float32Array): number[] {
  return [...values].filter((value) => !Number.isNaN(value));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
