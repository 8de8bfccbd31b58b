/** What a picture of a trace shows, in media time. Pure. */
import type { TurnDecision } from '../agents/turn.js';
import type { Trace } from '../agents/turn-trace-reader.js';

export interface Span {
  fromMs: number;
  toMs: number;
}

export interface Timeline {
  endMs: number;
  /** The voice detector's probability at the end of each window. */
  voice: { atMs: number; probability: number }[];
  /** From an onset to the end of the turn, or to what was none. */
  turns: (Span & { isTurn: boolean })[];
  /** While the push-to-talk key was held. */
  keys: Span[];
  /** Texts as they became known; of a partial one only what is new in it. */
  words: { atMs: number; text: string; isFinal: boolean }[];
  decisions: { atMs: number; label: string; tone: Tone }[];
  /** When words were asked for, to tell an interruption from a backchannel. */
  asked: number[];
  /** The avatar's speech: as it was planned, and up to where it was heard. */
  speech: (Span & { text: string; heardToMs: number })[];
  ducked: Span[];
}

export type Tone = 'begin' | 'work' | 'end' | 'stop' | 'none';

interface Utterance {
  id: number;
  segments: Map<number, { durationMs: number; text: string; playingAtMs: number | undefined }>;
}

export function timelineOf({ inputs, lines }: Trace): Timeline {
  const endMs = lines.reduce((end, { atMs }) => Math.max(end, atMs), 0);
  const timeline: Timeline = {
    endMs,
    voice: [],
    turns: [],
    keys: [],
    words: [],
    asked: [],
    decisions: [],
    speech: [],
    ducked: [],
  };
  let began: number | undefined;
  let pressed: number | undefined;
  let lastText = '';
  const endTurn = (toMs: number, isTurn: boolean): void => {
    if (began !== undefined) timeline.turns.push({ fromMs: began, toMs, isTurn });
    began = undefined;
    lastText = '';
  };
  for (const { input, decisions } of inputs) {
    if (input.type === 'window') timeline.voice.push({ atMs: input.atMs, probability: input.probability });
    else if (input.type === 'transcript') {
      const text = newWords(lastText, input.text);
      if (text !== '') timeline.words.push({ atMs: input.atMs, text, isFinal: false });
      lastText = input.text;
    } else if (input.type === 'estimate') {
      const label = `${Math.round(input.probability * 100)} % over`;
      timeline.decisions.push({ atMs: input.atMs, label, tone: 'work' });
    } else if (input.type === 'key') {
      if (pressed !== undefined && !input.pressed) timeline.keys.push({ fromMs: pressed, toMs: input.atMs });
      pressed = input.pressed ? (pressed ?? input.atMs) : undefined;
    } else endTurn(input.atMs, false);
    for (const decision of decisions) {
      if (decision.type === 'onset') began = decision.onsetMs;
      else if (decision.type === 'end' || decision.type === 'discard') endTurn(input.atMs, decision.type === 'end');
      if (decision.type === 'classify') timeline.asked.push(input.atMs);
      else timeline.decisions.push({ atMs: input.atMs, ...labelOf(decision) });
    }
  }
  endTurn(endMs, false);
  if (pressed !== undefined) timeline.keys.push({ fromMs: pressed, toMs: endMs });
  addNotes(timeline, lines);
  return timeline;
}

function addNotes(timeline: Timeline, lines: Trace['lines']): void {
  const utterances = new Map<number, Utterance>();
  const utteranceOf = (id: number): Utterance => {
    const known = utterances.get(id) ?? { id, segments: new Map() };
    utterances.set(id, known);
    return known;
  };
  const finish = (utterance: Utterance | undefined, atMs: number): void => {
    if (utterance === undefined) return;
    utterances.delete(utterance.id);
    let fromMs = Number.NaN;
    for (const { durationMs, text, playingAtMs } of utterance.segments.values()) {
      // What was never begun would have followed what was.
      fromMs = playingAtMs ?? fromMs;
      if (Number.isNaN(fromMs)) continue;
      const toMs = fromMs + durationMs;
      const heardToMs = playingAtMs === undefined ? fromMs : Math.min(toMs, Math.max(fromMs, atMs));
      timeline.speech.push({ fromMs, toMs, text, heardToMs });
      fromMs = toMs;
    }
  };
  let duckedAtMs: number | undefined;
  for (const line of lines) {
    if (line.type === 'planned') {
      const { durationMs, text } = line;
      utteranceOf(line.utteranceId).segments.set(line.segmentId, { durationMs, text, playingAtMs: undefined });
    } else if (line.type === 'playing') {
      const segment = utteranceOf(line.utteranceId).segments.get(line.segmentId);
      if (segment !== undefined) segment.playingAtMs = line.atMs;
    } else if (line.type === 'spoken') finish(utterances.get(line.utteranceId), line.atMs);
    else if (line.type === 'gain') {
      if (duckedAtMs !== undefined && line.gain >= 1) timeline.ducked.push({ fromMs: duckedAtMs, toMs: line.atMs });
      duckedAtMs = line.gain >= 1 ? undefined : (duckedAtMs ?? line.atMs);
    } else if (line.type === 'understood' && line.text !== '') {
      timeline.words.push({ atMs: line.atMs, text: line.text, isFinal: true });
    }
  }
  for (const utterance of [...utterances.values()]) finish(utterance, timeline.endMs);
  if (duckedAtMs !== undefined) timeline.ducked.push({ fromMs: duckedAtMs, toMs: timeline.endMs });
}

/** What `text` adds to the text before; all of it when it begins otherwise. */
function newWords(before: string, text: string): string {
  const words = text.split(/\s+/).filter((word) => word !== '');
  const plain = (word: string | undefined): string => (word ?? '').toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
  const known = before.split(/\s+/);
  let same = 0;
  while (same < words.length && plain(words[same]) !== '' && plain(words[same]) === plain(known[same])) same++;
  return same === 0 ? words.join(' ') : words.slice(same).join(' ');
}

function labelOf(decision: Exclude<TurnDecision, { type: 'classify' }>): { label: string; tone: Tone } {
  switch (decision.type) {
    case 'onset':
      return { label: 'onset', tone: 'begin' };
    case 'pause':
      return { label: 'pause', tone: 'work' };
    case 'continue':
      return { label: 'goes on', tone: 'begin' };
    case 'duck':
      return { label: 'duck', tone: 'stop' };
    case 'stop':
      return { label: `stop ${Math.round(decision.atMs - decision.onsetMs)} ms`, tone: 'stop' };
    case 'resume':
      return { label: 'resume', tone: 'none' };
    case 'end':
      return { label: `end ${Math.round(decision.atMs - decision.lastVoicedMs)} ms`, tone: 'end' };
    case 'discard':
      return { label: 'no turn', tone: 'none' };
  }
}
