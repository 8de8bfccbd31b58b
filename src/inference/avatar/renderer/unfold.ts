import { FACE_OVAL } from '../rig.js';

/** How far an edge of a triangle is kept from its opposite corner, in face widths: about a pixel and a half of a usual picture. */
const CLEARANCE = 0.006;
/** Nothing is moved farther, in face widths. */
const FARTHEST = 0.06;
/** A corner is moved only where its triangle's opposite edge lies across its way by at least this sine. */
const STEEP = 0.3;
const PASSES = 40;

/**
 * Lays the outline of a face open: where a head is turned, its far side folds back behind the cheek's edge, and triangles there lie on their back.
 * Their corners on the face's outline are moved away from its middle until none does, so that every place of the picture belongs to one
 * triangle only and a turning head shows no strip of cheek twice. Changes `x` and `y`, in pixels; triangles of the surface, wound alike.
 */
export function unfoldOutline(x: Float32Array, y: Float32Array, triangles: Uint16Array, faceWidth: number): void {
  const [centreX, centreY] = [(x[234]! + x[454]!) / 2, (y[10]! + y[152]!) / 2];
  const moved = new Map<number, number>(FACE_OVAL.map((i) => [i, 0]));
  const most = FARTHEST * faceWidth;
  let total = 0;
  for (let t = 0; t < triangles.length; t += 3) total += area(triangles, t, x, y);
  const sign = Math.sign(total);
  for (let pass = 0; pass < PASSES; pass++) {
    let folded = false;
    for (let t = 0; t < triangles.length; t += 3) {
      const corners = [triangles[t]!, triangles[t + 1]!, triangles[t + 2]!] as const;
      const outer = corners.filter((i) => (moved.get(i) ?? most) < most);
      if (outer.length === 0) continue;
      const longest = Math.max(
        ...corners.map((i, k) => Math.hypot(x[i]! - x[corners[(k + 1) % 3]!]!, y[i]! - y[corners[(k + 1) % 3]!]!)),
      );
      const lacking = CLEARANCE * faceWidth * longest - sign * area(triangles, t, x, y);
      if (lacking <= 0) continue;
      // The area grows linearly as one corner moves; where two do, each takes its part.
      for (const i of outer) {
        const k = corners.indexOf(i);
        const [a, b] = [corners[(k + 1) % 3]!, corners[(k + 2) % 3]!];
        const [dx, dy] = [x[i]! - centreX, y[i]! - centreY];
        const length = Math.max(1e-6, Math.hypot(dx, dy));
        const rate = (sign * (dx * (y[a]! - y[b]!) - dy * (x[a]! - x[b]!))) / length;
        if (rate < STEEP * longest) continue;
        const step = Math.min(lacking / rate / outer.length, most - moved.get(i)!);
        x[i]! += (dx / length) * step;
        y[i]! += (dy / length) * step;
        moved.set(i, moved.get(i)! + step);
        folded = true;
      }
    }
    if (!folded) return;
  }
}

function area(triangles: Uint16Array, t: number, x: Float32Array, y: Float32Array): number {
  const [a, b, c] = [triangles[t]!, triangles[t + 1]!, triangles[t + 2]!];
  return (x[b]! - x[a]!) * (y[c]! - y[a]!) - (x[c]! - x[a]!) * (y[b]! - y[a]!);
}
