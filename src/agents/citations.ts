/** Numbers in brackets, with the space before them. */
const CITATION = /\s*[[【]\s*(\d{1,3}(?:\s*,\s*\d{1,3})*)\s*[\]】]/gu;
/** The end of a text that may still become a citation. */
const BEGUN = /\s*(?:[[【][\d\s,]{0,20})?$/u;

/**
 * Takes the numbers of passages ("… at seven [2].") out of a streamed text, because they are not to be spoken, and keeps them.
 * Text without any passes through unchanged, except that white space waits for what follows it.
 */
export class CitationFilter {
  readonly #cited = new Set<number>();
  #held = '';

  push(delta: string): string {
    const text = this.#remove(this.#held + delta);
    this.#held = BEGUN.exec(text)?.[0] ?? '';
    return text.slice(0, text.length - this.#held.length);
  }

  /** What is held back when the text ends. */
  flush(): string {
    const rest = this.#held;
    this.#held = '';
    return rest;
  }

  /** The numbers that have come since the last call, each once over all calls. */
  take(): number[] {
    const fresh = [...this.#fresh];
    this.#fresh.clear();
    return fresh;
  }

  readonly #fresh = new Set<number>();

  #remove(text: string): string {
    return text.replace(CITATION, (_all, numbers: string) => {
      for (const number of numbers.split(',').map(Number)) {
        if (!this.#cited.has(number)) this.#fresh.add(number);
        this.#cited.add(number);
      }
      return '';
    });
  }
}
