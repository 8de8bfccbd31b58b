import { readFile } from 'node:fs/promises';
import { modelFile } from '../models.js';
import { fromArpabet, VOWEL_SYMBOLS, weaken, withEd, withS } from './g2p-arpabet.js';
import { type HomographTable, heteronym } from './g2p-heteronyms.js';
import { LETTER_NAMES, PREFIXES, PRODUCT_WORDS, SUFFIXES } from './g2p-lexicon.js';
import { NeuralG2p, type NeuralG2pWeights } from './g2p-neural.js';
import { STRONG_FORMS, WEAK_FORMS } from './g2p-weak-forms.js';

type Phones = readonly string[];

export interface G2pOptions {
  /** Lower-case words with their pronunciation in Kokoro's symbols; they win over everything built in. */
  lexicon?: Readonly<Record<string, string>>;
}

interface Sources {
  dictionary: ReadonlyMap<string, string>;
  neural: NeuralG2p;
  homographs: HomographTable;
}

let sources: Promise<Sources> | undefined;

/** CMUdict and the network are read once per process, whatever the number of synthesisers. */
function loadSources(): Promise<Sources> {
  sources ??= readSources().catch((thrown: unknown) => {
    sources = undefined;
    throw thrown;
  });
  return sources;
}

async function readSources(): Promise<Sources> {
  const [cmu, gru] = await Promise.all([
    readFile(modelFile('cmudict.json'), 'utf8'),
    readFile(modelFile('g2p-english.json'), 'utf8'),
  ]);
  const entries = JSON.parse(cmu) as Record<string, string[]>;
  const dictionary = new Map<string, string>();
  for (const [word, phones] of Object.entries(entries)) {
    if (/^[A-Z][A-Z']*$/.test(word)) dictionary.set(word.toLowerCase(), phones.join(' '));
  }
  // Reads "triple A" there.
  dictionary.delete('aaa');
  const weights = JSON.parse(gru) as NeuralG2pWeights;
  return {
    dictionary,
    neural: new NeuralG2p(weights),
    homographs: (weights['homograph2features'] ?? {}) as HomographTable,
  };
}

/**
 * English spelling to Kokoro's phoneme symbols: own lexicon, heteronyms by context, CMUdict, inflections and compounds of
 * dictionary words, then a small neural network. Every word of letters gets a pronunciation. Not thread-safe to share.
 */
export class EnglishG2p {
  readonly #sources: Sources;
  readonly #lexicon: ReadonlyMap<string, string>;

  private constructor(loaded: Sources, lexicon: ReadonlyMap<string, string>) {
    this.#sources = loaded;
    this.#lexicon = lexicon;
  }

  static async create(o: G2pOptions = {}): Promise<EnglishG2p> {
    const own = Object.entries(o.lexicon ?? {}).map(([word, symbols]) => [word.toLowerCase(), symbols] as const);
    return new EnglishG2p(await loadSources(), new Map([...Object.entries(PRODUCT_WORDS), ...own]));
  }

  /** Whether the lexicon or the dictionary knows a lower-case word. */
  isWord(word: string): boolean {
    return this.#lexicon.has(word) || this.#sources.dictionary.has(word);
  }

  /**
   * Symbols of every word of a phrase, context considered. Words are as `normalise` yields them: lower case, single
   * capitals (or capital with 's) for letter names, "," and "." for pauses, which come back unchanged. Neighbouring
   * letters are one stress group: all but the last carry secondary stress.
   */
  pronounce(words: readonly string[]): string[] {
    return words.map((word, i) => {
      if (word === ',' || word === '.') return word;
      if (isLetter(word)) return this.#letter(word, isLetter(words[i + 1]));
      return this.#word(word, words[i - 1], words[i + 1]);
    });
  }

  #letter(word: string, isFollowed: boolean): string {
    const name = LETTER_NAMES[word[0]!]!.split(' ');
    const phones = word.length > 1 ? withS(name) : name;
    return fromArpabet(isFollowed ? weaken(phones) : phones);
  }

  #word(word: string, previous: string | undefined, next: string | undefined): string {
    const before = isWordLike(previous) ? previous!.toLowerCase() : undefined;
    const after = isWordLike(next) ? next!.toLowerCase() : undefined;
    const own = this.#lexicon.get(word);
    if (own !== undefined) return own;
    if (word === 'the' || word === 'to') return this.#article(word, next, after);
    if (after === undefined && Object.hasOwn(STRONG_FORMS, word)) return STRONG_FORMS[word]!;
    if (Object.hasOwn(WEAK_FORMS, word)) return WEAK_FORMS[word]!;
    const told = heteronym(word, before, after, this.#sources.homographs);
    if (told) return fromArpabet(told);
    return this.#spelled(word);
  }

  /** "the" and "to" depend on whether a vowel follows. */
  #article(word: 'the' | 'to', next: string | undefined, after: string | undefined): string {
    if (after === undefined) return word === 'the' ? 'ðə' : 'tˈu';
    const symbols = isLetter(next) ? this.#letter(next!, false) : this.#word(after, undefined, 'x');
    const startsWithVowel = VOWEL_SYMBOLS.has(symbols.replace(/^[ˈˌ]/, '')[0] ?? '');
    if (word === 'the') return startsWithVowel ? 'ði' : 'ðə';
    return startsWithVowel ? 'tʊ' : 'tə';
  }

  #spelled(word: string): string {
    const phones = this.#lookup(word) ?? this.#inflected(word) ?? this.#compound(word);
    if (phones) return fromArpabet(phones);
    const ending = /^(.{2,})'s$/.exec(word);
    if (ending && this.#lexicon.has(ending[1]!)) return pluralOfSymbols(this.#lexicon.get(ending[1]!)!);
    const plural = /^(.{3,})s$/.exec(word);
    if (plural && this.#lexicon.has(plural[1]!)) return pluralOfSymbols(this.#lexicon.get(plural[1]!)!);
    const bare = word.replace(/[^a-z]/g, '');
    return bare === '' ? '' : fromArpabet(this.#sources.neural.predict(bare));
  }

  #lookup(word: string): Phones | undefined {
    return this.#sources.dictionary.get(word)?.split(' ');
  }

  /** Endings on a dictionary word, with the spelling changes of English: stop → stopped, use → using, try → tries. */
  #inflected(word: string): Phones | undefined {
    const stem = (...candidates: string[]): Phones | undefined => {
      for (const candidate of candidates) {
        const phones = candidate.length >= 2 ? this.#lookup(candidate) : undefined;
        if (phones) return phones;
      }
      return undefined;
    };
    const grow = (phones: Phones | undefined, add: (stem: Phones) => string[]): Phones | undefined =>
      phones && add(phones);
    const doubled = (text: string): string => (/([bdgklmnprtvz])\1$/.test(text) ? text.slice(0, -1) : '');
    if (word.endsWith("'s"))
      return grow(
        stem(word.slice(0, -2)) ?? this.#derived(word.slice(0, -2)) ?? this.#compound(word.slice(0, -2)),
        withS,
      );
    if (word.endsWith("'")) return stem(word.slice(0, -1));
    if (word.endsWith("n't")) return grow(stem(word.slice(0, -3)), (s) => [...s, 'AH0', 'N', 'T']);
    if (word.endsWith("'ll")) return grow(stem(word.slice(0, -3)), (s) => [...s, 'AH0', 'L']);
    if (word.endsWith("'ve")) return grow(stem(word.slice(0, -3)), (s) => [...s, 'AH0', 'V']);
    if (word.endsWith("'re")) return grow(stem(word.slice(0, -3)), (s) => [...s, 'ER0']);
    if (word.endsWith("'d"))
      return grow(stem(word.slice(0, -2)), (s) => (/^[TD]$/.test(s.at(-1)!) ? [...s, 'AH0', 'D'] : [...s, 'D']));
    if (word.endsWith('s') && !word.endsWith('ss')) {
      const found = grow(
        stem(
          word.slice(0, -1),
          word.endsWith('ies') ? `${word.slice(0, -3)}y` : '',
          word.endsWith('es') ? word.slice(0, -2) : '',
        ),
        withS,
      );
      if (found) return found;
    }
    if (word.endsWith('ed')) {
      const found = grow(
        stem(
          word.slice(0, -1),
          word.slice(0, -2),
          doubled(word.slice(0, -2)),
          word.endsWith('ied') ? `${word.slice(0, -3)}y` : '',
        ),
        withEd,
      );
      if (found) return found;
    }
    if (word.endsWith('ing') && word.length > 5) {
      const found = grow(stem(word.slice(0, -3), `${word.slice(0, -3)}e`, doubled(word.slice(0, -3))), (s) => [
        ...s,
        'IH0',
        'NG',
      ]);
      if (found) return found;
    }
    return this.#derived(word);
  }

  /** One known suffix or prefix on a known word of at least four letters. */
  #derived(word: string): Phones | undefined {
    for (const [suffix, phones] of Object.entries(SUFFIXES)) {
      if (!word.endsWith(suffix) || word.length - suffix.length < 4) continue;
      const stem = word.slice(0, -suffix.length);
      const found =
        this.#lookup(stem) ??
        (/^(?:er|ers|able|y|est|ish|ability)$/.test(suffix)
          ? (this.#lookup(`${stem}e`) ?? (/([bdgmnprt])\1$/.test(stem) ? this.#lookup(stem.slice(0, -1)) : undefined))
          : undefined) ??
        (stem.endsWith('i') ? this.#lookup(`${stem.slice(0, -1)}y`) : undefined);
      if (found) return [...found, ...phones.split(' ')];
    }
    for (const [prefix, phones] of Object.entries(PREFIXES)) {
      if (!word.startsWith(prefix) || word.length - prefix.length < 4) continue;
      const stem = word.slice(prefix.length);
      const found = this.#lookup(stem);
      if (found) return [...phones.split(' '), ...found];
    }
    return undefined;
  }

  /** Two dictionary words written together, the longest first part first: help+desk. The second loses its main stress. */
  #compound(word: string): Phones | undefined {
    if (word.length < 7 || word.length > 24 || !/^[a-z]+$/.test(word)) return undefined;
    for (let cut = word.length - 3; cut >= 3; cut--) {
      if (Math.min(cut, word.length - cut) < 4 && !SHORT_PARTS.has(cut < 4 ? word.slice(0, cut) : word.slice(cut)))
        continue;
      const [first, second] = [this.#lookup(word.slice(0, cut)), this.#lookup(word.slice(cut))];
      if (first && second) return [...first, ...weaken(second)];
    }
    return undefined;
  }
}

/** Three-letter words that really form compounds; the dictionary is full of rare names of that length. */
const SHORT_PARTS = new Set(
  'air all any app big bot box boy bus car cat cup cut day dog ear eye fan fire fly fun gun hat hot ice ink job key kit lab lap law leg lid low man map men net new off oil one out own pad pan pay pen pet pin pop pot red run sea sea set sky sun tag tap tax tea tie tip toe top toy two use van war way web win'.split(
    ' ',
  ),
);

const isLetter = (word: string | undefined): boolean => word !== undefined && /^[A-Z](?:'s)?$/.test(word);
const isWordLike = (word: string | undefined): boolean => word !== undefined && word !== ',' && word !== '.';

function pluralOfSymbols(symbols: string): string {
  const last = symbols.at(-1)!;
  if ('szʃʒʧʤ'.includes(last)) return `${symbols}ᵻz`;
  return symbols + ('ptkfθ'.includes(last) ? 's' : 'z');
}
