import type { AgentState } from '../../../src/inference/engines.js';
import type { EndReason, Phase } from '../client/events.js';
import type { MicrophoneFailure } from '../client/microphone.js';
import type { Strings } from '../i18n/index.js';
import type { TalkState } from '../talk-state.js';
import type { MicrophoneState } from './microphone-state.js';

export type Tone =
  | 'idle'
  | 'connecting'
  | 'waiting'
  | 'listening'
  | 'thinking'
  | 'speaking'
  | 'reconnecting'
  | 'recovering'
  | 'over';

export interface Status {
  tone: Tone;
  label: string;
}

export interface StatusInput {
  phase: Phase | 'before' | 'waiting';
  agentState: AgentState;
  /** The first picture of the avatar is on the screen. */
  pictureShown: boolean;
  /** The picture was there and stands still. */
  pictureStalled: boolean;
  microphone: MicrophoneState;
}

/** One state for everything that shows it, in the visitor's words. */
export function describeStatus(input: StatusInput, { status, dock }: Strings): Status {
  const { phase, agentState, pictureShown, microphone } = input;
  if (phase === 'before') return { tone: 'idle', label: status.ready };
  if (phase === 'waiting') return { tone: 'waiting', label: status.waiting };
  if (phase === 'over') return { tone: 'over', label: status.ended };
  if (phase === 'reconnecting') return { tone: 'reconnecting', label: status.reconnecting };
  if (phase === 'connecting' || !pictureShown) return { tone: 'connecting', label: status.connecting };
  if (input.pictureStalled) return { tone: 'recovering', label: status.recovering };
  if (agentState === 'thinking') return { tone: 'thinking', label: status.thinking };
  if (agentState === 'speaking') return { tone: 'speaking', label: status.speaking };
  if (microphone === 'on' || microphone === 'talking') return { tone: 'listening', label: status.listening };
  if (microphone === 'hold') return { tone: 'idle', label: dock.microphone.hold };
  return { tone: 'idle', label: microphone === 'muted' ? status.muted : status.ready };
}

/** What to tell the visitor when it is over, and what they can do. Servers may know reasons that this page does not. */
export function describeEnd(reason: EndReason | undefined, { end }: Strings): { title: string; hint: string } {
  if (reason !== undefined && Object.hasOwn(end, reason)) return end[reason as keyof typeof end];
  return end.other;
}

/** What to tell the visitor when a conversation cannot be started (for a full server see `isBusy`). */
export function describeStartFailure(code: string, { end }: Strings): { title: string; hint: string } {
  switch (code) {
    case 'unreachable':
    case 'upstream-timeout':
      return end.unreachable;
    case 'not-found':
      return end.notFound;
    case 'unauthorized':
    case 'forbidden':
      return end.notAllowed;
    default:
      return end.notStarted;
  }
}

/** Something failed in the middle of a conversation that goes on. */
export function describeProblem({ code, retryable }: { code: string; retryable: boolean }, strings: Strings): string {
  const { problem } = strings;
  if (code === 'unreachable') return problem.unreachable;
  if (code === 'too-many-requests') return problem.tooFast;
  return retryable ? problem.recovering : problem.other;
}

/** Pages that are not secure have no microphone at all, whatever is plugged in. */
export function describeMicrophoneFailure(
  failure: MicrophoneFailure | 'silent',
  isSecure: boolean,
  { microphoneProblem }: Strings,
): string {
  if (failure === 'absent' && !isSecure) return microphoneProblem.insecure;
  return microphoneProblem[failure];
}

/** What stands in the place of captions while nothing is said. */
export function describeIdle(
  state: Pick<TalkState, 'phase' | 'microphone' | 'turnTaking' | 'pictureShown'> & { pictureStalled: boolean },
  { idle }: Strings,
): string {
  const { phase, microphone, pictureShown, pictureStalled } = state;
  if (phase === 'over') return '';
  if (phase === 'reconnecting') return idle.reconnecting;
  if (microphone === 'asking') return idle.askingMicrophone;
  if (phase === 'connecting' || !pictureShown) return idle.oneMoment;
  if (pictureStalled) return idle.recovering;
  if (microphone === 'muted') return '';
  if (microphone === 'off' || state.turnTaking === 'off') return idle.typeToBegin;
  return state.turnTaking === 'push-to-talk' ? idle.holdToTalk : idle.sayHello;
}
