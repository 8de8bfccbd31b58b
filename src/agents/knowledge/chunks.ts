import { endingOf, settleEnding } from '../segments-boundaries.js';
import { speakInline } from '../spoken-text.js';
import { countWords } from './words.js';

/** A passage that can be spoken by itself. */
export interface KnowledgeChunk {
  /** Stable as long as the file, the heading and the order below it stay: `file#heading-1`. */
  id: string;
  /** Path of the source relative to the knowledge folder, with forward slashes. */
  file: string;
  /** Headings that the passage stands under, outermost first. */
  headings: readonly string[];
  sentences: readonly string[];
  /** The document's own name, where it has one. */
  title?: string;
  /** From 1: where the passage begins, in documents that have pages. */
  page?: number;
  /** http or https, of what came from a web page. */
  url?: string;
}

export const MAX_CHUNK_WORDS = 80;

export function chunkText(chunk: KnowledgeChunk): string {
  return chunk.sentences.join(' ');
}

/** Splits running text into sentences; abbreviations, decimals and initials do not end one. */
export function splitSentences(text: string): string[] {
  const words = text.split(/\s+/u).filter((word) => word !== '');
  const out: string[] = [];
  let from = 0;
  for (const [i, word] of words.entries()) {
    let ending = endingOf(word);
    if (ending === 'unsure') ending = settleEnding(word, words[i + 1]);
    if (ending !== 'sentence' && i < words.length - 1) continue;
    out.push(words.slice(from, i + 1).join(' '));
    from = i + 1;
  }
  return out;
}

const spoken = (markdown: string): string => speakInline(markdown).replace(/\s+/gu, ' ').trim();

