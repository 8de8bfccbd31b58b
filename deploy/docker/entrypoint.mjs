/**
 * Process of the container: makes sure that the models are there (an image built with VISAVIS_MODELS=volume fetches them at its first
 * start), then is the command line of Visavis. `docker run IMAGE doctor`, `talk …` and `config` work as outside.
 */
import { spawn } from 'node:child_process';
import { lstat, readFile, stat, symlink } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseManifest, selectFiles } from '../../scripts/lib/manifest.mjs';
import { cacheFolder, ROOT } from '../../scripts/lib/project.mjs';
import { SetupError } from '../../scripts/lib/report.mjs';

/** The groups that set-up fetches when nothing else is asked for. */
const GROUPS = ['piper'];
const WITHOUT_MODELS = new Set(['doctor', 'talk', 'config', '--help', '-h', '--version', '-v']);
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'];

/** Models of the image (VISAVIS_MODELS=bundled) are used from where they are, whatever is mounted as cache. */
async function linkBundledModels() {
  const bundled = join(ROOT, 'models');
  const link = join(cacheFolder(), 'models');
  const isThere = (path) => lstat(path).then(Boolean, () => false);
  if (!(await isThere(join(bundled, '.verified.json'))) || (await isThere(link))) return;
  try {
    await symlink(bundled, link);
  } catch (error) {
    const mount = `mount a volume or a tmpfs there that user ${process.getuid()} may write to`;
    throw new SetupError(`${cacheFolder()} cannot be written (${error.code}): ${mount}`);
  }
}

/** Sizes only: what the service loads it checks by itself. */
async function modelsArePresent() {
  const lock = parseManifest(await readFile(join(ROOT, 'models.lock.json'), 'utf8'));
  for (const file of selectFiles(lock, GROUPS)) {
    const info = await stat(join(cacheFolder(), 'models', file.name)).catch(() => null);
    if (info?.size !== file.bytes) return false;
  }
  return true;
}

/** As process 1 a signal without a handler would be ignored, and the container only end when it is killed. */
function fetchModels() {
  const child = spawn(process.execPath, [join(ROOT, 'scripts/setup.mjs'), '--only', 'models'], { stdio: 'inherit' });
  const forward = (signal) => child.kill(signal);
  for (const signal of SIGNALS) process.on(signal, forward);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      for (const name of SIGNALS) process.removeListener(name, forward);
      resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]);
    });
  });
}

/** Undefined when the service can start, else the exit code. */
async function prepare() {
  try {
    await linkBundledModels();
    if (await modelsArePresent()) return undefined;
    return (await fetchModels()) || undefined;
  } catch (error) {
    process.stderr.write(`visavis: ${error instanceof SetupError ? error.message : error.stack}\n`);
    return 1;
  }
}

const serves = !process.argv.slice(2).some((argument) => WITHOUT_MODELS.has(argument));
// The other commands say by themselves what they miss.
const failed = serves ? await prepare() : await linkBundledModels().catch(() => undefined);
if (failed === undefined) {
  const cli = join(ROOT, 'dist/cli.js');
  process.argv[1] = cli;
  await import(pathToFileURL(cli).href);
} else {
  process.exitCode = failed;
}
