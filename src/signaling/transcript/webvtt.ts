import type { AvatarTurn, HeardWord, Transcript, TranscriptTurn } from './transcript.js';

/** Two lines of 42 characters, as subtitles are commonly cut. */
const MAX_CUE_CHARACTERS = 84;
/** A pause in which the old words need not stay, and how long they stay then. */
const PAUSE_MS = 3_000;
const LINGER_MS = 2_000;
/** Of the last word of what is still being spoken, and of what has no length. */
const SHORTEST_CUE_MS = 500;

interface Cue {
  id: string;
  startMs: number;
  endMs: number;
  text: string;
}

/**
 * A transcript as WebVTT (W3C): visitors' turns and the avatar's words as cues with their speakers, each of the avatar's words with its own
 * time. What was cut off ends with a dash, after the last word that was heard.
 */
export function toWebVtt(transcript: Transcript): string {
  const { sessionId, startedAt, avatar, truncated } = transcript;
  const people = [
    ...new Set(transcript.turns.flatMap((turn) => (turn.role === 'visitor' ? [turn.participantId] : []))),
  ];
  const visitorName = (id: string) => (people.length < 2 ? 'Visitor' : `Visitor ${people.indexOf(id) + 1}`);
  const cues = transcript.turns.flatMap((turn) => cuesOf(turn, avatar.name, visitorName));
  cues.sort((a, b) => a.startMs - b.startMs);
  const note = `NOTE session ${sessionId}, begun at ${startedAt}${truncated ? '; the oldest turns are missing' : ''}`;
  const blocks = cues.map(({ id, startMs, endMs, text }) => `${id}\n${stamp(startMs)} --> ${stamp(endMs)}\n${text}`);
  return `${['WEBVTT', note, ...blocks].join('\n\n')}\n`;
}

function cuesOf(turn: TranscriptTurn, avatarName: string, visitorName: (id: string) => string): Cue[] {
  if (turn.role === 'avatar') return avatarCues(turn, avatarName);
  const { turnId, participantId, text, startMs, endMs } = turn;
  const voice = `<v ${annotation(visitorName(participantId))}>`;
  const end = Math.max(endMs, startMs + SHORTEST_CUE_MS);
  return [{ id: `visitor-${turnId}`, startMs, endMs: end, text: `${voice}${escaped(text)}` }];
}

function avatarCues(turn: AvatarTurn, name: string): Cue[] {
  const parts = split(turn.words);
  return parts.map((words, index) => {
    const startMs = words[0]?.atMs ?? turn.startMs;
    const lastMs = words.at(-1)?.atMs ?? startMs;
    const next = parts[index + 1]?.[0]?.atMs ?? turn.endMs ?? lastMs + SHORTEST_CUE_MS;
    const endMs = Math.max(next - lastMs > PAUSE_MS ? lastMs + LINGER_MS : next, startMs + 1);
    const isCut = turn.interrupted && index === parts.length - 1;
    const text = `<v ${annotation(name)}>${timed(words, endMs)}${isCut ? ' —' : ''}`;
    return { id: `avatar-${turn.utteranceId}-${index + 1}`, startMs, endMs, text };
  });
}

/** The words with their times; WebVTT wants those inside a cue to rise and to lie within it. */
function timed(words: readonly HeardWord[], endMs: number): string {
  let lastMs = words[0]?.atMs ?? 0;
  return words
    .map(({ text, atMs }) => {
      const isLater = atMs > lastMs && atMs < endMs;
      if (!isLater) return escaped(text);
      lastMs = atMs;
      return `<${stamp(atMs)}>${escaped(text)}`;
    })
    .join(' ');
}

/** At the ends of sentences; a sentence that is too long for a cue into as few parts as possible, of about the same length. */
function split(words: readonly HeardWord[]): HeardWord[][] {
  const sentences: HeardWord[][] = [];
  let isNew = true;
  for (const word of words) {
    if (isNew) sentences.push([]);
    sentences.at(-1)?.push(word);
    isNew = /[.!?…。！？]["'”’)]*$/u.test(word.text);
  }
  return sentences.flatMap((sentence) => {
    const characters = lengthOf(sentence);
    if (characters <= MAX_CUE_CHARACTERS) return [sentence];
    // Words do not end where a part would: somewhat longer parts make up for it, so that no word is left over.
    const target = characters / Math.ceil(characters / (MAX_CUE_CHARACTERS * 0.9));
    const parts: HeardWord[][] = [[]];
    for (const word of sentence) {
      const part = parts.at(-1) ?? [];
      const isFull = part.length > 0 && lengthOf(part) + word.text.length / 2 > target;
      if (isFull || lengthOf([...part, word]) > MAX_CUE_CHARACTERS) parts.push([word]);
      else part.push(word);
    }
    return parts.filter((part) => part.length > 0);
  });
}

const lengthOf = (words: readonly HeardWord[]): number => words.reduce((sum, { text }) => sum + text.length + 1, 0) - 1;

function escaped(text: string): string {
  const plain = text.replace(/\s+/gu, ' ');
  return plain.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

const annotation = (name: string): string => escaped(name).trim();

function stamp(ms: number): string {
  const two = (n: number) => String(Math.floor(n)).padStart(2, '0');
  const hours = two(ms / 3_600_000);
  return `${hours}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}.${String(Math.floor(ms % 1000)).padStart(3, '0')}`;
}
