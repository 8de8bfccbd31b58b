/** Where a phrase may be cut for speech, judged by the words left and right of a space. English word lists. */

/** How good a joint is: the sound of a pause there, from 100 (a sentence ends) down to 0 (never cut). */
export const BOUNDARY = {
  sentence: 100,
  clause: 85,
  comma: 75,
  conjunction: 55,
  preposition: 40,
  verb: 30,
  plain: 10,
  never: 0,
} as const;

const words = (list: string): ReadonlySet<string> => new Set(list.split(/\s+/));

const ABBREVIATIONS = words(
  'dr mr mrs ms prof st jr sr vs etc e.g i.e approx inc ltd co corp dept est gen gov sgt capt lt col rev hon ave blvd ' +
    'rd mt ft fig no nos vol pp p ch sec ed a.m p.m jan feb mar apr jun jul aug sep sept oct nov dec u.s u.k u.n ph.d m.d',
);
/** Abbreviations after which a sentence may well be over, when the next word starts like one. */
const MAY_END = words('etc inc ltd co corp jr sr a.m p.m u.s u.k u.n ph.d m.d');
/** Ordinary words that are abbreviations only in front of a number ("No. 5", "Fig. 2"). */
const ONLY_BEFORE_NUMBER = words('no nos fig vol pp p ch sec mar ed est co mt ft col gen');

const CONJUNCTIONS = words(
  'and but or nor so yet because although though while whereas unless until if when whenever where wherever since ' +
    'which who whom whose that than whether once',
);
const PREPOSITIONS = words(
  'about above across after against along among around at before behind below beneath beside besides between beyond by ' +
    'despite down during except excluding for from in including inside into like near of off on onto out outside over past per through ' +
    'throughout to toward towards under up upon via with within without',
);
const VERBS = words(
  'is are was were am be been being has have had do does did can could will would shall should may might must',
);
const DANGLING = words(
  'a an the this these those my your his her its our their some any every each no not very too so more most less as ' +
    'such what which whose i he she we they there how quite rather just only also both either neither much many few ' +
    'little dr mr mrs ms prof st new',
);
/** Good at the end of a phrase, but not in front of a noun or verb that belongs to them. */
const OBJECT_OR_SUBJECT = words(
  'you it that who one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty',
);

const OPEN_QUOTES = /^[("'“‘[«]+/u;
const CLOSERS = /["'”’)\]»*_]+$/u;

/** Lower-case word without the punctuation around it. */
export function bareWord(word: string): string {
  return word
    .replace(OPEN_QUOTES, '')
    .replace(/["'”’)\]»,;:.!?…—–-]+$/u, '')
    .replace(/’/gu, "'")
    .toLowerCase();
}

/**
 * What the end of `word` says by itself: 'sentence', 'clause', 'comma' or 'none'; 'unsure' when the next word
 * must be seen first (an abbreviation that may end a sentence, a comma or full stop after a digit).
 */
export function endingOf(word: string): 'sentence' | 'clause' | 'comma' | 'none' | 'unsure' {
  const core = word.replace(CLOSERS, '');
  if (/[!?]$|…$|[.]{2,}$|[。！？]$/u.test(core)) return 'sentence';
  if (core.endsWith('.')) {
    const bare = core.replace(OPEN_QUOTES, '').slice(0, -1).toLowerCase();
    if (/^\d+$/u.test(bare) && bare.length <= 2) return 'unsure';
    if (MAY_END.has(bare) || ONLY_BEFORE_NUMBER.has(bare)) return 'unsure';
    if (ABBREVIATIONS.has(bare)) return 'none';
    // Initials: "J. R. R. Tolkien".
    if (/^[a-z]$/u.test(bare) && bare !== 'i') return 'none';
    return 'sentence';
  }
  if (/[;:]$|[—–]$|\s-$/u.test(core) || core === '-') return 'clause';
  if (core.endsWith(',')) return /\d,$/u.test(core) ? 'unsure' : 'comma';
  return word !== core && word.endsWith(')') ? 'comma' : 'none';
}

/** Settles an 'unsure' ending, now that the word after it is known (undefined at the end of the text). */
export function settleEnding(word: string, next: string | undefined): 'sentence' | 'comma' | 'none' {
  const core = word.replace(CLOSERS, '');
  const nextStart = next?.replace(OPEN_QUOTES, '') ?? '';
  if (core.endsWith(',')) return /^\d/u.test(nextStart) ? 'none' : 'comma';
  if (next === undefined) return 'sentence';
  const bare = core.replace(OPEN_QUOTES, '').slice(0, -1).toLowerCase();
  if (/^\d+$/u.test(bare) || MAY_END.has(bare)) return /^\p{Lu}/u.test(nextStart) ? 'sentence' : 'none';
  return /^\d/u.test(nextStart) ? 'none' : 'sentence';
}

/** How good a joint between two words is that no punctuation separates; one of `BOUNDARY`. */
export function jointBetween(word: string, next: string): number {
  const left = bareWord(word);
  const right = bareWord(next);
  if (DANGLING.has(left) || PREPOSITIONS.has(left) || CONJUNCTIONS.has(left) || VERBS.has(left)) {
    if (!OBJECT_OR_SUBJECT.has(left)) return BOUNDARY.never;
  }
  if (/['’](?:m|re|ll|ve|d)$/u.test(left) || /n't$/u.test(left)) return BOUNDARY.never;
  if (/\d/u.test(word) || /^[$€£#]/u.test(next) || /^[$€£#]/u.test(word)) return BOUNDARY.never;
  if (/^\p{Lu}/u.test(word) && /^\p{Lu}/u.test(next) && right !== 'i') return BOUNDARY.never;
  if (/^[%°+=&/*-]/u.test(next) || /[%°+=&/*-]$/u.test(word) || word.endsWith('.')) return BOUNDARY.never;
  if (CONJUNCTIONS.has(right)) return BOUNDARY.conjunction;
  if (PREPOSITIONS.has(right)) return BOUNDARY.preposition;
  if (OBJECT_OR_SUBJECT.has(left)) return BOUNDARY.never;
  if (VERBS.has(right) || /n't$/u.test(right)) return BOUNDARY.verb;
  return BOUNDARY.plain;
}

/** Tracks whether a position lies inside a quotation or parenthesis; one word at a time. */
export class QuoteDepth {
  #straight = false;
  #nested = 0;

  add(word: string): void {
    for (const char of word) {
      if (char === '"') this.#straight = !this.#straight;
      else if (char === '“' || char === '(' || char === '«') this.#nested += 1;
      else if (char === '”' || char === ')' || char === '»') this.#nested = Math.max(0, this.#nested - 1);
    }
  }

  get inside(): boolean {
    return this.#straight || this.#nested > 0;
  }
}

/**
 * Rough length of spoken `text` in ms, fitted to Kokoro at normal speed: 45 ms a letter or space on top of 300 ms for the ends,
 * more for digits, spelled letters and symbols, which are read out as words, and for the pause of punctuation. Within ±25 %.
 */
export function estimateSpeechMs(text: string): number {
  if (text === '') return 0;
  let ms = 300;
  for (const char of text) {
    if (/\d/u.test(char)) ms += 230;
    else if (/[%$€£@&+=/°#]/u.test(char)) ms += 300;
    else if (/[,;:—–.!?…]/u.test(char)) ms += 100;
    else ms += 45;
  }
  const spelled = text.match(/\p{Lu}{2,5}(?!\p{Ll})/gu)?.join('').length ?? 0;
  return ms + spelled * 110;
}
