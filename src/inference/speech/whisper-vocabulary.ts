import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { VisavisError } from '../../errors.js';
import { modelFile } from '../models.js';

/**
 * What byte a character of the vocabulary stands for: printable ones themselves, the others 256 and up in order (byte-level
 * byte-pair encoding, as GPT-2 has it).
 */
const BYTE_OF: ReadonlyMap<string, number> = (() => {
  const map = new Map<string, number>();
  let next = 256;
  for (let byte = 0; byte < 256; byte++) {
    const isPrintable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    map.set(String.fromCharCode(isPrintable ? byte : next++), byte);
  }
  return map;
})();

let known: WhisperVocabulary | undefined;

/** Whisper's tokens: texts, languages, and those that are never to be chosen. */
export class WhisperVocabulary {
  readonly start: number;
  readonly end: number;
  readonly transcribe: number;
  readonly noTimestamps: number;
  /** Said in place of a language's first word where nobody speaks. */
  readonly noSpeech: number;
  readonly languages: ReadonlyMap<string, number>;
  /** Never, and not at first. */
  readonly suppressed: { readonly always: readonly number[]; readonly first: readonly number[] };
  readonly #tokens: readonly string[];

  /** Rejects with `unavailable` where the model is not installed. */
  static async load(): Promise<WhisperVocabulary> {
    const [vocabulary, generation] = await Promise.all([
      readFile(modelFile('whisper-base-vocabulary.json'), 'utf8'),
      readFile(modelFile('whisper-base-generation.json'), 'utf8'),
    ]);
    return new WhisperVocabulary(JSON.parse(vocabulary), JSON.parse(generation));
  }

  constructor(
    vocabulary: Readonly<Record<string, number>>,
    generation: {
      lang_to_id: Readonly<Record<string, number>>;
      task_to_id: { transcribe: number };
      decoder_start_token_id: number;
      eos_token_id: number;
      no_timestamps_token_id: number;
      suppress_tokens: readonly number[];
      begin_suppress_tokens: readonly number[];
    },
  ) {
    const tokens: string[] = [];
    for (const [text, id] of Object.entries(vocabulary)) tokens[id] = text;
    this.#tokens = tokens;
    this.start = generation.decoder_start_token_id;
    this.end = generation.eos_token_id;
    this.transcribe = generation.task_to_id.transcribe;
    this.noTimestamps = generation.no_timestamps_token_id;
    this.noSpeech = generation.no_timestamps_token_id - 1;
    this.languages = new Map(Object.entries(generation.lang_to_id).map(([tag, id]) => [tag.slice(2, -2), id]));
    this.suppressed = { always: generation.suppress_tokens, first: generation.begin_suppress_tokens };
  }

  /** What the installed model knows, without its texts. Throws `unavailable` where it is not installed. */
  static languages(): { requireLanguage(language: string): void } {
    known ??= new WhisperVocabulary({}, JSON.parse(readFileSync(modelFile('whisper-base-generation.json'), 'utf8')));
    const vocabulary = known;
    return { requireLanguage: (language) => void vocabulary.languageToken(language) };
  }

  /** The id of a language; throws `bad-request` naming the field `language` for one that the model does not know. */
  languageToken(language: string): number {
    const token = this.languages.get(language.split('-', 1)[0]?.toLowerCase() ?? '');
    if (token !== undefined) return token;
    throw new VisavisError('bad-request', `expected a language that Whisper knows, got "${language}"`, {
      field: 'language',
    });
  }

  /** The text of tokens; special ones are left out, bytes that make no character become U+FFFD. */
  decode(tokens: readonly number[]): string {
    const bytes: number[] = [];
    for (const token of tokens) {
      if (token >= this.end) continue;
      for (const character of this.#tokens[token] ?? '') bytes.push(BYTE_OF.get(character) ?? 0x20);
    }
    return new TextDecoder().decode(Uint8Array.from(bytes));
  }
}
