import { i420ToRgb } from '../../../../i420.js';
import type { FaceMesh } from '../../../vision/face-mesh.js';
import { OUTER_LIPS, POINT } from '../../../vision/landmarks.js';
import { type Region, SampledImage } from '../../../vision/sample.js';
import { type Frames, frameAt } from '../frames.js';
import type { LiteNetworks } from '../networks.js';
import { type FaceBox, Patch } from '../patch.js';
import type { References } from '../reference.js';
import { faceWidthOf, lookOf } from './mouth-look.js';

/** What was seen of one drawing. */
export interface Seen {
  /** As `lookOf`. */
  look: number[];
  /**
   * How far skin that nothing should move has changed from the base, and how unlike the changes of the mouth's two halves are: means of 0…255 a channel, added. What
   * moves left and right alike does neither, unless it takes the decoder where it was never taught.
   */
  stain: number;
}

/** The part of the box whose skin is watched for stains, away from its fading edge and from all that a mouth moves. */
const WATCHED_EDGE = 0.16;
const MOUTH_REACH = 0.3;
const NOSE_REACH = 0.25;

/** Draws parameters on one frame of a clip and looks at the result with the attention mesh. */
export class Studio {
  readonly #networks: LiteNetworks;
  readonly #mesh: FaceMesh;
  readonly #patch: Patch;
  readonly #frame: Uint8Array;
  readonly #picture: Uint8Array;
  readonly #size: { width: number; height: number };
  readonly #region: Region;
  readonly #faceWidth: number;
  readonly #watched: Uint32Array;
  /** Pixels of the mouth's right half, each followed by its mirror image in the left. */
  readonly #mirrored: Uint32Array;
  #base: Uint8Array | undefined;

  private constructor(parts: {
    networks: LiteNetworks;
    mesh: FaceMesh;
    clip: Frames;
    frame: Uint8Array;
    box: FaceBox;
    region: Region;
    landmarks: Float32Array;
  }) {
    const { width, height } = parts.clip;
    this.#networks = parts.networks;
    this.#mesh = parts.mesh;
    this.#patch = new Patch(parts.box, parts.networks.part, width, height);
    this.#frame = parts.frame;
    this.#picture = new Uint8Array(parts.frame.length);
    this.#size = { width, height };
    this.#region = parts.region;
    this.#faceWidth = faceWidthOf(parts.landmarks, 3);
    this.#watched = watchedPixels(parts.box, parts.landmarks, width, height);
    this.#mirrored = mirroredPixels(parts.landmarks, width, height);
  }

  /** For frame `index` of a clip in which the face's landmarks (pixels) and the mesh's region are known. */
  static async create(o: {
    networks: LiteNetworks;
    mesh: FaceMesh;
    clip: Frames;
    references: References;
    index: number;
    box: FaceBox;
    region: Region;
    landmarks: Float32Array;
  }): Promise<Studio> {
    o.references.write(o.index, o.networks.reference);
    await o.networks.encode();
    return new Studio({ ...o, frame: frameAt(o.clip, o.index) });
  }

