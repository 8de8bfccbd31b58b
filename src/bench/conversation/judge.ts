/** From one kept scene to what became of each step. Pure: `--verify` runs the same code over the kept recordings. */
import { firstVoiced, lastVoiced } from '../waveform.js';
import type { KeptScene, PlayedStep } from './kept.js';
import { type WordErrors, wordErrors } from './words.js';

/** The avatar's voice is over when it stays silent for so long: longer than the gaps between words. */
const SILENT_HOLD_MS = 300;
const STEP_MS = 5;
/** As in `waveform.ts`. */
const VOICED = 0.008;
/** An answer that begins later is none. */
export const ANSWER_LIMIT_MS = 7_000;
/** A decision is told to the page within this time of being made. */
const TOLD_MS = 60;

export interface TurnOutcome {
  kind: 'turn';
  said: string;
  understood: string;
  wordErrors: WordErrors;
  /** Scripted pauses up to the first one in which the turn was ended; those after it say nothing. */
  pauses: number;
  isCutOff: boolean;
  /** The avatar's voice was heard before the visitor had finished. */
  isSpokenInto: boolean;
  /** From the visitor's last voiced sample to the avatar's first one; undefined: no answer, or cut off before. */
  responseMs: number | undefined;
  /** Places in the recording, for pictures. */
  visitorEndMs: number | undefined;
  answerMs: number | undefined;
}

export interface OverlapOutcome {
  kind: 'overlap';
  sound: string;
  /** True for those that must stop the voice. */
  isInterruption: boolean;
  onsetMs: number | undefined;
  /** The avatar was heard in the half second before. */
  wasSpeaking: boolean;
  isStopped: boolean;
  /** From the onset to the decision that stood, by the service's clock. */
  decidedMs: number | undefined;
  /** From the onset to the end of the avatar's voice, in the recording; undefined: it went on. */
  silentMs: number | undefined;
}

export interface ListenOutcome {
  kind: 'listen';
  /** The avatar stopped, or took its own words for a visitor's. */
  isSelfInterrupted: boolean;
  ducked: number;
  forMs: number;
}

export type Outcome = TurnOutcome | OverlapOutcome | ListenOutcome;

