import { CONTEXT_RULES } from './text/context.js';
import { stripMarkup } from './text/markup.js';
import { cardinal } from './text/numbers.js';
import { words } from './text/quantities.js';
import { endAbbreviation } from './text/rules.js';
import { ABBREVIATIONS, DOTTED, MAY_END, SPOKEN_AS } from './text/tables.js';
import { LONE_SYMBOLS, type PauseMark, type Token, tokenise } from './text/tokens.js';
import { webWords } from './text/web.js';
import { wordWords } from './text/words.js';

/**
 * One word of the text as written with what is said for it. `spoken` is never empty: lower-case words for the
 * dictionary, single capitals (or a capital with 's) for letter names, "," for a short pause inside.
 */
export interface SpokenWord {
  written: string;
  spoken: string[];
  /** A pause before the first spoken word (an opening bracket or dash). */
  opens: boolean;
  /** The pause after the last spoken word. */
  pause: PauseMark;
}

export interface NormaliseOptions {
  /** Whether the pronouncing dictionary knows a lower-case word; decides acronyms and names in capitals. */
  isWord: (word: string) => boolean;
}

/** A token longer than this that is no address is noise (a hash, a data URL); only its beginning is read. */
const MAX_TOKEN_LENGTH = 64;

const ROMAN: Record<string, string> = {
  II: '2',
  III: '3',
  IV: '4',
  VI: '6',
  VII: '7',
  VIII: '8',
  IX: '9',
  XI: '11',
  XII: '12',
  XIV: '14',
  XV: '15',
  XVI: '16',
  XX: '20',
  XXI: '21',
};

function lookup(table: Record<string, string>, key: string): string[] | undefined {
  return Object.hasOwn(table, key) ? words(table[key]!) : undefined;
}

/** Dr. and St. depend on their neighbours: a title before a name, a street after one. */
function titleOrStreet(tokens: readonly Token[], i: number): string[] | undefined {
  const { core, dotted } = tokens[i]!;
  const key = core.toLowerCase();
  if (key !== 'dr' && !(key === 'st' && /^S/.test(core))) return undefined;
  const next = tokens[i + 1];
  const before = i > 0 && tokens[i - 1]!.pause === '' ? tokens[i - 1]!.core : '';
  const namesNext =
    next !== undefined && /^[A-Z]/.test(next.core) && !(tokens[i]!.pause === ',' || tokens[i]!.pause === '?');
  const namesBefore = /^[A-Z]/.test(before) || /^\d+(?:st|nd|rd|th)$/.test(before);
  if (key === 'dr') return dotted || namesNext ? [namesBefore && !namesNext ? 'drive' : 'doctor'] : undefined;
  if (
    namesNext &&
    !(
      namesBefore &&
      !/^(?:The|In|At|Visit|See|Near|From|To)$/.test(before) &&
      dotted &&
      /^(?:In|At|On|The|It|We|You|Is|And)$/.test(next.core)
    )
  )
    return ['saint'];
  return namesBefore ? ['street'] : dotted ? ['saint'] : undefined;
}

function abbreviation(tokens: readonly Token[], i: number): boolean {
  const token = tokens[i]!;
  const key = token.core.toLowerCase();
  const special = titleOrStreet(tokens, i);
  const isNumberSign = key === 'no' && token.dotted && /^\d/.test(tokens[i + 1]?.core ?? '');
  const spoken =
    special ??
    (isNumberSign ? ['number'] : undefined) ??
    (token.dotted ? (lookup(ABBREVIATIONS, `${key}.`) ?? lookup(SPOKEN_AS, `${key}.`)) : undefined) ??
    lookup(ABBREVIATIONS, key) ??
    lookup(SPOKEN_AS, /^(?:in|it|us|alt|pcs)$/.test(key) ? '' : key) ??
    (token.dotted &&
    (tokens[i + 1] !== undefined || key.length > 3) &&
    !/^(?:co|col|gen|rep|temp|min|max|sec|hon|cont|rev|est|fig|ref|ste|apt|ext)$/.test(key)
      ? lookup(DOTTED, key)
      : undefined) ??
    (token.dotted && isBeforeName(tokens, i) ? lookup(DOTTED, key) : undefined);
  if (spoken === undefined) return false;
  token.spoken = spoken;
  const isOwnStop =
    token.dotted &&
    token.pause === '.' &&
    (Object.hasOwn(ABBREVIATIONS, `${key}.`) ||
      Object.hasOwn(SPOKEN_AS, `${key}.`) ||
      Object.hasOwn(DOTTED, key) ||
      special !== undefined ||
      isNumberSign);
  if (isOwnStop && i < tokens.length - 1) {
    if (MAY_END.has(`${key}.`) && !(special && spoken[0] === 'saint')) endAbbreviation(tokens, i);
    else token.pause = '';
  }
  return true;
}

