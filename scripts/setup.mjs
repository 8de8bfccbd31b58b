/**
 * Sets everything up from a fresh clone, and costs next to nothing when all is there: Debian packages, npm dependencies, model files,
 * mediasoup's worker, and the build. Needs nothing but Node, npm and tar.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { provideDebianPackages, SERVE_PACKAGES, TEST_PACKAGES } from './lib/debian.mjs';
import { provideDependencies } from './lib/dependencies.mjs';
import { withLock } from './lib/lock.mjs';
import { parseManifest, selectFiles } from './lib/manifest.mjs';
import { provideModels } from './lib/models.mjs';
import { cacheFolder, ROOT } from './lib/project.mjs';
import { runMain, SetupError, say } from './lib/report.mjs';
import { provideWorker, workerPath } from './lib/worker.mjs';

const HELP = `node scripts/setup.mjs [options]
  --test          also what the tests need: Chromium
  --dev           only what building and checking the source need: no models, no mediasoup worker
  --with GROUP    also the models of this group of models.lock.json (may be given more than once)
  --build-worker  build mediasoup's worker from source, even where a binary is there or can be had

Models and the worker are kept in ${cacheFolder()} (VISAVIS_CACHE changes that).
`;
const OLDEST_NODE = [20, 19];

function expectNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    throw new SetupError(`Node ${OLDEST_NODE.join('.')} or later is needed; this is ${process.versions.node}`);
  }
}

function readOptions() {
  try {
    const options = {
      test: { type: 'boolean', default: false },
      dev: { type: 'boolean', default: false },
      with: { type: 'string', multiple: true, default: [] },
      'build-worker': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    };
    return parseArgs({ options }).values;
  } catch (error) {
    throw new SetupError(`${error.message}\n\n${HELP}`);
  }
}

async function setUp(options) {
  const packages = [...SERVE_PACKAGES, ...(options.test ? TEST_PACKAGES : [])];
  await provideDebianPackages(packages, options.test ? 'building and testing' : 'building');
  await provideDependencies({ MEDIASOUP_WORKER_BIN: await workerPath() });
  if (!options.dev) {
    const lock = parseManifest(await readFile(join(ROOT, 'models.lock.json'), 'utf8'));
    const files = selectFiles(lock, ['piper', ...options.with]);
    await provideModels(files, join(cacheFolder(), 'models'), { progress: (message) => say('models', message) });
    await provideWorker({ build: options['build-worker'] });
  }
  await build();
}

await runMain(async () => {
  expectNode();
  const options = readOptions();
  if (options.help) {
    process.stdout.write(HELP);
    return;
  }
  const onWait = (pid) => say('setup', `waiting for another set-up to end (process ${pid})`);
  await withLock(join(cacheFolder(), 'setup.lock'), () => setUp(options), { onWait });
});
