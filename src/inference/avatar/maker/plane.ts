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
  for (let y = 0; y < height; y++) runningMean(data, across, y * width, 1, width, radius);
  const out = new Float32Array(data.length);
  for (let x = 0; x < width; x++) runningMean(across, out, x, width, height, radius);
  return { width, height, data: out };
}

function runningMean(from: Float32Array, to: Float32Array, start: number, step: number, count: number, radius: number) {
  let sum = 0;
  for (let i = 0; i < Math.min(radius, count); i++) sum += from[start + i * step]!;
  for (let i = 0; i < count; i++) {
    if (i + radius < count) sum += from[start + (i + radius) * step]!;
    if (i - radius - 1 >= 0) sum -= from[start + (i - radius - 1) * step]!;
    const covered = Math.min(count - 1, i + radius) - Math.max(0, i - radius) + 1;
    to[start + i * step] = sum / covered;
  }
}

/** The largest (`grow`) or smallest value within `radius` pixels across and down. */
export function spread({ width, height, data }: Plane, radius: number, grow: boolean): Plane {
  const better = grow ? Math.max : Math.min;
  const pass = (from: Float32Array, step: number, count: number, lines: number, lineStep: number) => {
    const out = new Float32Array(from.length);
    for (let line = 0; line < lines; line++) {
      for (let i = 0; i < count; i++) {
        let value = from[line * lineStep + i * step]!;
        for (let k = Math.max(0, i - radius); k <= Math.min(count - 1, i + radius); k++) {
          value = better(value, from[line * lineStep + k * step]!);
        }
        out[line * lineStep + i * step] = value;
      }
    }
    return out;
  };
  const across = pass(data, 1, width, height, width);
  return { width, height, data: pass(across, width, height, width, 1) };
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
