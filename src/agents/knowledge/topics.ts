import type { KnowledgeChunk } from './chunks.js';
import { countWords } from './words.js';

const TOPICS = 3;
const MAX_TOPIC_WORDS = 2;

/** A heading as it is said inside a sentence: small first letter unless it begins with a name or an abbreviation. */
function spokenTopic(heading: string, names: ReadonlyMap<string, number>): string {
  const [first = ''] = heading.match(/\p{L}+/u) ?? [];
  return names.has(first) || /^\P{Ll}{2,}/u.test(first) ? heading : heading.charAt(0).toLowerCase() + heading.slice(1);
}

/** Short headings to offer as topics, from different files where possible; others on each turn. */
export function chooseTopics(
  chunks: readonly KnowledgeChunk[],
  names: ReadonlyMap<string, number>,
  turn: number,
): string[] {
  const byFile = new Map<string, string[]>();
  for (const chunk of chunks) {
    const heading = chunk.headings.at(-1) ?? '';
    if (heading === '' || countWords(heading) > MAX_TOPIC_WORDS || /[?:!]$/u.test(heading)) continue;
    const headings = byFile.get(chunk.file) ?? [];
    if (!headings.includes(heading)) headings.push(heading);
    byFile.set(chunk.file, headings);
  }
  const files = [...byFile.values()];
  const step = Math.floor(turn / 2);
  const out: string[] = [];
  for (let i = 0; i < files.length * TOPICS && out.length < TOPICS; i++) {
    const headings = files[(i + step) % files.length] ?? [];
    const heading = headings[(step + Math.floor(i / files.length)) % headings.length];
    if (heading !== undefined && !out.includes(heading)) out.push(heading);
  }
  return out.map((heading) => spokenTopic(heading, names));
}
