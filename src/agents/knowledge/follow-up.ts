import type { Message } from '../../inference/engines.js';
import { smallTalkIntent, withoutLeadIn } from '../small-talk.js';
import { contentStems, WEAK_WORDS, wordsOf } from './words.js';

const MAX_BACK = 4;
const STARTS =
  /^(?:(?:ok|okay|so|well|um|uh|yes|yeah|no|oh|hm+|alright|great|thanks|thank you)[\s,.]+)*(?:and|but|or|also|then|what about|how about|why|how so|how come|since when|what if|which one|where exactly|when exactly|does that|is that|do those|are those)\b/iu;
const POINTS_BACK =
  /\b(?:it|its|that|this|they|them|their|there|those|these|one|ones|him|her|his|he|she|the other|the same|another one|too)\b/iu;

/** Whether a question may only make sense together with the one before it. */
export function leansOnContext(question: string): boolean {
  const count = wordsOf(question).length;
  if (count > 14) return false;
  if (STARTS.test(question)) return true;
  if (POINTS_BACK.test(question) && count <= 10) return true;
  return contentStems(question).length <= 1 && count <= 5;
}

const OPENERS = /^(?:(?:and|but|or|also|then|what about|how about|what if|so|ok|okay|well|yes|no)\b[\s,.]*)+/iu;

/** What a follow-up is about: the last thing that the visitor asked before the newest message and that names a topic. */
export function questionBefore(history: readonly Message[], name?: string): string | undefined {
  const earlier = history.slice(0, -1).filter((message) => message.role === 'user');
  for (const message of earlier.slice(-MAX_BACK).reverse()) {
    if (smallTalkIntent(message.text, name) !== undefined) continue;
    const question = withoutLeadIn(message.text).replace(OPENERS, '');
    if (contentStems(question).some((s) => !WEAK_WORDS.has(s))) return question;
  }
  return undefined;
}

/** The question with "it", "this" or "that" replaced by what the whole knowledge is about; undefined when neither is in it. */
export function withSubject(question: string, subject: string): string | undefined {
  const replaced = question.replace(/\b(?:it|this|that)\b(?!\s+(?:is|was)\s)/iu, subject);
  return replaced === question ? undefined : replaced;
}
