import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { VisavisError } from '../errors.js';
import { type AvatarManifest, loadAvatarManifest } from '../inference/avatar/package.js';

/** One entry of `GET /v1/avatars`. */
export interface AvatarSummary {
  id: string;
  name: string;
  width: number;
  height: number;
  /** Path of the picture to show before the session begins. */
  poster: string;
}

export interface AvatarEntry {
  folder: string;
  manifest: AvatarManifest;
}

/** The avatar packages of a folder; an avatar's id is the name of its own folder. */
export class AvatarDirectory {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Broken packages are left out: loading one of them says what is wrong with it. */
  async list(): Promise<AvatarSummary[]> {
    const names = (await readdir(this.#folder).catch(() => [])).sort();
    const entries = await Promise.all(names.map((name) => this.find(name).catch(() => undefined)));
    return entries.filter((entry) => entry !== undefined).map(({ manifest }) => summarise(manifest));
  }

  /** Rejects with `not-found`, or with what is wrong with the package. */
  async find(id: string): Promise<AvatarEntry> {
    // The pattern also keeps the id from leading out of the folder.
    if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(id)) throw unknownAvatar();
    const folder = join(this.#folder, id);
    let manifest: AvatarManifest;
    try {
      manifest = await loadAvatarManifest(folder);
    } catch (thrown) {
      if (thrown instanceof VisavisError && thrown.code === 'not-found') throw unknownAvatar();
      throw thrown;
    }
    if (manifest.id !== id) throw new VisavisError('bad-request', `avatar package ${id} calls itself ${manifest.id}`);
    return { folder, manifest };
  }

  async posterPath(id: string): Promise<string> {
    return join((await this.find(id)).folder, 'portrait.png');
  }
}

function summarise({ id, name, width, height }: AvatarManifest): AvatarSummary {
  return { id, name, width, height, poster: `/v1/avatars/${id}/poster` };
}

function unknownAvatar(): VisavisError {
  return new VisavisError('not-found', 'there is no avatar of this id; GET /v1/avatars lists them', {
    field: 'avatar',
  });
}
