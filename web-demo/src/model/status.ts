import type { AgentState } from '../../../src/inference/engines.js';
import type { EndReason, Phase } from '../client/events.js';

export type Tone = 'idle' | 'connecting' | 'listening' | 'thinking' | 'speaking' | 'reconnecting' | 'over';

export interface Status {
  tone: Tone;
  label: string;
}

export interface StatusInput {
  phase: Phase | 'before';
  agentState: AgentState;
  /** The first picture of the avatar is on the screen. */
  pictureShown: boolean;
  /** `on`: heard; `muted`: there, but silenced; `off`: none. */
  microphone: 'on' | 'muted' | 'off';
}

/** One state for everything that shows it, in the visitor's words. */
export function describeStatus({ phase, agentState, pictureShown, microphone }: StatusInput): Status {
  if (phase === 'before') return { tone: 'idle', label: 'Ready' };
  if (phase === 'over') return { tone: 'over', label: 'Ended' };
  if (phase === 'reconnecting') return { tone: 'reconnecting', label: 'Reconnecting' };
  if (phase === 'connecting' || !pictureShown) return { tone: 'connecting', label: 'Connecting' };
  if (agentState === 'thinking') return { tone: 'thinking', label: 'Thinking' };
  if (agentState === 'speaking') return { tone: 'speaking', label: 'Speaking' };
  if (microphone === 'on') return { tone: 'listening', label: 'Listening' };
  return { tone: 'idle', label: microphone === 'muted' ? 'Microphone muted' : 'Ready' };
}

/** What to tell the visitor when it is over, and what they can do. Servers may know reasons that this page does not. */
export function describeEnd(reason: EndReason | undefined): { title: string; hint: string } {
  switch (reason) {
    case 'left':
      return { title: 'Conversation ended', hint: 'Thanks for talking.' };
    case 'idle':
      return {
        title: 'It has been quiet for a while',
        hint: 'The conversation was closed. Start again whenever you like.',
      };
    case 'expired':
      return { title: 'This conversation has expired', hint: 'Start again to open a new one.' };
    case 'replaced':
      return { title: 'The conversation goes on elsewhere', hint: 'It was opened in another window.' };
    case 'lost':
      return { title: 'The connection was lost', hint: 'Check your network, then start again.' };
    case 'blocked':
      return {
        title: 'Sound and picture cannot get through',
        hint: 'Your network blocks them. Try another network, for example a phone’s hotspot, then start again.',
      };
    case 'shutdown':
      return { title: 'The server is restarting', hint: 'Start again in a moment.' };
    case 'failed':
      return { title: 'Something went wrong', hint: 'Please start again.' };
    default:
      return { title: 'The conversation was closed', hint: 'Start again whenever you like.' };
  }
}

/** What to tell the visitor when a conversation cannot be started. */
export function describeStartFailure(code: string): string {
  switch (code) {
    case 'unavailable':
    case 'too-many-requests':
      return 'All places are taken at the moment. Please try again in a minute.';
    case 'unreachable':
    case 'upstream-timeout':
      return 'The server does not answer. Check your network and try again.';
    case 'not-found':
      return 'This avatar is not available here. Please choose another one.';
    case 'unauthorized':
    case 'forbidden':
      return 'This page is not allowed to start a conversation. Reload it and try again.';
    default:
      return 'The conversation could not be started. Please try again.';
  }
}

/** Something failed in the middle of a conversation that goes on. */
export function describeProblem({ code, message }: { code: string; message: string }): string {
  if (code === 'unreachable') return 'The server did not answer in time. Please try again.';
  if (code === 'too-many-requests') return 'That was a bit fast. Please wait a moment and try again.';
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
}

export function describeMicrophoneFailure(failure: 'denied' | 'absent' | 'busy'): string {
  switch (failure) {
    case 'denied':
      return 'The microphone is blocked. You can type below; to talk, allow it in your browser’s address bar and press the microphone button.';
    case 'absent':
      return 'No microphone was found. You can type below; to talk, connect one and press the microphone button.';
    case 'busy':
      return 'The microphone is used by another program. You can type below, or free it and press the microphone button.';
  }
}
