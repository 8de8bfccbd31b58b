/**
 * A policy put to work: judges texts by the policy's own rules, which take no time, then by its topics and its classifier, which may take
 * as long as the policy allows. One for each conversation; what is costly is shared among all.
 */
import { VisavisError } from '../../errors.js';
import type { TextEmbedder } from '../../inference/engines.js';
import type { Language } from '../../languages.js';
import {
  localisedText,
  type ModeratedSide,
  type ModerationAction,
  type ModerationPolicy,
  type PersonalDataKind,
} from '../../moderation-policy.js';
import { wordingOf } from '../../wording.js';
import { SegmentAssembler } from '../segments.js';
import type { AuditLog } from './audit.js';
import { Breaker, within } from './bounded.js';
import type { Classifier } from './classifier.js';
import { findPersonalData, maskLongNumbers, maskPersonalData } from './personal-data.js';
import { PhraseList, searchable } from './phrases.js';
import { TopicClassifier } from './topics.js';

export interface Verdict {
  isRefused: boolean;
  /** It could not be judged; what happens is the policy's choice. */
  isUnchecked: boolean;
  /** As in `AuditEntry`. */
  rules: readonly string[];
  ms: number;
}

export interface ModerationOptions {
  policy: ModerationPolicy;
  /** Undefined: the policy asks for none. */
  classifier: Classifier | undefined;
  embedder: TextEmbedder;
  audit: AuditLog;
  now?: () => number;
}

interface Judge {
  classifier: Classifier;
  breaker: Breaker;
}

/** One policy's rules, compiled, and its judges, shared by all conversations. */
export class Moderation {
  readonly policy: ModerationPolicy;
  readonly audit: AuditLog;
  readonly #words: { name: string; list: PhraseList; sides: readonly ModeratedSide[] }[];
  readonly #claims: { name: string; list: PhraseList; unless: PhraseList }[];
  readonly #judges: Record<ModeratedSide, Judge[]>;
  readonly #now: () => number;

  constructor({ policy, classifier, embedder, audit, now = () => performance.now() }: ModerationOptions) {
    this.policy = policy;
    this.audit = audit;
    this.#now = now;
    this.#words = policy.words.map(({ id, any, sides }) => ({ name: `words:${id}`, list: new PhraseList(any), sides }));
    this.#claims = policy.claims.map(({ id, any, unless }) => ({
      ...{ name: `claim:${id}`, list: new PhraseList(any), unless: new PhraseList(unless) },
    }));
    const remote = classifier === undefined ? undefined : { classifier, breaker: new Breaker(now) };
    const judgesOf = (side: ModeratedSide): Judge[] => {
      const topics = new TopicClassifier(embedder, policy.topics, side);
      const asked = remote !== undefined && policy.classifier?.sides.includes(side) ? [remote] : [];
      return [...(topics.isEmpty ? [] : [{ classifier: topics, breaker: new Breaker(now) }]), ...asked];
    };
    this.#judges = { visitor: judgesOf('visitor'), avatar: judgesOf('avatar') };
  }

  /** What the rules that need no judge object to. */
  objections(side: ModeratedSide, text: string): string[] {
    const { personalData } = this.policy;
    const search = searchable(text);
    const words = this.#words.filter(({ list, sides }) => sides.includes(side) && list.isIn(search));
    const claims = side === 'visitor' ? [] : this.#claims.filter((c) => c.list.isIn(search) && !c.unless.isIn(search));
    const isRefused = (kind: PersonalDataKind) => personalData[side][kind] === 'refuse';
    const personal = Object.keys(personalData[side]).length === 0 ? [] : findPersonalData(text, personalData.allow);
    const kinds = new Set(personal.map(({ kind }) => kind).filter(isRefused));
    return [...words, ...claims].map(({ name }) => name).concat([...kinds].map((kind) => `personal:${kind}`));
  }

  /** `text` without the personal data that the policy masks in visitors' words; `isIncomplete`: without beginnings of numbers either. */
  masked(text: string, isIncomplete = false): { text: string; kinds: PersonalDataKind[] } {
    const { visitor, allow } = this.policy.personalData;
    if (!Object.values(visitor).includes('mask')) return { text, kinds: [] };
    const found = findPersonalData(text, allow).filter(({ kind }) => visitor[kind] === 'mask');
    const rest = maskPersonalData(text, found);
    const masksNumbers = (['card', 'iban', 'phone'] as const).some((kind) => visitor[kind] === 'mask');
    return {
      text: isIncomplete && masksNumbers ? maskLongNumbers(rest) : rest,
      kinds: [...new Set(found.map(({ kind }) => kind))],
    };
  }

  /** Resolves within the policy's time; rejects with AbortError only. */
  async judge(side: ModeratedSide, text: string, signal: AbortSignal): Promise<Verdict> {
    const beganMs = this.#now();
    const verdict = (isRefused: boolean, rules: readonly string[], isUnchecked = false): Verdict => ({
      ...{ isRefused, isUnchecked, rules },
      ms: Math.round(this.#now() - beganMs),
    });
    const local = this.objections(side, text);
    if (local.length > 0) return verdict(true, local);
    const answers = await Promise.all(this.#judges[side].map((judge) => this.#ask(judge, text, signal)));
    const rules = answers.flatMap((answer) => ('rules' in answer ? answer.rules : []));
    if (rules.length > 0) return verdict(true, rules);
    const failures = answers.flatMap((answer) => ('failure' in answer ? [answer.failure] : []));
    if (failures.length === 0) return verdict(false, []);
    return verdict(this.policy.onFailure === 'refuse', failures, true);
  }

  async #ask(
    { classifier, breaker }: Judge,
    text: string,
    signal: AbortSignal,
  ): Promise<{ rules: string[] } | { failure: string }> {
    if (breaker.isOpen) return { failure: 'resting' };
    try {
      const rules = await within(this.policy.timeoutMs, signal, (inner) => classifier.judge(text, { signal: inner }));
      breaker.succeeded();
      return { rules };
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      breaker.failed();
      return { failure: thrown instanceof VisavisError && thrown.code === 'upstream-timeout' ? 'timeout' : 'error' };
    }
  }
}

