/** Words that people smile at as they say them, and words that they say with concern; stems match whatever follows. */
const GLAD =
  'welcome hello hi glad happy happily pleas* delight* wonderful* great* good* love* lovely thank* excellent perfect* fantastic brilliant ' +
  'congratulat* enjoy* nice* fun funny laugh* smil* beautiful* excit* hurray yay best cheer* celebrat* lucky luckily fortunately proud';
const CONCERNED =
  'sorry unfortunate* sad* regret* apolog* afraid pain* hurt* died death ill sick lost loss trouble* worr* fear* fail* broken wrong ' +
  'difficult* hard* cannot mistake* problem* bad badly terribl* awful* danger* hospital accident condolence* grief lonely';
const NEGATIONS = new Set([
  'not',
  'no',
  'never',
  'without',
  "isn't",
  "wasn't",
  "don't",
  "doesn't",
  "didn't",
  "won't",
  "can't",
  "aren't",
]);
/** Words back that a negation reaches. */
const NEGATION_REACH = 3;
/** Such words in a sentence that make its tone complete. */
const COMPLETE = 2;

interface Words {
  whole: Set<string>;
  stems: string[];
}

const [glad, concerned] = [GLAD, CONCERNED].map((list): Words => {
  const items = list.split(' ');
  return {
    whole: new Set(items.filter((item) => !item.endsWith('*'))),
    stems: items.filter((item) => item.endsWith('*')).map((item) => item.slice(0, -1)),
  };
}) as [Words, Words];

/**
 * The tone in which an English sentence is said: −1 with concern … 1 gladly, 0 neither. A short word list with negation, enough for a smile
 * or a frown that is right where it comes; other languages give 0.
 */
export function toneOf(text: string): number {
  const words =
    text
      .toLowerCase()
      .replaceAll('’', "'")
      .match(/[a-z']+/g) ?? [];
  let sum = 0;
  words.forEach((word, i) => {
    const sign = isAmong(word, glad) ? 1 : isAmong(word, concerned) ? -1 : 0;
    if (sign === 0) return;
    const before = words.slice(Math.max(0, i - NEGATION_REACH), i);
    const negated = before.some((other) => NEGATIONS.has(other));
    // "No problem" is said gladly, "not good" with less concern than "bad".
    sum += negated ? -0.6 * sign : sign;
  });
  return Math.min(1, Math.max(-1, sum / COMPLETE));
}

function isAmong(word: string, { whole, stems }: Words): boolean {
  return whole.has(word) || stems.some((stem) => word.startsWith(stem));
}
