/** What a pipeline is made of, and what it keeps of turns and replies under way. */
import type { Agent, AgentState, SpeechDialogue, SpeechSynthesiser } from '../inference/engines.js';
import type { ConversationEvent, TurnLatency } from './events.js';
import type { History } from './history.js';
import type { ConversationModeration } from './moderation/moderation.js';
import type { SynthesisPace } from './pace.js';
import type { Reply } from './reply.js';
import type { SpokenReply } from './spoken-reply.js';
import type { Voice } from './voice.js';

/** How the avatar speaks each language that may be heard. */
export type SpokenIn = Readonly<Partial<Record<string, { voice?: string; apology: string }>>>;

export interface PipelineOptions {
  agent: Agent;
  /** A model that hears and speaks itself answers in the agent's place; undefined: the agent does. */
  dialogue?: SpeechDialogue | undefined;
  synthesiser: SpeechSynthesiser;
  pace: SynthesisPace;
  speechVoice?: string;
  speechRate?: number | undefined;
  history: History;
  voice: Voice;
  /** Spoken after a failure that cut someone off; empty: nothing. */
  apology?: string;
  /** Of the voice; absent: English. */
  language?: string | undefined;
  /** By language: what takes the place of voice and apology once a visitor is heard to speak it. */
  spokenIn?: SpokenIn | undefined;
  /** What visitors and the agent may say; undefined: everything. */
  moderation?: ConversationModeration | undefined;
  onState: (state: AgentState) => void;
  /** Whoever has the floor paused; the turn may go on or end. */
  onVisitorPause: () => void;
  emit: (event: ConversationEvent) => void;
  now?: () => number;
}

export interface Turn {
  id: number;
  participantId: string;
  hasPartial: boolean;
  /** When the speech was noticed; undefined: it is typed. */
  begunAtMs?: number;
}

/** A reply together with the turn that it answers; `text` is what the visitor is taken to have said. */
export interface PendingReply {
  reply: Reply | SpokenReply;
  turn: Pick<Turn, 'id' | 'participantId'>;
  text: string;
  latency: TurnLatency;
  /** Undefined: nobody waits for it. */
  lastVoicedAtMs?: number;
  /** It does not become part of the history. */
  aside?: boolean;
}