export function judgeScene(kept: KeptScene): Outcome[] {
  return kept.steps.map((played, i) => {
    const untilMs = kept.steps[i + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
    if (played.step.kind === 'turn') return judgeTurn(kept, played, untilMs);
    return played.step.kind === 'overlap' ? judgeOverlap(kept, played) : judgeListen(kept, played);
  });
}

function judgeTurn(kept: KeptScene, played: PlayedStep, untilMs: number): TurnOutcome {
  const { sampleRateHz: rate } = kept.recording;
  const [visitor, avatar] = kept.recording.channels as [Float32Array, Float32Array];
  const frame = (ms: number) => Math.max(0, Math.round((ms * rate) / 1000));
  const ms = (at: number | undefined) => (at === undefined ? undefined : (at * 1000) / rate);
  const end = lastVoiced(visitor, rate, frame(played.fromMs), frame(played.toMs));
  const visitorEndMs = ms(end) ?? played.toMs;
  const finals = finalsBetween(kept, played.fromMs, untilMs);
  const cut = finals.find(({ text, atMs }) => text.trim() !== '' && atMs - TOLD_MS < visitorEndMs);
  const cutIn = cut === undefined ? -1 : played.pauses.findLastIndex(({ fromMs }) => fromMs <= cut.atMs);
  const spoken = firstVoiced(avatar, rate, frame(played.pauses[0]?.fromMs ?? visitorEndMs), frame(visitorEndMs));
  const answer = firstVoiced(
    avatar,
    rate,
    frame(visitorEndMs),
    frame(Math.min(played.endMs, visitorEndMs + ANSWER_LIMIT_MS)),
  );
  const isCutOff = cutIn >= 0;
  const said = saidIn(played);
  const understood = finals
    .map(({ text }) => text)
    .join(' ')
    .trim();
  return {
    kind: 'turn',
    said,
    understood,
    wordErrors: wordErrors(said, understood),
    pauses: isCutOff ? cutIn + 1 : played.pauses.length,
    isCutOff,
    isSpokenInto: spoken !== undefined,
    responseMs: answer === undefined || isCutOff || spoken !== undefined ? undefined : ms(answer)! - visitorEndMs,
    visitorEndMs: ms(end),
    answerMs: ms(answer),
  };
}

function judgeOverlap(kept: KeptScene, played: PlayedStep): OverlapOutcome {
  if (played.step.kind !== 'overlap') throw new Error('expected an overlap');
  const { sound } = played.step;
  const { sampleRateHz: rate } = kept.recording;
  const [visitor, avatar] = kept.recording.channels as [Float32Array, Float32Array];
  const frame = (ms: number) => Math.max(0, Math.round((ms * rate) / 1000));
  const onset = firstVoiced(visitor, rate, frame(played.fromMs), frame(played.toMs));
  const before = onset === undefined ? undefined : firstVoiced(avatar, rate, onset - rate / 2, onset);
  const decision = kept.events.findLast(
    ({ atMs, event }) =>
      event.type === 'interruption' && event.phase !== 'ducked' && atMs >= played.fromMs && atMs <= played.endMs,
  )?.event;
  const stop = kept.events.find(
    ({ atMs, event }) =>
      event.type === 'interruption' && event.phase === 'stopped' && atMs >= played.fromMs && atMs <= played.endMs,
  );
  const isStopped = stop !== undefined;
  const silent =
    onset === undefined || stop === undefined
      ? undefined
      : voiceEnds(avatar, rate, onset, frame(stop.atMs), frame(played.endMs));
  return {
    kind: 'overlap',
    sound: sound.kind === 'noise' ? sound.noise : sound.phrases.join(' '),
    isInterruption: sound.kind === 'interruption',
    onsetMs: onset === undefined ? undefined : (onset * 1000) / rate,
    wasSpeaking: before !== undefined,
    isStopped,
    decidedMs: decision?.type === 'interruption' ? decision.sinceOnsetMs : undefined,
    silentMs: silent === undefined ? undefined : ((silent - onset!) * 1000) / rate,
  };
}

function judgeListen(kept: KeptScene, played: PlayedStep): ListenOutcome {
  const during = kept.events.filter(({ atMs }) => atMs >= played.fromMs && atMs <= played.toMs);
  const phase = (wanted: string) =>
    during.filter(({ event }) => event.type === 'interruption' && event.phase === wanted);
  const took = during.some(({ event }) => event.type === 'transcript' && event.final && event.text.trim() !== '');
  return {
    kind: 'listen',
    isSelfInterrupted: phase('stopped').length > 0 || took,
    ducked: phase('ducked').length,
    forMs: played.toMs - played.fromMs,
  };
}

/**
 * The first sample from which the avatar is silent for `SILENT_HOLD_MS`, and until `stop` at least: a pause of its own before it was told to
 * stop is no end. Undefined when `to` shows none.
 */
function voiceEnds(avatar: Float32Array, rate: number, from: number, stop: number, to: number): number | undefined {
  const step = (rate * STEP_MS) / 1000;
  const need = SILENT_HOLD_MS / STEP_MS;
  let quiet = 0;
  for (let at = from; at + step <= to; at += step) {
    let sum = 0;
    for (let i = at; i < at + step; i++) sum += (avatar[i] ?? 0) ** 2;
    quiet = Math.sqrt(sum / step) < VOICED ? quiet + 1 : 0;
    if (quiet >= need && at + step >= stop) return at + step - quiet * step;
  }
  return undefined;
}

function finalsBetween(kept: KeptScene, fromMs: number, untilMs: number): { atMs: number; text: string }[] {
  return kept.events.flatMap(({ atMs, event }) =>
    event.type === 'transcript' && event.final && atMs >= fromMs && atMs < untilMs ? [{ atMs, text: event.text }] : [],
  );
}

export function saidIn({ step }: PlayedStep): string {
  if (step.kind === 'listen') return '';
  const sound = step.kind === 'turn' ? step.utterance : step.sound;
  return sound.kind === 'noise' ? sound.noise : sound.phrases.join(' ');
}
