import { canonicalFace } from './canonical-face.js';
import { type DetectedFace, FaceDetector } from './face-detector.js';
import { type FaceLandmarks, FaceMesh } from './face-mesh.js';
import { type HeadPoseDegrees, headPose } from './head-pose.js';
import type { RgbaImage } from './image-format.js';
import {
  eyeOpenness,
  type FaceAppearance,
  type FaceSize,
  type FaceTexture,
  faceAppearance,
  faceSize,
  faceTexture,
  mouthOpenness,
} from './portrait-measures.js';
import { chooseFace, judgeFace, MIN_CONFIDENCE, remarksOn } from './portrait-rules.js';
import { SampledImage } from './sample.js';

/** The face in a portrait. Left and right are the person's own; pixels are those of the upright picture. */
export interface PortraitFace extends FaceTexture {
  /** 478 points of MediaPipe's topology, x, y, z in pixels (see `FaceLandmarks`). */
  landmarks: Float32Array;
  /** The upright rectangle around all landmarks. */
  box: { x: number; y: number; width: number; height: number };
  size: FaceSize;
  pose: HeadPoseDegrees;
  /** Gap of the lids over the width of the eye: about 0.3 open, below 0.12 closed. */
  eyeOpenness: { right: number; left: number };
  /** Gap of the lips over the width of the mouth, 0 closed. */
  mouthOpenness: number;
  appearance: FaceAppearance;
  /** 0…1. */
  confidence: number;
}

export interface PortraitInspection {
  width: number;
  height: number;
  face: PortraitFace;
  /** Smaller faces, which are left aside. */
  otherFaces: number;
  /** What will show in an avatar but does not rule the picture out, in sentences. */
  remarks: string[];
}

export interface Vision {
  detector: FaceDetector;
  mesh: FaceMesh;
}

/** Faces that are looked at closely; a crowd is refused whatever the rest of it looks like. */
const MAX_CANDIDATES = 4;

/** Opens the models; about 5 MB of weights, 1 thread each. Rejects with `unavailable` when set-up has not fetched them. */
export async function openVision(): Promise<Vision> {
  const [detector, mesh] = await Promise.all([FaceDetector.create(), FaceMesh.create()]);
  return { detector, mesh };
}

/**
 * The one face an avatar can be made of. It may be a photo, a painting or a drawing as long as a face is seen in it; smaller faces beside
 * it are left aside. Blocks its thread for some tens of milliseconds a model run.
 *
 * Rejects with one `bad-request`, field `image`, that says what was found and what is needed, for: no face, several faces of similar size,
 * a face cut off by the edge, below 200 pixels, turned or tilted by more than 30°, with covered eyes (dark glasses, a bar) or a covered
 * mouth (a mask, an object, a hand). Covers are told by their look: eyes without contrast in dark surroundings, a mouth without lips.
 * So clear glasses pass, and so do a hand whose fingers' shadows lie where the lips would part, hair over one eye, and a patch over one eye.
 */
export async function inspectPortrait(image: RgbaImage, vision: Vision): Promise<PortraitInspection> {
  const sampled = new SampledImage(image);
  const detected = await vision.detector.detect(sampled);
  const candidates: { face: DetectedFace; found: FaceLandmarks; size: number }[] = [];
  for (const face of detected.slice(0, MAX_CANDIDATES)) {
    const found = await vision.mesh.find(sampled, face);
    if (found.confidence < MIN_CONFIDENCE) continue;
    candidates.push({ face, found, size: faceSize(found.points).height });
  }
  candidates.sort((a, b) => b.size - a.size);
  const chosen = candidates[chooseFace(candidates.map(({ size }) => size))]!;
  const face = measure(sampled, chosen.found);
  judgeFace(face, image);
  return {
    width: image.width,
    height: image.height,
    face,
    otherFaces: candidates.length - 1,
    remarks: remarksOn(face),
  };
}

function measure(image: SampledImage, found: FaceLandmarks): PortraitFace {
  const { points, confidence } = found;
  return {
    landmarks: points,
    box: boxOf(points),
    size: faceSize(points),
    pose: headPose(points, canonicalFace()),
    eyeOpenness: eyeOpenness(points),
    mouthOpenness: mouthOpenness(points),
    ...faceTexture(image, found),
    appearance: faceAppearance(image, found),
    confidence,
  };
}

function boxOf(points: Float32Array): PortraitFace['box'] {
  const along = (axis: number) => Array.from({ length: points.length / 3 }, (_, i) => points[3 * i + axis] ?? 0);
  const [xs, ys] = [along(0), along(1)];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}
