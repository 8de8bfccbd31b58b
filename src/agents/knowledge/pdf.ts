import { Worker } from 'node:worker_threads';
import { abortError } from '../../abort.js';
import { VisavisError } from '../../errors.js';
import { chunkMarkdown, type KnowledgeChunk } from './chunks.js';
import type { PdfBlock } from './pdf-layout.js';
import type { PdfAnswer } from './pdf-thread.js';
import { oneLine, paragraph } from './plain-markdown.js';

export const MAX_PDF_BYTES = 50_000_000;
const TIME_LIMIT_MS = 120_000;
const MEMORY_LIMIT_MB = 768;

const REFUSALS: Record<Extract<PdfAnswer, { type: 'refused' }>['reason'], string> = {
  encrypted: 'is encrypted: expected a PDF that opens without a password',
  broken: 'is broken, or no PDF',
  pages: 'has more than 2000 pages',
  characters: 'has more than 5 million characters',
};

export interface PdfText {
  title: string | undefined;
  blocks: PdfBlock[];
}

/** Reads the bytes of a PDF; rejects with `bad-request` or `too-large` whose message goes on after the file's name. */
export async function readPdf(
  bytes: Uint8Array,
  {
    signal,
    entry = new URL('./pdf-thread.js', import.meta.url),
  }: { signal?: AbortSignal | undefined; entry?: URL | undefined } = {},
): Promise<PdfText> {
  if (bytes.length > MAX_PDF_BYTES)
    throw new VisavisError('too-large', `has ${bytes.length} bytes, at most ${MAX_PDF_BYTES}`, { field: 'knowledge' });
  const thread = new Worker(entry, {
    name: 'pdf',
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_LIMIT_MB },
    stdout: true,
    stderr: true,
  });
  thread.stdout.resume();
  thread.stderr.resume();
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  try {
    const answer = await new Promise<PdfAnswer>((resolve, reject) => {
      const refuse = (what: string) => reject(new VisavisError('bad-request', what, { field: 'knowledge' }));
      thread.once('message', resolve);
      thread.once('error', (error: NodeJS.ErrnoException) =>
        refuse(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'needs more memory than is allowed' : REFUSALS.broken),
      );
      thread.once('exit', () => refuse(REFUSALS.broken));
      timer = setTimeout(() => refuse(`takes longer than ${TIME_LIMIT_MS / 1000} seconds to read`), TIME_LIMIT_MS);
      if (signal !== undefined) {
        onAbort = () => reject(abortError(signal));
        if (signal.aborted) onAbort();
        signal.addEventListener('abort', onAbort, { once: true });
      }
      // A copy: the bytes may be a view into a buffer that others use.
      const copy = bytes.slice();
      thread.postMessage(copy, [copy.buffer]);
    });
    if (answer.type === 'refused')
      throw new VisavisError('bad-request', REFUSALS[answer.reason], { field: 'knowledge' });
    if (answer.blocks.length === 0)
      throw new VisavisError('bad-request', 'has no text: pictures of pages cannot be read', { field: 'knowledge' });
    return { title: answer.title, blocks: answer.blocks };
  } finally {
    clearTimeout(timer);
    if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort);
    await thread.terminate();
  }
}

/** The chunks of a PDF's blocks, page by page, each under the headings that it stands under. */
export function chunkPdf({ title, blocks }: PdfText, file: string): KnowledgeChunk[] {
  const chunks: KnowledgeChunk[] = [];
  const headings: { level: number; text: string }[] = [];
  let page = 0;
  let lines: string[] = [];
  let hasText = false;
  const flush = (): void => {
    if (hasText) {
      for (const chunk of chunkMarkdown(lines.join('\n\n'), file)) {
        const id = chunk.id.replace('#', `#p${page}-`);
        chunks.push({ ...chunk, id, page, ...(title === undefined ? {} : { title }) });
      }
    }
    lines = headings.map(({ level, text }) => `${'#'.repeat(level)} ${text}`);
    hasText = false;
  };
  for (const block of blocks) {
    if (block.page !== page) {
      flush();
      page = block.page;
    }
    const text = oneLine(block.text);
    if (block.kind === 'heading') {
      while ((headings.at(-1)?.level ?? 0) >= block.level) headings.pop();
      headings.push({ level: block.level, text });
      lines.push(`${'#'.repeat(block.level)} ${text}`);
    } else {
      hasText = true;
      // Entries of one list stand on lines that follow each other.
      if (block.kind === 'item' && lines.at(-1)?.startsWith('- ') === true) lines[lines.length - 1] += `\n- ${text}`;
      else lines.push(block.kind === 'item' ? `- ${text}` : paragraph(text));
    }
  }
  flush();
  return chunks;
}
