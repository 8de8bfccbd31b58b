import { MOTION } from '../motion-frame.js';
import { FACE_OVAL, LEFT_EYE, LOWER_LIP, RIGHT_EYE, SURFACE_COUNT, UPPER_LIP } from '../rig.js';
import { clamp } from './curves.js';
import type { FaceGeometry } from './face-geometry.js';

/** What mainly moves towards the viewer shows from the front by its light. */
const CHANNELS = [MOTION.cheekPuff, MOTION.jawForward] as const;
/** Towards the light of a usual portrait, above and before the face (x to the right, y down, z away from the viewer). */
const LIGHT = [-0.2, -0.62, -0.76] as const;
/** Brightness (luma) for a turn of the skin from facing away to facing the light. */
const STRENGTH = 120;
const MOST = 34;
const SMOOTHING = 3;

/** Lights and shades of skin that bulges: how much lighter or darker each surface point gets as its normal turns. */
export class Relief {
  readonly #lights: readonly { channel: number; light: Float32Array }[];
  readonly #now = new Float32Array(SURFACE_COUNT);

  /** `offsets`: x, y, z of each surface point in pixels, by coefficient. `triangles` of the surface, clockwise on the screen. */
  constructor(
    face: FaceGeometry,
    offsets: readonly Float32Array[],
    readonly triangles: Uint16Array,
  ) {
    const still = lightOf(face, undefined, triangles);
    const lips = [UPPER_LIP, LOWER_LIP].flatMap((lip) => Object.values(lip).flat());
    const lids = [LEFT_EYE, RIGHT_EYE].flatMap((eye) => [...eye.upper, ...eye.lower]);
    const flat = new Set<number>([...lips, ...lids, ...FACE_OVAL]);
    const neighbours = neighboursOf(triangles);
    this.#lights = CHANNELS.map((channel) => {
      let light = lightOf(face, offsets[channel]!, triangles).map((value, i) =>
        flat.has(i) ? 0 : clamp((value - still[i]!) * STRENGTH, -MOST, MOST),
      );
      for (let pass = 0; pass < SMOOTHING; pass++) {
        const before = light;
        light = before.map((value, i) => {
          if (flat.has(i)) return 0;
          const around = neighbours[i]!;
          return (value + around.reduce((sum, k) => sum + before[k]!, 0)) / (1 + around.length);
        });
      }
      return { channel, light };
    });
  }

  /** Adds the light to the luma plane; `x` and `y` are where the surface points are in this frame. */
  draw(out: Uint8Array, width: number, height: number, motion: Float32Array, x: Float32Array, y: Float32Array): void {
    const now = this.#now;
    let any = false;
    now.fill(0);
    for (const { channel, light } of this.#lights) {
      const value = motion[channel]!;
      if (value < 1e-2) continue;
      any = true;
      for (let i = 0; i < SURFACE_COUNT; i++) now[i] = now[i]! + light[i]! * value;
    }
    if (!any) return;
    const { triangles } = this;
    for (let t = 0; t < triangles.length; t += 3) {
      const a = triangles[t]!;
      const b = triangles[t + 1]!;
      const c = triangles[t + 2]!;
      if (Math.abs(now[a]!) + Math.abs(now[b]!) + Math.abs(now[c]!) < 0.5) continue;
      const area = (x[b]! - x[a]!) * (y[c]! - y[a]!) - (x[c]! - x[a]!) * (y[b]! - y[a]!);
      if (area <= 1e-3) continue;
      const y0 = Math.max(0, Math.ceil(Math.min(y[a]!, y[b]!, y[c]!) - 0.5));
      const y1 = Math.min(height - 1, Math.floor(Math.max(y[a]!, y[b]!, y[c]!) - 0.5));
      const x0 = Math.max(0, Math.ceil(Math.min(x[a]!, x[b]!, x[c]!) - 0.5));
      const x1 = Math.min(width - 1, Math.floor(Math.max(x[a]!, x[b]!, x[c]!) - 0.5));
      for (let row = y0; row <= y1; row++) {
        for (let column = x0; column <= x1; column++) {
          const px = column + 0.5;
          const py = row + 0.5;
          const wa = ((x[b]! - px) * (y[c]! - py) - (x[c]! - px) * (y[b]! - py)) / area;
          const wb = ((x[c]! - px) * (y[a]! - py) - (x[a]! - px) * (y[c]! - py)) / area;
          const wc = 1 - wa - wb;
          // An edge belongs to the triangle on one side only, or it would be lit twice.
          if (wa < 0 || wb < 0 || wc <= 0) continue;
          const at = row * width + column;
          const luma = out[at]! + (wa * now[a]! + wb * now[b]! + wc * now[c]!) * Math.min(1, out[at]! / 110);
          out[at] = clamp(luma, 16, 235) + 0.5;
        }
      }
    }
  }
}

/** Cosine between each point's normal and the light. */
function lightOf(face: FaceGeometry, offsets: Float32Array | undefined, triangles: Uint16Array): Float32Array {
  const normals = new Float32Array(SURFACE_COUNT * 3);
  const at = (i: number, k: number) =>
    (k === 0 ? face.x[i]! : k === 1 ? face.y[i]! : face.z[i]!) + (offsets?.[i * 3 + k] ?? 0);
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [triangles[t]!, triangles[t + 1]!, triangles[t + 2]!];
    const [ux, uy, uz] = [0, 1, 2].map((k) => at(b, k) - at(a, k)) as [number, number, number];
    const [vx, vy, vz] = [0, 1, 2].map((k) => at(c, k) - at(a, k)) as [number, number, number];
    // Clockwise on the screen with y down: the product of the sides points away from the viewer.
    const n = [uz * vy - uy * vz, ux * vz - uz * vx, uy * vx - ux * vy];
    for (const i of [a, b, c]) for (let k = 0; k < 3; k++) normals[i * 3 + k] = normals[i * 3 + k]! + n[k]!;
  }
  return Float32Array.from({ length: SURFACE_COUNT }, (_, i) => {
    const [x, y, z] = normals.subarray(i * 3, i * 3 + 3) as unknown as [number, number, number];
    return (x * LIGHT[0] + y * LIGHT[1] + z * LIGHT[2]) / Math.max(1e-6, Math.hypot(x, y, z));
  });
}

function neighboursOf(triangles: Uint16Array): number[][] {
  const sets = Array.from({ length: SURFACE_COUNT }, () => new Set<number>());
  for (let t = 0; t < triangles.length; t += 3) {
    const corners = [triangles[t]!, triangles[t + 1]!, triangles[t + 2]!];
    for (const a of corners) for (const b of corners) if (a !== b) sets[a]!.add(b);
  }
  return sets.map((set) => [...set]);
}
