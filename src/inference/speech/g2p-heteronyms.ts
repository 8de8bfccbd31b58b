/** Words of one spelling and two sounds, told apart by the words next to them. ARPAbet. */

type Guess = 'noun' | 'verb' | 'adjective' | undefined;

const DETERMINERS = new Set(
  'the a an my your his her its our their this that these those no any some each every which what whose first last new old good best great own another one two three big small live world sales of for in with from by on about per'.split(
    ' ',
  ),
);
const VERB_LEADS = new Set(
  "to will would can could should must may might shall do does did don't doesn't didn't can't won't please let's let i you we they who i'll you'll we'll they'll i'd you'd we'd and then not always never often also just help us me them".split(
    ' ',
  ),
);
const BE = new Set(
  "is are was were be been being am i'm you're we're they're it's he's she's very so too quite more most really".split(
    ' ',
  ),
);

function guess(before: string | undefined, after: string | undefined): Guess {
  if (before === undefined)
    return after !== undefined && /^(?:the|a|an|my|your|our|this|that|it|us|me|them|with|to|at)$/.test(after)
      ? 'verb'
      : undefined;
  if (DETERMINERS.has(before)) return 'noun';
  if (VERB_LEADS.has(before)) return 'verb';
  return BE.has(before) ? 'adjective' : undefined;
}

const arpabet = (text: string): readonly string[] => text.split(' ');

const LIVE_THINGS =
  /^(?:music|chat|chats|demo|demos|stream|streams|streaming|video|show|shows|event|events|agent|agents|performance|performances|audience|broadcast|support|data|tv|person|session|sessions|avatar|avatars|sports?|feed|updates?|captions|captioning|translation|conversation|conversations|call|calls|transcript|assistant|operator|human|view|help|on|wire|q)$/;

/** Words whose two readings are told apart by rules of their own. */
const OWN_RULES: Record<string, (before: string | undefined, after: string | undefined) => string> = {
  read: (before) =>
    before !== undefined &&
    /^(?:have|has|had|was|were|been|is|are|be|already|i've|we've|you've|they've|recently|just|well|widely)$/.test(
      before,
    )
      ? 'R EH1 D'
      : 'R IY1 D',
  live: (before, after) => {
    if (after !== undefined && LIVE_THINGS.test(after) && !/^(?:i|we|you|they|people|to)$/.test(before ?? ''))
      return 'L AY1 V';
    if (
      before !== undefined &&
      /^(?:a|the|our|go|goes|going|went|is|are|was|we're|i'm|it's|you're|watch|via|your|stay|now|broadcast|streamed|with|see|are|and)$/.test(
        before,
      )
    )
      return 'L AY1 V';
    return 'L IH1 V';
  },
  lives: (before) =>
    before !== undefined &&
    /^(?:our|their|your|the|people's|of|many|these|daily|everyday|save|saves|improve)$/.test(before)
      ? 'L AY1 V Z'
      : 'L IH1 V Z',
  use: (before, after) =>
    after !== 'the' && guess(before, after) === 'noun' && !/^(?:you|we)$/.test(before ?? '') && before !== 'that'
      ? 'Y UW1 S'
      : 'Y UW1 Z',
  uses: (before, after) => (guess(before, after) === 'noun' && before !== 'that' ? 'Y UW1 S IH0 Z' : 'Y UW1 Z IH0 Z'),
  used: (before, after) =>
    after === 'to' &&
    (before === undefined || /^(?:i|we|you|they|he|she|it|who|that|get|getting|got|be|am|are|is)$/.test(before))
      ? 'Y UW1 S T'
      : 'Y UW1 Z D',
  close: (before, after) => {
    if (
      after !== undefined &&
      /^(?:to|by|enough|together|friends?|attention|range|relationship|ups?|contact|look|call)$/.test(after) &&
      !/^(?:to|will|can|we|i|you|they|please|not)$/.test(before ?? '')
    )
      return 'K L OW1 S';
    return before !== undefined &&
      (BE.has(before) || /^(?:up|how|as|stay|get|come|pretty|really|not)$/.test(before)) &&
      after !== 'at'
      ? 'K L OW1 S'
      : 'K L OW1 Z';
  },
  closer: () => 'K L OW1 S ER0',
  lead: (_before, after) =>
    after !== undefined && /^(?:pipe|pipes|paint|poisoning|acid|metal|free)$/.test(after) ? 'L EH1 D' : 'L IY1 D',
  wind: (before) => (before === 'to' ? 'W AY1 N D' : 'W IH1 N D'),
  minute: () => 'M IH1 N AH0 T',
  tear: (before) => (before !== undefined && VERB_LEADS.has(before) ? 'T EH1 R' : 'T IH1 R'),
  bow: () => 'B OW1',
  bass: () => 'B EY1 S',
  content: (before) => (before !== undefined && BE.has(before) ? 'K AH0 N T EH1 N T' : 'K AA1 N T EH0 N T'),
  resume: (before) => (before !== undefined && DETERMINERS.has(before) ? 'R EH1 Z AH0 M EY2' : 'R IH0 Z UW1 M'),
  // The table has its readings the wrong way round.
  object: (before) => (before !== undefined && VERB_LEADS.has(before) ? 'AH0 B JH EH1 K T' : 'AA1 B JH EH0 K T'),
  does: () => 'D AH1 Z',
  excuse: (before) => (before !== undefined && DETERMINERS.has(before) ? 'IH0 K S K Y UW1 S' : 'IH0 K S K Y UW1 Z'),
  polish: (before) => (before !== undefined && BE.has(before) ? 'P OW1 L IH0 SH' : 'P AA1 L IH0 SH'),
  house: () => 'HH AW1 S',
  multiple: () => 'M AH1 L T AH0 P AH0 L',
};

/** [reading when its part of speech fits the third entry, other reading, part of speech as a Penn tag prefix]. */
export type HomographTable = Readonly<Record<string, readonly [readonly string[], readonly string[], string]>>;

/** Phones of a heteronym in its context, or undefined when `word` is none or nothing tells its readings apart. */
export function heteronym(
  word: string,
  before: string | undefined,
  after: string | undefined,
  table: HomographTable,
): readonly string[] | undefined {
  if (Object.hasOwn(OWN_RULES, word)) return arpabet(OWN_RULES[word]!(before, after));
  const entry = Object.hasOwn(table, word) ? table[word] : undefined;
  if (entry === undefined || !/^[VNJ]$/.test(entry[2])) return undefined;
  const part = guess(before, after);
  if (part === undefined) return undefined;
  // An adjective reading counts as the noun's where the table only knows verbs: "a separate room".
  const isFirst =
    (entry[2] === 'V' && part === 'verb') ||
    (entry[2] === 'N' && part === 'noun') ||
    (entry[2] === 'J' && part === 'adjective');
  return isFirst ? entry[0] : entry[1];
}
