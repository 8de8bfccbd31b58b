/** A picture's size in pixels, both even. */
export interface PictureSize {
  width: number;
  height: number;
}

/** The sizes that avatars are made for; a session may ask for those that its avatar's portrait fills. */
export const PICTURE_SIZES = ['512x512', '768x768', '1024x1024', '1024x576'] as const;
export type PictureSizeName = (typeof PICTURE_SIZES)[number];

/** What the sizes are called where somebody has to choose one: squares by their side. */
export const PICTURE_SIZE_CHOICE = '512, 768, 1024 or 1024x576';
/** Sizes are taken for one shape whose sides' ratios differ by less than this: pixels are whole. */
const SAME_SHAPE = 0.01;

/** `512` and `512x512` are a square; undefined for what is none of `PICTURE_SIZES`. */
export function parsePictureSize(text: string): PictureSize | undefined {
  const name = /^\d+$/.test(text) ? `${text}x${text}` : text;
  return (PICTURE_SIZES as readonly string[]).includes(name) ? sizeOf(name) : undefined;
}

/** Of a size's name, `sizeName`'s inverse. */
function sizeOf(name: string): PictureSize {
  const [width, height] = name.split('x').map(Number);
  return { width: width!, height: height! };
}

export function sizeName({ width, height }: PictureSize): string {
  return `${width}x${height}`;
}

export function haveSameShape(a: PictureSize, b: PictureSize): boolean {
  return Math.abs((a.width * b.height) / (a.height * b.width) - 1) < SAME_SHAPE;
}

/** An avatar's manifest as it is where pictures of `wanted` are: in that size where the avatar can be shown in it, else as it is. */
export function shownIn<T extends PictureSize & { sizes?: readonly string[] | undefined }>(
  avatar: T,
  wanted: PictureSize | undefined,
): T {
  if (wanted === undefined || !sizesOf(avatar).some((size) => sizeName(size) === sizeName(wanted))) return avatar;
  // Its own size remains one that can be asked for.
  return { ...avatar, ...wanted, sizes: sizesOf(avatar).map(sizeName) };
}

/** The sizes an avatar can be shown in: its own, the usual ones of the same shape, and those that it names. */
export function sizesOf(avatar: PictureSize & { sizes?: readonly string[] | undefined }): PictureSize[] {
  const usual = PICTURE_SIZES.map(sizeOf).filter((size) => haveSameShape(size, avatar));
  const all = [{ width: avatar.width, height: avatar.height }, ...usual, ...(avatar.sizes ?? []).map(sizeOf)];
  return all.filter((size, i) => all.findIndex((other) => sizeName(other) === sizeName(size)) === i);
}
