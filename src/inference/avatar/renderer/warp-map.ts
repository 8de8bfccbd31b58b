/**
 * The hot loops that say, for every output pixel, which place of the texture it shows. Places are texture
 * coordinates (sample centres at integers) in 1/32 of a sample, so `x = 0` means the centre of the first sample.
 */
export const FRACTION_BITS = 5;
const ONE = 1 << FRACTION_BITS;

export interface WarpMap {
  width: number;
  height: number;
  u: Uint16Array;
  v: Uint16Array;
}

export function createWarpMap(width: number, height: number): WarpMap {
  return { width, height, u: new Uint16Array(width * height), v: new Uint16Array(width * height) };
}

/** Size of a grid cell in output pixels. */
export const CELL = 16;

/**
 * Fills the cells [x0, x1) × [y0, y1) from texture coordinates at the grid's nodes, bilinearly. `gridU` and `gridV` have
 * `stride` nodes a row; node (i, j) is the output position (16·i, 16·j).
 */
export function fillFromGrid(
  map: WarpMap,
  gridU: Float32Array,
  gridV: Float32Array,
  stride: number,
  x0: number,
  x1: number,
  y0: number,
  y1: number,
): void {
  const { width, u, v } = map;
  const height = map.height | 0;
  for (let j = y0; j < y1; j++) {
    const lines = Math.min(CELL, height - j * CELL);
    for (let i = x0; i < x1; i++) {
      const n = j * stride + i;
      const columns = Math.min(CELL, width - i * CELL);
      for (let line = 0; line < lines; line++) {
        const f = (line + 0.5) / CELL;
        const leftU = (gridU[n]! * (1 - f) + gridU[n + stride]! * f) * ONE;
        const leftV = (gridV[n]! * (1 - f) + gridV[n + stride]! * f) * ONE;
        const stepU = ((gridU[n + 1]! * (1 - f) + gridU[n + stride + 1]! * f) * ONE - leftU) / CELL;
        const stepV = ((gridV[n + 1]! * (1 - f) + gridV[n + stride + 1]! * f) * ONE - leftV) / CELL;
        let at = (j * CELL + line) * width + i * CELL;
        let cu = leftU + stepU * 0.5 + 0.5;
        let cv = leftV + stepV * 0.5 + 0.5;
        for (let c = 0; c < columns; c++, at++) {
          u[at] = cu;
          v[at] = cv;
          cu += stepU;
          cv += stepV;
        }
      }
    }
  }
}

/**
 * Draws textured triangles into the map, later ones over earlier ones. `x`, `y`: output positions of the vertices;
 * `u`, `v`: their texture coordinates. A pixel belongs to a triangle when its centre does, edges included, so neighbours
 * leave no gaps; triangles that are folded over (negative area) are left out.
 */
export function drawTriangles(
  map: WarpMap,
  triangles: Uint16Array,
  x: Float32Array,
  y: Float32Array,
  u: Float32Array,
  v: Float32Array,
): void {
  const { width, height, u: mapU, v: mapV } = map;
  for (let t = 0; t < triangles.length; t += 3) {
    const a = triangles[t]!;
    const b = triangles[t + 1]!;
    const c = triangles[t + 2]!;
    const ax = x[a]!;
    const ay = y[a]!;
    const bx = x[b]!;
    const by = y[b]!;
    const cx = x[c]!;
    const cy = y[c]!;
    const area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay);
    if (area <= 1e-3) continue;
    const inverse = 1 / area;
    const au = u[a]! * ONE;
    const av = v[a]! * ONE;
    const dub = u[b]! * ONE - au;
    const duc = u[c]! * ONE - au;
    const dvb = v[b]! * ONE - av;
    const dvc = v[c]! * ONE - av;
    const ux = (dub * (cy - ay) - duc * (by - ay)) * inverse;
    const uy = (duc * (bx - ax) - dub * (cx - ax)) * inverse;
    const vx = (dvb * (cy - ay) - dvc * (by - ay)) * inverse;
    const vy = (dvc * (bx - ax) - dvb * (cx - ax)) * inverse;
    const top = Math.max(0, Math.ceil(Math.min(ay, by, cy) - 0.5));
    const bottom = Math.min(height - 1, Math.floor(Math.max(ay, by, cy) - 0.5));
    for (let row = top; row <= bottom; row++) {
      const py = row + 0.5;
      let left = -Infinity;
      let right = Infinity;
      // Each edge bounds the span from the side its direction says (vertices run clockwise on the screen).
      let dy = by - ay;
      let cross = ax + ((py - ay) * (bx - ax)) / dy;
      if (dy < 0) left = Math.max(cross, left);
      else if (dy > 0) right = Math.min(cross, right);
      dy = cy - by;
      cross = bx + ((py - by) * (cx - bx)) / dy;
      if (dy < 0) left = Math.max(cross, left);
      else if (dy > 0) right = Math.min(cross, right);
      dy = ay - cy;
      cross = cx + ((py - cy) * (ax - cx)) / dy;
      if (dy < 0) left = Math.max(cross, left);
      else if (dy > 0) right = Math.min(cross, right);
      let from = Math.ceil(left - 0.5001);
      let to = Math.floor(right - 0.4999);
      if (from < 0) from = 0;
      if (to >= width) to = width - 1;
      let cu = au + ux * (from + 0.5 - ax) + uy * (py - ay) + 0.5;
      let cv = av + vx * (from + 0.5 - ax) + vy * (py - ay) + 0.5;
      let at = row * width + from;
      for (let px = from; px <= to; px++, at++) {
        mapU[at] = cu;
        mapV[at] = cv;
        cu += ux;
        cv += vx;
      }
    }
  }
}
