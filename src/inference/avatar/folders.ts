import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MANIFEST } from './package.js';

/** The package of this id in the first of the folders that has one; undefined when none has. `id` must be one (`AVATAR_ID`). */
export function avatarFolderIn(folders: readonly string[], id: string): string | undefined {
  return folders.map((folder) => join(folder, id)).find((folder) => existsSync(join(folder, MANIFEST)));
}

/** As `avatarFolderIn`, or where it would be: loading that says that it is not there. */
export function avatarFolder(folders: readonly string[], id: string): string {
  return avatarFolderIn(folders, id) ?? join(folders[0] ?? '', id);
}
