import { modelFile } from '../models.js';
import { createSession, type OnnxSession, Tensor } from '../onnx.js';
import { fromCrop, type Region, type SampledImage } from './sample.js';

/** One face as the detector sees it, in pixels of the picture. */
export interface DetectedFace {
  /** 0…1. */
  score: number;
  /** Brows to chin, ear to ear, upright in the sense of `angle`. */
  box: Region & { width: number; height: number };
  /** Right eye, left eye (of the person), nose tip, mouth, right ear, left ear. */
  keypoints: readonly (readonly [number, number])[];
}

const SIZE = 128;
/** The detector's anchors: two for each 8-pixel cell, then six for each 16-pixel cell (BlazeFace, short range). */
const ANCHOR_CELLS = [
  [8, 2],
  [16, 6],
] as const;
const KEYPOINTS = 6;
const VALUES = 4 + 2 * KEYPOINTS;
/** As MediaPipe's graph for pictures has it. */
const MIN_SCORE = 0.5;
const SAME_FACE_OVERLAP = 0.3;
/** Parts of a picture show the model noses and hands at face size: there it must be surer. */
const MIN_SCORE_IN_PART = 0.75;
const RANGE = { low: -1, high: 1, outside: 'black' } as const;
/** The model finds faces turned by up to 90° either way, upright ones with 0.9 and more; in those that stand on their head it sees others, with less. */
const UPRIGHT_SCORE = 0.85;
const TURNS = [Math.PI, Math.PI / 2, -Math.PI / 2];

/**
 * MediaPipe's short-range face detector. It sees faces from about a tenth of what it is shown, so it looks at the whole picture and at nine
 * overlapping parts of half its side. Safe to share: calls do not disturb each other.
 */
export class FaceDetector {
  readonly #session: OnnxSession;

  private constructor(session: OnnxSession) {
    this.#session = session;
  }

  static async create(o: { threads?: number } = {}): Promise<FaceDetector> {
    return new FaceDetector(await createSession(modelFile('face-detector.onnx'), { threads: o.threads ?? 1 }));
  }

  /** All faces, the largest first. When none is surely upright, those of the turn of the picture that shows the surest face. */
  async detect(image: SampledImage): Promise<DetectedFace[]> {
    let found = await this.#detectIn(image, image.whole, MIN_SCORE);
    for (const part of partsOf(image)) {
      for (const face of await this.#detectIn(image, part, MIN_SCORE_IN_PART)) {
        if (isWhole(face, part, image) && !found.some((other) => covers(other, face))) found.push(face);
      }
    }
    const surest = (faces: DetectedFace[]) => Math.max(0, ...faces.map(({ score }) => score));
    for (const angle of surest(found) < UPRIGHT_SCORE ? TURNS : []) {
      const turned = await this.#detectIn(image, { ...image.whole, angle }, MIN_SCORE);
      if (surest(turned) > surest(found)) found = turned;
    }
    return found.sort((a, b) => b.box.side - a.box.side);
  }

  async #detectIn(image: SampledImage, region: Region, minScore: number): Promise<DetectedFace[]> {
    const pixels = image.crop(region, SIZE, RANGE);
    const result = await this.#session.run({ input: new Tensor('float32', pixels, [1, SIZE, SIZE, 3]) });
    const boxes = result['regressors']?.data as Float32Array;
    const scores = result['classificators']?.data as Float32Array;
    return decodeDetections(boxes, scores, region, minScore);
  }
}

