import { createHash, randomBytes } from 'node:crypto';
import { access, constants, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfAborted } from '../../abort.js';
import { VisavisError } from '../../errors.js';
import { type AvatarManifest, loadAvatarPackage, MANIFEST, parseManifest } from './package.js';

/** Folders of attempts that died begin like this, and are no names of avatars. */
const UNFINISHED = /^\.[a-z0-9-]+\.(new|old)-[0-9a-f]{8}$/;
const ABANDONED_MS = 3_600_000;

/**
 * Writes an avatar package of these files into `avatars` (made when it is missing) as the folder of the manifest's id, and gives its path. The
 * sums in the manifest are added here. What is written is loaded and checked before it gets its name, so a folder of that name is
 * whole at every moment; after a failure or an abort nothing is left. Rejects with `conflict` when the id is taken and `replace` is
 * not set, with `bad-request` when the manifest is wrong or the folder cannot be written.
 */
export async function writeAvatarPackage(
  avatars: string,
  given: Omit<AvatarManifest, 'files'>,
  files: ReadonlyMap<string, Uint8Array>,
  o: { replace?: boolean; signal?: AbortSignal } = {},
): Promise<string> {
  const sums = [...files].map(([name, content]) => {
    const sha256 = createHash('sha256').update(content).digest('hex');
    return [name, { sha256, bytes: content.length }] as const;
  });
  const manifest = parseManifest({ ...given, files: Object.fromEntries(sums) });
  const target = join(avatars, manifest.id);
  await requirePlace(avatars, manifest.id, o.replace === true);
  const mark = randomBytes(4).toString('hex');
  const unfinished = join(avatars, `.${manifest.id}.new-${mark}`);
  const former = join(avatars, `.${manifest.id}.old-${mark}`);
  try {
    await mkdir(unfinished);
    await removeAbandoned(avatars);
    for (const [name, content] of files) {
      throwIfAborted(o.signal);
      await writeFile(join(unfinished, name), content, { flag: 'wx' });
    }
    await writeFile(join(unfinished, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`, { flag: 'wx' });
    await loadAvatarPackage(unfinished);
    throwIfAborted(o.signal);
    await putInPlace({ unfinished, target, former, replace: o.replace === true, id: manifest.id });
  } catch (thrown) {
    throw asFailure(thrown, avatars);
  } finally {
    await rm(unfinished, { recursive: true, force: true }).catch(() => undefined);
  }
  return target;
}

/** Makes the folder of avatars where it is missing. Rejects when it cannot be written, or when the id is taken and may not be replaced. */
export async function requirePlace(avatars: string, id: string, replace: boolean): Promise<void> {
  try {
    await mkdir(avatars, { recursive: true });
    await access(avatars, constants.W_OK);
  } catch (thrown) {
    throw asFailure(thrown, avatars);
  }
  const there = await stat(join(avatars, id)).then(
    () => true,
    () => false,
  );
  if (there && !replace) throw taken(id);
}

async function putInPlace(o: { unfinished: string; target: string; former: string; replace: boolean; id: string }) {
  if (o.replace) {
    const moved = await rename(o.target, o.former).then(
      () => true,
      () => false,
    );
    try {
      await rename(o.unfinished, o.target);
    } catch (thrown) {
      if (moved) await rename(o.former, o.target);
      throw thrown;
    }
    if (moved) await rm(o.former, { recursive: true, force: true });
    return;
  }
  // A folder cannot be renamed over one that has files: of two that write the same id one fails here.
  await rename(o.unfinished, o.target).catch((thrown: NodeJS.ErrnoException) => {
    throw thrown.code === 'ENOTEMPTY' || thrown.code === 'EEXIST' || thrown.code === 'ENOTDIR' ? taken(o.id) : thrown;
  });
}

/** What a killed process left behind; another one that is at work is younger. */
async function removeAbandoned(avatars: string): Promise<void> {
  for (const name of await readdir(avatars)) {
    if (!UNFINISHED.test(name)) continue;
    const path = join(avatars, name);
    const changed = await stat(path).catch(() => undefined);
    if (changed === undefined || Date.now() - changed.mtimeMs < ABANDONED_MS) continue;
    await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

function taken(id: string): VisavisError {
  return new VisavisError('conflict', `there already is an avatar ${id}: choose another id or replace it`, {
    field: 'id',
  });
}

function asFailure(thrown: unknown, avatars: string): unknown {
  const { code } = thrown as NodeJS.ErrnoException;
  if (thrown instanceof VisavisError || typeof code !== 'string' || !/^E[A-Z]+$/.test(code)) return thrown;
  return new VisavisError('bad-request', `the avatar cannot be written to ${avatars}: ${code}`, {
    field: 'out',
    cause: thrown,
  });
}
