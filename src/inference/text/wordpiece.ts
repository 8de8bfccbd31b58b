import { readFile } from 'node:fs/promises';
import { VisavisError } from '../../errors.js';

const LONGEST_WORD = 100;

/** CJK blocks that BERT treats as one word a character (google-research/bert, tokenization.py, `_is_chinese_char`). */
const CJK =
  /[\u4E00-\u9FFF\u3400-\u4DBF\u{20000}-\u{2A6DF}\u{2A700}-\u{2B73F}\u{2B740}-\u{2B81F}\u{2B820}-\u{2CEAF}\uF900-\uFAFF\u{2F800}-\u{2FA1F}]/gu;

/** ASCII symbols count as punctuation for BERT although Unicode files some of them elsewhere. */
const WORD_OR_MARK = /[\p{P}$+<=>^`|~]|[^\s\p{P}$+<=>^`|~]+/gu;

interface TokenizerFile {
  model: { type: string; vocab: Record<string, number> };
}

/**
 * BERT's uncased WordPiece tokenizer (Devlin et al. 2018): clean, lower-case, strip accents, split at spaces and
 * punctuation, then greedy longest match against the vocabulary. Gives the ids that the Hugging Face `BertTokenizer`
 * gives for the same vocabulary.
 */
export class WordPieceTokenizer {
  readonly #vocabulary: ReadonlyMap<string, number>;
  readonly #unknown: number;
  readonly #begin: number;
  readonly #end: number;

  constructor(vocabulary: ReadonlyMap<string, number>) {
    this.#vocabulary = vocabulary;
    this.#unknown = this.#special('[UNK]');
    this.#begin = this.#special('[CLS]');
    this.#end = this.#special('[SEP]');
  }

  /** Reads a `tokenizer.json` of the Hugging Face tokenizers library whose model is WordPiece. */
  static async fromFile(path: string): Promise<WordPieceTokenizer> {
    const file = JSON.parse(await readFile(path, 'utf8')) as TokenizerFile;
    return new WordPieceTokenizer(new Map(Object.entries(file.model.vocab)));
  }

  /** `[CLS] … [SEP]`, at most `maxTokens` ids; what does not fit is cut from the end of the text. */
  encode(text: string, maxTokens: number): number[] {
    const ids = [this.#begin];
    for (const word of normalise(text).match(WORD_OR_MARK) ?? []) {
      if (ids.length >= maxTokens) break;
      ids.push(...this.#pieces(word));
    }
    ids.length = Math.min(ids.length, maxTokens - 1);
    ids.push(this.#end);
    return ids;
  }

  #pieces(word: string): number[] {
    const characters = [...word];
    if (characters.length > LONGEST_WORD) return [this.#unknown];
    const ids: number[] = [];
    let from = 0;
    while (from < characters.length) {
      let to = characters.length;
      let id: number | undefined;
      for (; to > from; to -= 1) {
        id = this.#vocabulary.get((from > 0 ? '##' : '') + characters.slice(from, to).join(''));
        if (id !== undefined) break;
      }
      if (id === undefined) return [this.#unknown];
      ids.push(id);
      from = to;
    }
    return ids;
  }

  #special(token: string): number {
    const id = this.#vocabulary.get(token);
    if (id === undefined) throw new VisavisError('internal', `the vocabulary lacks ${token}`);
    return id;
  }
}

function normalise(text: string): string {
  return text
    .replace(/[\t\n\r]/g, ' ')
    .replace(/[\p{Cc}\p{Cf}\uFFFD]/gu, '')
    .replace(CJK, ' $& ')
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '')
    .toLowerCase();
}
