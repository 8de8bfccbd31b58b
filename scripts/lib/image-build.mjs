/** Carries out the steps of a parsed Dockerfile: one root file system for each stage. */
import { cp, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative } from 'node:path';
import { enterCommand, provideBase } from './chroot.mjs';
import { ignores } from './dockerfile.mjs';
import { runOrFail } from './process.mjs';
import { SetupError, say } from './report.mjs';

/**
 * Builds all stages below `work` and returns the last one's `{ root, image }`. `context` is the folder that COPY takes files from;
 * `beforeRun(root, step)` may prepare caches. The base image node:N-bookworm[-slim] is stood in for by debootstrap.
 */
export async function buildStages(stages, { work, context, settings, beforeRun = async () => {} }) {
  const isIgnored = ignores(await readFile(join(context, '.dockerignore'), 'utf8'));
  const roots = new Map();
  for (const [index, stage] of stages.entries()) {
    const root = join(work, `stage-${stage.name}`);
    await rm(root, { recursive: true, force: true });
    await runOrFail('cp', [
      '-a',
      '--reflink=auto',
      roots.get(stage.base) ?? (await baseOf(stage.base, work, settings)),
      root,
    ]);
    for (const [number, step] of stage.steps.entries()) {
      const started = performance.now();
      const title = `${stage.name} ${number + 1}/${stage.steps.length}`;
      say('build', `${title} ${step.kind.toUpperCase()} ${step.text.replace(/\s+/g, ' ')}`);
      if (step.kind === 'run') {
        await beforeRun(root, step);
        await runStep(root, step, settings);
      } else {
        await copyStep(root, step, {
          context,
          isIgnored,
          from: step.from === undefined ? undefined : roots.get(step.from),
        });
      }
      say('build', `${title} done in ${((performance.now() - started) / 1000).toFixed(1)} s`);
    }
    roots.set(stage.name, root).set(String(index), root);
  }
  const last = stages.at(-1);
  return { root: roots.get(last.name), image: last.image };
}

async function baseOf(image, work, settings) {
  const major = /^node:(\d+)-bookworm(?:-slim)?$/.exec(image)?.[1];
  if (major === undefined)
    throw new SetupError(`FROM ${image}: only node:N-bookworm and node:N-bookworm-slim can be stood in for`);
  const folder = join(work, `base-${major}`);
  await provideBase(folder, Number(major), settings);
  return folder;
}

async function runStep(root, step, settings) {
  const env = { ...settings.env, ...step.args, ...step.env };
  await mkdir(join(root, step.workdir), { recursive: true });
  const place = { root, user: step.user, workdir: step.workdir, settings: settings.folder };
  await runOrFail(...enterCommand({ ...place, env, command: step.command }), {
    onOutput: (text) => process.stderr.write(text.replace(/^(?=.)/gm, '    ')),
  });
}

async function copyStep(root, step, { context, isIgnored, from }) {
  if (step.from !== undefined && from === undefined) throw new SetupError(`COPY --from=${step.from}: no such stage`);
  const target = join(root, isAbsolute(step.destination) ? '' : step.workdir, step.destination);
  const intoFolder = /(^\.|\/)$/.test(step.destination);
  for (const source of step.sources) {
    const path = join(from ?? context, source);
    const info = await stat(path).catch(() => undefined);
    if (info === undefined) throw new SetupError(`COPY ${source}: there is no such file`);
    const isFolder = info.isDirectory();
    const place = isFolder || !intoFolder ? target : join(target, basename(source));
    await mkdir(isFolder ? place : dirname(place), { recursive: true });
    // A folder's content is copied, not the folder.
    if (from !== undefined) await runOrFail('cp', ['-a', '--reflink=auto', isFolder ? `${path}/.` : path, place]);
    else await copyFromContext(path, place, isFolder, (file) => isIgnored(relative(context, file)));
    if (step.chmod !== undefined) await runOrFail('chmod', ['-R', step.chmod, place]);
    if (step.chown !== undefined) await runOrFail('chown', ['-Rh', step.chown, place]);
  }
}

async function copyFromContext(path, place, isFolder, isIgnored) {
  const files = (isFolder ? await filesOf(path) : [path]).filter((file) => !isIgnored(file));
  if (files.length === 0) throw new SetupError(`COPY ${path}: .dockerignore leaves nothing of it`);
  for (const file of files) {
    const target = isFolder ? join(place, relative(path, file)) : place;
    await mkdir(dirname(target), { recursive: true });
    await cp(file, target, { preserveTimestamps: true, verbatimSymlinks: true });
  }
}

async function filesOf(folder) {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}
