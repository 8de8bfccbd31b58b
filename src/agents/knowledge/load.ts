import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { isAbort, VisavisError } from '../../errors.js';
import type { KnowledgeChunk } from './chunks.js';
import { DOCUMENT, type DocumentOptions, readDocument } from './documents.js';

const MAX_FILES = 2_000;
const MAX_CHUNKS = 20_000;

/** What a folder holds. `problems`: files that are left out, and why, a sentence each. */
export interface LoadedKnowledge {
  chunks: KnowledgeChunk[];
  problems: string[];
}

interface Entry {
  version: string;
  chunks: readonly KnowledgeChunk[];
  problem: string | undefined;
}

/** A folder of documents (`DOCUMENT`, hidden ones aside), of which each is read again only when it has changed. */
export class KnowledgeFolder {
  readonly #folder: string;
  readonly #o: DocumentOptions;
  #entries = new Map<string, Entry>();

  constructor(folder: string, o: DocumentOptions = {}) {
    this.#folder = folder;
    this.#o = o;
  }

  /** Changes with every file that is added, changed or removed. Rejects as `load` does. */
  async version(): Promise<string> {
    return [...(await this.#list())].map(([path, version]) => `${path} ${version}`).join('\n');
  }

  /** Every chunk, in the order of the paths. Rejects with `bad-request` or `too-large` when it is the folder that is at fault. */
  async load(): Promise<LoadedKnowledge> {
    const entries = new Map<string, Entry>();
    const chunks: KnowledgeChunk[] = [];
    const problems: string[] = [];
    for (const [path, version] of await this.#list()) {
      const known = this.#entries.get(path);
      const entry = known?.version === version ? known : await this.#read(path, version);
      entries.set(path, entry);
      chunks.push(...entry.chunks);
      if (entry.problem !== undefined) problems.push(entry.problem);
      if (chunks.length > MAX_CHUNKS) throw tooLarge(this.#folder, `more than ${MAX_CHUNKS} passages`);
    }
    this.#entries = entries;
    return { chunks, problems };
  }

  async #read(path: string, version: string): Promise<Entry> {
    try {
      const chunks = await readDocument(join(this.#folder, path), path, this.#o);
      return { version, chunks, problem: undefined };
    } catch (thrown) {
      if (isAbort(thrown)) throw thrown;
      return { version, chunks: [], problem: `${path} ${VisavisError.from(thrown).message}` };
    }
  }

  /** Path → size and time of its last change. */
  async #list(): Promise<Map<string, string>> {
    const folder = this.#folder;
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
      throw new VisavisError('bad-request', `the knowledge folder ${folder} cannot be read`, {
        field: 'knowledge',
        cause,
      });
    });
    const paths = entries
      .filter((entry) => (entry.isFile() || entry.isSymbolicLink()) && DOCUMENT.test(entry.name))
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
      .filter((path) => !path.split('/').some((part) => part.startsWith('.')))
      .sort();
    if (paths.length > MAX_FILES) throw tooLarge(folder, `${paths.length} files, at most ${MAX_FILES}`);
    const versions = new Map<string, string>();
    for (const path of paths) {
      // Gone meanwhile, or a link to nowhere.
      const found = await stat(join(folder, path)).catch(() => undefined);
      if (found?.isFile() === true) versions.set(path, `${found.size} ${found.mtimeMs} ${found.ino}`);
    }
    return versions;
  }
}

function tooLarge(folder: string, what: string): VisavisError {
  return new VisavisError('too-large', `the knowledge folder ${folder} is too large: ${what}`, { field: 'knowledge' });
}
