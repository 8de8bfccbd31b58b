/** Geometry of `measure-rig.mjs`: thin-plate splines, closest points on triangles, ways along edges. All points are [x, y, z]. */

/** The smoothest warp of space that takes every `from` to its `to` (3-D thin-plate spline: kernel |r| and an affine part). */
export function thinPlateSpline(from, to) {
  const n = from.length;
  const size = n + 4;
  const rows = Array.from({ length: size }, () => new Float64Array(size + 3));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) rows[i][j] = distance(from[i], from[j]);
    [1, ...from[i]].forEach((value, k) => {
      rows[i][n + k] = value;
      rows[n + k][i] = value;
    });
    rows[i].set(to[i], size);
  }
  solve(rows, size);
  const weights = rows.map((row) => row.subarray(size));
  return (p) =>
    [0, 1, 2].map((k) => {
      let sum = weights[n][k] + weights[n + 1][k] * p[0] + weights[n + 2][k] * p[1] + weights[n + 3][k] * p[2];
      for (let i = 0; i < n; i++) sum += weights[i][k] * distance(from[i], p);
      return sum;
    });
}

/** Gauss–Jordan elimination with pivoting; the right-hand sides stand behind the matrix and become the solutions. */
function solve(rows, size) {
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let r = column + 1; r < size; r++) if (Math.abs(rows[r][column]) > Math.abs(rows[pivot][column])) pivot = r;
    [rows[column], rows[pivot]] = [rows[pivot], rows[column]];
    const scale = rows[column][column];
    if (Math.abs(scale) < 1e-12) throw new Error('two anchors are the same point');
    for (let k = column; k < rows[column].length; k++) rows[column][k] /= scale;
    for (let r = 0; r < size; r++) {
      const factor = rows[r][column];
      if (r === column || factor === 0) continue;
      for (let k = column; k < rows[r].length; k++) rows[r][k] -= factor * rows[column][k];
    }
  }
}

/** The place on the surface that is closest to `p`: vertices and their weights (Ericson, Real-Time Collision Detection, 5.1.5). */
export function closestOnTriangles(p, vertices, triangles, allowed = () => true) {
  let best = { distance: Infinity, corners: [], weights: [] };
  for (const corners of triangles) {
    const [a, b, c] = corners.map((v) => vertices[v]);
    if (Math.min(distance(p, a), distance(p, b), distance(p, c)) > best.distance + 3 || !allowed(corners)) continue;
    const weights = barycentric(p, a, b, c);
    const d = distance(p, mix([a, b, c], weights));
    if (d < best.distance) best = { distance: d, corners, weights };
  }
  return best;
}

/** The vertices on the shortest way along edges (`roads`: neighbours of each vertex) between two vertices (Dijkstra 1959). */
export function shortestPath(roads, vertices, from, to) {
  const cost = new Map([[from, 0]]);
  const before = new Map();
  const open = new Set([from]);
  while (open.size > 0) {
    let here;
    for (const v of open) if (here === undefined || cost.get(v) < cost.get(here)) here = v;
    if (here === to) break;
    open.delete(here);
    for (const next of roads.get(here)) {
      const way = cost.get(here) + distance(vertices[here], vertices[next]);
      if (way >= (cost.get(next) ?? Infinity)) continue;
      cost.set(next, way);
      before.set(next, here);
      open.add(next);
    }
  }
  const path = [to];
  while (path[0] !== from) {
    if (!before.has(path[0])) throw new Error(`no way from vertex ${from} to ${to}`);
    path.unshift(before.get(path[0]));
  }
  return path;
}

/** The place at a share of a path's length. */
export function alongPath(path, vertices, share) {
  const steps = path.slice(1).map((v, k) => distance(vertices[path[k]], vertices[v]));
  let left = share * steps.reduce((a, b) => a + b, 0);
  let k = 0;
  while (k < steps.length - 1 && left > steps[k]) left -= steps[k++];
  const t = Math.min(1, left / Math.max(1e-9, steps[k]));
  return { distance: 0, corners: [path[k], path[k + 1]], weights: [1 - t, t] };
}

function barycentric(p, a, b, c) {
  const [ab, ac, ap] = [minus(b, a), minus(c, a), minus(p, a)];
  const [d1, d2] = [dot(ab, ap), dot(ac, ap)];
  if (d1 <= 0 && d2 <= 0) return [1, 0, 0];
  const bp = minus(p, b);
  const [d3, d4] = [dot(ab, bp), dot(ac, bp)];
  if (d3 >= 0 && d4 <= d3) return [0, 1, 0];
  const vc = d1 * d4 - d3 * d2;
  if (vc <= 0 && d1 >= 0 && d3 <= 0) return [1 - d1 / (d1 - d3), d1 / (d1 - d3), 0];
  const cp = minus(p, c);
  const [d5, d6] = [dot(ab, cp), dot(ac, cp)];
  if (d6 >= 0 && d5 <= d6) return [0, 0, 1];
  const vb = d5 * d2 - d1 * d6;
  if (vb <= 0 && d2 >= 0 && d6 <= 0) return [1 - d2 / (d2 - d6), 0, d2 / (d2 - d6)];
  const va = d3 * d6 - d5 * d4;
  if (va <= 0 && d4 - d3 >= 0 && d5 - d6 >= 0) {
    const w = (d4 - d3) / (d4 - d3 + (d5 - d6));
    return [0, 1 - w, w];
  }
  const sum = va + vb + vc;
  return [va / sum, vb / sum, vc / sum];
}

export function mix(points, weights) {
  return [0, 1, 2].map((k) => points.reduce((sum, point, i) => sum + point[k] * weights[i], 0));
}

export function distance(a, b) {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

function minus(a, b) {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

function dot(a, b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
