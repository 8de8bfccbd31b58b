import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { VisavisError } from '../../errors.js';
import { chunkMarkdown, type KnowledgeChunk } from './chunks.js';

const MAX_FILES = 2_000;
const MAX_FILE_BYTES = 2_000_000;
const MAX_CHUNKS = 20_000;

/**
 * Every chunk of the Markdown files (`.md`, `.markdown`) below `folder`, in the order of their paths. Hidden files are
 * skipped. Rejects with `bad-request` when the folder cannot be read or exceeds the limits.
 */
export async function loadChunks(folder: string): Promise<KnowledgeChunk[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw new VisavisError('bad-request', `the knowledge folder ${folder} cannot be read`, {
      field: 'knowledge',
      cause,
    });
  });
  const paths = entries
    .filter((entry) => entry.isFile() && /\.(?:md|markdown)$/iu.test(entry.name))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !path.split('/').some((part) => part.startsWith('.')))
    .sort();
  if (paths.length > MAX_FILES) throw tooLarge(folder, `${paths.length} files, at most ${MAX_FILES}`);
  const chunks: KnowledgeChunk[] = [];
  for (const path of paths) {
    const bytes = await readFile(join(folder, path));
    if (bytes.length > MAX_FILE_BYTES)
      throw tooLarge(folder, `${path} has ${bytes.length} bytes, at most ${MAX_FILE_BYTES}`);
    chunks.push(...chunkMarkdown(bytes.toString('utf8'), path));
    if (chunks.length > MAX_CHUNKS) throw tooLarge(folder, `more than ${MAX_CHUNKS} passages`);
  }
  return chunks;
}

function tooLarge(folder: string, what: string): VisavisError {
  return new VisavisError('too-large', `the knowledge folder ${folder} is too large: ${what}`, { field: 'knowledge' });
}
