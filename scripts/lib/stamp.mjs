/** Skips a step whose inputs have not changed: a hash over the inputs' paths and contents, kept beside the output. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { ROOT } from './project.mjs';

const SKIPPED_FOLDERS = new Set(['node_modules', 'build', 'dist']);

/** All files below `path` (or `path` itself) in a stable order; a missing path has none. */
export async function filesBelow(path) {
  const info = await stat(path).catch(() => null);
  if (info === null) return [];
  if (!info.isDirectory()) return [path];
  const files = [];
  for (const entry of (await readdir(path, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.isDirectory() && !SKIPPED_FOLDERS.has(entry.name))
      files.push(...(await filesBelow(join(path, entry.name))));
    else if (entry.isFile()) files.push(join(path, entry.name));
  }
  return files;
}

/** Hash over the files below `paths` and over `extra`, free text such as compiler flags. */
export async function hashInputs(paths, extra = '') {
  const hash = createHash('sha256').update(extra);
  for (const path of paths) {
    for (const file of await filesBelow(path)) {
      hash.update(`\0${relative(ROOT, file)}\0`).update(await readFile(file));
    }
  }
  return hash.digest('hex');
}

export async function stampMatches(stampFile, hash) {
  return (await readFile(stampFile, 'utf8').catch(() => '')) === hash;
}

export async function writeStamp(stampFile, hash) {
  await mkdir(dirname(stampFile), { recursive: true });
  await writeFile(stampFile, hash);
}
