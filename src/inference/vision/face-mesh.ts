import { modelFile } from '../models.js';
import { createSession, type OnnxSession, Tensor } from '../onnx.js';
import type { DetectedFace } from './face-detector.js';
import { EYE, IRIS, LANDMARKS, REFINED } from './landmarks.js';
import { fromCrop, type Region, type SampledImage } from './sample.js';

export interface FaceLandmarks {
  /** x, y, z of 478 points, `478 * 3` numbers: x right and y down in pixels of the picture, z away from the viewer in the same scale, 0 at the head's middle. */
  points: Float32Array;
  /** How sure the network is that it looks at a face, 0…1. */
  confidence: number;
  /** What the network was shown last; its angle is the line of the eyes. */
  region: Region;
}

const SIZE = 192;
const MESH_POINTS = 468;
/** The face's share of what the network is shown, as in MediaPipe's graph. */
const MARGIN = 1.5;
/** From the detector's box, then twice from the landmarks found: later passes move them by less than a hundredth of the face. */
const PASSES = 3;
const RANGE = { low: 0, high: 1, outside: 'edge' } as const;
/** Shift right and down in sides of the crop, turn in radians, zoom: in pairs whose errors cancel. */
const LOOKS = [
  [0, 0, 0, 1],
  [0.013, 0.009, 0.03, 1.03],
  [-0.013, -0.009, -0.03, 0.97],
  [-0.011, 0.013, 0.03, 0.96],
  [0.011, -0.013, -0.03, 1.04],
  [0.006, 0.017, -0.015, 1],
  [-0.006, -0.017, 0.015, 1],
  [0.018, -0.004, 0.015, 0.98],
  [-0.018, 0.004, -0.015, 1.02],
] as const;
const [RIGHT_EYE_CORNER, LEFT_EYE_CORNER] = [33, 263];

/** MediaPipe's attention mesh: landmarks with eyes, irises and lips refined. */
export class FaceMesh {
  readonly #session: OnnxSession;

  private constructor(session: OnnxSession) {
    this.#session = session;
  }

  static async create(o: { threads?: number } = {}): Promise<FaceMesh> {
    return new FaceMesh(await createSession(modelFile('face-mesh.onnx'), { threads: o.threads ?? 1 }));
  }

  /** The landmarks of a face that was detected, however it is turned in the picture. */
  async find(image: SampledImage, face: DetectedFace): Promise<FaceLandmarks> {
    let region = regionOfDetection(face);
    let found = await this.findIn(image, region);
    for (let pass = 1; pass < PASSES; pass++) {
      region = regionOfLandmarks(found.points);
      found = await this.findIn(image, region);
    }
    return found;
  }

  /**
   * The landmarks as the mean of what the network finds in nine crops, each a little shifted, turned and scaled: over copies of a portrait
   * that are scaled, shifted and turned a little this halves the scatter of `find` (0.07 to 0.11 of the network's pixels to 0.02 to 0.07).
   * `points` are landmarks found before.
   */
  async refine(image: SampledImage, points: Float32Array): Promise<Float32Array> {
    const region = regionOfLandmarks(points);
    const mean = new Float32Array(LANDMARKS * 3);
    for (const [right, down, turn, zoom] of LOOKS) {
      const { points: seen } = await this.findIn(image, {
        centreX: region.centreX + right * region.side,
        centreY: region.centreY + down * region.side,
        side: region.side * zoom,
        angle: region.angle + turn,
      });
      for (let i = 0; i < mean.length; i++) mean[i]! += seen[i]! / LOOKS.length;
    }
    return mean;
  }

  /** One pass over a region that is known to show the face, as that of the frame before does in a film. */
  async findIn(image: SampledImage, region: Region): Promise<FaceLandmarks> {
    const pixels = image.crop(region, SIZE, RANGE);
    const result = await this.#session.run({ input_1: new Tensor('float32', pixels, [1, SIZE, SIZE, 3]) });
    const numbers = (name: string) => result[name]?.data as Float32Array;
    const confidence = 1 / (1 + Math.exp(-(numbers('conv_faceflag')[0] ?? 0)));
    return { points: joinLandmarks(numbers, region), confidence, region };
  }
}

/** Joins the mesh and its refined parts, moved from the crop to the picture. Irises lie as deep as the lids around them. */
export function joinLandmarks(numbers: (output: string) => Float32Array, region: Region): Float32Array {
  const points = new Float32Array(LANDMARKS * 3);
  const put = (index: number, x: number, y: number) => points.set(fromCrop(region, SIZE, x, y), index * 3);
  const mesh = numbers('output_mesh_identity');
  for (let i = 0; i < MESH_POINTS; i++) {
    put(i, mesh[3 * i] ?? 0, mesh[3 * i + 1] ?? 0);
    points[3 * i + 2] = ((mesh[3 * i + 2] ?? 0) * region.side) / SIZE;
  }
  for (const [output, indices] of Object.entries(REFINED)) {
    const refined = numbers(output);
    for (const [k, index] of indices.entries()) put(index, refined[2 * k] ?? 0, refined[2 * k + 1] ?? 0);
  }
  for (const side of ['right', 'left'] as const) {
    const depth = EYE[side].reduce((sum, index) => sum + (points[3 * index + 2] ?? 0), 0) / EYE[side].length;
    for (const index of IRIS[side]) points[3 * index + 2] = depth;
  }
  return points;
}

function regionOfDetection({ box, keypoints: [right, left] }: DetectedFace): Region {
  const angle =
    right === undefined || left === undefined ? box.angle : Math.atan2(left[1] - right[1], left[0] - right[0]);
  return { centreX: box.centreX, centreY: box.centreY, side: box.side * MARGIN, angle };
}

/** What the network is shown of a face whose landmarks are known: the square around them, upright with the line through the outer corners of the eyes. */
export function regionOfLandmarks(points: Float32Array): Region {
  const at = (index: number) => [points[3 * index] ?? 0, points[3 * index + 1] ?? 0] as const;
  const [right, left] = [at(RIGHT_EYE_CORNER), at(LEFT_EYE_CORNER)];
  const angle = Math.atan2(left[1] - right[1], left[0] - right[0]);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  let [minU, maxU, minV, maxV] = [
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ];
  for (let i = 0; i < LANDMARKS; i++) {
    const [x, y] = at(i);
    const [u, v] = [x * cos + y * sin, y * cos - x * sin];
    [minU, maxU, minV, maxV] = [Math.min(minU, u), Math.max(maxU, u), Math.min(minV, v), Math.max(maxV, v)];
  }
  const [u, v] = [(minU + maxU) / 2, (minV + maxV) / 2];
  const side = Math.max(maxU - minU, maxV - minV) * MARGIN;
  return { centreX: u * cos - v * sin, centreY: u * sin + v * cos, side, angle };
}
