/** From judged scenes to the bench's figures. Pure. */
import { figure } from '../figures.js';
import type { ConversationGoalName } from '../goals.js';
import { judgeScene, type ListenOutcome, type Outcome, type OverlapOutcome, type TurnOutcome } from './judge.js';
import type { KeptScene } from './kept.js';
import type { Scene } from './script.js';
import { NOISES } from './sounds.js';

/** Stopping is in time when the voice has ended by then: 500 ms to decide, 250 ms of way to the microphone and back to the ear, fading included. */
export const OBEYED_WITHIN_MS = 750;
/** A service that gets more than this wrong of the first sentence does not understand the language. */
export const UNDERSTOOD_SHARE = 0.6;

export interface JudgedScene {
  scene: Scene;
  speech: string;
  load: number;
  outcomes: Outcome[];
}

export interface ConversationFigure {
  goal: ConversationGoalName;
  /** Median in ms, or per cent; NaN: not measured. */
  value: number;
  p95?: number;
  /** Measurements in all. */
  count: number;
  /** Of them, those that the share counts. */
  hits?: number;
  note: string;
}

export function judged(kept: KeptScene): JudgedScene {
  return { scene: kept.scene, speech: kept.speech, load: kept.load, outcomes: judgeScene(kept) };
}

/** All figures of one voice's scenes; parts that were not played are left out. */
export function figuresOf(scenes: readonly JudgedScene[]): ConversationFigure[] {
  const quiet = turnsOf(scenes.filter(({ scene }) => scene.part === 'turns'));
  const noisy = scenes.filter(({ scene }) => scene.part === 'noise');
  const speech = scenes[0]?.speech === 'kokoro' ? 'kokoro' : 'piper';
  const figures: ConversationFigure[] = [];
  if (quiet.length > 0) {
    figures.push(
      times(
        `response-${speech}`,
        quiet.flatMap(({ responseMs }) => responseMs ?? []),
        wholeAlone(quiet),
      ),
      cutOffs('cut-offs', quiet),
      share('spoken-into', quiet, ({ isSpokenInto }) => isSpokenInto),
      missedEnds('missed-ends', quiet),
      words('words-clean', quiet),
    );
  }
  for (const snrDb of [20, 10, 5] as const) {
    const turns = turnsOf(noisy.filter(({ scene }) => scene.background?.snrDb === snrDb));
    if (turns.length > 0) figures.push(words(`words-${snrDb}db`, turns));
  }
  if (noisy.length > 0) {
    const turns = turnsOf(noisy);
    figures.push(cutOffs('cut-offs-noise', turns), missedEnds('missed-ends-noise', turns));
  }
  for (const language of ['es', 'de'] as const) {
    const turns = turnsOf(scenes.filter(({ scene }) => scene.part === 'languages' && scene.language === language));
    if (turns.length > 0) figures.push(foreignWords(`words-${language}`, turns));
  }
  figures.push(...overlapFigures(scenes), ...echoFigures(scenes));
  return figures;
}

function overlapFigures(scenes: readonly JudgedScene[]): ConversationFigure[] {
  const overlaps = overlapsOf(scenes.filter(({ scene }) => scene.part === 'overlap'));
  if (overlaps.length === 0) return [];
  const isNoise = ({ sound }: OverlapOutcome) => (NOISES as readonly string[]).includes(sound);
  const attention = overlaps.filter(({ isInterruption }) => !isInterruption);
  const interruptions = overlaps.filter(({ isInterruption }) => isInterruption);
  const stopped = interruptions.filter(({ isStopped }) => isStopped);
  return [
    share(
      'stopped-by-words',
      attention.filter((o) => !isNoise(o)),
      ({ isStopped }) => isStopped,
      named,
    ),
    share('stopped-by-noises', attention.filter(isNoise), ({ isStopped }) => isStopped, named),
    share('missed-interruptions', interruptions, isMissed, named),
    times(
      'decided',
      stopped.flatMap(({ decidedMs }) => decidedMs ?? []),
    ),
    times(
      'silent',
      stopped.flatMap(({ silentMs }) => silentMs ?? []),
    ),
  ];
}

function echoFigures(scenes: readonly JudgedScene[]): ConversationFigure[] {
  const echoes = scenes.filter(({ scene }) => scene.part === 'echo');
  if (echoes.length === 0) return [];
  const figures = ([6, 12, 24] as const).flatMap((db) => {
    const at = echoes.filter(({ scene }) => scene.echo?.levelDb === -db);
    const listened = at.flatMap(({ outcomes }) => outcomes.filter((o): o is ListenOutcome => o.kind === 'listen'));
    if (listened.length === 0) return [];
    const seconds = listened.reduce((sum, { forMs }) => sum + forMs, 0) / 1000;
    const ducked = listened.reduce((sum, o) => sum + o.ducked, 0);
    const self = share(`self-${db}db` as const, listened, ({ isSelfInterrupted }) => isSelfInterrupted);
    return [{ ...self, note: `${self.note}; ${seconds.toFixed(0)} s of story, ducked ${ducked} times` }];
  });
  return [...figures, share('missed-in-echo', overlapsOf(echoes), isMissed, named)];
}

