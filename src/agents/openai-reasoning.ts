const OPEN = '<think>';
const CLOSE = '</think>';

/**
 * Removes the `<think>…</think>` block with which reasoning models on local servers begin their replies; nothing of it may be
 * spoken. Text after it, or of a reply without one, passes through unchanged.
 */
export class ReasoningFilter {
  #state: 'start' | 'thinking' | 'thought' | 'text' = 'start';
  #held = '';

  push(delta: string): string {
    if (this.#state === 'text') return delta;
    if (this.#state === 'thought') return this.#begin(delta);
    this.#held += delta;
    if (this.#state === 'start') {
      const begun = this.#held.trimStart();
      if (begun === '' || (OPEN.startsWith(begun) && begun !== OPEN)) return '';
      if (!begun.startsWith(OPEN)) return this.#begin(this.#held);
      this.#state = 'thinking';
    }
    const end = this.#held.indexOf(CLOSE);
    if (end >= 0) return this.#begin(this.#held.slice(end + CLOSE.length));
    // Only the tail can still become the closing tag.
    this.#held = this.#held.slice(-CLOSE.length);
    return '';
  }

  /** What is held back when the stream ends. */
  flush(): string {
    const rest = this.#state === 'start' ? this.#held : '';
    this.#held = '';
    return rest;
  }

  /** The reply proper begins with its first visible character. */
  #begin(text: string): string {
    const visible = text.trimStart();
    this.#state = visible === '' ? 'thought' : 'text';
    this.#held = '';
    return visible;
  }
}
