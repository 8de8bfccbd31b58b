import { clamp } from './curves.js';

/** One plane of an eye as the portrait has it; curves by column, all in samples of the patch. */
export interface EyeOpening {
  width: number;
  height: number;
  upper: Float32Array;
  lower: Float32Array;
  irisX: number;
  irisY: number;
  irisRadius: number;
}

/** Next to the lids the portrait's pixels are part lash and shadow: this many samples are not taken for eyeball. */
const INSET = 2.5;
/** Iris radii: beyond is the white. */
const IRIS_END = 1.12;

/**
 * The eyeball without lids: what the portrait shows of it, and behind the lids the rest of the iris by its symmetry (upside down from
 * where it is seen) and the white of the same column or, behind the iris, of both sides.
 */
export function paintEyeball(open: Uint8Array, o: EyeOpening): Uint8Array {
  const { width, height, irisX, irisY, irisRadius } = o;
  const ball = open.slice();
  const end = IRIS_END * irisRadius;
  const isOpen = (i: number, row: number) => row >= o.upper[i]! + INSET && row <= o.lower[i]! - INSET;
  const shown = (i: number, row: number) => {
    const low = Math.min(o.upper[i]! + INSET, (o.upper[i]! + o.lower[i]!) / 2);
    const high = Math.max(o.lower[i]! - INSET, (o.upper[i]! + o.lower[i]!) / 2);
    return open[clamp(Math.round(clamp(row, low, high)), 0, height - 1) * width + i]!;
  };
  const [left, right] = [irisX - end - 1, irisX + end + 1].map((x) => clamp(Math.round(x), 0, width - 1)) as [
    number,
    number,
  ];
  const [leftWhite, rightWhite] = [shown(left, irisY), shown(right, irisY)];
  const white = (i: number) => {
    if (i <= left || i >= right) return shown(i, irisY);
    return leftWhite + ((rightWhite - leftWhite) * (i - left)) / Math.max(1, right - left);
  };
  for (let i = 0; i < width; i++) {
    for (let row = 0; row < height; row++) {
      if (isOpen(i, row)) continue;
      const dx = i - irisX;
      const distance = Math.hypot(dx, row - irisY);
      const over = Math.round(2 * irisY - row);
      if (distance > end) ball[row * width + i] = white(i);
      else if (over >= 0 && over < height && isOpen(i, over)) ball[row * width + i] = open[over * width + i]!;
      // Hidden above and below: at the same distance from the middle to the side, which is seen.
      else {
        const across = clamp(Math.round(irisX + Math.sign(dx || 1) * distance), 0, width - 1);
        ball[row * width + i] = shown(across, irisY);
      }
    }
  }
  return ball;
}
