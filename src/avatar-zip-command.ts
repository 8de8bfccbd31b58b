/** `visavis avatar export …` and `visavis avatar import FILE.zip`. */
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { type MakingConfig, type makingWords, requireFreeId, untilStopped } from './avatar-making-command.js';
import { isAbort, VisavisError } from './errors.js';
import { packageZip } from './inference/avatar/archive/package-export.js';
import { importPackageZip, MAX_ZIP_BYTES } from './inference/avatar/archive/package-zip.js';
import { avatarFolderIn } from './inference/avatar/folders.js';
import { type AvatarManifest, loadAvatarPackage } from './inference/avatar/package.js';

const USAGE = `visavis avatar export AVATAR FILE.zip [--replace]

Packs an avatar (its id, or the folder of its package) as a zip file, for another machine or to be kept. Everything is checked first. What is said there
on whose likeness it is, and on what ground, goes with it.
  --replace   FILE.zip is replaced where there is one
`;

/** Options that ask for what a package says itself. */
const OF_ITS_OWN = ['name', 'voice', 'size', 'manner', 'synthetic', 'licence', 'consent'] as const;

/** `visavis avatar export …`, given what follows `avatar`. */
export async function exportAvatar(
  args: readonly string[],
  config: Pick<MakingConfig, 'avatarFolders'>,
): Promise<void> {
  const { values, positionals } = parse(args);
  if (values.help === true) {
    process.stdout.write(USAGE);
    return;
  }
  const [action, avatar, path, ...rest] = positionals;
  if (action !== 'export' || avatar === undefined || path === undefined || rest.length > 0)
    throw usage('expected: export AVATAR FILE.zip');
  if (!/\.zip$/i.test(path)) throw usage(`expected the name of a zip file, got ${JSON.stringify(path.slice(0, 80))}`);
  const folder = folderOf(avatar, config.avatarFolders);
  await requirePath(path, values.replace === true);
  const { manifest } = await loadAvatarPackage(folder);
  const { made: bytes } = await untilStopped(
    (signal) => write(folder, manifest, path, signal),
    'no zip file was written',
  );
  process.stdout.write(`${manifest.name} (${manifest.id}) was packed: ${path}, ${megabytes(bytes)}\n`);
}

/** Takes an avatar of a zip file; `words` are those of the import command. */
export async function importZip(
  { source, values, usage: refuse }: ReturnType<typeof makingWords>,
  config: MakingConfig,
): Promise<void> {
  const given = OF_ITS_OWN.find((name) => values[name as keyof typeof values] !== undefined);
  if (given !== undefined)
    throw refuse(`--${given} cannot be given for a zip file: the package in it says that itself`, given);
  const replace = values.replace === true;
  const chooseId = ({ id: own }: AvatarManifest): string => {
    const id = values.id ?? own;
    if (!replace && values.out === undefined) requireFreeId(id, config);
    return id;
  };
  const { made } = await untilStopped(async (signal) => {
    const bytes = await readArchive(source);
    return importPackageZip(bytes, { avatars: values.out ?? config.avatarsFolder, chooseId, replace, signal });
  });
  const { folder, manifest } = made;
  const lines = [
    `${manifest.name} (${manifest.id}) is here: ${folder}`,
    `  likeness    ${manifest.likeness.ground}: ${manifest.likeness.statement.replace(/\s+/g, ' ').slice(0, 120)}`,
    `  look at it  visavis avatar preview ${folder} --sheet sheet.png`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function folderOf(avatar: string, folders: readonly string[]): string {
  if (isAbsolute(avatar) || /[/\\.]/.test(avatar)) return resolve(avatar);
  const folder = avatarFolderIn(folders, avatar);
  if (folder !== undefined) return folder;
  const message = `there is no avatar ${JSON.stringify(avatar.slice(0, 80))} in ${folders.join(' or ')}`;
  throw new VisavisError('not-found', message, { field: 'avatar' });
}

function parse(args: readonly string[]) {
  try {
    const options = { replace: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (thrown) {
    throw usage(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

/** Written beside its place and then moved there: nobody finds half of it. Resolves with its length. */
async function write(folder: string, manifest: AvatarManifest, path: string, signal: AbortSignal): Promise<number> {
  const unfinished = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}`);
  try {
    const { stream, bytes } = await packageZip(folder, manifest);
    await pipeline(stream, createWriteStream(unfinished, { flags: 'wx' }), { signal });
    await rename(unfinished, path);
    return bytes;
  } catch (thrown) {
    if (thrown instanceof VisavisError || isAbort(thrown)) throw thrown;
    throw new VisavisError('bad-request', `${path} cannot be written: ${reasonOf(thrown)}`, {
      field: 'file',
      cause: thrown,
    });
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function requirePath(path: string, replace: boolean): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || (replace && found.isFile())) return;
  if (!found.isFile()) throw new VisavisError('bad-request', `${path} is no file`, { field: 'file' });
  throw new VisavisError('conflict', `there already is a file ${path}: choose another name, or --replace it`, {
    field: 'file',
  });
}

async function readArchive(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size > MAX_ZIP_BYTES) {
      const message = `${path} has ${megabytes(size)}: at most ${megabytes(MAX_ZIP_BYTES)} are read`;
      throw new VisavisError('too-large', message, { field: 'package', reason: 'zip-too-large' });
    }
    return await readFile(path);
  } catch (thrown) {
    if (thrown instanceof VisavisError) throw thrown;
    throw new VisavisError('bad-request', `${path} cannot be read: ${reasonOf(thrown)}`, {
      field: 'package',
      cause: thrown,
    });
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function reasonOf(thrown: unknown): string {
  return (thrown as NodeJS.ErrnoException).code ?? String(thrown);
}

function usage(problem: string): VisavisError {
  return new VisavisError('bad-request', `${problem}\n\n${USAGE}`);
}
