/**
 * What the words alone say about a turn. Recognisers punctuate speech that was cut off ("Please book a table."), so the
 * final mark is weak evidence and the last word strong evidence.
 */
export type Completeness = 'empty' | 'question' | 'complete' | 'open' | 'unfinished';

/** From this many words a question that sounds finished hardly ever goes on. */
const WHOLE_QUESTION_WORDS = 5;

const words = (text: string): string[] =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}'\s-]/gu, ' ')
    .split(/\s+/)
    .filter((word) => word.length > 0);

/** After these words English hardly ever stops: articles, prepositions, conjunctions, determiners, auxiliaries, fillers. */
const NEVER_LAST = new Set(
  (
    'a an the and or but because so if when while although unless of to for from with without by at in on into onto about between ' +
    'my your his her our their its some any every each very really um uh er erm hmm like i we they he she ' +
    "i'm i'd i'll we're we'd is are was were am be been would could should can will shall might must may do does did " +
    'have has had who which whose than as let'
  ).split(' '),
);

/** Words of the list above that a short question may well end with ("Who are you with?", "What is it for?"). */
const MAY_CLOSE_QUESTION = new Set(
  'of to for from with without by at in on into about like is are was were am be been do does did have has had can will could would should i we they he she'.split(
    ' ',
  ),
);

const QUESTION_START = new Set(
  'what who when where why how which whose is are was were do does did can could will would should may have has'.split(
    ' ',
  ),
);

/** How finished `text` sounds. `open` is neither clearly finished nor clearly unfinished. */
export function completeness(text: string): Completeness {
  const spoken = words(text);
  const last = spoken.at(-1);
  if (last === undefined) return 'empty';
  const trimmed = text.trim();
  if (/(,|-|–|…|\.\.\.|:|;)$/.test(trimmed)) return 'unfinished';
  const isQuestion = trimmed.endsWith('?') && QUESTION_START.has(spoken[0] ?? '') && spoken.length >= 3;
  if (NEVER_LAST.has(last)) return isQuestion && MAY_CLOSE_QUESTION.has(last) ? 'open' : 'unfinished';
  if (isQuestion && spoken.length >= WHOLE_QUESTION_WORDS) return 'question';
  if (/[.!?]$/.test(trimmed)) return 'complete';
  return spoken.length >= 4 ? 'open' : 'unfinished';
}

const BACKCHANNELS = new Set(
  (
    'mm mmm mhm mm-hmm mm-hm mhmm hmm hm uh-huh uhuh uh huh ah oh aha okay ok yeah yep yes yup right sure good great nice cool wow ' +
    "all that's thats of course for really indeed exactly true fine alright well i see got it gotcha ha haha hahaha"
  ).split(' '),
);

const STOPS = new Set('wait stop no hold pause sorry excuse but actually question quiet enough'.split(' '));

/** True for "mm-hm", "right", "I see", laughter: said to show attention, not to take the turn. Empty text is none. */
export function isBackchannel(text: string): boolean {
  const spoken = words(text);
  if (spoken.length === 0 || spoken.length > 4) return false;
  if (text.includes('?') && spoken.length > 1) return false;
  return spoken.every((word) => BACKCHANNELS.has(word)) && !spoken.some((word) => STOPS.has(word));
}

/** True when the words ask for the floor at once, however few they are. */
export function asksForFloor(text: string): boolean {
  return words(text).some((word) => STOPS.has(word));
}

/** "Wait", "stop, stop", "excuse me": asks for the floor and says nothing else yet. */
export function isBareCall(text: string): boolean {
  return asksForFloor(text) && words(text).length <= 2;
}

/** True when these words, said over the avatar's voice, are meant to stop it. */
export function takesFloor(text: string): boolean {
  return asksForFloor(text) || (contentWords(text).length >= 3 && !isBackchannel(text));
}

/** The words that say something: neither backchannels nor fillers. */
export function contentWords(text: string): string[] {
  return words(text).filter((word) => !BACKCHANNELS.has(word));
}

/** One word is too little, and a recogniser that hears a voice through a room gets some words wrong. */
const LEAST_REPEATED = 2;
const REPEATED_SHARE = 0.8;
const COMPARED_WORDS = 40;

/** True when `text`, or nearly all of its last words, stands in `said` in the same order. */
export function repeatsWords(text: string, said: string): boolean {
  const heard = words(text).slice(-COMPARED_WORDS);
  if (heard.length < LEAST_REPEATED) return false;
  // Longest common subsequence, row by row; a repetition lies close together, so `said` is looked at in stretches.
  const spoken = words(said);
  const reach = Math.ceil(heard.length * 1.5);
  for (let from = 0; from < Math.max(1, spoken.length - heard.length + 1); from++) {
    let row: number[] = new Array(heard.length + 1).fill(0);
    for (const word of spoken.slice(from, from + reach)) {
      const next = [0];
      for (const [i, own] of heard.entries()) next.push(own === word ? row[i]! + 1 : Math.max(row[i + 1]!, next[i]!));
      row = next;
    }
    if (row[heard.length]! >= REPEATED_SHARE * heard.length) return true;
  }
  return false;
}
