import type { ConversationEvent } from '../agents/events.js';
import type { Message } from '../inference/engines.js';

/** Enough for any language model's context; older messages are of no use to a successor. */
const MAX_HISTORY = 400;

/** What changes between one message and the next. */
export interface UnderWay {
  /** Highest numbers that viewers have seen. */
  turns: number;
  utterances: number;
  /** The utterance under way: the words that were heard so far. `aside`: it is not for the history; `kept`: it is in it already. */
  speaking: { utteranceId: number; words: string[]; aside: boolean; kept?: boolean } | null;
  /** The turn that is being understood. */
  openTurn: { turnId: number; participantId: string } | null;
  /** What a visitor has finished saying while it is not yet in the history. */
  said?: string | undefined;
}

/** Numbers that a successor begins anew, made to go on where its predecessor's ended. */
class Continuation {
  #base: number;
  #highest: number;

  constructor(highest: number) {
    this.#base = highest;
    this.#highest = highest;
  }

  get highest(): number {
    return this.#highest;
  }

  of(number: number): number {
    this.#highest = Math.max(this.#highest, this.#base + number);
    return this.#base + number;
  }

  restart(): void {
    this.#base = this.#highest;
  }
}

/**
 * What the gateway knows of a conversation from its events: enough to go on in another worker when this one dies. Viewers see
 * one conversation: turns and utterances are numbered through, and what a dead worker left open is ended for it. Pure.
 */
export class ConversationMirror {
  readonly #history: Message[];
  readonly #turns: Continuation;
  readonly #utterances: Continuation;
  #speaking: UnderWay['speaking'] | undefined;
  #openTurn: { turnId: number; participantId: string } | undefined;
  #said: string | undefined;
  #messageCount: number;

  /** `stored`: what another gateway knew of this conversation. */
  constructor(stored?: { history: readonly Message[]; messages: number; live: UnderWay }) {
    this.#history = [...(stored?.history ?? [])];
    this.#messageCount = stored?.messages ?? 0;
    this.#turns = new Continuation(stored?.live.turns ?? 0);
    this.#utterances = new Continuation(stored?.live.utterances ?? 0);
    this.#speaking = structuredClone(stored?.live.speaking ?? undefined);
    this.#openTurn = stored?.live.openTurn ?? undefined;
    this.#said = stored?.live.said;
  }

  /** Messages ever, those that the history no longer holds included. */
  get messageCount(): number {
    return this.#messageCount;
  }

  /** What a successor must know besides the history. */
  get underWay(): UnderWay {
    const speaking = this.#speaking ? { ...this.#speaking, words: [...this.#speaking.words] } : null;
    const turn = this.#openTurn;
    const openTurn = turn === undefined ? null : { turnId: turn.turnId, participantId: turn.participantId };
    const said = this.#said === undefined ? {} : { said: this.#said };
    return { turns: this.#turns.highest, utterances: this.#utterances.highest, speaking, openTurn, ...said };
  }

  /** What was said and heard, oldest first. */
  get history(): readonly Message[] {
    return this.#history;
  }

  /** A turn is being understood or an utterance heard. */
  get isUnderWay(): boolean {
    return this.#openTurn !== undefined || Boolean(this.#speaking);
  }

  /** Takes the worker's next event in; returns it as viewers are to see it. */
  accept(event: ConversationEvent): ConversationEvent {
    const seen = this.#renumber(event);
    switch (seen.type) {
      case 'history':
        this.#remember(seen.message);
        if (seen.message.role === 'user') this.#said = undefined;
        else if (seen.message.role === 'assistant' && this.#speaking && !this.#speaking.aside)
          this.#speaking.kept = true;
        break;
      case 'caption': {
        const { utteranceId, word, aside = false } = seen;
        if (this.#speaking?.utteranceId === utteranceId) this.#speaking.words.push(word);
        else this.#speaking = { utteranceId, words: [word], aside };
        this.#said = undefined;
        break;
      }
      case 'utterance-end':
        this.#speaking = undefined;
        // What stopped nothing was no turn: a "mm-hm" is finished, but does not become part of the history.
        if (!seen.interrupted) this.#said = undefined;
        break;
      case 'transcript':
        this.#openTurn = seen.final ? undefined : seen;
        this.#said = seen.final && seen.text !== '' ? seen.text : undefined;
        break;
    }
    return seen;
  }

  /**
   * The worker is dead: a turn that was being understood is given up, an utterance under way ends as an interrupted one after the words
   * that were heard, and what a visitor had finished saying is remembered. Returns the events that say so.
   */
  workerLost(): ConversationEvent[] {
    const events: ConversationEvent[] = [];
    if (this.#openTurn !== undefined) {
      const { turnId, participantId } = this.#openTurn;
      events.push({ type: 'transcript', turnId, participantId, text: '', final: true });
    }
    if (this.#speaking) {
      const { utteranceId, words, aside, kept = false } = this.#speaking;
      const text = words.join(' ');
      if (!aside && !kept) this.#remember({ role: 'assistant', text, interrupted: true });
      events.push({ type: 'utterance-end', utteranceId, text, interrupted: true });
    }
    // Said, and shown as said, and not answered: the successor's next reply is to know of it.
    if (this.#said !== undefined) {
      const message: Message = { role: 'user', text: this.#said };
      this.#remember(message);
      events.push({ type: 'history', message });
    }
    this.#openTurn = undefined;
    this.#speaking = undefined;
    this.#said = undefined;
    this.#turns.restart();
    this.#utterances.restart();
    return events;
  }

  #renumber(event: ConversationEvent): ConversationEvent {
    switch (event.type) {
      case 'transcript':
        return { ...event, turnId: this.#turns.of(event.turnId) };
      case 'caption':
      case 'sources':
      case 'utterance-end':
      case 'interruption':
        return { ...event, utteranceId: this.#utterances.of(event.utteranceId) };
      case 'latency':
        return {
          ...event,
          turnId: this.#turns.of(event.turnId),
          utteranceId: this.#utterances.of(event.utteranceId),
        };
      default:
        return event;
    }
  }

  #remember(message: Message): void {
    this.#history.push(message);
    this.#messageCount++;
    if (this.#history.length > MAX_HISTORY) this.#history.shift();
  }
}
