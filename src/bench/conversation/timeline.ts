/** Ten steps of a run as they were heard: what a picture of them shows. Pure. */
import { envelope } from '../waveform.js';
import { type Outcome, saidIn } from './judge.js';
import type { KeptScene, PlayedStep } from './kept.js';

export const SHOWN_MS = 10_000;
/** So much is shown before the visitor begins. */
const BEFORE_MS = 800;
/** Of a point of the envelopes. */
export const POINT_MS = 20;

export type MarkTone = 'end' | 'duck' | 'stop' | 'go-on';

/** Times in ms from the left edge. */
export interface DrawnStep {
  title: string;
  note: string;
  /** The visitor got what a person would have given. */
  isGood: boolean;
  /** RMS per `POINT_MS`. */
  visitor: number[];
  avatar: number[];
  pauses: { fromMs: number; toMs: number }[];
  /** Between the visitor's last sound and the answer's first. */
  silence: { fromMs: number; toMs: number } | undefined;
  marks: { atMs: number; label: string; tone: MarkTone }[];
}

/** What a picture should have of everything, in the order of its rows. */
const WANTED = [
  ...['whole', 'pause', 'hesitation', 'correction', 'pause', 'backchannel', 'noise', 'interruption', 'interruption'],
  'listen',
] as const;
export const ROWS = WANTED.length;

/** Collects rows while scenes pass by, so that no more than one recording is in memory. */
export class TimelineRows {
  readonly #rows: (DrawnStep | undefined)[] = WANTED.map(() => undefined);
  readonly #spare: DrawnStep[] = [];

  add(kept: KeptScene, outcomes: readonly Outcome[]): void {
    for (const [i, played] of kept.steps.entries()) {
      const kind = kindOf(played);
      const free = WANTED.findIndex((wanted, row) => wanted === kind && this.#rows[row] === undefined);
      if (free >= 0) this.#rows[free] = drawn(kept, played, outcomes[i]!);
      else if (this.#spare.length < ROWS) this.#spare.push(drawn(kept, played, outcomes[i]!));
    }
  }

  /** At most ten; where a kind did not come up, others take its place. */
  get rows(): DrawnStep[] {
    const spare = [...this.#spare];
    return this.#rows.flatMap((row) => row ?? spare.shift() ?? []);
  }
}

function kindOf({ step }: PlayedStep): string {
  if (step.kind === 'listen') return 'listen';
  return step.kind === 'turn' ? step.utterance.kind : step.sound.kind;
}

function drawn(kept: KeptScene, played: PlayedStep, outcome: Outcome): DrawnStep {
  const { sampleRateHz: rate } = kept.recording;
  const [visitor, avatar] = kept.recording.channels as [Float32Array, Float32Array];
  const leftMs = Math.max(0, played.fromMs - BEFORE_MS);
  const points = (channel: Float32Array) => {
    const from = Math.round((leftMs * rate) / 1000);
    // The envelope's steps are 5 ms.
    const toMs = Math.min(played.endMs, leftMs + SHOWN_MS);
    const fine = envelope(channel.subarray(from, Math.round((toMs * rate) / 1000)), rate);
    const every = POINT_MS / 5;
    return Array.from({ length: Math.floor(fine.length / every) }, (_, i) =>
      Math.max(...fine.subarray(i * every, (i + 1) * every)),
    );
  };
  const isShown = ({ atMs }: { atMs: number }) => atMs >= leftMs && atMs < Math.min(played.endMs, leftMs + SHOWN_MS);
  const relative = <T extends { fromMs: number; toMs: number }>({ fromMs, toMs }: T) => ({
    fromMs: fromMs - leftMs,
    toMs: toMs - leftMs,
  });
  return {
    title: titleOf(played, kept.scene.echo?.levelDb),
    note: noteOf(outcome),
    isGood: isGood(outcome),
    visitor: points(visitor),
    avatar: points(avatar),
    pauses: played.pauses.map(relative),
    silence:
      outcome.kind === 'turn' && outcome.visitorEndMs !== undefined && outcome.responseMs !== undefined
        ? relative({ fromMs: outcome.visitorEndMs, toMs: outcome.visitorEndMs + outcome.responseMs })
        : undefined,
    marks: kept.events.filter(isShown).flatMap(({ atMs, event }): DrawnStep['marks'] => {
      if (event.type === 'transcript' && event.final && event.text !== '')
        return [{ atMs: atMs - leftMs, label: 'turn over', tone: 'end' }];
      if (event.type !== 'interruption') return [];
      const tone = { ducked: 'duck', stopped: 'stop', resumed: 'go-on' } as const;
      return [{ atMs: atMs - leftMs, label: event.phase, tone: tone[event.phase] }];
    }),
  };
}

function titleOf(played: PlayedStep, echoDb: number | undefined): string {
  const { step } = played;
  if (step.kind === 'listen') return `nobody speaks, the avatar's voice comes back at ${echoDb ?? '–'} dB`;
  if (step.kind === 'overlap' && step.sound.kind === 'noise') return `a ${step.sound.noise} over the avatar's voice`;
  return step.kind === 'overlap' ? `“${saidIn(played)}” over the avatar's voice` : `“${saidIn(played)}”`;
}

function noteOf(outcome: Outcome): string {
  if (outcome.kind === 'listen') return outcome.isSelfInterrupted ? 'stopped by itself' : 'went on';
  if (outcome.kind === 'overlap') {
    if (!outcome.isStopped) return 'went on';
    return outcome.silentMs === undefined ? 'stopped' : `stopped, silent after ${outcome.silentMs.toFixed(0)} ms`;
  }
  if (outcome.isCutOff) return 'cut off in a pause';
  return outcome.responseMs === undefined ? 'no answer' : `answered after ${outcome.responseMs.toFixed(0)} ms`;
}

function isGood(outcome: Outcome): boolean {
  if (outcome.kind === 'listen') return !outcome.isSelfInterrupted;
  if (outcome.kind === 'overlap') return outcome.isStopped === outcome.isInterruption;
  return outcome.responseMs !== undefined;
}