/** The network's 896 × 16 numbers and 896 score logits as faces, each the weighted mean of those that overlap (weighted non-maximum suppression). */
export function decodeDetections(
  boxes: Float32Array,
  scores: Float32Array,
  region: Region,
  minScore: number,
): DetectedFace[] {
  const candidates: { score: number; values: number[] }[] = [];
  for (const [i, [anchorX, anchorY]] of ANCHORS.entries()) {
    const score = 1 / (1 + Math.exp(-(scores[i] ?? Number.NEGATIVE_INFINITY)));
    if (score < minScore) continue;
    const raw = boxes.subarray(i * VALUES, (i + 1) * VALUES);
    const values = Array.from(raw, (value, k) =>
      k === 2 || k === 3 ? value : value + (k % 2 === 0 ? anchorX : anchorY),
    );
    candidates.push({ score, values });
  }
  candidates.sort((a, b) => b.score - a.score);
  const faces: DetectedFace[] = [];
  while (candidates.length > 0) {
    const best = candidates[0]!;
    const group = candidates.filter((other) => overlap(best.values, other.values) > SAME_FACE_OVERLAP);
    const rest = candidates.filter((other) => !group.includes(other));
    candidates.splice(0, candidates.length, ...rest.filter((other) => other !== best));
    const weight = group.reduce((sum, other) => sum + other.score, 0);
    const mean = best.values.map((own, k) =>
      weight === 0 ? own : group.reduce((sum, other) => sum + (other.values[k] ?? 0) * other.score, 0) / weight,
    );
    faces.push(toFace(best.score, mean, region));
  }
  return faces;
}

const ANCHORS: readonly (readonly [number, number])[] = ANCHOR_CELLS.flatMap(([cell, count]) => {
  const cells = SIZE / cell;
  return Array.from({ length: cells * cells * count }, (_, i) => {
    const index = Math.floor(i / count);
    return [((index % cells) + 0.5) * cell, (Math.floor(index / cells) + 0.5) * cell] as const;
  });
});

function toFace(score: number, values: number[], region: Region): DetectedFace {
  const scale = region.side / SIZE;
  const point = (k: number) => fromCrop(region, SIZE, values[k] ?? 0, values[k + 1] ?? 0);
  const [centreX, centreY] = point(0);
  const [width, height] = [(values[2] ?? 0) * scale, (values[3] ?? 0) * scale];
  const box = { centreX, centreY, width, height, side: Math.max(width, height), angle: region.angle };
  return { score, box, keypoints: Array.from({ length: KEYPOINTS }, (_, k) => point(4 + 2 * k)) };
}

/** Intersection over union of two boxes given as centre and size. */
function overlap(a: number[], b: number[]): number {
  const common = shared(a, b);
  const area = ([, , width = 0, height = 0]: number[]) => width * height;
  return common / (area(a) + area(b) - common || 1);
}

function shared([ax = 0, ay = 0, aw = 0, ah = 0]: number[], [bx = 0, by = 0, bw = 0, bh = 0]: number[]): number {
  const x = Math.min(ax + aw / 2, bx + bw / 2) - Math.max(ax - aw / 2, bx - bw / 2);
  const y = Math.min(ay + ah / 2, by + bh / 2) - Math.max(ay - ah / 2, by - bh / 2);
  return Math.max(0, x) * Math.max(0, y);
}

/** True when more than half of the smaller of two faces lies in the other. */
function covers(a: DetectedFace, b: DetectedFace): boolean {
  const values = ({ box }: DetectedFace) => [box.centreX, box.centreY, box.width, box.height];
  const smaller = Math.min(a.box.width * a.box.height, b.box.width * b.box.height);
  return shared(values(a), values(b)) > 0.5 * smaller;
}

function partsOf(image: SampledImage): Region[] {
  const side = Math.max(image.width, image.height) / 2;
  const steps = (length: number) =>
    length <= side ? [length / 2] : Array.from({ length: 3 }, (_, i) => side / 2 + ((length - side) * i) / 2);
  return steps(image.height).flatMap((centreY) =>
    steps(image.width).map((centreX) => ({ centreX, centreY, side, angle: 0 })),
  );
}

/** False for a face that the edge of a part cuts, unless that is the picture's edge. */
function isWhole({ box }: DetectedFace, part: Region, image: SampledImage): boolean {
  const inside = (centre: number, size: number, partCentre: number, length: number) => {
    const [low, high] = [partCentre - part.side / 2, partCentre + part.side / 2];
    return (low <= 0 || centre - size / 2 >= low) && (high >= length || centre + size / 2 <= high);
  };
  return (
    inside(box.centreX, box.width, part.centreX, image.width) &&
    inside(box.centreY, box.height, part.centreY, image.height)
  );
}
