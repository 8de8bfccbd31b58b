import { VisavisError } from '../../../errors.js';
import type { AvatarStream } from '../../engines.js';
import { loadLandmarkTable } from '../landmark-table.js';
import { MOTION, MOTION_FRAME_LENGTH } from '../motion-frame.js';
import type { AvatarPackage } from '../package.js';
import { FACE_OVAL, LEFT_EYE, LOWER_LIP, RIGHT_EYE, SURFACE_COUNT, UPPER_LIP } from '../rig.js';
import { Coverage } from './coverage.js';
import { clamp } from './curves.js';
import { Expression } from './expression.js';
import { Eye } from './eye.js';
import { EyeMotion } from './eye-motion.js';
import { measureFace } from './face-geometry.js';
import { flatField, layeredField, turnedDepth } from './head-field.js';
import { HeadPose } from './head-pose.js';
import { LipEdges } from './lip-edges.js';
import { Mouth } from './mouth.js';
import { smoothFarCheek } from './outline.js';
import { buildLayers, type Person } from './person.js';
import { eyeStages } from './plate-lids.js';
import { Relief } from './relief.js';
import { sampleMap } from './sample.js';
import { SHAPES } from './shapes.js';
import { buildTexture, coverFit, type Texture } from './texture.js';
import { tongueOutOf } from './tongue-out.js';
import { type Box, WarpGrid } from './warp-grid.js';
import { createWarpMap, drawTriangles, FRACTION_BITS, type WarpMap } from './warp-map.js';

/** The ring of vertices around the face that takes up what the face moves, as a factor from its centre. */
const RING = 1.3;
/** How far expressions carry places of the face's outline, in face widths: the jaw the farthest. */
const REACH = 0.14;
const MAX_SIDE = 1024;
const ONE = 1 << FRACTION_BITS;
/** `jawOpen` that lets the tongue out. */
const PARTED = 0.24;

/**
 * Opens an avatar for drawing at `width × height` pixels (even, 128…1024). Decoding and painting of all parts
 * happens here; `render` then neither allocates nor waits.
 */
export function openAvatar(pkg: AvatarPackage, o: { width: number; height: number }): AvatarStream {
  for (const field of ['width', 'height'] as const) {
    const side = o[field];
    if (!Number.isInteger(side) || side % 2 !== 0 || side < 128 || side > MAX_SIDE) {
      throw new VisavisError('bad-request', `${field} must be an even number of pixels from 128 to ${MAX_SIDE}`, {
        field,
      });
    }
  }
  return new PortraitStream(pkg, o.width, o.height);
}

class PortraitStream implements AvatarStream {
  readonly width: number;
  readonly height: number;
  readonly #texture: Texture;
  readonly #person: Person | undefined;
  /** What is behind all that is drawn: the background, or the whole portrait at rest where it is one layer. */
  readonly #base: Uint8Array;
  readonly #map: WarpMap;
  readonly #head: HeadPose;
  readonly #expression: Expression;
  readonly #relief: Relief;
  readonly #mouth: Mouth;
  readonly #lips: LipEdges;
  readonly #look: { right: EyeMotion; left: EyeMotion };
  readonly #rightEye: Eye;
  readonly #leftEye: Eye;
  readonly #face: ReturnType<typeof measureFace>;
  readonly #triangles: Uint16Array;
  /** Vertices: the surface, then the ring. Rest and current positions, texture coordinates. */
  readonly #restX: Float32Array;
  readonly #restY: Float32Array;
  readonly #depth: Float32Array;
  readonly #x: Float32Array;
  readonly #y: Float32Array;
  readonly #u: Float32Array;
  readonly #v: Float32Array;
  readonly #grid: WarpGrid;
  /** Around the ring in this frame. */
  readonly #faceBox: Box = { x0: 0, y0: 0, x1: 0, y1: 0 };
  readonly #motion = new Float32Array(MOTION_FRAME_LENGTH);
  readonly #place = { x: 0, y: 0, cos: 1, sin: 0 };

