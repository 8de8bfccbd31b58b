import type { ConversationEvent } from '../../agents/events.js';
import type { AvatarTurn, TranscriptTurn, VisitorTurn } from './transcript.js';

/** More than a day of talk; beyond it the oldest turns go. */
const MAX_TURNS = 2_000;
const MAX_CHARACTERS = 300_000;

type Event<T extends ConversationEvent['type']> = Extract<ConversationEvent, { type: T }>;

/**
 * Writes down what viewers see and hear, with times. Pure: every event comes with the time at which it came, in ms since 1970. Nothing is
 * taken to be from before the session's start. Bounded: the oldest turns are forgotten.
 */
export class TranscriptRecorder {
  readonly #startedAtMs: number;
  readonly #turns: TranscriptTurn[];
  /** When visitors' turns that are not final yet began. */
  readonly #begun = new Map<number, number>();
  #speaking: AvatarTurn | undefined;
  #characters: number;
  #truncated: boolean;

  /** `known`: what another gateway wrote down of the same session. */
  constructor(startedAtMs: number, known: { turns: readonly TranscriptTurn[]; truncated: boolean } | undefined) {
    this.#startedAtMs = startedAtMs;
    this.#turns = structuredClone([...(known?.turns ?? [])]);
    this.#truncated = known?.truncated ?? false;
    this.#characters = this.#turns.reduce((sum, turn) => sum + sizeOf(turn), 0);
    const last = this.#turns.at(-1);
    if (last?.role === 'avatar' && last.endMs === null) this.#speaking = last;
  }

  get turns(): readonly TranscriptTurn[] {
    return this.#turns;
  }

  get truncated(): boolean {
    return this.#truncated;
  }

  /** Takes the next event in; returns the avatar's turn that ended with it. */
  accept(event: ConversationEvent, nowMs: number): AvatarTurn | undefined {
    if (event.type === 'transcript') this.#hear(event, nowMs);
    else if (event.type === 'caption') this.#speak(event, nowMs);
    else if (event.type === 'utterance-end') return this.#end(event, nowMs);
    return undefined;
  }

  /** The visitor's turn that became part of the conversation, to be called with its message. */
  committed(text: string): VisitorTurn | undefined {
    const said = plain(text);
    return this.#turns.findLast((turn): turn is VisitorTurn => turn.role === 'visitor' && plain(turn.text) === said);
  }

  #hear({ turnId, participantId, text, final, spoken }: Event<'transcript'>, nowMs: number): void {
    const startMs = this.#since(nowMs - (spoken?.fromAgoMs ?? 0));
    if (!final) {
      if (!this.#begun.has(turnId)) this.#begun.set(turnId, startMs);
      return;
    }
    const begunMs = this.#begun.get(turnId);
    this.#begun.clear();
    if (text === '') return;
    const endMs = this.#since(nowMs - (spoken?.toAgoMs ?? 0));
    const from = Math.min(spoken === undefined ? (begunMs ?? startMs) : startMs, endMs);
    this.#add({ role: 'visitor', turnId, participantId, text, startMs: from, endMs });
  }

  #speak({ utteranceId, word, aside = false, agoMs = 0 }: Event<'caption'>, nowMs: number): void {
    const since = this.#since(nowMs - agoMs);
    let turn = this.#speaking;
    if (turn?.utteranceId !== utteranceId) {
      turn = {
        ...{ role: 'avatar', utteranceId, text: '', startMs: since, endMs: null },
        ...{ interrupted: false, aside, words: [] },
      };
      this.#speaking = turn;
      this.#add(turn);
    }
    turn.words.push({ text: word, atMs: Math.max(since, turn.words.at(-1)?.atMs ?? 0) });
    turn.text = turn.text === '' ? word : `${turn.text} ${word}`;
    this.#characters += word.length + 1;
  }

  #end({ utteranceId, text, interrupted }: Event<'utterance-end'>, nowMs: number): AvatarTurn | undefined {
    const known = this.#speaking?.utteranceId === utteranceId ? this.#speaking.words.length : 0;
    // Words that a gateway heard and had no time to write down before it died.
    for (const [index, word] of plain(text).split(' ').slice(known).entries()) {
      if (word !== '') this.#speak({ type: 'caption', utteranceId, index, word }, nowMs);
    }
    const turn = this.#speaking;
    if (turn?.utteranceId !== utteranceId) return undefined;
    this.#speaking = undefined;
    turn.text = text;
    turn.interrupted = interrupted;
    turn.endMs = Math.max(this.#since(nowMs), turn.words.at(-1)?.atMs ?? 0);
    return turn;
  }

  /** Ms since the session's start. */
  #since(atMs: number): number {
    return Math.max(0, Math.round(atMs - this.#startedAtMs));
  }

  #add(turn: TranscriptTurn): void {
    this.#turns.push(turn);
    this.#characters += turn.text.length;
    while (this.#turns.length > MAX_TURNS || (this.#characters > MAX_CHARACTERS && this.#turns.length > 1)) {
      const dropped = this.#turns.shift();
      if (dropped !== undefined) this.#characters -= sizeOf(dropped);
      this.#truncated = true;
    }
  }
}

const plain = (text: string): string => text.replace(/\s+/gu, ' ').trim();

const sizeOf = (turn: TranscriptTurn): number => turn.text.length;
