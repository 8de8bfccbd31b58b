/** One value a pixel, row by row: `width * height` numbers. */
export interface Plane {
  width: number;
  height: number;
  data: Float32Array;
}

export function planeOf(width: number, height: number, value: (i: number) => number): Plane {
  const data = new Float32Array(width * height);
  for (let i = 0; i < data.length; i++) data[i] = value(i);
  return { width, height, data };
}

/** The mean of the `2 · radius + 1` squared pixels around each, of those that lie within. Running sums: its cost does not grow with `radius`. */
export function boxMean({ width, height, data }: Plane, radius: number): Plane {
  const across = new Float32Array(data.length);
  for (let y = 0; y < height; y++) meanAcross(data, across, y * width, width, radius);
  const out = new Float32Array(data.length);
  // Row by row, one running sum a column: memory is walked through in order.
  const sums = new Float64Array(width);
  const add = (row: number, sign: number) => {
    for (let x = 0, i = row * width; x < width; x++, i++) sums[x]! += sign * across[i]!;
  };
  for (let row = 0; row < Math.min(radius, height); row++) add(row, 1);
  for (let y = 0; y < height; y++) {
    if (y + radius < height) add(y + radius, 1);
    if (y - radius - 1 >= 0) add(y - radius - 1, -1);
    const covered = Math.min(height - 1, y + radius) - Math.max(0, y - radius) + 1;
    for (let x = 0, i = y * width; x < width; x++, i++) out[i] = sums[x]! / covered;
  }
  return { width, height, data: out };
}

function meanAcross(from: Float32Array, to: Float32Array, start: number, count: number, radius: number): void {
  let sum = 0;
  for (let i = 0; i < Math.min(radius, count); i++) sum += from[start + i]!;
  for (let i = 0; i < count; i++) {
    if (i + radius < count) sum += from[start + i + radius]!;
    if (i - radius - 1 >= 0) sum -= from[start + i - radius - 1]!;
    const covered = Math.min(count - 1, i + radius) - Math.max(0, i - radius) + 1;
    to[start + i] = sum / covered;
  }
}

/** An area (0 or 1 a pixel) with every pixel within `radius` pixels across and down of it. */
export function grown(area: Plane, radius: number): Plane {
  const least = 0.5 / (2 * radius + 1) ** 2;
  const { width, height, data } = boxMean(area, radius);
  return { width, height, data: data.map((mean) => (mean > least ? 1 : 0)) };
}

/** An area (0 or 1 a pixel) without the pixels within `radius` pixels of what does not belong to it; the picture's edge takes nothing away. */
export function shrunk(area: Plane, radius: number): Plane {
  const most = 1 - 0.5 / (2 * radius + 1) ** 2;
  const { width, height, data } = boxMean(area, radius);
  return { width, height, data: data.map((mean) => (mean > most ? 1 : 0)) };
}

/** Bilinear, at another size; the pictures' edges lie on each other. */
export function resized({ width, height, data }: Plane, w: number, h: number): Plane {
  const at = (i: number, from: number, to: number) => Math.min(from - 1, Math.max(0, ((i + 0.5) * from) / to - 0.5));
  const out = new Float32Array(w * h);
  for (let y = 0, i = 0; y < h; y++) {
    const v = at(y, height, h);
    const top = Math.floor(v);
    const low = Math.min(height - 1, top + 1);
    for (let x = 0; x < w; x++, i++) {
      const u = at(x, width, w);
      const left = Math.floor(u);
      const right = Math.min(width - 1, left + 1);
      const above = data[top * width + left]! + (data[top * width + right]! - data[top * width + left]!) * (u - left);
      const below = data[low * width + left]! + (data[low * width + right]! - data[low * width + left]!) * (u - left);
      out[i] = above + (below - above) * (v - top);
    }
  }
  return { width: w, height: h, data: out };
}
