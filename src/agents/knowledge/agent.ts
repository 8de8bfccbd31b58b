import { throwIfAborted } from '../../abort.js';
import { VisavisError } from '../../errors.js';
import type { Agent, AgentEvent, Message, ReplyOptions } from '../../inference/engines.js';
import { smallTalkIntent, withoutLeadIn } from '../small-talk.js';
import { SMALL_TALK, vary } from '../small-talk-replies.js';
import { fillWait } from '../tools/filler.js';
import { asksForHuman } from '../tools/handover.js';
import {
  choosePassage,
  chooseSentence,
  continuePassage,
  isRest,
  type Passage,
  passageText,
  SentenceFinder,
} from './answer.js';
import { type KnowledgeChunk, splitSentences } from './chunks.js';
import { leansOnContext, questionBefore, withSubject } from './follow-up.js';
import type { KnowledgeRetriever, RetrievedChunk } from './retriever.js';
import { sourceOf } from './sources.js';
import { chooseTopics } from './topics.js';
import * as wording from './wording.js';

/** Below this score nothing is claimed; see `RetrievedChunk.score`. */
export const ANSWER_SCORE = 0.34;
/** From this score on an answer is given without a reservation; from the lower one, when the passage has the question's own words. */
export const SURE_SCORE = 0.5;
const SURE_SCORE_WITH_WORDS = 0.42;
const SURE_COVERAGE = 0.4;
/** How near the top, and from which score on, the passage must be that a second reading is to confirm. */
const CONFIRM_WITHIN = 4;
const CONFIRM_SCORE = 0.2;
/** What a reading of the question that needs a guess (what "it" means) loses against the question as it was asked. */
const GUESS_PENALTY = 0.05;
/** An offer to say more is made every so many turns at most. */
const OFFER_EVERY_TURNS = 3;
/** Passages that are this much alike are about the same thing, so that one can continue the other. */
const RELATED_LIKENESS = 0.5;
/** A name that many passages have is what the knowledge is about. */
const SUBJECT_MENTIONS = 3;

/** Knowledge that may change: `current` is asked for every reply. */
export interface KnowledgeSource {
  readonly current: KnowledgeRetriever;
}

export interface KnowledgeAgentOptions {
  retriever: KnowledgeSource;
  /** The avatar's name, for "who are you". */
  name: string;
  /** Asks a human to take over; resolves with what the visitor is to be told, and never rejects. */
  handOver?: (history: readonly Message[], signal: AbortSignal) => Promise<string>;
}

/** What of the knowledge was said earlier, read from the replies. */
interface Said {
  has(chunk: KnowledgeChunk, index: number): boolean;
  last: { chunk: KnowledgeChunk; index: number; complete: boolean } | undefined;
}

/**
 * Answers from a folder of Markdown without a language model: finds the passage that fits the question, says its best one or
 * two sentences word for word, and admits when nothing fits. Stateless: everything it must remember is in the history, so
 * another process can go on with the conversation.
 */
class KnowledgeAgent implements Agent {
  readonly #o: KnowledgeAgentOptions;
  readonly #name: string;
  #retriever!: KnowledgeRetriever;
  #finder!: SentenceFinder;
  #subject: string | undefined;

  constructor(o: KnowledgeAgentOptions) {
    this.#o = o;
    this.#name = o.name;
    this.#follow();
  }

  async *reply(history: readonly Message[], o: ReplyOptions): AsyncIterable<AgentEvent> {
    throwIfAborted(o.signal);
    this.#follow();
    const { handOver } = this.#o;
    const asked = history.at(-1);
    if (asked?.role !== 'user')
      throw new VisavisError('bad-request', 'the last message must be the user’s', { field: 'history' });
    const wantsHuman = handOver !== undefined && asksForHuman(asked.text);
    const text = wantsHuman ? yield* this.#handOver(handOver, history, o) : await this.#answer(history, o.signal);
    throwIfAborted(o.signal);
    // The knowledge that was asked; what is read meanwhile is another.
    const finder = this.#finder;
    const sentences = splitSentences(text);
    for (const [i, sentence] of sentences.entries()) {
      yield { type: 'text-delta', text: i === 0 ? sentence : ` ${sentence}` };
      throwIfAborted(o.signal);
    }
    const cited = new Map(finder.find(text).map(({ chunk }) => [chunk.id, sourceOf(chunk)]));
    if (cited.size > 0) yield { type: 'sources', sources: [...cited.values()] };
    yield { type: 'reply-end', finishReason: 'stop' };
  }

