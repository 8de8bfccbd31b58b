import type { AvatarInfo } from '../client/api.js';

export interface ShownPicture {
  /** To be asked for; undefined: what the service gives. */
  size: string | undefined;
  /** Width over height. */
  shape: number;
  /** The avatar with the pictures that have this shape: its film has the service's own. */
  avatar: AvatarInfo;
}

/** In which size an avatar is shown where `wanted` (such as 1024x576) was asked for; what it cannot be shown in is ignored. */
export function shownPicture(avatar: AvatarInfo, wanted: string | undefined): ShownPicture {
  const { width, height, sizes } = avatar;
  const own = width && height ? width / height : 1;
  if (wanted === undefined || !sizes?.includes(wanted)) return { size: undefined, shape: own, avatar };
  const [columns = 1, rows = 1] = wanted.split('x').map(Number);
  const shape = columns / rows;
  if (Math.abs(shape / own - 1) < 0.01) return { size: wanted, shape, avatar };
  const { still: _, idle: __, ...portrait } = avatar;
  return { size: wanted, shape, avatar: portrait };
}
