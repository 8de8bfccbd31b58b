/** Words as the lexical half of retrieval sees them: lower case, function words removed, lightly stemmed. English. */

const STOP_WORDS: ReadonlySet<string> = new Set(
  (
    'a an the this that these those it its i me my we us our you your he she they them their is are was were be been being am ' +
    'do does did doing have has had having can could will would shall should may might must of in on at to for from by with ' +
    'about as into onto and or but if so than then too very just also there here what which who whom whose when where why how ' +
    'not no yes please tell know want like need get got give thing things something anything any some all more much many lot ' +
    'okay ok um uh er hmm well now really actually maybe let s t re ve ll d m oh hey hi hello guys guy one ' +
    'wondering wonder question ask asking say explain talk mean kind sort im dont ive whats hows wheres whos thats theres'
  ).split(' '),
);

/** Content words that carry no topic of their own in a question; they weigh nothing when judging whether an answer fits. */
export const WEAK_WORDS: ReadonlySet<string> = new Set(
  'use work make go come take put see look find offer possibl able happen info inform detail exactly currently usual way long'.split(
    ' ',
  ),
);

/** Joins letters that a recogniser wrote one by one: "g p u" and "A.I." become "gpu" and "AI". */
export function joinSpelled(text: string): string {
  return text.replace(/(?<![\p{L}\p{N}'’])\p{L}(?:(?:\.\s?|\s)\p{L}(?![\p{L}\p{N}'’])){1,5}/gu, (letters) => {
    const joined = letters.replace(/[.\s]/gu, '');
    if (joined.toLowerCase() === 'ia') return letters;
    // "a g p u" begins with an article, "a p i" does not.
    const article = /^a(?:\p{Lu}|.{3})/u.test(joined) && /^a\s/u.test(letters);
    return article ? `a ${joined.slice(1)}` : joined;
  });
}

/** Lower-case words; letters that are spelled out ("g p u") become one word. */
export function wordsOf(text: string): string[] {
  const plain = joinSpelled(text.normalize('NFKD').replace(/\p{M}/gu, ''))
    .toLowerCase()
    .replace(/[’`]/gu, "'")
    .replace(/(?<=\d),(?=\d{3})/gu, '');
  const words = plain.match(/\p{L}+(?:'\p{L}+)?|\d+(?:[.:]\d+)?/gu) ?? [];
  return words.map((word) => word.replace(/'s$/u, '').replace(/'/gu, ''));
}

export function isStopWord(word: string): boolean {
  return STOP_WORDS.has(word);
}

/** A light suffix stripper: enough to join "prices" with "price" and "booking" with "booked", no more. */
export function stem(word: string): string {
  if (word.length <= 3 || /\d/u.test(word)) return word;
  let s = word;
  if (s.endsWith('ies') && s.length > 4) s = `${s.slice(0, -3)}y`;
  else if (/(?:ss|sh|ch|x|z)es$/u.test(s)) s = s.slice(0, -2);
  else if (s.endsWith('s') && !/(?:ss|us|is)$/u.test(s)) s = s.slice(0, -1);
  for (const suffix of ['ations', 'ation', 'ments', 'ment', 'ings', 'ing', 'ied', 'ed', 'ly']) {
    const base = s.slice(0, -suffix.length);
    if (s.endsWith(suffix) && base.length >= 3 && /[aeiouy]/u.test(base)) {
      s = suffix === 'ied' ? `${base}y` : base;
      break;
    }
  }
  if (s.length > 4) s = s.replace(/e$/u, '').replace(/([bdfgklmnprt])\1$/u, '$1');
  return s;
}

/** The stemmed content words of `text`, in order, with repetitions. */
export function contentStems(text: string): string[] {
  return wordsOf(text)
    .filter((word) => !STOP_WORDS.has(word))
    .map(stem);
}

export function countWords(text: string): number {
  return text.split(/\s+/u).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}
