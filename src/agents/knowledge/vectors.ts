import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TextEmbedder } from '../../inference/engines.js';

/** A file holds the vectors of one set of texts; older sets are deleted beyond this many. */
const MAX_CACHE_FILES = 16;
const BATCH = 32;
/** While people talk: a question's own embedding waits for one batch at most. */
const SMALL_BATCH = 8;

export function dot(a: Float32Array, b: Float32Array): number {
  // Four sums at once keep the processor's pipeline full.
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 3 < a.length; i += 4) {
    s0 += (a[i] as number) * (b[i] as number);
    s1 += (a[i + 1] as number) * (b[i + 1] as number);
    s2 += (a[i + 2] as number) * (b[i + 2] as number);
    s3 += (a[i + 3] as number) * (b[i + 3] as number);
  }
  for (; i < a.length; i++) s0 += (a[i] as number) * (b[i] as number);
  return s0 + s1 + s2 + s3;
}

/**
 * Vectors of `texts`, from `folder` when exactly these texts were embedded before by the model called `model`, else from the
 * embedder. A cache that cannot be read or written only costs time.
 */
export async function embedCached(
  texts: readonly string[],
  o: {
    embedder: TextEmbedder;
    model: string;
    folder: string | null;
    /** Vectors by text, that need not be made again. */
    known?: ReadonlyMap<string, Float32Array> | undefined;
    signal?: AbortSignal | undefined;
  },
): Promise<Float32Array[]> {
  const { embedder, folder } = o;
  if (texts.length === 0) return [];
  const hash = createHash('sha256')
    .update(JSON.stringify([1, o.model, embedder.dimensions, texts]))
    .digest('hex');
  const path = folder === null ? null : join(folder, `${hash}.f32`);
  const bytes = texts.length * embedder.dimensions * 4;
  if (path !== null) {
    const cached = await readFile(path).catch(() => undefined);
    if (cached?.length === bytes) {
      await utimes(path, new Date(), new Date()).catch(() => undefined);
      const all = new Float32Array(cached.buffer.slice(cached.byteOffset, cached.byteOffset + bytes));
      return texts.map((_, i) => all.subarray(i * embedder.dimensions, (i + 1) * embedder.dimensions));
    }
  }
  const { known } = o;
  const made = new Map<string, Float32Array>();
  const missing = known === undefined ? texts : texts.filter((text) => !known.has(text));
  const batch = known === undefined || known.size === 0 ? BATCH : SMALL_BATCH;
  for (let from = 0; from < missing.length; from += batch) {
    const part = missing.slice(from, from + batch);
    const vectors = await embedder.embed(part, { signal: o.signal });
    for (const [i, text] of part.entries()) made.set(text, vectors[i] as Float32Array);
  }
  const vectors = texts.map((text) => (made.get(text) ?? known?.get(text)) as Float32Array);
  if (path !== null && folder !== null) await store(folder, path, vectors).catch(() => undefined);
  return vectors;
}

async function store(folder: string, path: string, vectors: readonly Float32Array[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, Buffer.concat(vectors.map((v) => Buffer.from(v.buffer, v.byteOffset, v.byteLength))));
  await rename(temporary, path);
  const files = await Promise.all(
    (await readdir(folder))
      .filter((name) => name.endsWith('.f32') || name.endsWith('.tmp'))
      .map(async (name) => ({ name, atMs: (await stat(join(folder, name))).mtimeMs })),
  );
  files.sort((a, b) => b.atMs - a.atMs);
  for (const { name } of files.slice(MAX_CACHE_FILES)) await rm(join(folder, name), { force: true });
}