  /** Nobody is called before it is certain that the visitor has finished. */
  async *#handOver(
    handOver: NonNullable<KnowledgeAgentOptions['handOver']>,
    history: readonly Message[],
    o: ReplyOptions,
  ): AsyncGenerator<AgentEvent, string> {
    await o.committed;
    throwIfAborted(o.signal);
    const told = handOver(history, o.signal);
    const turn = history.length;
    yield* fillWait(told, { committed: Promise.resolve(), signal: o.signal, said: false, own: wording.CALLING, turn });
    return told;
  }

  /** The knowledge may have changed since the last reply. */
  #follow(): void {
    const { current } = this.#o.retriever;
    if (current === this.#retriever) return;
    this.#retriever = current;
    this.#finder = new SentenceFinder(current.chunks);
    const [main] = current.names;
    this.#subject = main && main[1] >= SUBJECT_MENTIONS ? main[0] : undefined;
  }

  async close(): Promise<void> {}

  async #answer(history: readonly Message[], signal: AbortSignal): Promise<string> {
    const message = history.at(-1);
    const turn = history.length;
    if (message?.role !== 'user' || !/[\p{L}\p{N}]/u.test(message.text)) return vary(wording.NOT_HEARD, turn);
    const heard = this.#retriever.repairNames(message.text);
    const said = this.#saidIn(history);
    const intent = smallTalkIntent(heard, this.#name);
    switch (intent) {
      case 'repeat':
        return this.#repeat(history, turn);
      case 'more':
        return this.#more(said, turn);
      case 'why':
        return this.#rest(said) ?? vary(said.last ? wording.NO_MORE : wording.REPHRASE, turn);
      case 'yes':
        return wording.OFFER.some((offer) => lastReply(history)?.text.endsWith(offer))
          ? this.#more(said, turn)
          : vary(wording.ASK_AWAY, turn);
      case 'no':
        return vary(wording.FINE, turn);
      case 'confused':
        return vary(wording.REPHRASE, turn);
      case 'capabilities':
        return this.#capabilities(turn);
      case undefined:
        return this.#lookUp(heard, history, said, signal);
      default:
        return vary(SMALL_TALK[intent], turn).replace('{name}', this.#name);
    }
  }

  async #lookUp(heard: string, history: readonly Message[], said: Said, signal: AbortSignal): Promise<string> {
    const turn = history.length;
    const found = await this.#find(heard, history, signal);
    if (this.#retriever.size === 0) return wording.EMPTY;
    if (!found || found.score < ANSWER_SCORE) return `${vary(wording.UNKNOWN, turn)} ${this.#offerTopics(turn)}`.trim();
    let passage = choosePassage(found, (i) => said.has(found.chunk, i));
    const old = range(passage).every((i) => said.has(passage.chunk, i));
    const followsUp = leansOnContext(heard);
    if (old && followsUp) passage = chooseSentence(found);
    const sure = found.score >= SURE_SCORE || (found.score >= SURE_SCORE_WITH_WORDS && found.coverage >= SURE_COVERAGE);
    const preface = !sure ? vary(wording.UNSURE, turn) : old && !followsUp ? vary(wording.REPEATED, turn) : '';
    const turns = Math.ceil(turn / 2);
    const offer = sure && isRest(passage) && turns % OFFER_EVERY_TURNS === 0 ? vary(wording.OFFER, turn) : '';
    return [preface, passageText(passage), offer].filter((part) => part !== '').join(' ');
  }

  /** The best chunk over the ways in which the question may be meant. */
  async #find(heard: string, history: readonly Message[], signal: AbortSignal): Promise<RetrievedChunk | undefined> {
    const question = withoutLeadIn(heard) || heard;
    const before = leansOnContext(heard) ? questionBefore(history, this.#name) : undefined;
    const readings = [
      question,
      ...(before === undefined ? [] : [`${this.#retriever.repairNames(before)} ${question}`]),
    ];
    const best = await this.#bestOf(readings, signal);
    if (best === undefined || before !== undefined || best.score >= ANSWER_SCORE || this.#subject === undefined)
      return best;
    const about = withSubject(question, this.#subject);
    return about === undefined ? best : this.#confirm(best, about, signal);
  }

  /**
   * A weak find for a question about "it" counts when the question with the subject's name in place of "it" finds the same
   * passage, too. It stays uncertain: the name alone makes every passage look alike.
   */
  async #confirm(found: RetrievedChunk, about: string, signal: AbortSignal): Promise<RetrievedChunk> {
    const again = await this.#retriever.retrieve(about, { limit: CONFIRM_WITHIN, signal });
    const same = again.find(({ chunk }) => chunk === found.chunk);
    if (same === undefined || same.score < SURE_SCORE || found.score < CONFIRM_SCORE) return found;
    return { ...same, score: ANSWER_SCORE };
  }

  /** The best chunk for any of the readings, of which the first is the question as it was asked. */
  async #bestOf(readings: readonly string[], signal: AbortSignal): Promise<RetrievedChunk | undefined> {
    const vectors = await this.#retriever.embed(readings, { signal });
    let best: RetrievedChunk | undefined;
    for (const [i, text] of readings.entries()) {
      const vector = vectors[i];
      const [top] = vector === undefined ? [] : this.#retriever.rank(text, vector, 1);
      const score = (top?.score ?? 0) - (i === 0 ? 0 : GUESS_PENALTY);
      if (top && score > (best?.score ?? Number.NEGATIVE_INFINITY)) best = { ...top, score };
    }
    return best;
  }

  /** What of the last chunk was not heard yet; a sentence that was cut off comes again from its beginning. */
  #rest({ last, has }: Said): string | undefined {
    if (!last) return undefined;
    const { chunk, index, complete } = last;
    const from = complete ? chunk.sentences.findIndex((_, i) => i > index && !has(chunk, i)) : index;
    return from < 0 ? undefined : passageText(continuePassage(chunk, from));
  }

  #more(said: Said, turn: number): string {
    const { last } = said;
    if (!last) return this.#capabilities(turn);
    const rest = this.#rest(said);
    if (rest !== undefined) return rest;
    const isNew = (chunk: KnowledgeChunk): boolean => !chunk.sentences.some((_, i) => said.has(chunk, i));
    const related = this.#retriever.neighbours(last.chunk, RELATED_LIKENESS).find(isNew);
    if (related !== undefined) return passageText(continuePassage(related, 0));
    return `${vary(wording.NO_MORE, turn)} ${this.#offerTopics(turn)}`.trim();
  }

  #repeat(history: readonly Message[], turn: number): string {
    const reply = lastReply(history);
    if (!reply) return vary(wording.NOTHING_SAID, turn);
    if (!reply.interrupted) return reply.text;
    // What was cut off is completed, as far as it came from the knowledge.
    const places = this.#finder.find(reply.text);
    const sentences = places.map(({ chunk, index }) => chunk.sentences[index] ?? '');
    return sentences.length > 0 ? sentences.join(' ') : reply.text;
  }

  #capabilities(turn: number): string {
    return this.#offerTopics(turn) || wording.EMPTY;
  }

  #offerTopics(turn: number): string {
    const topics = chooseTopics(this.#retriever.chunks, this.#retriever.names, turn);
    return topics.length === 0 ? '' : `I can tell you about ${wording.enumerate(topics)}.`;
  }

  #saidIn(history: readonly Message[]): Said {
    const all = new Set<string>();
    let last: Said['last'];
    for (const message of history) {
      if (message.role !== 'assistant') continue;
      for (const place of this.#finder.find(message.text)) {
        if (place.complete) all.add(`${place.chunk.id} ${place.index}`);
        last = place;
      }
    }
    return { has: (chunk, index) => all.has(`${chunk.id} ${index}`), last };
  }
}

function lastReply(history: readonly Message[]): Message | undefined {
  return history.findLast((message) => message.role === 'assistant');
}

function range(passage: Passage): number[] {
  return Array.from({ length: passage.to - passage.from }, (_, i) => passage.from + i);
}

/** An agent over an open retriever; closing it leaves the retriever open. */
export function createKnowledgeAgent(o: KnowledgeAgentOptions): Agent {
  return new KnowledgeAgent(o);
}