/** What of a conversation's moderation is counted. */
export interface ModerationEvent {
  side: ModeratedSide;
  action: ModerationAction;
}

/** The moderation of one conversation: its own sentences, and what is written down of it. */
export class ConversationModeration {
  /** Said to a visitor whose words are refused, in place of a sentence of the avatar, and in place of what could not be judged. */
  readonly sentences: Readonly<Record<ModeratedSide | 'unavailable', string>>;
  readonly #moderation: Moderation;
  readonly #sessionId: string;
  readonly #own: ReadonlySet<string>;
  #listener: (event: ModerationEvent) => void = () => {};

  /** `own`: what the operator has said besides, such as the greeting; like the service's own sentences it is not judged. */
  constructor(
    moderation: Moderation,
    { sessionId, language, own = [] }: { sessionId: string; language: Language; own?: readonly string[] },
  ) {
    this.#moderation = moderation;
    this.#sessionId = sessionId;
    const { visitor, avatar, unavailable } = moderation.policy.sentences;
    const { declined, spokenDisclosure, apology, minuteLeft, goodbye, maintenance } = wordingOf(language);
    const ofAvatar = localisedText(avatar, language) ?? declined;
    this.sentences = {
      visitor: localisedText(visitor, language) ?? declined,
      avatar: ofAvatar,
      unavailable: localisedText(unavailable, language) ?? ofAvatar,
    };
    const service = [spokenDisclosure, apology, minuteLeft, goodbye, maintenance];
    this.#own = new Set([...Object.values(this.sentences), ...service, ...own].flatMap(sentencesOf));
  }

  get afterRefusal(): 'stop' | 'continue' {
    return this.#moderation.policy.afterRefusal;
  }

  /** Called for everything that is written down. */
  listen(listener: (event: ModerationEvent) => void): void {
    this.#listener = listener;
  }

  /**
   * A visitor's words as everyone but the visitor's own microphone may know them. `so-far`: while they are spoken; `supposed`: if the turn
   * ended now; `final`: as they were said.
   */
  visitorText(text: string, stage: 'so-far' | 'supposed' | 'final'): string {
    const masked = this.#moderation.masked(text, stage === 'so-far');
    if (stage === 'final' && masked.kinds.length > 0) {
      const rules = masked.kinds.map((kind) => `personal:${kind}`);
      // What was masked because nobody should have it is not written down either.
      this.#record({ side: 'visitor', action: 'masked', rules, ms: 0, text: masked.text });
    }
    return masked.text;
  }

  /** True when the policy's own rules refuse these words of a visitor. */
  isObjectionable(text: string): boolean {
    return this.#moderation.objections('visitor', text).length > 0;
  }

  /**
   * Judges what `side` says; the operator's own sentences pass. What is not let pass unquestioned is written down once `committed` (it is
   * certain that it counts) unless `signal` was aborted before. Rejects with AbortError only.
   */
  async judge(
    side: ModeratedSide,
    text: string,
    { signal, committed = Promise.resolve() }: { signal: AbortSignal; committed?: Promise<void> | undefined },
  ): Promise<Verdict> {
    if (side === 'avatar' && this.#own.has(text)) return { isRefused: false, isUnchecked: false, rules: [], ms: 0 };
    const verdict = await this.#moderation.judge(side, text, signal);
    const { isRefused, isUnchecked, rules, ms } = verdict;
    if (isRefused || isUnchecked) {
      const outcome = isRefused ? 'refused' : 'passed';
      const action = isUnchecked ? (`${outcome}-unchecked` as const) : 'refused';
      void committed.then(() => {
        if (!signal.aborted) this.#record({ side, action, rules, ms, text });
      });
    }
    return verdict;
  }

  #record({
    text,
    ...entry
  }: {
    side: ModeratedSide;
    action: ModerationAction;
    rules: string[] | readonly string[];
    ms: number;
    text: string;
  }): void {
    const { audit, policy } = this.#moderation;
    audit.write({ sessionId: this.#sessionId, ...entry, ...(policy.audit.texts ? { text } : {}) });
    this.#listener({ side: entry.side, action: entry.action });
  }
}

/** A text's sentences as they come out of a reply. */
function sentencesOf(text: string): string[] {
  const assembler = new SegmentAssembler();
  const sentences: string[] = [];
  let sentence = '';
  for (const segment of [...assembler.push(text), ...assembler.flush()]) {
    sentence += segment.joint + segment.text;
    if (!segment.endsSentence) continue;
    sentences.push(sentence.trim());
    sentence = '';
  }
  return sentences;
}
