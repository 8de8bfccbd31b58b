/** From the pieces of text of a PDF's pages to headings, paragraphs and list entries. Pure. */

/** A piece of text; lengths in points, `y` upward from the page's lower edge. */
export interface PdfItem {
  text: string;
  x: number;
  y: number;
  width: number;
  height: number;
  endsLine: boolean;
}

export interface PdfBlock {
  kind: 'heading' | 'text' | 'item';
  text: string;
  /** Of headings: 1 is the largest. */
  level: number;
  /** From 1: where it begins. */
  page: number;
}

interface Line {
  text: string;
  x: number;
  y: number;
  height: number;
  page: number;
}

/** A heading is so much larger than the text. */
const HEADING_RATIO = 1.15;
const MAX_HEADING_CHARACTERS = 120;
/** A gap between lines of so many usual distances separates paragraphs. */
const PARAGRAPH_GAP = 1.4;
/** What so many pages have at their edge, numbers aside, is no text. */
const RUNNING_PAGES = 3;
const RUNNING_SHARE = 0.3;
const EDGE_LINES = 2;
/** On a page with fewer lines the edge is one line. */
const FULL_PAGE_LINES = 8;
/** Entries of a table of contents. */
const LEADERS = /(?:\s?[.…]){5,}\s*[\divxlc]*$/u;
const BULLET = /^(?:[•‣▪●◦∙·–*]|-(?=\s)|\(?\d{1,2}[.)](?=\s)|\(?[a-z]\)(?=\s))\s*/u;

/** The blocks of a document, in reading order as its pages give it. */
export function layOut(pages: readonly (readonly PdfItem[])[]): PdfBlock[] {
  const lines = withoutRunningLines(pages.map((items, i) => linesOf(items, i + 1))).flat();
  const bodyHeight = mostCommon(lines.map(({ height, text }) => [height, text.length]));
  const pitch = mostCommon(pitches(lines, bodyHeight).map((gap) => [gap, 1]));
  const levels = [...new Set(lines.filter((line) => isHeading(line, bodyHeight)).map(({ height }) => height))].sort(
    (a, b) => b - a,
  );
  const blocks: PdfBlock[] = [];
  let before: Line | undefined;
  for (const line of lines) {
    const last = blocks.at(-1);
    const heading = isHeading(line, bodyHeight);
    const bullet = heading ? null : BULLET.exec(line.text);
    const continues = before !== undefined && last !== undefined && follows(before, line, pitch);
    if (heading) {
      const level = Math.min(6, levels.indexOf(line.height) + 1);
      if (continues && last.kind === 'heading' && last.level === level) last.text = join(last.text, line.text);
      else blocks.push({ kind: 'heading', text: line.text, level, page: line.page });
    } else if (bullet !== null) {
      blocks.push({ kind: 'item', text: line.text.slice(bullet[0].length), level: 0, page: line.page });
    } else if (last !== undefined && last.kind !== 'heading' && (continues || carriesOn(last, before, line))) {
      last.text = join(last.text, line.text);
    } else blocks.push({ kind: 'text', text: line.text, level: 0, page: line.page });
    before = line;
  }
  return blocks.filter(({ text }) => /[\p{L}\p{N}]/u.test(text));
}

function linesOf(items: readonly PdfItem[], page: number): Line[] {
  const lines: Line[] = [];
  let text = '';
  let first: PdfItem | undefined;
  let end: PdfItem | undefined;
  let height = 0;
  const flush = (): void => {
    const plain = text
      .normalize('NFKC')
      .replace(/[\s\u00ad]+/gu, ' ')
      .trim();
    if (first !== undefined && plain !== '' && !LEADERS.test(plain))
      lines.push({ text: plain, x: first.x, y: first.y, height: Math.round(height * 2) / 2, page });
    text = '';
    first = undefined;
    height = 0;
  };
  for (const item of items) {
    const size = Math.max(item.height, height, 1);
    if (first !== undefined && Math.abs(item.y - first.y) > size / 2) flush();
    if (item.text.trim() !== '') {
      const gap = end === undefined || first === undefined ? 0 : item.x - end.x - end.width;
      if (first !== undefined && gap > size * 0.15 && !/\s$/u.test(text)) text += ' ';
      first ??= item;
      height = Math.max(height, item.height);
      end = item;
    }
    text += item.text;
    if (item.endsLine) flush();
  }
  flush();
  return lines;
}

