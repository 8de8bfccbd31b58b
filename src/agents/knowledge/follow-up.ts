import type { Message } from '../../inference/engines.js';
import { smallTalkIntent, withoutLeadIn } from '../small-talk.js';
import { contentStems, wordsOf } from './words.js';

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

/** The visitor's last question before the newest message that stands by itself; what a follow-up is about. */
export function questionBefore(history: readonly Message[], name?: string): string | undefined {
  const earlier = history.slice(0, -1).filter((message) => message.role === 'user');
  let fallback: string | undefined;
  for (const message of earlier.slice(-MAX_BACK).reverse()) {
    if (smallTalkIntent(message.text, name) !== undefined) continue;
    const question = withoutLeadIn(message.text);
    if (question === '') continue;
    if (!STARTS.test(message.text) && contentStems(question).length > 0) return question;
    fallback ??= question;
  }
  return fallback;
}

/** The question with "it", "this" or "that" replaced by what the whole knowledge is about; undefined when neither is in it. */
export function withSubject(question: string, subject: string): string | undefined {
  const replaced = question.replace(/\b(?:it|this|that)\b(?!\s+(?:is|was)\s)/iu, subject);
  return replaced === question ? undefined : replaced;
}
