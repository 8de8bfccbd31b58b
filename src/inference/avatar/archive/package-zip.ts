import { VisavisError } from '../../../errors.js';
import {
  AVATAR_ID,
  type AvatarManifest,
  checkListed,
  MANIFEST,
  MAX_FILES,
  MAX_LITE_FILE_BYTES,
  MAX_MANIFEST_BYTES,
  readManifest,
} from '../package.js';
import { writeAvatarPackage } from '../package-writer.js';
import { readZip } from './zip-contents.js';
import { quoted, zipProblem } from './zip-problem.js';
import type { ZipLimits } from './zip-structure.js';

/** The largest that is read; avatars of photos have about 1 MB, those of the LiteAvatar family up to 20 MB. */
export const MAX_ZIP_BYTES = 128 * 1024 * 1024;
const LIMITS: ZipLimits = {
  archiveBytes: MAX_ZIP_BYTES,
  files: MAX_FILES,
  fileBytes: MAX_LITE_FILE_BYTES,
  totalBytes: MAX_ZIP_BYTES,
};

/** A package as its zip file holds it, with the sums that its manifest gives; what the files hold is not looked at. */
export interface ZippedPackage {
  manifest: AvatarManifest;
  /** By name, without the manifest. */
  files: Map<string, Buffer>;
}

export interface ImportZipOptions {
  /** Folder that gets the package as a folder of its own. */
  avatars: string;
  /** Given the manifest, the id to take in place of its own; may throw. */
  chooseId?: (manifest: AvatarManifest) => string | Promise<string>;
  replace?: boolean;
  signal?: AbortSignal;
}

/**
 * Reads a zip file of an avatar package. Rejects with `bad-request` or `too-large`: field `package` and a `ZipReason` where the zip file is to blame, else the
 * field of the manifest that is wrong.
 */
export async function readPackageZip(bytes: Buffer, o: { signal?: AbortSignal } = {}): Promise<ZippedPackage> {
  const files = await readZip(bytes, LIMITS, o);
  const manifestFile = files.get(MANIFEST);
  if (manifestFile === undefined) {
    const found = [...files.keys()].slice(0, 4).map(quoted).join(', ');
    throw invalid(`is no avatar package: it holds ${found || 'nothing'}, and no ${MANIFEST}`);
  }
  if (manifestFile.length > MAX_MANIFEST_BYTES) {
    throw invalid(`holds an ${MANIFEST} of ${manifestFile.length} bytes, at most ${MAX_MANIFEST_BYTES} are taken`);
  }
  files.delete(MANIFEST);
  const manifest = readManifest(manifestFile);
  for (const name of files.keys()) {
    if (!Object.hasOwn(manifest.files, name))
      throw invalid(`holds ${quoted(name)}, which its ${MANIFEST} does not list`);
  }
  for (const [name, expected] of Object.entries(manifest.files)) {
    const content = files.get(name);
    if (name === MANIFEST) throw invalid(`holds an ${MANIFEST} that lists itself`);
    if (content === undefined) throw invalid(`lacks ${quoted(name)}, which its ${MANIFEST} lists`);
    checkListed(name, content, expected);
  }
  return { manifest, files };
}

/**
 * Puts the avatar of a zip file among `avatars`. All of it is checked first, as a package is that is loaded; then it appears by one rename. Rejects as `readPackageZip`,
 * `loadAvatarPackage` and `writeAvatarPackage` do; nothing is left behind then.
 */
export async function importPackageZip(
  bytes: Buffer,
  o: ImportZipOptions,
): Promise<{ folder: string; manifest: AvatarManifest }> {
  const { manifest, files } = await readPackageZip(bytes, o);
  const { files: _sums, ...given } = manifest;
  const id = (await o.chooseId?.(manifest)) ?? manifest.id;
  if (!AVATAR_ID.test(id)) {
    const expected = 'lower-case letters, digits and dashes, a letter or digit first, 63 at most';
    throw new VisavisError('bad-request', `the id ${quoted(id)} must be ${expected}`, { field: 'id' });
  }
  const folder = await writeAvatarPackage(o.avatars, { ...given, id }, files, {
    ...(o.replace !== undefined && { replace: o.replace }),
    ...(o.signal && { signal: o.signal }),
  });
  return { folder, manifest: { ...manifest, id } };
}

function invalid(what: string): VisavisError {
  return zipProblem('package-invalid', what);
}
