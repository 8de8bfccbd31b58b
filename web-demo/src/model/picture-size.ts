import type { AvatarInfo } from '../client/api.js';

export interface ShownPicture {
  /** To be asked for; undefined: what the service gives. */
  size: string | undefined;
  /** Width over height. */
  shape: number;
  /** The avatar with the pictures that can be shown in this shape: a square film in a wide frame would be cut at the head. */
  avatar: AvatarInfo;
}

/** Of width over height, beyond which pictures are wide. */
const WIDE = 1.2;
const SAME = 0.01;

/**
 * In which size an avatar is shown where `wanted` (such as 1024x576) was asked for; what it cannot be shown in is ignored. On a narrow
 * screen a picture that would be wide by the service's choice is asked for as a square, where there is one: its face is twice as large there.
 */
export function shownPicture(avatar: AvatarInfo, wanted: string | undefined, isNarrow: boolean): ShownPicture {
  const { width, height, sizes = [] } = avatar;
  const own = width && height ? width / height : 1;
  const square = isNarrow && own > WIDE ? sizes.find((name) => Math.abs(shapeOf(name) - 1) < SAME) : undefined;
  const size = wanted !== undefined && sizes.includes(wanted) ? wanted : square;
  if (size === undefined) return { size, shape: own, avatar };
  const shape = shapeOf(size);
  if (shape < own + SAME) return { size, shape, avatar };
  const { still: _, idle: __, ...portrait } = avatar;
  return { size, shape, avatar: portrait };
}

function shapeOf(size: string): number {
  const [width = 1, height = 1] = size.split('x').map(Number);
  return width / height;
}
