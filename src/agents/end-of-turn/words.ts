/**
 * What the words so far say about the end of a turn, as numbers. English; a text without known words is described by its length and marks alone.
 * Recognisers punctuate speech that was cut off, so marks are weak evidence, and the last words strong.
 */
import { completeness } from '../turn-text.js';
import { ASKED_KINDS, type AskedKind } from './asked.js';

const set = (words: string) => new Set(words.split(' '));

const FILLERS = set('um uh uhm umm er erm hmm hm ah eh mm');
const CONJUNCTIONS = set(
  'and or but because cause so if when while although though that which who whose where than as until unless since before after whether nor plus then',
);
const DETERMINERS = set('a an the my your his her our their its some any every each this these no another both which');
const PREPOSITIONS = set(
  'of to for from with without by at in on into onto about between over under near during through against like around per until towards',
);
const PRONOUNS = set(
  "i we they he she i'm i'd i'll i've we're we'd we'll we've you're they're he's she's it's that's there's",
);
const AUXILIARIES = set(
  "is are was were am be been would could should can will shall might must may do does did have has had want need would've don't doesn't didn't isn't can't let make get",
);
const ADVERBS = set('very really just also only maybe perhaps still even quite rather always never not almost about');
const OPENERS = set(
  'well so hi hello hey okay ok yes no yeah sure sorry alright right actually anyway listen look see let me think one moment wait of course now good morning afternoon evening thanks first please excuse maybe',
);
const AFFIRMATIONS = set('yes yeah yep no nope sure okay ok correct exactly right absolutely definitely');
const CLOSERS = set('please thanks thank you too either anymore yet instead though then now today tomorrow here there');
const SUBORDINATE = set('if when because since before after while although unless until as once');
const NUMBER_WORDS = set(
  'zero oh one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand double triple',
);

/** Every feature is 0, 1, or near −1…2. */
export const WORD_FEATURES = [
  ...['isQuestion', 'isComplete', 'isOpen', 'isUnfinished'],
  ...['marksStop', 'marksQuestion', 'marksComma', 'marksNothing'],
  ...[
    'lastFiller',
    'lastConjunction',
    'lastDeterminer',
    'lastPreposition',
    'lastPronoun',
    'lastAuxiliary',
    'lastAdverb',
    'lastCloser',
  ],
  ...[
    'beforeLastIsFunction',
    'wordCount',
    'isOneWord',
    'clauseWords',
    'sentences',
    'onlyOpeners',
    'subordinateOnly',
    'listWithoutAnd',
    'listWithAnd',
    'announces',
  ],
  ...['digits', 'isDigitsLast', 'lettersRun', 'isLetterLast', 'hasAt', 'emailInProgress', 'emailComplete'],
  ...['onlyAffirmation', 'beginsWithAffirmation'],
  ...ASKED_KINDS.map((kind) => `asked:${kind}`),
  ...[
    'numberAskedNone',
    'numberAskedShort',
    'numberAskedLong',
    'emailAskedIncomplete',
    'emailAskedComplete',
    'spellingAskedShort',
    'quantityAnswered',
    'yesNoAnswered',
  ],
] as const;

export type WordFeatures = Record<string, number>;