  /** What is seen of the clip's own mouth. */
  async lookAtClip(): Promise<number[]> {
    this.#picture.set(this.#frame);
    return (await this.#look()).look;
  }

  /** Takes this drawing as the base that stains are told from. */
  async setBase(parameters: ArrayLike<number>): Promise<Seen> {
    this.#base = undefined;
    const seen = await this.draw(parameters);
    this.#base = i420ToRgb(this.#picture, this.#size.width, this.#size.height);
    return seen;
  }

  async draw(parameters: ArrayLike<number>): Promise<Seen> {
    this.#networks.parameters.set(parameters);
    await this.#networks.decode();
    this.#picture.set(this.#frame);
    this.#patch.draw(this.#networks.drawn, 1, this.#picture);
    return this.#look();
  }

  async #look(): Promise<Seen> {
    const { width, height } = this.#size;
    const rgb = i420ToRgb(this.#picture, width, height);
    const data = new Uint8Array(width * height * 4).fill(255);
    for (let i = 0; i < width * height; i++) for (let k = 0; k < 3; k++) data[4 * i + k] = rgb[3 * i + k]!;
    const { points } = await this.#mesh.findIn(new SampledImage({ width, height, data }), this.#region);
    return { look: lookOf(points, 3, this.#faceWidth), stain: this.#stainOf(rgb) };
  }

  #stainOf(rgb: Uint8Array): number {
    const base = this.#base;
    if (base === undefined) return 0;
    let sum = 0;
    for (const at of this.#watched) for (let k = 0; k < 3; k++) sum += Math.abs(rgb[at * 3 + k]! - base[at * 3 + k]!);
    let unlike = 0;
    const pairs = this.#mirrored;
    for (let i = 0; i < pairs.length; i += 2) {
      const [a, b] = [3 * pairs[i]!, 3 * pairs[i + 1]!];
      for (let k = 0; k < 3; k++) unlike += Math.abs(rgb[a + k]! - base[a + k]! - (rgb[b + k]! - base[b + k]!));
    }
    return sum / Math.max(1, 3 * this.#watched.length) + (SIDES_WEIGHT * 2 * unlike) / Math.max(1, 3 * pairs.length);
  }
}

/** How far the mouth's surroundings are compared, in its widths. */
const SIDES_REACH = 0.12;
/** A difference of the halves is seen less than a stain on a cheek. */
const SIDES_WEIGHT = 0.5;

function mirroredPixels(landmarks: Float32Array, width: number, height: number): Uint32Array {
  const xs = OUTER_LIPS.map((index) => landmarks[3 * index]!);
  const ys = OUTER_LIPS.map((index) => landmarks[3 * index + 1]!);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const reach = SIDES_REACH * (right - left);
  const pairs: number[] = [];
  const rows = {
    from: Math.max(0, Math.floor(Math.min(...ys) - reach)),
    to: Math.min(height, Math.max(...ys) + reach),
  };
  for (let row = rows.from; row < rows.to; row++) {
    for (let column = Math.floor(left - reach); column < (left + right) / 2 - 0.5; column++) {
      const mirror = Math.round(left + right - column - 1);
      if (column >= 0 && mirror < width) pairs.push(row * width + column, row * width + mirror);
    }
  }
  return Uint32Array.from(pairs);
}

/** Skin of cheeks and nose within the box: pixels that no speech moves far. */
function watchedPixels(box: FaceBox, landmarks: Float32Array, width: number, height: number): Uint32Array {
  const x = (index: number) => landmarks[3 * index]!;
  const y = (index: number) => landmarks[3 * index + 1]!;
  const lips = OUTER_LIPS.map((index) => [x(index), y(index)] as const);
  const [left, right] = [Math.min(...lips.map(([px]) => px)), Math.max(...lips.map(([px]) => px))];
  const top = Math.min(...lips.map(([, py]) => py));
  const reach = MOUTH_REACH * (right - left);
  const [faceLeft, faceRight] = [x(POINT.rightSide), x(POINT.leftSide)];
  const inset = WATCHED_EDGE * box.width;
  const pixels: number[] = [];
  const low = top + 0.5 * (y(POINT.chin) - top);
  for (let row = Math.ceil(box.y + WATCHED_EDGE * box.height); row < Math.min(height, low); row++) {
    for (let column = Math.ceil(box.x + inset); column < Math.min(width, box.x + box.width - inset); column++) {
      const isFace =
        column > faceLeft + 0.12 * (faceRight - faceLeft) && column < faceRight - 0.12 * (faceRight - faceLeft);
      const isMouth = column > left - reach && column < right + reach && row > top - NOSE_REACH * (right - left);
      if (isFace && !isMouth) pixels.push(row * width + column);
    }
  }
  return Uint32Array.from(pixels);
}