/** Page numbers, and what the pages have in common at their upper and lower edges. */
function withoutRunningLines(pages: Line[][]): Line[][] {
  const key = ({ text }: Line): string => text.replace(/\d+/gu, '#').toLowerCase();
  const edges = (lines: readonly Line[]): Line[] => {
    const sorted = lines.toSorted((a, b) => b.y - a.y);
    const deep = lines.length < FULL_PAGE_LINES ? 1 : EDGE_LINES;
    return [...sorted.slice(0, deep), ...sorted.slice(-deep)];
  };
  const counts = new Map<string, number>();
  for (const lines of pages)
    for (const one of new Set(edges(lines).map(key))) counts.set(one, (counts.get(one) ?? 0) + 1);
  const least = Math.max(RUNNING_PAGES, Math.ceil(pages.length * RUNNING_SHARE));
  return pages.map((lines) => {
    const running = new Set(
      edges(lines).filter((line) => (counts.get(key(line)) ?? 0) >= least || /^[\divxlc]{1,6}$/u.test(line.text)),
    );
    return lines.length <= 1 ? lines : lines.filter((line) => !running.has(line));
  });
}

function isHeading({ height, text }: Line, bodyHeight: number): boolean {
  return (
    height >= bodyHeight * HEADING_RATIO &&
    text.length <= MAX_HEADING_CHARACTERS &&
    !/[.,;]$/u.test(text) &&
    /\p{L}/u.test(text)
  );
}

/** The line stands directly below the one before. */
function follows(before: Line, line: Line, pitch: number): boolean {
  const gap = before.y - line.y;
  if (before.page !== line.page || gap <= 0) return false;
  return gap <= Math.max(pitch * PARAGRAPH_GAP, before.height * PARAGRAPH_GAP);
}

/** A sentence that goes on at the top of the next page or column. */
function carriesOn(last: PdfBlock, before: Line | undefined, line: Line): boolean {
  const isNewColumn = before !== undefined && (before.page !== line.page || line.y > before.y);
  return isNewColumn && !/[.!?:…]["'”’)\]]*$/u.test(last.text) && /^\p{Ll}/u.test(line.text);
}

function join(text: string, next: string): string {
  return /\p{L}-$/u.test(text) && /^\p{Ll}/u.test(next) ? text.slice(0, -1) + next : `${text} ${next}`;
}

/** The distances of lines of running text, rising, so that of several that are equally common the smallest counts. */
function pitches(lines: readonly Line[], bodyHeight: number): number[] {
  const gaps: number[] = [];
  for (const [i, line] of lines.entries()) {
    const before = lines[i - 1];
    if (before === undefined || before.page !== line.page) continue;
    if (before.height !== bodyHeight || line.height !== bodyHeight) continue;
    const gap = Math.round((before.y - line.y) * 2) / 2;
    if (gap > 0 && gap < 4 * Math.max(line.height, 1)) gaps.push(gap);
  }
  return gaps.sort((a, b) => a - b);
}

/** The value with the greatest weight; 0 of none. */
function mostCommon(values: readonly (readonly [value: number, weight: number])[]): number {
  const weights = new Map<number, number>();
  for (const [value, weight] of values) weights.set(value, (weights.get(value) ?? 0) + weight);
  let best = 0;
  let most = 0;
  for (const [value, weight] of weights) {
    if (weight <= most) continue;
    best = value;
    most = weight;
  }
  return best;
}
