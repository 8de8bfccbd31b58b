import type { AgentState } from '../../src/inference/engines.js';
import type { TurnTaking } from '../../src/turn-taking.js';
import type { ConversationEvent, EndReason, Phase } from './client/events.js';
import { type Caption, NO_CAPTION, reduceCaption } from './model/captions.js';
import { reduceLatency, type TurnTiming } from './model/latency.js';
import { reduceTranscript, type Turn } from './model/transcript.js';

/** Everything a conversation shows. Replaced, never changed. */
export interface TalkState {
  phase: Phase;
  endReason: EndReason | undefined;
  agentState: AgentState;
  avatarName: string | undefined;
  disclosure: string;
  turns: readonly Turn[];
  caption: Caption;
  timings: readonly TurnTiming[];
  microphone: 'off' | 'asking' | 'on' | 'muted';
  turnTaking: TurnTaking;
  /** Push-to-talk: the button is held. */
  talking: boolean;
  pictureShown: boolean;
  soundBlocked: boolean;
}

export const INITIAL_TALK_STATE: TalkState = {
  phase: 'connecting',
  endReason: undefined,
  agentState: 'idle',
  avatarName: undefined,
  disclosure: '',
  turns: [],
  caption: NO_CAPTION,
  timings: [],
  microphone: 'off',
  turnTaking: 'balanced',
  talking: false,
  pictureShown: false,
  soundBlocked: false,
};

export function reduceTalk(state: TalkState, event: ConversationEvent, nowMs: number): TalkState {
  const next: TalkState = {
    ...state,
    turns: reduceTranscript(state.turns, event, nowMs),
    caption: reduceCaption(state.caption, event),
    timings: reduceLatency(state.timings, event, nowMs),
  };
  switch (event.type) {
    case 'phase':
      next.phase = event.phase;
      // The server lets the key go of who is away.
      if (event.phase !== 'live') next.talking = false;
      if (event.phase === 'over') next.endReason = event.reason;
      if (event.phase === 'over') next.agentState = 'idle';
      if (event.phase === 'over') next.pictureShown = false;
      break;
    case 'tracks':
      // A video whose tracks have ended is black: the poster takes over until the new ones show something.
      next.pictureShown = false;
      break;
    case 'state':
      next.agentState = event.state;
      break;
    case 'joined':
      next.agentState = event.answer.state;
      next.avatarName = event.answer.avatar.name;
      next.disclosure = event.answer.disclosure;
      next.turnTaking = event.answer.turnTaking;
      break;
  }
  return next;
}
