import type { AvatarInfo } from '../client/api.js';
import { shownPicture } from '../model/picture-size.js';

/** As in layout.css: the picture stands above everything else. */
const NARROW = '((max-width: 1100px) and (max-aspect-ratio: 1 / 1)) or (max-width: 480px)';

/** The shape of the picture on the page: what is asked for, and what that makes of the frame. */
export class PictureShape {
  readonly #wanted: string | undefined;
  #size: string | undefined;

  /** `wanted`: what the page's address asks for, if anything. */
  constructor(wanted: string | undefined) {
    this.#wanted = wanted;
  }

  /** For `POST /v1/sessions`, with the avatar that was fitted last. */
  get size(): string | undefined {
    return this.#size;
  }

  /** Gives the page the avatar's shape (`--picture`); returns the avatar with the pictures that fit into it. */
  fit(avatar: AvatarInfo, page: HTMLElement): AvatarInfo {
    const shown = shownPicture(avatar, this.#wanted, matchMedia(NARROW).matches);
    this.#size = shown.size;
    page.style.setProperty('--picture', shown.shape.toFixed(4));
    return shown.avatar;
  }
}
