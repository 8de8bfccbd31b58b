/** npm dependencies, installed without running any of their scripts. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expectSpace } from './models.mjs';
import { runOrFail } from './process.mjs';
import { ROOT } from './project.mjs';
import { say } from './report.mjs';

const INSTALL_BYTES = 600e6;

/** Runs `npm ci` unless `node_modules` holds exactly what `package-lock.json` names. */
export async function provideDependencies(environment = {}) {
  const lock = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8'));
  const installed = await readFile(join(ROOT, 'node_modules', '.package-lock.json'), 'utf8').then(
    JSON.parse,
    () => null,
  );
  const difference = firstDifference(lock, installed);
  if (difference === undefined) return;
  say('npm', `installing dependencies (${difference})`);
  await expectSpace(ROOT, INSTALL_BYTES);
  // Two packages download further binaries when they are installed; neither is needed: onnxruntime's CUDA libraries, mediasoup's worker.
  const env = { ...process.env, ...environment, ONNXRUNTIME_NODE_INSTALL: 'skip' };
  await runOrFail('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: ROOT, env });
}

/** Compares npm's record of `node_modules` with the lock file; undefined when they agree. */
export function firstDifference(lock, installed) {
  if (installed === null) return 'none installed yet';
  const have = installed.packages ?? {};
  for (const [path, wanted] of Object.entries(lock.packages)) {
    if (path === '' || wanted.link) continue;
    const found = have[path];
    // Optional packages for other systems are left out by npm.
    if (found === undefined && wanted.optional) continue;
    if (found === undefined) return `${path} is missing`;
    if (found.version !== wanted.version || found.integrity !== wanted.integrity)
      return `${path} is not ${wanted.version}`;
  }
  const extra = Object.keys(have).find((path) => lock.packages[path] === undefined);
  return extra === undefined ? undefined : `${extra} is not in package-lock.json`;
}
