import { open } from 'node:fs/promises';
import { VisavisError } from '../../errors.js';
import { chunkMarkdown, type KnowledgeChunk } from './chunks.js';
import { decodeHtml, htmlText } from './html.js';
import { chunkPdf, MAX_PDF_BYTES, readPdf } from './pdf.js';
import { paragraph } from './plain-markdown.js';

const MAX_TEXT_BYTES = 2_000_000;
const MAX_HTML_BYTES = 10_000_000;

export interface DocumentOptions {
  signal?: AbortSignal | undefined;
  /** Compiled thread that reads PDF; undefined: that of this build. */
  pdfThread?: URL | undefined;
}

/** Names of files that can be read. */
export const DOCUMENT = /\.(?:md|markdown|txt|html?|xhtml|pdf)$/iu;

/**
 * The chunks of one file. Rejects with `bad-request` or `too-large`, with a message that goes on after the file's name; a file is looked
 * at before it is read into memory. `file`: relative to the knowledge folder.
 */
export async function readDocument(path: string, file: string, o: DocumentOptions = {}): Promise<KnowledgeChunk[]> {
  const kind = (/\.([a-z]+)$/iu.exec(file)?.[1] ?? '').toLowerCase();
  const most = kind === 'pdf' ? MAX_PDF_BYTES : /html/.test(kind) || kind === 'htm' ? MAX_HTML_BYTES : MAX_TEXT_BYTES;
  const bytes = await readAtMost(path, most);
  if (kind === 'pdf') return chunkPdf(await readPdf(bytes, { signal: o.signal, entry: o.pdfThread }), file);
  if (/^x?html?$/.test(kind)) return chunkHtml(decodeHtml(bytes), file);
  const text = new TextDecoder('utf-8').decode(bytes);
  if (text.includes('\u0000')) throw new VisavisError('bad-request', 'is no text', { field: 'knowledge' });
  return chunkMarkdown(kind === 'txt' ? plain(text) : text, file);
}

/** The chunks of a web page; `url`: where it was found, when it does not say so itself. */
export function chunkHtml(html: string, file: string, url?: string): KnowledgeChunk[] {
  const page = htmlText(html);
  const address = url ?? page.url;
  const parts = { ...(page.title && { title: page.title }), ...(address && { url: address }) };
  return chunkMarkdown(page.markdown, file).map((chunk) => ({ ...chunk, ...parts }));
}

async function readAtMost(path: string, most: number): Promise<Buffer> {
  const handle = await open(path).catch((cause: NodeJS.ErrnoException) => {
    throw new VisavisError('bad-request', `cannot be read (${cause.code})`, { field: 'knowledge', cause });
  });
  try {
    const { size } = await handle.stat();
    if (size > most) throw new VisavisError('too-large', `has ${size} bytes, at most ${most}`, { field: 'knowledge' });
    const bytes = await handle.readFile();
    if (bytes.length > most) throw new VisavisError('too-large', `has more than ${most} bytes`, { field: 'knowledge' });
    return bytes;
  } finally {
    await handle.close();
  }
}

/** Paragraphs are what empty lines separate. */
function plain(text: string): string {
  return text
    .replace(/\r\n?/gu, '\n')
    .split(/\n\s*\n/u)
    .map(paragraph)
    .join('\n\n');
}