  constructor(pkg: AvatarPackage, width: number, height: number) {
    this.width = width;
    this.height = height;
    const fit = coverFit(pkg.portrait, width, height);
    const { portrait, matte, background } = pkg;
    const layers = matte && background ? buildLayers({ portrait, matte, background }, fit, width, height) : undefined;
    this.#person = layers?.person;
    this.#texture = layers?.person ?? buildTexture(portrait, fit, width, height);
    const face = measureFace(pkg.rig, fit);
    this.#face = face;
    const field =
      matte && layers
        ? layeredField(face, pkg.rig.triangles, matte, fit, width, height)
        : flatField(face, width, height);
    this.#head = new HeadPose(field);
    const table = loadLandmarkTable();
    this.#expression = new Expression(face, table, SHAPES);
    const { offsets } = this.#expression;
    this.#look = { right: new EyeMotion(table, offsets, 'Right'), left: new EyeMotion(table, offsets, 'Left') };
    this.#mouth = new Mouth(face, this.#texture);
    const lids = pkg.plates && eyeStages(pkg.plates.lids, portrait, fit);
    this.#rightEye = new Eye(face, RIGHT_EYE, this.#texture, lids?.right);
    this.#leftEye = new Eye(face, LEFT_EYE, this.#texture, lids?.left);
    const count = SURFACE_COUNT + FACE_OVAL.length;
    this.#restX = new Float32Array(count);
    this.#restY = new Float32Array(count);
    this.#depth = new Float32Array(count);
    this.#x = new Float32Array(count);
    this.#y = new Float32Array(count);
    this.#restX.set(face.x.subarray(0, SURFACE_COUNT));
    this.#restY.set(face.y.subarray(0, SURFACE_COUNT));
    this.#depth.set(
      layers ? face.z.subarray(0, SURFACE_COUNT).map((z) => turnedDepth(z, face)) : face.z.subarray(0, SURFACE_COUNT),
    );
    const middleY = (face.chinY + face.foreheadY) / 2;
    FACE_OVAL.forEach((i, k) => {
      const x = clamp(face.centreX + (face.x[i]! - face.centreX) * RING, 2, width - 2);
      const y = clamp(middleY + (face.y[i]! - middleY) * RING, 2, height - 2);
      this.#restX[SURFACE_COUNT + k] = x;
      this.#restY[SURFACE_COUNT + k] = y;
      this.#depth[SURFACE_COUNT + k] = this.#head.depth(x, y);
    });
    this.#u = this.#restX.map((x) => clamp(2 * x - 0.5, 0, 2 * width - 2));
    this.#v = this.#restY.map((y) => clamp(2 * y - 0.5, 0, 2 * height - 2));
    this.#lips = new LipEdges(this.#restX, this.#restY, this.#u, this.#v);
    this.#triangles = meshTriangles(pkg.rig.triangles, this.#restX, this.#restY);
    const skin = this.#triangles.filter((_, k) => isSurface(this.#triangles, k - (k % 3)));
    this.#relief = new Relief(face, this.#expression.offsets, skin);
    this.#map = createWarpMap(width, height);
    this.#x.set(this.#restX);
    this.#y.set(this.#restY);
    this.#boxFace();
    const coverage = layers && new Coverage(layers.person.alpha, 2 * width, 2 * height);
    this.#grid = new WarpGrid(field, width, height, this.#faceBox, coverage);
    this.#base = layers?.background ?? drawWhole(this.#texture, width, height);
  }

  render(given: Float32Array, out: Uint8Array): void {
    if (given.length < MOTION_FRAME_LENGTH || out.length < this.#base.length) {
      throw new VisavisError('bad-request', 'motion or picture buffer is too short');
    }
    const motion = this.#motion;
    motion.set(given.length === motion.length ? given : given.subarray(0, motion.length));
    // A tongue is put out through parted lips.
    motion[MOTION.jawOpen] = Math.max(motion[MOTION.jawOpen]!, PARTED * tongueOutOf(motion[MOTION.tongueOut]!));
    // Lips can be closed over the jaw's opening, not beyond.
    motion[MOTION.mouthClose] = Math.min(motion[MOTION.mouthClose]!, motion[MOTION.jawOpen]!);
    this.#paintEyes(motion);
    const exhale = motion[MOTION.exhale]!;
    this.#head.set(motion[MOTION.headPitch]!, motion[MOTION.headYaw]!, motion[MOTION.headRoll]!, exhale);
    this.#moveVertices(motion);
    this.#boxFace();
    this.#grid.solve(this.#head);
    this.#grid.cover(this.#x, this.#y, SURFACE_COUNT);
    this.#grid.fill(this.#map, this.#faceBox, REACH * this.#face.faceWidth);
    this.#lips.turn(this.#x, this.#y, this.#u, this.#v);
    drawTriangles(this.#map, this.#triangles, this.#x, this.#y, this.#u, this.#v);
    out.set(this.#base);
    this.#grid.draw(this.#texture, this.#person, this.#map, out);
    smoothFarCheek(out, this.#map, this.#x, this.#y, this.#head.rotation.yaw);
    this.#relief.draw(out, this.width, this.height, motion, this.#x, this.#y);
    this.#placeMouth();
    this.#mouth.draw(out, this.height, this.#x, this.#y, motion, this.#place, this.#head.rotation);
    this.#mouth.drawTongue(out, this.height, motion, this.#place);
  }

  landmarks(out: Float32Array): void {
    for (let i = 0; i < SURFACE_COUNT && 2 * i + 1 < out.length; i++) {
      out[2 * i] = this.#x[i]!;
      out[2 * i + 1] = this.#y[i]!;
    }
  }

  close(): void {}

  #paintEyes(motion: Float32Array): void {
    this.#look.right.set(motion);
    this.#rightEye.paint(this.#look.right);
    this.#look.left.set(motion);
    this.#leftEye.paint(this.#look.left);
  }

  #moveVertices(motion: Float32Array): void {
    const head = this.#head;
    for (let i = 0; i < this.#x.length; i++) {
      head.displace(this.#restX[i]!, this.#restY[i]!, this.#depth[i]!);
      this.#x[i] = this.#restX[i]! + head.dx;
      this.#y[i] = this.#restY[i]! + head.dy;
    }
    this.#expression.apply(motion, head.rotation, this.#x, this.#y);
  }

  #boxFace(): void {
    const box = this.#faceBox;
    box.x0 = Infinity;
    box.y0 = Infinity;
    box.x1 = -Infinity;
    box.y1 = -Infinity;
    for (let i = SURFACE_COUNT; i < this.#x.length; i++) {
      box.x0 = Math.min(box.x0, this.#x[i]!);
      box.y0 = Math.min(box.y0, this.#y[i]!);
      box.x1 = Math.max(box.x1, this.#x[i]!);
      box.y1 = Math.max(box.y1, this.#y[i]!);
    }
  }

  /** The mouth's frame as the head carries it. */
  #placeMouth(): void {
    const { centreX, centreY, cos, sin, width } = this.#face.mouth;
    const z = (this.#face.z[13]! + this.#face.z[14]!) / 2;
    const head = this.#head;
    head.displace(centreX, centreY, z);
    this.#place.x = centreX + head.dx;
    this.#place.y = centreY + head.dy;
    const tipX = centreX + cos * width;
    const tipY = centreY + sin * width;
    head.displace(tipX, tipY, z);
    const dx = tipX + head.dx - this.#place.x;
    const dy = tipY + head.dy - this.#place.y;
    const length = Math.hypot(dx, dy);
    this.#place.cos = dx / length;
    this.#place.sin = dy / length;
  }
}

/**
 * Surface triangles, those between the lips first, and the band to the ring, all clockwise on the screen. The surface is
 * wound alike throughout, so one sum decides: single triangles between closed lips have no reliable area.
 */
function meshTriangles(surface: Uint16Array, x: Float32Array, y: Float32Array): Uint16Array {
  const inner = new Set<number>([...UPPER_LIP.inner, ...LOWER_LIP.inner]);
  const between: number[] = [];
  const others: number[] = [];
  let area = 0;
  for (let t = 0; t < surface.length; t += 3) area += signedArea(surface[t]!, surface[t + 1]!, surface[t + 2]!, x, y);
  for (let t = 0; t < surface.length; t += 3) {
    const corners = [surface[t]!, surface[area > 0 ? t + 1 : t + 2]!, surface[area > 0 ? t + 2 : t + 1]!];
    (corners.every((i) => inner.has(i)) ? between : others).push(...corners);
  }
  FACE_OVAL.forEach((a, k) => {
    const next = (k + 1) % FACE_OVAL.length;
    const [b, c, d] = [FACE_OVAL[next]!, SURFACE_COUNT + k, SURFACE_COUNT + next];
    const band = [a, c, b, b, c, d];
    others.push(...(signedArea(a, c, b, x, y) > 0 ? band : [a, b, c, b, d, c]));
  });
  return Uint16Array.from([...between, ...others]);
}

/** The texture as it is, at the output's size. */
function drawWhole(texture: Texture, width: number, height: number): Uint8Array {
  const map = createWarpMap(width, height);
  for (let at = 0; at < map.u.length; at++) {
    map.u[at] = (2 * (at % width) + 0.5) * ONE;
    map.v[at] = (2 * Math.floor(at / width) + 0.5) * ONE;
  }
  const picture = new Uint8Array((width * height * 3) / 2);
  sampleMap(texture, map, picture, 0, width, 0, height);
  return picture;
}

function isSurface(triangles: Uint16Array, t: number): boolean {
  return triangles[t]! < SURFACE_COUNT && triangles[t + 1]! < SURFACE_COUNT && triangles[t + 2]! < SURFACE_COUNT;
}

function signedArea(a: number, b: number, c: number, x: Float32Array, y: Float32Array): number {
  return (x[b]! - x[a]!) * (y[c]! - y[a]!) - (x[c]! - x[a]!) * (y[b]! - y[a]!);
}
