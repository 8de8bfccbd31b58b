/** Removes what a person would not read out: Markdown, HTML, fenced code, emoji, control characters. */

/** Longest text that is looked at; anything beyond is cut, so that the cost stays bounded. */
export const MAX_TEXT_LENGTH = 200_000;

const EMOJI =
  /(?:[\u{1f1e6}-\u{1f1ff}]{1,2}|[0-9#*]\ufe0f?\u20e3|(?![©®™‼⁉↔])\p{Extended_Pictographic}[\ufe0e\ufe0f]?\p{Emoji_Modifier}?(?:\u200d\p{Extended_Pictographic}[\ufe0e\ufe0f]?\p{Emoji_Modifier}?)*|\p{Emoji_Modifier}|[\ufe0e\ufe0f\u200d])/gu;

const EMOTICON = /(^|\s)(?:[:;=8xX]['’]?-?[)(DPpOo|/\\3*]+|<3+|\^_+\^|¯\\_\(ツ\)_\/¯)(?=\s|$|[.,!?])/gu;

const ENTITIES: Record<string, string> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  hellip: '…',
  ndash: '–',
  mdash: '—',
  euro: '€',
  pound: '£',
  deg: '°',
  times: '×',
};

/** One line without list marker, heading, quote or table markup; `isBlock` when it stands for itself and needs a pause after it. */
function stripLine(line: string): { text: string; isBlock: boolean } {
  let text = line.replace(/^\s{0,12}(?:>\s?)+/, '');
  if (/^\s*(?:[-*_=]\s*){3,}$/.test(text) || /^\s*\|?[\s:|-]*-{2,}[\s:|-]*\|?\s*$/.test(text))
    return { text: '', isBlock: true };
  const marker = /^\s*(?:#{1,6}\s+|[-*+•‣◦]\s+(?:\[[ xX]\]\s+)?)/.exec(text);
  if (marker) text = text.slice(marker[0].length).replace(/\s#+\s*$/, '');
  const isRow = /^\s*\|.*\|\s*$/.test(text);
  if (isRow)
    text = text
      .trim()
      .slice(1, -1)
      .replace(/\s*\|\s*/g, `${CELL_MARK} `);
  return { text, isBlock: marker !== null || isRow || /^\s*\d{1,3}[.)]\s/.test(text) };
}

/** Invisible marks for pauses that the layout asks for: after a list item, heading or paragraph, and after a table cell. */
export const STOP_MARK = '\ue000';
export const CELL_MARK = '\ue001';

/** Ends `text` with a stop unless it already ends in punctuation. */
function withStop(text: string): string {
  return /[.,:;!?…—\ue000]["'”’)*_]*$/u.test(text) ? text : `${text}${STOP_MARK}`;
}

/**
 * The text as captions show it: words and punctuation, separated by single spaces. Line ends of lists, headings and
 * table rows carry `STOP_MARK`. Never throws; text beyond `MAX_TEXT_LENGTH` is dropped.
 */
export function stripMarkup(source: string): string {
  const text = source
    .slice(0, MAX_TEXT_LENGTH)
    .toWellFormed()
    .replace(/\r\n?/g, '\n')
    .replace(/```[^\n`]*\n[\s\S]*?(?:```|$)/g, '\n\n')
    .replace(/```+/g, ' ')
    .replace(/<!--[\s\S]{0,2000}?-->/g, ' ')
    .replace(/<(https?:\/\/[^\s<>]{1,2000}|[^\s<>@]{1,64}@[^\s<>]{1,255})>/g, '$1')
    .replace(/<br\s*\/?>|<\/(?:p|li|div|h[1-6])>/gi, '\n')
    .replace(/<\/?[a-z][a-z0-9-]{0,20}(?:\s[^<>]{0,500})?\/?>/gi, ' ')
    .replace(/&(#\d{2,6}|[a-z]{2,6});/gi, (whole, name: string) =>
      name.startsWith('#') ? entityOf(Number(name.slice(1))) : (ENTITIES[name.toLowerCase()] ?? whole),
    )
    .replace(/!?\[([^[\]\n]{0,500})\]\([^()\s]{0,2000}(?:\s+"[^"\n]{0,200}")?\)/g, '$1')
    .replace(/\[\^?\d{1,3}\](?!\()/g, '')
    .replace(EMOTICON, '$1')
    .replace(EMOJI, ' ')
    // Everything invisible: C0/C1 controls, zero-width marks, bidirectional controls, private use.
    .replace(/[\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\u00ad]/g, '')
    .replace(/[^\S\n]|[\p{Cc}--\n]|\p{Co}/gv, ' ');

  const lines: string[] = [];
  for (const line of text.split('\n')) {
    const { text: stripped, isBlock } = stripLine(line);
    const inline = stripInline(stripped);
    const previous = lines.length - 1;
    if (previous >= 0 && lines[previous] !== '') {
      lines[previous] = isBlock || inline === '' ? withStop(lines[previous]!) : lines[previous]!;
    }
    if (inline !== '') lines.push(isBlock ? withStop(inline) : inline);
  }
  return lines.join(' ').replace(/\s+/g, ' ').trim();
}

function entityOf(code: number): string {
  return code > 31 && code < 0x110000 ? String.fromCodePoint(code).toWellFormed() : ' ';
}

function stripInline(line: string): string {
  return line
    .replace(/`+([^`\n]*)`+/g, '$1')
    .replace(/`/g, '')
    .replace(/~~/g, '')
    .replace(/\*{2,}/g, '')
    .replace(/(^|[^\p{L}\p{N}*])\*(?=\S)|(?<=[^\s*])\*(?![\p{L}\p{N}*])/gu, '$1')
    .replace(/(^|[\s("'“])_{1,3}(?=\S)|(?<=\S)_{1,3}(?=[\s)"'”.,:;!?]|$)/gu, '$1')
    .replace(/\\([\\`*_{}[\]()#+.!|~>-])/g, '$1')
    .replace(/\s+/g, ' ')
    .trim();
}