const tokensOf = (text: string): string[] =>
  text
    .toLowerCase()
    .replace(/(\d)-(?=[\da-z])/g, '$1 ')
    .replace(/([a-z])-(?=[a-z](?:-|\b))/g, '$1 ')
    .replace(/[^\p{L}\p{N}'@.\s-]/gu, ' ')
    .split(/\s+/)
    .map((token) => token.replace(/^[.\-']+|[.\-']+$/g, ''))
    .filter((token) => token !== '');

const isFunction = (word: string) =>
  CONJUNCTIONS.has(word) ||
  DETERMINERS.has(word) ||
  PREPOSITIONS.has(word) ||
  PRONOUNS.has(word) ||
  AUXILIARIES.has(word);
const isDigits = (word: string) => /^\d+$/.test(word) || NUMBER_WORDS.has(word);
const isLetter = (word: string) => /^\p{L}$/u.test(word);
/** Says that more is to come ("I have two questions", "first I would like …"), and has not come to it yet. */
const ANNOUNCED =
  /\b(?:(?:two|three|four|five|few|several|couple of|some|many|2|3|4) (?:\w+ )?(?:questions|things|points|problems|issues|requests|reasons|options)|first(?:ly)?)\b/;
const DELIVERED = /\b(?:second(?:ly)?|then|finally|and|also|third)\b/;
const DOMAIN = /\b[\w-]+(?:\.| dot )(?:com|org|net|edu|gov|info|io|co|uk|de|eu|fr|es|it|nl|ch|at)$/;

/** Length of the run at the end of `tokens` in which `test` holds. */
function runOf(tokens: readonly string[], test: (token: string) => boolean): string[] {
  let from = tokens.length;
  while (from > 0 && test(tokens[from - 1]!)) from--;
  return tokens.slice(from);
}

/** Digits that the words of a number stand for, roughly: every digit, every number word. */
const digitsOf = (words: readonly string[]) =>
  words.reduce((sum, word) => sum + (/^\d+$/.test(word) ? word.length : 1), 0);

/** The features of `WORD_FEATURES` of the turn's text so far; those that are not named are 0. `asked`: what the avatar's last words ask for. */
export function describeWords(text: string, asked: AskedKind): WordFeatures {
  const tokens = tokensOf(text);
  const trimmed = text.trim().replace(/["')\]]+$/, '');
  const said = tokens.filter((token) => !FILLERS.has(token));
  const last = tokens.at(-1) ?? '';
  const lower = tokens.join(' ');
  const clauses = trimmed.split(/[,;:.?!…–—]+\s+/);
  const clause = tokensOf(clauses.at(-1) ?? '');
  const flag = (value: boolean) => (value ? 1 : 0);
  const kind = completeness(text);
  const digitRun = runOf(tokens, isDigits);
  const digits = digitsOf(digitRun);
  const letterRun = runOf(tokens, isLetter);
  const hasAt = lower.includes('@') || /\bat\b/.test(lower);
  const email = asked === 'email' || /@|\bdot\b|\be-?mail\b/.test(lower);
  // Recognisers lose the "at" of a spoken address.
  const emailComplete = DOMAIN.test(lower) && (asked === 'email' || (email && hasAt));
  const items = trimmed.split(/,\s+/).length;
  const affirmation = said.length > 0 && said.every((word) => AFFIRMATIONS.has(word) || CLOSERS.has(word));
  const asking = (name: AskedKind) => asked === name;
  return {
    isQuestion: flag(kind === 'question'),
    isComplete: flag(kind === 'complete'),
    isOpen: flag(kind === 'open'),
    isUnfinished: flag(kind === 'unfinished'),
    marksStop: flag(/[.!]$/.test(trimmed)),
    marksQuestion: flag(trimmed.endsWith('?')),
    marksComma: flag(/[,;:…–—-]$/.test(trimmed)),
    marksNothing: flag(/[\p{L}\p{N}]$/u.test(trimmed)),
    lastFiller: flag(FILLERS.has(last)),
    lastConjunction: flag(CONJUNCTIONS.has(last)),
    lastDeterminer: flag(DETERMINERS.has(last)),
    lastPreposition: flag(PREPOSITIONS.has(last)),
    lastPronoun: flag(PRONOUNS.has(last)),
    lastAuxiliary: flag(AUXILIARIES.has(last)),
    lastAdverb: flag(ADVERBS.has(last)),
    lastCloser: flag(CLOSERS.has(last)),
    beforeLastIsFunction: flag(tokens.length > 1 && isFunction(tokens.at(-2)!)),
    wordCount: Math.log1p(Math.min(8, tokens.length)) - 1.5,
    isOneWord: flag(tokens.length === 1),
    clauseWords: Math.log1p(clause.length) - 1.2,
    sentences: Math.min(3, trimmed.split(/[.?!]\s/).length - 1),
    onlyOpeners: flag(
      tokens.length > 0 && tokens.length <= 5 && tokens.every((word) => OPENERS.has(word) || FILLERS.has(word)),
    ),
    subordinateOnly: flag(SUBORDINATE.has(said[0] ?? '') && clauses.length === 1 && said.length < 9),
    listWithoutAnd: flag(
      items >= 2 && clause.length <= 4 && clause.length > 0 && !/\b(?:and|or)\b/.test(clause.join(' ')),
    ),
    listWithAnd: flag(items >= 2 && /\b(?:and|or)\b/.test(clause.join(' '))),
    announces: flag(ANNOUNCED.test(lower) && !DELIVERED.test(lower.slice(lower.search(ANNOUNCED)))),
    digits: Math.min(2, digits / 8),
    isDigitsLast: flag(digitRun.length > 0),
    lettersRun: Math.min(2, letterRun.length / 5),
    isLetterLast: flag(letterRun.length > 1),
    hasAt: flag(email && hasAt),
    emailInProgress: flag(email && hasAt && !emailComplete),
    emailComplete: flag(emailComplete),
    onlyAffirmation: flag(affirmation),
    beginsWithAffirmation: flag(AFFIRMATIONS.has(said[0] ?? '')),
    [`asked:${asked}`]: 1,
    numberAskedNone: flag(asking('number') && digits === 0),
    numberAskedShort: flag(asking('number') && digits > 0 && digits < 7),
    numberAskedLong: flag(asking('number') && digits >= 8),
    emailAskedIncomplete: flag(asking('email') && !emailComplete),
    emailAskedComplete: flag(asking('email') && emailComplete),
    spellingAskedShort: flag(asking('spelling') && letterRun.length < 4),
    quantityAnswered: flag(asking('quantity') && tokens.some(isDigits)),
    yesNoAnswered: flag(asking('yes-no') && affirmation),
  };
}
