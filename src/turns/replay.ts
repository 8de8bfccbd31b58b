/** Runs the turn machine over a recording. Pure. */
import { isDeepStrictEqual } from 'node:util';
import { type TurnDecision, TurnMachine, type TurnSettings } from '../agents/turn.js';
import type { RecordedInput, Trace } from '../agents/turn-trace-reader.js';

export interface ReplayedInput extends RecordedInput {
  /** What the machine decides now; `decisions` is what was recorded. */
  now: TurnDecision[];
  isSame: boolean;
}

export interface Replay {
  /** Inputs on which something is or was decided. */
  steps: ReplayedInput[];
  decisions: number;
  /** Inputs on which the decisions are not the recorded ones. */
  differences: number;
}

/**
 * The inputs stay as they were recorded: with other `settings` it shows what the machine would have decided up to the first difference, and
 * from there on what it would make of a conversation that then went on as it did.
 */
export function replayTrace(trace: Trace, settings: Partial<TurnSettings> = {}): Replay {
  const machine = new TurnMachine({ ...trace.header.settings, ...settings });
  const steps: ReplayedInput[] = [];
  for (const recorded of trace.inputs) {
    const now = machine.take(recorded.input);
    if (now.length === 0 && recorded.decisions.length === 0) continue;
    steps.push({ ...recorded, now, isSame: isDeepStrictEqual(now, recorded.decisions) });
  }
  return {
    steps,
    decisions: steps.reduce((sum, { now }) => sum + now.length, 0),
    differences: steps.filter(({ isSame }) => !isSame).length,
  };
}

/** One line a decision; those that differ show both. */
export function replayReport({ steps, decisions, differences }: Replay): string {
  const lines = steps.flatMap((step) => {
    if (step.isSame) return step.now.map((decision) => row(' ', step, decision));
    return [
      ...step.decisions.map((decision) => row('-', step, decision)),
      ...step.now.map((decision) => row('+', step, decision)),
    ];
  });
  const as =
    differences === 0
      ? 'all as recorded'
      : `not as recorded at ${differences} ${differences === 1 ? 'place' : 'places'} (- recorded, + now)`;
  return `${[...lines, `${decisions} decisions, ${as}`].join('\n')}\n`;
}

function row(mark: string, { input, line }: RecordedInput, decision: TurnDecision): string {
  const time = `${(input.atMs / 1000).toFixed(3).padStart(9)} s`;
  return `${mark}${time}  ${decision.type.padEnd(9)} ${detail(decision).padEnd(52)} line ${line}`;
}

function detail(decision: TurnDecision): string {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(3)} s`;
  switch (decision.type) {
    case 'onset':
      return `began ${seconds(decision.onsetMs)}${decision.overVoice ? ', over the avatar' : ''}`;
    case 'duck':
    case 'stop':
      return `${Math.round(decision.atMs - decision.onsetMs)} ms after the onset`;
    case 'resume':
      return `${Math.round(decision.atMs - decision.onsetMs)} ms after the onset, ${decision.reason}`;
    case 'pause':
      return `last voice ${seconds(decision.lastVoicedMs)}`;
    case 'end': {
      const what = [decision.overVoice ? 'over the avatar' : '', decision.doubtful === true ? 'words unknown' : ''];
      const silence = `${Math.round(decision.atMs - decision.lastVoicedMs)} ms of silence`;
      return [silence, ...what.filter((text) => text !== '')].join(', ');
    }
    default:
      return '';
  }
}