/** Not stopped, or not by `OBEYED_WITHIN_MS` in the recording. */
export function isMissed({ isStopped, silentMs }: OverlapOutcome): boolean {
  return !isStopped || silentMs === undefined || silentMs > OBEYED_WITHIN_MS;
}

function turnsOf(scenes: readonly JudgedScene[]): TurnOutcome[] {
  return scenes.flatMap(({ outcomes }) => outcomes.filter((o): o is TurnOutcome => o.kind === 'turn'));
}

/** Those during which the avatar was really heard. */
function overlapsOf(scenes: readonly JudgedScene[]): OverlapOutcome[] {
  return scenes.flatMap(({ outcomes }) =>
    outcomes.filter((o): o is OverlapOutcome => o.kind === 'overlap' && o.wasSpeaking),
  );
}

function cutOffs(goal: 'cut-offs' | 'cut-offs-noise', turns: readonly TurnOutcome[]): ConversationFigure {
  const pauses = turns.reduce((sum, o) => sum + o.pauses, 0);
  return percent(goal, turns.filter(({ isCutOff }) => isCutOff).length, pauses);
}

function missedEnds(goal: 'missed-ends' | 'missed-ends-noise', turns: readonly TurnOutcome[]): ConversationFigure {
  return share(
    goal,
    turns.filter((o) => !o.isCutOff),
    ({ answerMs }) => answerMs === undefined,
  );
}

/** Of turns that were not cut off: what was lost there is counted as a cut-off. */
function words(goal: ConversationGoalName, all: readonly TurnOutcome[]): ConversationFigure {
  const turns = all.filter(({ isCutOff }) => !isCutOff);
  const errors = turns.reduce((sum, o) => sum + o.wordErrors.errors, 0);
  return {
    ...percent(
      goal,
      errors,
      turns.reduce((sum, o) => sum + o.wordErrors.words, 0),
    ),
    note: `${turns.length} turns`,
  };
}

function foreignWords(goal: 'words-es' | 'words-de', turns: readonly TurnOutcome[]): ConversationFigure {
  const [first] = turns;
  const isUnderstood = first !== undefined && first.wordErrors.errors <= UNDERSTOOD_SHARE * first.wordErrors.words;
  if (isUnderstood) return words(goal, turns);
  return { goal, value: Number.NaN, count: 0, note: `not supported (understood "${first?.understood ?? ''}")` };
}

function times(goal: ConversationGoalName, values: readonly number[], note = ''): ConversationFigure {
  const { p50, p95, count } = figure(values);
  return { goal, value: p50, p95, count, note };
}

function share<T>(
  goal: ConversationGoalName,
  list: readonly T[],
  counts: (item: T) => boolean,
  name?: (item: T) => string,
): ConversationFigure {
  const hits = list.filter(counts);
  const result = percent(goal, hits.length, list.length);
  if (name === undefined || hits.length === 0) return result;
  const names = [...new Set(hits.map(name))].slice(0, 4).join(', ');
  return { ...result, note: `${result.note}: ${names}` };
}

function percent(goal: ConversationGoalName, hits: number, count: number): ConversationFigure {
  if (count === 0) return { goal, value: Number.NaN, count, hits, note: 'not measured' };
  const [low, high] = wilson(hits, count);
  const range = `95 %: ${(low * 100).toFixed(1)}–${(high * 100).toFixed(1)}`;
  return { goal, value: (hits * 100) / count, count, hits, note: `${hits} of ${count}, ${range}` };
}

/** Interval in which a share lies with 95 % confidence (E. B. Wilson 1927). */
export function wilson(hits: number, count: number): [low: number, high: number] {
  const z = 1.959964;
  const p = hits / count;
  const middle = (p + (z * z) / (2 * count)) / (1 + (z * z) / count);
  const half = (z / (1 + (z * z) / count)) * Math.sqrt((p * (1 - p)) / count + (z * z) / (4 * count * count));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

function wholeAlone(turns: readonly TurnOutcome[]): string {
  const whole = figure(turns.filter(({ pauses }) => pauses === 0).flatMap(({ responseMs }) => responseMs ?? []));
  return whole.count === 0 ? '' : `said in one go: ${whole.p50.toFixed(0)} / ${whole.p95.toFixed(0)}, n ${whole.count}`;
}

function named({ sound }: OverlapOutcome): string {
  return `"${sound}"`;
}
