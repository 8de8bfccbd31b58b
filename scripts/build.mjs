/**
 * Builds what the service runs: `node scripts/build.mjs [native] [server] [web] [--force]` (all three by default).
 * A step whose inputs have not changed is skipped.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { run } from './lib/process.mjs';
import { ROOT } from './lib/project.mjs';
import { runMain, SetupError, say } from './lib/report.mjs';
import { filesBelow, hashInputs, stampMatches, writeStamp } from './lib/stamp.mjs';

const LIBRARIES = ['vpx', 'opus'];
const COMPILER_FLAGS = [
  ...['-O2', '-std=c++17', '-shared', '-fPIC', '-fvisibility=hidden', '-Wall', '-pthread'],
  ...['-DNAPI_VERSION=8', '-DNODE_ADDON_API_CPP_EXCEPTIONS'],
];

/** Compiles every `native/*.cc` into one addon, without node-gyp: N-API needs only two header packages. */
async function buildNative({ force }) {
  const folder = join(ROOT, 'native');
  const sources = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.cc')).sort();
  if (sources.length === 0) return 'no sources';
  const hash = await hashInputs([folder], `${COMPILER_FLAGS.join(' ')} node-api ${process.arch}`);
  const addon = join(folder, 'build', 'visavis.node');
  const stamp = join(folder, 'build', '.stamp');
  if (!force && existsSync(addon) && (await stampMatches(stamp, hash))) return 'unchanged';

  const packages = await run('pkg-config', ['--cflags', '--libs', ...LIBRARIES]);
  if (packages.code !== 0) {
    throw new SetupError(
      `pkg-config does not find ${LIBRARIES.join(' and ')}: run "node scripts/setup.mjs"\n${packages.output}`,
    );
  }
  await mkdir(join(folder, 'build'), { recursive: true });
  const partial = `${addon}.${process.pid}`;
  const includes = ['node-addon-api', 'node-api-headers/include'].map(
    (path) => `-I${join(ROOT, 'node_modules', path)}`,
  );
  const args = [...COMPILER_FLAGS, ...includes, ...sources.map((name) => join(folder, name)), '-o', partial];
  const result = await run(process.env.CXX ?? 'g++', [...args, ...packages.stdout.trim().split(/\s+/)]);
  if (result.code !== 0) {
    await rm(partial, { force: true });
    throw new SetupError(`the native addon does not compile:\n${result.output}`);
  }
  if (result.output.trim() !== '') process.stderr.write(result.output);
  // A rename, never a write in place: a running process may have the old addon mapped.
  await rename(partial, addon);
  await writeStamp(stamp, hash);
  return `native/build/visavis.node from ${sources.length} source file(s)`;
}

async function copyIfChanged(from, to) {
  const content = await readFile(from);
  if ((await readFile(to).catch(() => null))?.equals(content)) return;
  await mkdir(dirname(to), { recursive: true });
  await writeFile(to, content);
}

/** `src` → `dist`; what is not TypeScript is copied. JavaScript whose source is gone is removed, so that nothing imports it by accident. */
async function buildServer({ force }) {
  const source = join(ROOT, 'src');
  const target = join(ROOT, 'dist');
  const hash = await hashInputs([source, join(ROOT, 'tsconfig.json'), join(ROOT, 'package-lock.json')]);
  const stamp = join(target, '.stamp');
  if (!force && (await stampMatches(stamp, hash))) return 'unchanged';
  await rm(stamp, { force: true });
  const result = await run(process.execPath, [
    join(ROOT, 'node_modules/typescript/bin/tsc'),
    '-p',
    ROOT,
    '--pretty',
    'false',
  ]);
  for (const file of await filesBelow(source)) {
    if (!file.endsWith('.ts')) await copyIfChanged(file, join(target, relative(source, file)));
  }
  for (const file of await filesBelow(target)) {
    const name = relative(target, file);
    const origin = /^(?!web\/)(.*)\.(js|js\.map|d\.ts)$/.exec(name)?.[1];
    if (origin === undefined || existsSync(join(source, `${origin}.ts`)) || existsSync(join(source, name))) continue;
    await rm(file);
  }
  if (result.code !== 0) throw new SetupError(`type errors (JavaScript was written all the same):\n${result.output}`);
  await writeStamp(stamp, hash);
  return 'dist';
}

async function buildWeb({ force }) {
  const folder = join(ROOT, 'web-demo');
  if (!existsSync(join(folder, 'vite.config.ts'))) return 'no web-demo/vite.config.ts';
  // The pages import the message contract from `src`, so its changes count too.
  const hash = await hashInputs([folder, join(ROOT, 'src'), join(ROOT, 'package-lock.json')]);
  const stamp = join(ROOT, 'dist', 'web', '.stamp');
  if (!force && (await stampMatches(stamp, hash))) return 'unchanged';
  const vite = join(ROOT, 'node_modules/vite/bin/vite.js');
  const result = await run(process.execPath, [vite, 'build', '--outDir', join(ROOT, 'dist', 'web'), '--emptyOutDir'], {
    cwd: folder,
  });
  if (result.code !== 0) throw new SetupError(`the web pages do not build:\n${result.output}`);
  await writeStamp(stamp, hash);
  return 'dist/web';
}

const STEPS = { native: buildNative, server: buildServer, web: buildWeb };

/** Runs the named steps one after the other; all are tried, and the failures are reported together. */
export async function build(names = Object.keys(STEPS), options = {}) {
  const failures = [];
  for (const name of names) {
    const started = performance.now();
    try {
      const outcome = await STEPS[name](options);
      if (outcome !== 'unchanged' || options.verbose) {
        say('build', `${name}: ${outcome} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
      }
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      failures.push(`${name}: ${error.message}`);
    }
  }
  if (failures.length > 0) throw new SetupError(failures.join('\n\n'));
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await runMain(async () => {
    const args = process.argv.slice(2);
    const names = args.filter((arg) => !arg.startsWith('--'));
    const unknown = names.filter((name) => !Object.hasOwn(STEPS, name));
    if (unknown.length > 0)
      throw new SetupError(`unknown step ${unknown.join(', ')}; there are ${Object.keys(STEPS).join(', ')}`);
    await build(names.length > 0 ? names : undefined, { force: args.includes('--force'), verbose: true });
  });
}
