import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MANIFEST } from './package.js';

/** A file of this name in a package says that it was removed, and that sessions may still show it. */
export const RETIRED = '.removed';

export function isRetired(folder: string): boolean {
  return existsSync(join(folder, RETIRED));
}

/**
 * The package of this id in the first of the folders that has one; undefined when none has. `id` must be one (`AVATAR_ID`).
 * `retired`: where no other is left, one that was removed will do, for a session that has it already.
 */
export function avatarFolderIn(
  folders: readonly string[],
  id: string,
  o: { retired?: boolean } = {},
): string | undefined {
  const found = folders.map((folder) => join(folder, id)).filter((folder) => existsSync(join(folder, MANIFEST)));
  return found.find((folder) => !isRetired(folder)) ?? (o.retired === true ? found[0] : undefined);
}

/** As `avatarFolderIn`, or where it would be: loading that says that it is not there. */
export function avatarFolder(folders: readonly string[], id: string): string {
  return avatarFolderIn(folders, id) ?? join(folders[0] ?? '', id);
}