function withStop(text: string): string {
  return text === '' || /[.!?…:]["'”’)]*$/u.test(text) ? text : `${text.replace(/[,;]$/u, '')}.`;
}

/** A list as it would be said: short items behind one lead-in become a single sentence, others one sentence each. */
function speakList(lead: string | undefined, items: readonly string[]): string[] {
  const short = items.every((item) => countWords(item) <= 8 && !/[.!?]\s/u.test(item));
  const plain = items.map((item) => item.replace(/[.,;]$/u, ''));
  if (lead !== undefined && short && plain.length <= 8) {
    const joined = plain.length > 1 ? `${plain.slice(0, -1).join(', ')} and ${plain.at(-1)}` : plain.join('');
    return [withStop(`${lead} ${joined}`)];
  }
  return [
    ...(lead === undefined ? [] : [lead.replace(/:$/u, '.')]),
    ...items.flatMap((item) => splitSentences(withStop(item))),
  ];
}

const cellsOf = (row: string): string[] =>
  row
    .trim()
    .replace(/^\||\|$/gu, '')
    .split(/(?<!\\)\|/u)
    .map(spoken);

/** Table rows as sentences: "Double room: price 120 euros, size 24 m²." */
function speakTable(rows: readonly string[]): string[] {
  const [head, ...body] = rows.filter((row) => !/^[\s|:-]*$/u.test(row)).map(cellsOf);
  if (!head) return [];
  return body.map((cells) => {
    const rest = cells.slice(1).map((cell, i) => `${(head[i + 1] ?? '').toLowerCase()} ${cell}`.trim());
    return withStop(`${cells[0] ?? ''}: ${rest.join(', ')}`);
  });
}

/** The paragraphs, lists and tables below one heading as sentences; code blocks are left out. */
function sentencesOf(lines: readonly string[], heading: string | undefined): string[] {
  const out: string[] = [];
  let paragraph: string[] = [];
  let items: string[] = [];
  let rows: string[] = [];
  let lead: string | undefined;
  const endParagraph = (): void => {
    const text = spoken(paragraph.join(' '));
    paragraph = [];
    if (text === '') return;
    const sentences = splitSentences(withStop(text));
    if (text.endsWith(':')) lead = sentences.pop();
    out.push(...sentences);
  };
  const endBlocks = (): void => {
    endParagraph();
    const headingLead = out.length === 0 && heading !== undefined && heading !== '' ? `${heading}:` : undefined;
    if (items.length > 0) out.push(...speakList(lead ?? headingLead, items.map(spoken)));
    else if (lead !== undefined && rows.length === 0) return;
    if (rows.length > 0) out.push(...(lead === undefined ? [] : [lead.replace(/:$/u, '.')]), ...speakTable(rows));
    items = [];
    rows = [];
    lead = undefined;
  };
  let fenced = false;
  for (const line of lines) {
    if (/^\s*(?:`{3,}|~{3,})/u.test(line)) fenced = !fenced;
    else if (fenced) continue;
    else if (/^\s*$/u.test(line)) endParagraph();
    else if (/^\s*\|/u.test(line)) {
      endParagraph();
      rows.push(line);
    } else {
      const item = /^\s*(?:[-*+•]|\d{1,3}[.)])\s+(.*)$/u.exec(line);
      if (item) {
        endParagraph();
        items.push(item[1] ?? '');
      } else if (items.length > 0 && /^\s{2,}/u.test(line)) items[items.length - 1] += ` ${line.trim()}`;
      else {
        if (items.length > 0 || rows.length > 0) endBlocks();
        else if (lead !== undefined && paragraph.length === 0) {
          out.push(lead.replace(/:$/u, '.'));
          lead = undefined;
        }
        paragraph.push(line.replace(/^\s*>+\s?/u, ''));
      }
    }
  }
  endBlocks();
  if (lead !== undefined) out.push((lead as string).replace(/:$/u, '.'));
  return out.filter((sentence) => /[\p{L}\p{N}]/u.test(sentence));
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/gu, '');
}

/** Cuts one Markdown file into chunks of at most `MAX_CHUNK_WORDS` words (a single longer sentence stays whole). */
export function chunkMarkdown(markdown: string, file: string): KnowledgeChunk[] {
  const text = markdown
    .replace(/^\uFEFF/u, '')
    .replace(/\r\n?/gu, '\n')
    .replace(/^---\n[\s\S]*?\n---(?:\n|$)/u, '')
    .replace(/<!--[\s\S]*?(?:-->|$)/gu, '');
  const chunks: KnowledgeChunk[] = [];
  const used = new Map<string, number>();
  let headings: string[] = [];
  let levels: number[] = [];
  let lines: string[] = [];
  const endSection = (): void => {
    const path = headings.filter((heading) => heading !== '');
    for (const sentences of groupByWords(sentencesOf(lines, path.at(-1)))) {
      const base = `${file}#${slug(path.join('-'))}`;
      const number = (used.get(base) ?? 0) + 1;
      used.set(base, number);
      chunks.push({ id: `${base}-${number}`, file, headings: path, sentences });
    }
    lines = [];
  };
  let fenced = false;
  for (const line of text.split('\n')) {
    if (/^\s*(?:`{3,}|~{3,})/u.test(line)) fenced = !fenced;
    const heading = fenced ? null : /^(#{1,6})\s+(.*?)\s*#*$/u.exec(line);
    if (!heading) {
      lines.push(line);
      continue;
    }
    endSection();
    const level = heading[1]?.length ?? 1;
    const keep = levels.filter((other) => other < level).length;
    headings = [...headings.slice(0, keep), spoken(heading[2] ?? '')];
    levels = [...levels.slice(0, keep), level];
  }
  endSection();
  return chunks;
}

function groupByWords(sentences: readonly string[]): string[][] {
  const groups: string[][] = [];
  let count = 0;
  for (const sentence of sentences) {
    const words = countWords(sentence);
    if (groups.length === 0 || count + words > MAX_CHUNK_WORDS) {
      groups.push([]);
      count = 0;
    }
    groups.at(-1)?.push(sentence);
    count += words;
  }
  return groups;
}
