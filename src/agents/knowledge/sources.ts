import type { Source } from '../../inference/engines.js';
import type { KnowledgeChunk } from './chunks.js';

/** Where a passage comes from, as a reader may be shown it: the document's name and the heading, never a path. */
export function sourceOf({ file, title, headings, page, url }: KnowledgeChunk): Source {
  const name = file.replace(/^.*\//u, '').replace(/\.\w+$/u, '');
  const document = title ?? headings[0] ?? name;
  const heading = headings.at(-1) ?? document;
  return {
    title: heading === document ? document : `${document}: ${heading}`,
    ...(page === undefined ? {} : { page }),
    ...(url === undefined ? {} : { url }),
  };
}
