import type { Source } from '../../inference/engines.js';
import type { KnowledgeChunk } from './chunks.js';

/** Where a passage comes from, as a reader may be shown it. */
export function sourceOf({ file, title, headings, page, url }: KnowledgeChunk): Source {
  const document = title ?? file.replace(/^.*\//u, '');
  const heading = headings.findLast((text) => text !== document);
  return {
    title: heading === undefined ? document : `${document}: ${heading}`,
    ...(page === undefined ? {} : { page }),
    ...(url === undefined ? {} : { url }),
  };
}
