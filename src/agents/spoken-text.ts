/**
 * Turns a reply as a language model writes it (Markdown, links, emoji, code) into text that can be read out. Only structure
 * is treated here; numbers and abbreviations are expanded by the synthesiser.
 */

/** A link or tag that does not end within this many characters is taken as plain text. */
const MAX_HELD_CHARACTERS = 400;
const CODE_NOTICE = 'I have left out a code example.';
const EMOJI =
  /\s?(?:\p{Extended_Pictographic}|\p{Regional_Indicator}|\p{Emoji_Modifier}|\u200D|\uFE0E|\uFE0F|\u20E3|[\u{E0020}-\u{E007F}])+/gu;
const VANISHING = /^(?:[[【]|\p{Cs}|\p{Extended_Pictographic}|\p{Regional_Indicator})/u;
const TERMINAL = /[.!?:;,…。！？]["'”’)]*$/u;

/** Removes inline Markdown from whole words of one line: emphasis, code spans, links, images, citations, tags, URL paths. */
export function speakInline(text: string): string {
  return text
    .replace(/!?\[([^\]]*)\]\((?:[^()]|\([^()]*\))*\)/gu, '$1')
    .replace(/\s?【[^】]*】/gu, '')
    .replace(/\s?\[\^?\d+\]/gu, '')
    .replace(/<(https?:\/\/[^>\s]+)>/gu, '$1')
    .replace(/<\/?[a-z][^<>]*>/giu, '')
    .replace(/\bhttps?:\/\/(?:www\.)?([^\s/?#]+)[^\s]*?([.,;:!?)]*)(?=\s|$)/giu, '$1$2')
    .replace(/(?<![\p{L}\p{N}\\])(?:\*{1,3}|_{1,3}|~~)(?=[^\s*_~])/gu, '')
    .replace(/(?<=[^\s\\*_~])(?:\*{1,3}|_{1,3}|~~)(?![\p{L}\p{N}])/gu, '')
    .replace(/(?<!\\)`+/gu, '')
    .replace(/\\([\\`*_{}[\]()#+.!|>~-])/gu, '$1')
    .replace(/&nbsp;/gu, ' ')
    .replace(/&lt;/gu, '<')
    .replace(/&gt;/gu, '>')
    .replace(/&amp;/gu, '&')
    .replace(EMOJI, '');
}

type Block = 'start' | 'paragraph' | 'item' | 'held' | 'fence';

/** What the beginning of a line makes it; undefined while more characters are needed. */
function classify(line: string, whole: boolean): { block: Block; skip: number; prefix: string } | undefined {
  if (!whole && /^\s*(?:[-*_+=~`#>|]*|(?:[-*_=]\s*)+|\d{1,3}[.)]?)\s*$/u.test(line)) return undefined;
  if (/^\s*(?:`{3,}|~{3,})/u.test(line)) return { block: 'fence', skip: line.length, prefix: '' };
  if (/^\s*(?:[-*_=]\s*){3,}$/u.test(line)) return { block: 'item', skip: line.length, prefix: '' };
  if (/^\s*\|/u.test(line)) return { block: 'held', skip: 0, prefix: '' };
  const quote = /^(?:\s*>)+\s?/u.exec(line)?.[0].length ?? 0;
  const rest = line.slice(quote);
  const marker = /^\s*(?:#{1,6}\s+|[-*+•]\s+(?:\[[ xX]\]\s+)?)/u.exec(rest);
  if (marker) return { block: 'item', skip: quote + marker[0].length, prefix: '' };
  const ordered = /^\s*(\d{1,3})[.)]\s+/u.exec(rest);
  if (ordered) return { block: 'item', skip: quote + ordered[0].length, prefix: `${ordered[1]}: ` };
  return { block: 'paragraph', skip: quote, prefix: '' };
}

/** Length of the leading part of `line` whose meaning later characters cannot change; ends at a space. */
function certainLength(line: string): number {
  let limit = line.length;
  const opened = /!?\[[^\]]*$|!?\[[^\]]*\]\([^)]*$|!?\[[^\]]*\]$|<[a-z/][^>]*$|【[^】]*$/iu.exec(line);
  if (opened && line.length - opened.index < MAX_HELD_CHARACTERS) limit = opened.index;
  // A cut must not fall inside a construct that is complete, either.
  const solid = line
    .slice(0, limit + 1)
    .replace(/!?\[[^\]]*\](?:\([^)]*\))?|<[a-z/][^>]*>|【[^】]*】/giu, (construct) => 'x'.repeat(construct.length));
  const space = /^[\s\S]*\s(?=\S)/u.exec(solid);
  const certain = space ? Math.min(space[0].length, limit) : 0;
  // What may vanish takes the space in front of it along.
  return VANISHING.test(line.slice(certain)) ? line.slice(0, certain).trimEnd().length : certain;
}

/** Streaming conversion: text goes out as soon as its meaning is certain, at the latest at the line's end. */
export class SpokenTextFilter {
  #line = '';
  #block: Block = 'start';
  #inFence = false;
  /** Tail of the text sent so far, to know whether a sentence is open. */
  #tail = '';
  #blank = false;
  #afterItem = false;
  #codeNoticed = false;

  push(delta: string): string {
    let out = '';
    const parts = delta.replace(/\r/gu, '').split('\n');
    for (const [i, part] of parts.entries()) {
      this.#line += part;
      out += i < parts.length - 1 ? this.#endLine() : this.#stream();
    }
    return out;
  }

  /** The rest of the text; the filter is as new afterwards. */
  flush(): string {
    const rest = this.#line === '' ? '' : this.#endLine();
    this.#block = 'start';
    this.#inFence = false;
    this.#tail = '';
    this.#blank = false;
    this.#afterItem = false;
    this.#codeNoticed = false;
    return rest;
  }

  #stream(): string {
    let out = this.#open(false);
    if (this.#block !== 'paragraph' && this.#block !== 'item') return out;
    const certain = certainLength(this.#line);
    out += this.#send(speakInline(this.#line.slice(0, certain)));
    this.#line = this.#line.slice(certain);
    return out;
  }

  #endLine(): string {
    let out = '';
    if (this.#block === 'start' && /^\s*$/u.test(this.#line)) this.#blank = true;
    else out = this.#open(true);
    if (this.#block === 'held') out += this.#send(this.#tableRow(this.#line));
    else if (this.#block === 'paragraph' || this.#block === 'item') {
      out += this.#send(speakInline(this.#line).trimEnd());
      this.#afterItem = this.#block === 'item';
      if (this.#afterItem) out += this.#close();
    }
    this.#line = '';
    this.#block = 'start';
    return out;
  }

  /** Decides what the line is as soon as its beginning tells, and joins it to what came before. */
  #open(whole: boolean): string {
    if (this.#block !== 'start') return '';
    const fenceMark = /^\s*(?:`{3,}|~{3,})/u.test(this.#line);
    if (this.#inFence) {
      if (!whole) return '';
      this.#inFence = !fenceMark;
      this.#block = 'fence';
      return '';
    }
    const kind = classify(this.#line, whole);
    if (!kind) return '';
    this.#block = kind.block;
    let out = '';
    if (this.#blank || this.#afterItem || kind.block !== 'paragraph') out += this.#close();
    this.#blank = false;
    this.#afterItem = false;
    if (kind.block === 'fence') {
      this.#inFence = true;
      const notice = this.#codeNoticed ? '' : CODE_NOTICE;
      this.#codeNoticed = true;
      return out + this.#separate() + this.#send(notice);
    }
    this.#line = this.#line.slice(kind.skip);
    return out + this.#separate() + this.#send(kind.prefix);
  }

  #tableRow(line: string): string {
    if (/^[\s|:-]*$/u.test(line)) return '';
    const cells = line.split('|').map((cell) => speakInline(cell).trim());
    const row = cells.filter((cell) => cell !== '').join(', ');
    return row === '' || TERMINAL.test(row) ? row : `${row}.`;
  }

  #separate(): string {
    return this.#tail === '' || /\s$/u.test(this.#tail) ? '' : this.#send(' ');
  }

  /** The full stop that the end of a block stands for. */
  #close(): string {
    const said = this.#tail.trimEnd();
    return said === '' || said !== this.#tail || TERMINAL.test(said) ? '' : this.#send('.');
  }

  #send(text: string): string {
    if (text !== '') this.#tail = (this.#tail + text).slice(-8);
    return text;
  }
}
