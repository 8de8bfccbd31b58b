import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { VisavisError } from '../errors.js';
import { avatarFolderIn } from '../inference/avatar/folders.js';
import { type Manner, type MannerWord, mannerWord } from '../inference/avatar/manner.js';
import { AVATAR_ID, type AvatarManifest, loadAvatarManifest, PORTRAIT } from '../inference/avatar/package.js';
import { type PictureSize, shownIn, sizeName, sizesOf } from '../picture-size.js';

/** One entry of `GET /v1/avatars`. */
export interface AvatarSummary {
  id: string;
  name: string;
  width: number;
  height: number;
  /** How it carries itself, in one word and in the package's numbers; absent where the package says nothing of it. */
  manner?: Manner & { word: MannerWord };
  /** What a session may ask for as `size`; the first is what it gets otherwise. */
  sizes: string[];
  /** Path of the picture to show before the session begins. */
  poster: string;
  /** Path of the same as a small file, once there is one. */
  still?: string;
  /** Path of a short silent film of the avatar at rest, made to be looped, once there is one. */
  idle?: string;
  /** It was made here and may be removed. */
  own?: true;
}

/** Where an avatar's idle clip comes from; see `IdleClips`. */
export interface AvatarClips {
  find(
    avatar: Pick<AvatarEntry, 'folder' | 'manifest'>,
  ): { version: string; clipPath: string; stillPath: string } | undefined;
}

export interface AvatarEntry {
  folder: string;
  manifest: AvatarManifest;
  /** It was made here, and did not come with the service. */
  isOwn: boolean;
}

/** The avatar packages of some folders; an avatar's id is the name of its own folder, and of two of one id the first counts. */
export class AvatarDirectory {
  readonly #folders: readonly string[];
  readonly #clips: AvatarClips | undefined;
  readonly #ownFolder: string | undefined;
  readonly #pictureSize: PictureSize | undefined;

  /**
   * `ownFolder`: the one of the folders whose avatars were made here. `pictureSize`: what avatars are shown in that can be; manifests say so
   * as `width` and `height`.
   */
  constructor(folders: readonly string[], clips?: AvatarClips, ownFolder?: string, pictureSize?: PictureSize) {
    this.#folders = folders;
    this.#clips = clips;
    this.#ownFolder = ownFolder;
    this.#pictureSize = pictureSize;
  }

  /** Broken packages are left out: loading one of them says what is wrong with it. */
  async list(): Promise<AvatarSummary[]> {
    const found = await Promise.all(this.#folders.map((folder) => readdir(folder).catch(() => [])));
    const names = [...new Set(found.flat())].sort();
    const entries = await Promise.all(names.map((name) => this.find(name).catch(() => undefined)));
    return entries.filter((entry) => entry !== undefined).map((entry) => this.#summarise(entry));
  }

  /** Rejects as `find`. */
  async describe(id: string): Promise<AvatarSummary> {
    return this.#summarise(await this.find(id));
  }

  /** Rejects with `not-found`, or with what is wrong with the package. `retired`: see `avatarFolderIn`. */
  async find(id: string, o: { retired?: boolean } = {}): Promise<AvatarEntry> {
    // The pattern also keeps the id from leading out of the folder.
    if (!AVATAR_ID.test(id)) throw unknownAvatar();
    const folder = avatarFolderIn(this.#folders, id, o);
    if (folder === undefined) throw unknownAvatar();
    let manifest: AvatarManifest;
    try {
      manifest = shownIn(await loadAvatarManifest(folder), this.#pictureSize);
    } catch (thrown) {
      if (thrown instanceof VisavisError && thrown.code === 'not-found') throw unknownAvatar();
      throw thrown;
    }
    if (manifest.id !== id) throw new VisavisError('bad-request', `avatar package ${id} calls itself ${manifest.id}`);
    return { folder, manifest, isOwn: dirname(folder) === this.#ownFolder };
  }

  async posterPath(id: string): Promise<string> {
    return join((await this.find(id)).folder, 'portrait.png');
  }

  /** The files of the avatar's idle clip. Rejects with `not-found` while there is none. */
  async clip(id: string): Promise<{ version: string; clipPath: string; stillPath: string }> {
    const files = this.#clips?.find(await this.find(id));
    if (files === undefined) throw new VisavisError('not-found', 'this avatar has no idle clip yet');
    return files;
  }

  #summarise(entry: AvatarEntry): AvatarSummary {
    const { id, name, width, height, manner: numbers } = entry.manifest;
    const sizes = [...new Set([{ width, height }, ...sizesOf(entry.manifest)].map(sizeName))];
    const manner = numbers && { manner: { word: mannerWord(numbers), ...numbers } };
    const about = { id, name, width, height, sizes, ...manner };
    const base = `/v1/avatars/${id}`;
    const version = this.#clips?.find(entry)?.version;
    const moving =
      version === undefined ? {} : { still: `${base}/still.webp?v=${version}`, idle: `${base}/idle.webm?v=${version}` };
    if (!entry.isOwn) return { ...about, poster: `${base}/poster`, ...moving };
    // One that is made anew under an id that was used before must not show the older picture.
    const portrait = entry.manifest.files[PORTRAIT]?.sha256.slice(0, 16) ?? '';
    return { ...about, poster: `${base}/poster?v=${portrait}`, ...moving, own: true };
  }
}

function unknownAvatar(): VisavisError {
  return new VisavisError('not-found', 'there is no avatar of this id; GET /v1/avatars lists them', {
    field: 'avatar',
  });
}