/** "Gen. Smith", "Fig. 3", "max. 20": the short form is followed by what it names. */
function isBeforeName(tokens: readonly Token[], i: number): boolean {
  const next = tokens[i + 1]?.core ?? '';
  return (
    /^\d/.test(next) ||
    (/^[A-Z]/.test(next) && /^[A-Z]/.test(tokens[i]!.core)) ||
    /^(?:min|max|est)$/.test(tokens[i]!.core.toLowerCase())
  );
}

function single(tokens: readonly Token[], i: number, isWord: (word: string) => boolean, isShouting: boolean): string[] {
  const token = tokens[i]!;
  const { core } = token;
  if (core === '') return [];
  const symbol = lookup(LONE_SYMBOLS, core);
  if (symbol) return symbol;
  const web = core.length <= 2048 ? webWords(core) : undefined;
  if (web) return web;
  const before = i > 0 && tokens[i - 1]!.pause === '' ? tokens[i - 1]!.core : '';
  if (Object.hasOwn(ROMAN, core) && /^[A-Z][a-z]/.test(before)) return cardinal(ROMAN[core]!);
  if (core === 'A' && before === '' && /^[a-z]/.test(tokens[i + 1]?.core ?? '')) return ['a'];
  if (core === 'A' && isShouting && tokens.length > 1) return ['a'];
  if (core === 'I' || core === "I'm" || core === "I'll" || core === "I'd" || core === "I've")
    return [core.toLowerCase()];
  return wordWords(core.slice(0, MAX_TOKEN_LENGTH), isWord, isShouting);
}

/** Stronger marks win when an unspoken piece hands its pause to the word before it. */
const STRENGTH: readonly PauseMark[] = ['', ',', '—', ':', ';', '…', '.', '!', '?'];

function toSpokenWords(tokens: readonly Token[]): SpokenWord[] {
  const result: SpokenWord[] = [];
  let pending = '';
  let opens = false;
  for (const token of tokens) {
    const spoken = trimPauses(token.spoken ?? []);
    if (spoken.length === 0) {
      const last = result.at(-1);
      if (last === undefined) {
        pending += `${token.written} `;
        continue;
      }
      last.written += ` ${token.written}`;
      if (STRENGTH.indexOf(token.pause) > STRENGTH.indexOf(last.pause)) last.pause = token.pause;
      opens ||= token.opens && token.pause === '';
      continue;
    }
    result.push({ written: pending + token.written, spoken, opens: opens || token.opens, pause: token.pause });
    pending = '';
    opens = false;
  }
  return result;
}

function trimPauses(spoken: readonly string[]): string[] {
  const isPause = (word: string | undefined) => word === ',' || word === '.';
  return spoken.filter(
    (word, i) => word !== '' && !(isPause(word) && (i === 0 || i === spoken.length - 1 || isPause(spoken[i - 1]))),
  );
}

/**
 * Reads English text the way a person would read it out. The `written` parts joined by spaces are the text without
 * markup; every piece of it appears exactly once, and pieces with nothing to say (emoji are gone before) are joined to
 * their neighbour. Empty when nothing can be said. Never throws. Linear in the length of the text.
 */
export function normalise(text: string, o: NormaliseOptions): SpokenWord[] {
  const tokens = tokenise(stripMarkup(text));
  const letters = tokens
    .slice(0, 400)
    .map((t) => t.core)
    .join('');
  const capitals = letters.match(/[A-Z]/g)?.length ?? 0;
  const isShouting = capitals > 8 && tokens.length >= 3 && !/[a-z]/.test(letters);
  for (let i = 0; i < tokens.length; ) {
    const token = tokens[i]!;
    if (token.spoken !== undefined) {
      i++;
      continue;
    }
    if (token.core === '') {
      token.spoken = [];
      i++;
      continue;
    }
    const listed = /\d/.test(token.core) ? lookup(SPOKEN_AS, token.core.toLowerCase()) : undefined;
    if (listed) {
      token.spoken = listed;
      i++;
      continue;
    }
    const count = readContext(tokens, i);
    if (count === 0 && !abbreviation(tokens, i)) token.spoken = single(tokens, i, o.isWord, isShouting);
    i += Math.max(1, count);
  }
  return toSpokenWords(tokens);
}

function readContext(tokens: readonly Token[], i: number): number {
  // Every rule begins at a digit, a capital or a currency sign.
  if (!/[\dA-Z$€£¥₹₽₩₿½¼¾⅓⅔⅕⅛⅜⅝⅞]/.test(tokens[i]!.core)) return 0;
  for (const rule of CONTEXT_RULES) {
    const count = rule(tokens, i);
    if (count > 0) return count;
  }
  return 0;
}

/** The spoken words of `normalise` as one line, with its pauses: for logs of what is said, and for tests. */
export function spokenText(spoken: readonly SpokenWord[]): string {
  return spoken
    .map((word) => `${word.spoken.join(' ')}${word.pause}`)
    .join(' ')
    .replace(/ ([,.])/g, '$1');
}
