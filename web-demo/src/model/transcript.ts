import type { Source } from '../../../src/inference/engines.js';
import type { ConversationEvent } from '../client/events.js';

export interface Turn {
  /** Stable key: a list can be patched by it. */
  key: string;
  speaker: 'visitor' | 'avatar';
  text: string;
  /** `growing`: may still change; `interrupted`: cut off by the visitor. */
  status: 'growing' | 'final' | 'interrupted';
  startedAtMs: number;
  /** What the avatar's words rest on. */
  sources?: readonly Source[];
}

/** Older turns are forgotten. */
export const MAX_TURNS = 500;
/** A typed text that the server repeats as a transcript within this time is one and the same. */
const ECHO_WINDOW_MS = 10_000;

/** The conversation in writing. Pure: `turns` is replaced, never changed; the same array means nothing new. */
export function reduceTranscript(turns: readonly Turn[], event: ConversationEvent, nowMs: number): readonly Turn[] {
  switch (event.type) {
    case 'transcript': {
      const key = `visitor-${event.turnId}-${event.participantId}`;
      const status = event.final ? 'final' : 'growing';
      const text = event.text.trim();
      const typed = turns.findLast((turn) => turn.key.startsWith('typed-'));
      if (event.final && typed?.text === text && nowMs - typed.startedAtMs < ECHO_WINDOW_MS) return remove(turns, key);
      if (text === '') return event.final ? remove(turns, key) : turns;
      return put(turns, { key, speaker: 'visitor', text, status, startedAtMs: nowMs });
    }
    case 'asked': {
      const text = event.text.trim();
      const last = turns.findLast((turn) => turn.speaker === 'visitor');
      if (last?.text === text && last.status === 'final' && nowMs - last.startedAtMs < ECHO_WINDOW_MS) return turns;
      return put(turns, { key: `typed-${nowMs}`, speaker: 'visitor', text, status: 'final', startedAtMs: nowMs });
    }
    case 'caption': {
      const key = `avatar-${event.utteranceId}`;
      const known = turns.find((turn) => turn.key === key);
      if (known && known.status !== 'growing') return turns;
      const text = known ? `${known.text} ${event.word}` : event.word;
      // The end of the utterance before may have been missed while the connection was broken.
      const before = known ? turns : settle(turns, 'avatar', 'final');
      return put(before, { key, speaker: 'avatar', text, status: 'growing', startedAtMs: nowMs });
    }
    case 'sources': {
      const known = turns.find((turn) => turn.key === `avatar-${event.utteranceId}`);
      return known ? put(turns, { ...known, sources: event.sources }) : turns;
    }
    case 'utterance-end': {
      const key = `avatar-${event.utteranceId}`;
      const text = event.text.trim();
      if (text === '') return remove(turns, key);
      const status = event.interrupted ? 'interrupted' : 'final';
      return put(turns, { key, speaker: 'avatar', text, status, startedAtMs: nowMs });
    }
    case 'phase':
      if (event.phase === 'over') return settle(settle(turns, 'avatar', 'interrupted'), 'visitor', 'final');
      // What the visitor said into a broken connection was not heard; the avatar's utterance may go on afterwards.
      return event.phase === 'reconnecting' ? settle(turns, 'visitor', 'final') : turns;
    default:
      return turns;
  }
}

/** Plain text for the clipboard. */
export function formatTranscript(
  turns: readonly Turn[],
  names: { visitor: string; avatar: string; interrupted: string },
): string {
  return turns
    .map(({ speaker, text, status }) => {
      const cut = status === 'interrupted' ? ` … (${names.interrupted})` : '';
      return `${names[speaker]}: ${text}${cut}`;
    })
    .join('\n');
}

function put(turns: readonly Turn[], turn: Turn): readonly Turn[] {
  const index = turns.findIndex(({ key }) => key === turn.key);
  const known = turns[index];
  if (known) {
    const sources = turn.sources ?? known.sources;
    return turns.with(index, { ...turn, startedAtMs: known.startedAtMs, ...(sources && { sources }) });
  }
  return [...turns.slice(-(MAX_TURNS - 1)), turn];
}

function remove(turns: readonly Turn[], key: string): readonly Turn[] {
  return turns.some((turn) => turn.key === key) ? turns.filter((turn) => turn.key !== key) : turns;
}

function settle(turns: readonly Turn[], speaker: Turn['speaker'], status: Turn['status']): readonly Turn[] {
  const isGrowing = (turn: Turn): boolean => turn.status === 'growing' && turn.speaker === speaker;
  return turns.some(isGrowing) ? turns.map((turn) => (isGrowing(turn) ? { ...turn, status } : turn)) : turns;
}
