/**
 * Reads one PDF in a thread of its own, whose memory and time are limited: what a file does to a parser must not reach a conversation.
 * Takes the bytes and sends one `PdfAnswer`.
 */
import { parentPort } from 'node:worker_threads';
import { getDocumentProxy } from 'unpdf';
import { layOut, type PdfBlock, type PdfItem } from './pdf-layout.js';

/** `reason`: for `VisavisError`; what a parser says of a broken file helps nobody. */
export type PdfAnswer =
  | { type: 'read'; title: string | undefined; pages: number; blocks: PdfBlock[] }
  | { type: 'refused'; reason: 'encrypted' | 'broken' | 'pages' | 'characters' };

const MAX_PAGES = 2_000;
const MAX_CHARACTERS = 5_000_000;

async function read(bytes: Uint8Array): Promise<PdfAnswer> {
  let document: Awaited<ReturnType<typeof getDocumentProxy>>;
  try {
    document = await getDocumentProxy(bytes, { isEvalSupported: false, verbosity: 0, stopAtErrors: false });
  } catch (thrown) {
    return { type: 'refused', reason: (thrown as Error).name === 'PasswordException' ? 'encrypted' : 'broken' };
  }
  if (document.numPages > MAX_PAGES) return { type: 'refused', reason: 'pages' };
  const pages: PdfItem[][] = [];
  let characters = 0;
  for (let number = 1; number <= document.numPages; number++) {
    const page = await document.getPage(number);
    const content = await page.getTextContent();
    const items: PdfItem[] = [];
    for (const item of content.items) {
      if (!('str' in item)) continue;
      const [, , , , x = 0, y = 0] = item.transform as number[];
      characters += item.str.length;
      items.push({ text: item.str, x, y, width: item.width, height: item.height, endsLine: item.hasEOL });
    }
    pages.push(items);
    page.cleanup();
    if (characters > MAX_CHARACTERS) return { type: 'refused', reason: 'characters' };
  }
  const { info } = await document.getMetadata().catch(() => ({ info: {} }));
  const title: unknown = (info as Record<string, unknown>)['Title'];
  const named = typeof title === 'string' && /\p{L}.*\s.*\p{L}/u.test(title) ? title.trim().slice(0, 200) : undefined;
  return { type: 'read', title: named, pages: document.numPages, blocks: layOut(pages) };
}

parentPort?.once('message', (bytes: Uint8Array) => {
  read(bytes)
    .catch((): PdfAnswer => ({ type: 'refused', reason: 'broken' }))
    .then((answer) => parentPort?.postMessage(answer))
    .finally(() => parentPort?.close());
});
