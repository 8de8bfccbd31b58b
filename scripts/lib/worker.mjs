/** mediasoup's worker process: its makers' own binary where it can be had and runs, else built from the npm package's source. */
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { release } from 'node:os';
import { dirname, join } from 'node:path';
import { provideDebianPackages, WORKER_PACKAGES } from './debian.mjs';
import { Downloader, SourceError } from './download.mjs';
import { expectSpace } from './models.mjs';
import { run, runOrFail } from './process.mjs';
import { cacheFolder, ROOT } from './project.mjs';
import { SetupError, say } from './report.mjs';

/** The worker's exit code when it is started without `MEDIASOUP_VERSION`, that is, by hand (worker/src/main.cpp). */
const STARTED_BY_HAND = 41;
const SMOKE_TIMEOUT_MS = 10_000;
const BUILD_BYTES = 700e6;
const BUILD_PREFIX = '.build-';
const REPORT_MS = 20_000;

export async function mediasoupVersion() {
  const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  return manifest.dependencies.mediasoup;
}

export async function workerPath() {
  return join(cacheFolder(), 'mediasoup', `mediasoup-worker-${await mediasoupVersion()}`);
}

/** Makes sure that the worker is there and starts. `MEDIASOUP_WORKER_BIN` replaces it; the caller holds the cache's lock. */
export async function provideWorker({ build = false } = {}) {
  if (process.env.MEDIASOUP_WORKER_BIN) {
    if (!existsSync(process.env.MEDIASOUP_WORKER_BIN)) {
      throw new SetupError(`MEDIASOUP_WORKER_BIN names ${process.env.MEDIASOUP_WORKER_BIN}, which is not there`);
    }
    return;
  }
  const target = await workerPath();
  if (existsSync(target) && !build) return;
  const parent = dirname(target);
  await mkdir(parent, { recursive: true });
  for (const name of await readdir(parent)) {
    // What a killed set-up left; nobody else is at work here while we hold the lock.
    if (name.startsWith(BUILD_PREFIX)) await rm(join(parent, name), { recursive: true, force: true });
  }
  await expectSpace(parent, BUILD_BYTES);
  const folder = await mkdtemp(join(parent, BUILD_PREFIX));
  try {
    const partial = join(folder, 'mediasoup-worker');
    if (build || !(await downloadWorker(folder, partial))) await buildWorker(folder, partial);
    await rename(partial, target);
    say('mediasoup', `worker at ${target}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The same binary that mediasoup's installer takes, with the same check; its origin is vouched for by HTTPS only. */
async function downloadWorker(folder, target) {
  const version = await mediasoupVersion();
  const kernel = process.platform === 'linux' ? `-kernel${Number(release().split('.')[0])}` : '';
  const name = `mediasoup-worker-${version}-${process.platform}-${process.arch}${kernel}.tgz`;
  const tarball = join(folder, name);
  try {
    await new Downloader().download(
      `https://github.com/versatica/mediasoup/releases/download/${version}/${name}`,
      tarball,
    );
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    say('mediasoup', `no prebuilt worker: ${error.message}`);
    return false;
  }
  const unpacked = await run('tar', ['-xzf', tarball, '-C', folder, '--no-same-owner', 'mediasoup-worker']);
  if (unpacked.code === 0 && (await starts(target))) return true;
  say('mediasoup', 'the prebuilt worker does not run on this system');
  await rm(target, { force: true });
  return false;
}

async function buildWorker(folder, target) {
  await provideDebianPackages(WORKER_PACKAGES, "building mediasoup's worker");
  say('mediasoup', 'building the worker from source: some minutes');
  const started = performance.now();
  const env = {
    ...process.env,
    MEDIASOUP_VERSION: await mediasoupVersion(),
    WORKER_OUT: target,
    BUILD_DIR: join(folder, 'source'),
  };
  let reported = Date.now();
  const onOutput = (text) => {
    // Ninja counts its steps: "[12/345] Compiling ...".
    const step = text.match(/\[\d+\/\d+\]/g)?.at(-1);
    if (step === undefined || Date.now() - reported < REPORT_MS) return;
    reported = Date.now();
    say('mediasoup', `building ${step}`);
  };
  await runOrFail('bash', [join(ROOT, 'scripts', 'build-mediasoup-worker.sh')], { env, onOutput });
  if (!(await starts(target)))
    throw new SetupError(`the worker that was built does not start: run ${target} to see why`);
  say('mediasoup', `built in ${Math.round((performance.now() - started) / 1000)} s`);
}

/** Started by hand the worker ends at once with a code of its own: proof that it is whole and its libraries are there. */
export async function starts(path) {
  await chmod(path, 0o755);
  return (await run(path, [], { env: {}, timeoutMs: SMOKE_TIMEOUT_MS })).code === STARTED_BY_HAND;
}
