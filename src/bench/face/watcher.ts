import { VisavisError } from '../../errors.js';
import { FaceDetector } from '../../inference/vision/face-detector.js';
import { FaceIdentity } from '../../inference/vision/face-identity.js';
import { FaceMesh, regionOfLandmarks } from '../../inference/vision/face-mesh.js';
import type { RgbaImage } from '../../inference/vision/image.js';
import { PersonMask } from '../../inference/vision/person-mask.js';
import { type Region, SampledImage } from '../../inference/vision/sample.js';
import { i420ToRgb } from '../../media/png.js';

/** The networks that look at pictures of faces. */
export interface Vision {
  detector: FaceDetector;
  mesh: FaceMesh;
  /** Null where its model was not fetched (`node scripts/setup.mjs --with face-bench`). */
  identity: FaceIdentity | null;
  mask: PersonMask;
}

export async function openBenchVision(): Promise<Vision> {
  const [detector, mesh, identity, mask] = await Promise.all([
    FaceDetector.create(),
    FaceMesh.create(),
    FaceIdentity.create().catch(withoutModel),
    PersonMask.create(),
  ]);
  return { detector, mesh, identity, mask };
}

/** Everything else can be measured without it. */
function withoutModel(thrown: unknown): null {
  if (thrown instanceof VisavisError && thrown.code === 'unavailable') return null;
  throw thrown;
}

/** Below this the mesh does not look at a face any more. */
const LEAST_CONFIDENCE = 0.5;
/** The crop follows the face when it has gone this far, as a share of the crop's side: a crop that stands still adds no noise of its own. */
const FOLLOW = 0.04;

/** Follows one face through the pictures of a film. */
export class FaceWatcher {
  readonly #vision: Vision;
  #region: Region | null = null;

  constructor(vision: Vision) {
    this.#vision = vision;
  }

  /** x, y, z of 478 landmarks in pixels; null when there is no face. */
  async look(image: SampledImage): Promise<Float32Array | null> {
    const { mesh } = this.#vision;
    if (this.#region !== null) {
      const found = await mesh.findIn(image, this.#region);
      if (found.confidence >= LEAST_CONFIDENCE) {
        const wanted = regionOfLandmarks(found.points);
        if (!isClose(wanted, this.#region)) this.#region = wanted;
        return found.points;
      }
    }
    const [face] = await this.#vision.detector.detect(image);
    if (face === undefined) {
      this.#region = null;
      return null;
    }
    const found = await mesh.find(image, face);
    this.#region = regionOfLandmarks(found.points);
    return (await mesh.findIn(image, this.#region)).points;
  }
}

function isClose(a: Region, b: Region): boolean {
  const limit = FOLLOW * b.side;
  return Math.hypot(a.centreX - b.centreX, a.centreY - b.centreY) < limit && Math.abs(a.side - b.side) < 2 * limit;
}

/** Throws `bad-request` when a picture that must show a face does not. */
export function expectFace(points: Float32Array | null, what: string): Float32Array {
  if (points !== null) return points;
  throw new VisavisError('bad-request', `${what}: no face is seen in it`, { field: 'avatar' });
}

export function imageOfI420(picture: Uint8Array, width: number, height: number): SampledImage {
  return new SampledImage(withOpacity(i420ToRgb(picture, width, height), width, height));
}

export function withOpacity(rgb: Uint8Array, width: number, height: number): RgbaImage {
  const data = new Uint8Array(width * height * 4).fill(255);
  for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
    data[to] = rgb[from]!;
    data[to + 1] = rgb[from + 1]!;
    data[to + 2] = rgb[from + 2]!;
  }
  return { width, height, data };
}
