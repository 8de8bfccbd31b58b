/** Endless varied sentences for training, deterministic for a seed. */
import { readFileSync } from 'node:fs';
import { Random } from '../../dist/inference/avatar/motion/random.js';
import { modelFile } from '../../dist/inference/models.js';
import * as phrases from './phrases.mjs';

const GRAMMARS = {
  en: phrases.ENGLISH,
  es: phrases.SPANISH,
  it: phrases.ITALIAN,
  pt: phrases.PORTUGUESE,
  fr: phrases.FRENCH,
  hi: phrases.HINDI,
};
/** Dictionary words between which one of these stands, so that random words are spoken like a sentence. */
const CONNECTIVES = ['and', 'with', 'or', 'from the', 'by a', 'of', 'to the', 'for my', 'but no'];

/** Words of the pronunciation dictionary that are short enough to be pronounced well. */
export function dictionaryWords() {
  return Object.keys(JSON.parse(readFileSync(modelFile('cmudict.json'), 'utf8')))
    .filter((word) => /^[a-z]{3,9}$/i.test(word))
    .map((word) => word.toLowerCase())
    .sort();
}

export class Sentences {
  #random;
  #grammar;
  #words;

  /** `words`: where it is given, every other sentence is made of random words from it. */
  constructor(language, seed, words) {
    this.#random = new Random(seed);
    this.#grammar = GRAMMARS[language];
    this.#words = words;
  }

  next() {
    if (this.#words !== undefined && this.#random.uniform() < 0.5) return this.#scattered(this.#words);
    const text = this.#pick(this.#grammar.templates).replace(/%(\w+)/g, (_, name) => this.#pick(this.#grammar[name]));
    return text[0].toUpperCase() + text.slice(1);
  }

  #scattered(words) {
    const count = 5 + Math.floor(this.#random.uniform() * 6);
    let text = '';
    for (let i = 0; i < count; i++) {
      const between = this.#random.uniform();
      text += i === 0 ? '' : between < 0.25 ? `, ` : between < 0.6 ? ` ${this.#pick(CONNECTIVES)} ` : ' ';
      text += this.#pick(words);
    }
    return `${text[0].toUpperCase()}${text.slice(1)}${this.#random.uniform() < 0.25 ? '?' : '.'}`;
  }

  #pick(list) {
    return list[Math.floor(this.#random.uniform() * list.length)];
  }
}
