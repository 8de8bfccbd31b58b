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
import { languagePackages, voicesOf } from './lib/languages.mjs';
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
  --only PART     only this part (may be given more than once): packages, dependencies, models, worker, build

VISAVIS_LANGUAGES=es,fr,… in the environment: also what these languages need (recognition, voices, espeak-ng).

Models and the worker are kept in ${cacheFolder()} (VISAVIS_CACHE changes that).
`;
const OLDEST_NODE = [20, 19];
/** In the order in which one needs the other. */
const PARTS = ['packages', 'dependencies', 'models', 'worker', 'build'];
/** What `--dev` leaves out. */
const HEAVY = new Set(['models', 'worker']);

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
      only: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    };
    const { values } = parseArgs({ options });
    const unknown = values.only.find((part) => !PARTS.includes(part));
    if (unknown !== undefined) throw new Error(`--only: no part ${unknown}; there are ${PARTS.join(', ')}`);
    return values;
  } catch (error) {
    throw new SetupError(`${error.message}\n\n${HELP}`);
  }
}

async function setUp(options) {
  const wanted = (part) => (options.only.length === 0 ? !options.dev || !HEAVY.has(part) : options.only.includes(part));
  const packages = [...SERVE_PACKAGES, ...languagePackages(languages()), ...(options.test ? TEST_PACKAGES : [])];
  if (wanted('packages')) await provideDebianPackages(packages, options.test ? 'building and testing' : 'building');
  if (wanted('dependencies')) await provideDependencies({ MEDIASOUP_WORKER_BIN: await workerPath() });
  if (wanted('models')) await fetchModels(options.with);
  if (wanted('worker')) await provideWorker({ build: options['build-worker'] });
  if (wanted('build')) await build();
}

async function fetchModels(groups) {
  const lock = parseManifest(await readFile(join(ROOT, 'models.lock.json'), 'utf8'));
  const spoken = languages();
  const files = [
    ...selectFiles(lock, ['piper', 'vision', ...groups, ...(spoken.length > 0 ? ['multilingual'] : [])]),
    ...(groups.includes('voices') ? [] : voicesOf(lock, spoken)),
  ];
  await provideModels(files, join(cacheFolder(), 'models'), { progress: (message) => say('models', message) });
}

/** Of VISAVIS_LANGUAGES, besides English; the service itself says what is wrong with the value. */
function languages() {
  const items = (process.env.VISAVIS_LANGUAGES ?? '').split(',').map((item) => item.trim());
  return items.filter((item) => /^[a-z]{2}$/.test(item) && item !== 'en');
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
