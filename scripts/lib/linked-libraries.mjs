/** No native binary may bring encoders under the GPL or without a free licence along, linked dynamically or built in. */
import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './process.mjs';

const REFUSED_LIBRARIES = /^lib(x26[45]|xvidcore|fdk-aac|postproc|faac|rubberband)\b/;
/** Texts that these libraries carry when they are built in. */
const REFUSED_TEXTS = ['x264 - core ', 'x265 [error]', 'FDK AAC Encoder', '--enable-gpl', '--enable-nonfree'];
const ELF = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);

export async function findLinkProblems(folders) {
  const binaries = [];
  for (const folder of folders) await collect(folder, binaries);
  const problems = [];
  for (const path of binaries) {
    const content = await readFile(path);
    for (const text of REFUSED_TEXTS) {
      if (content.includes(text)) problems.push(`${path} contains "${text.trim()}"`);
    }
  }
  if (binaries.length > 0) {
    const result = await run('readelf', ['-d', '-W', ...binaries], { keptCharacters: 10e6 });
    if (result.code === 127)
      return [...problems, 'readelf is missing (Debian package binutils): linked libraries were not checked'];
    problems.push(...refusedLibraries(result.stdout));
  }
  return problems;
}

/** Reads `readelf -d` over several files. */
export function refusedLibraries(listing) {
  const problems = [];
  let file = '';
  for (const line of listing.split('\n')) {
    file = /^File: (.*)$/.exec(line)?.[1] ?? file;
    const library = /\(NEEDED\).*\[(.*)\]/.exec(line)?.[1];
    if (library !== undefined && REFUSED_LIBRARIES.test(library)) problems.push(`${file} is linked to ${library}`);
  }
  return problems;
}

async function collect(folder, found) {
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => [])) {
    if (!entry.isFile() || !/\.(node|so(\.\d+)*)$/.test(entry.name)) continue;
    const path = join(entry.parentPath ?? entry.path, entry.name);
    if (await isElf(path)) found.push(path);
  }
}

async function isElf(path) {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(ELF.length), 0, ELF.length, 0);
    return buffer.equals(ELF);
  } finally {
    await file.close();
  }
}
