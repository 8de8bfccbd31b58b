/** What kind of answer the avatar's last words ask for. `open`: any other question. */
export const ASKED_KINDS = ['nothing', 'yes-no', 'email', 'number', 'spelling', 'quantity', 'open'] as const;
export type AskedKind = (typeof ASKED_KINDS)[number];

const EMAIL = /\be-?mail\b/;
const NUMBER =
  /\b(?:phone|mobile|telephone|customer|booking|order|account|reservation|card|reference|invoice|post(?:al)?|zip) (?:number|code)\b|\b(?:which|what|your) number\b/;
const SPELLING = /\bspell/;
const QUANTITY = /\bhow (?:many|much|old|long|far|often)\b/;
/** The beginning of a clause that asks for yes or no. */
const YES_NO =
  /^(?:(?:and|so|or|then|but|okay|well),? )?(?:do|does|did|is|are|was|were|am|have|has|had|can|could|will|would|shall|should|may|might|must|isn't|aren't|don't|doesn't|didn't|won't|wouldn't|shouldn't|can't|couldn't)\b/;
/** Polite questions that want more than yes. */
const POLITE =
  /^(?:can|could|would|will|may) (?:you|i) (?:please )?(?:tell|give|spell|describe|explain|say|let|have|get|ask|know)\b/;
const ASKS_FOR_IT = /\b(?:please (?:tell|give|spell|say)|tell me|give me|let me know|i need|may i have)\b/;

/** What the last question in `text` (the avatar's last words as heard) asks for. Only the last two sentences count. */
export function askedKind(text: string): AskedKind {
  const sentences = text
    .toLowerCase()
    .split(/(?<=[.?!])\s+/)
    .filter((sentence) => sentence !== '')
    .slice(-2);
  const asking = sentences.filter((sentence) => sentence.endsWith('?') || ASKS_FOR_IT.test(sentence)).join(' ');
  if (asking === '') return 'nothing';
  if (SPELLING.test(asking)) return 'spelling';
  const last = sentences.findLast((sentence) => sentence.endsWith('?')) ?? '';
  const wantsYes = YES_NO.test(last) && !POLITE.test(last) && !ASKS_FOR_IT.test(asking);
  if (wantsYes) return 'yes-no';
  if (EMAIL.test(asking)) return 'email';
  if (NUMBER.test(asking)) return 'number';
  return QUANTITY.test(asking) ? 'quantity' : 'open';
}
