import { readFileSync } from 'node:fs';
import { VisavisError } from '../../errors.js';
import { modelFile } from '../models.js';

/** MediaPipe's canonical face: the mean face whose 468 points the landmarks are. */
export interface CanonicalFace {
  /** x, y, z of 468 points in centimetres: x to the person's left, y up, z towards the viewer. */
  points: Float32Array;
  /** u, v of each point in the canonical texture, 0…1. */
  texture: Float32Array;
  /** Three point numbers a triangle, 898 triangles. */
  triangles: Uint16Array;
  /** The points whose places say how the head is turned, least moved by expressions, with their weights. */
  rigid: readonly { index: number; weight: number }[];
}

const VERTEX_NUMBERS = 5;
/** Fields of GeometryPipelineMetadata, Mesh3d and WeightedLandmarkRef (mediapipe/modules/face_geometry/protos). */
const FIELD = { mesh: 1, landmark: 2, vertices: 3, indices: 4, id: 1, weight: 2 };

let loaded: CanonicalFace | undefined;

/** Read once; throws `unavailable` when set-up has not fetched it. */
export function canonicalFace(): CanonicalFace {
  loaded ??= parseCanonicalFace(readFileSync(modelFile('face-geometry.binarypb')));
  return loaded;
}

export function parseCanonicalFace(file: Buffer): CanonicalFace {
  const fields = [...protobufFields(file)];
  const mesh = fields.find(({ number }) => number === FIELD.mesh)?.value;
  if (!Buffer.isBuffer(mesh)) throw broken();
  const numbersOf = (message: Buffer, field: number) =>
    [...protobufFields(message)].filter(({ number }) => number === field).map(({ value }) => Number(value));
  const vertices = numbersOf(mesh, FIELD.vertices);
  const count = vertices.length / VERTEX_NUMBERS;
  if (count !== 468) throw broken();
  const pick = (from: number, to: number) =>
    Float32Array.from({ length: count * (to - from) }, (_, i) => {
      const width = to - from;
      return vertices[Math.floor(i / width) * VERTEX_NUMBERS + from + (i % width)] ?? 0;
    });
  const rigid = fields
    .filter(({ number, value }) => number === FIELD.landmark && Buffer.isBuffer(value))
    .map(({ value }) => ({
      index: numbersOf(value as Buffer, FIELD.id)[0] ?? 0,
      weight: numbersOf(value as Buffer, FIELD.weight)[0] ?? 0,
    }));
  return {
    points: pick(0, 3),
    texture: pick(3, 5),
    triangles: Uint16Array.from(numbersOf(mesh, FIELD.indices)),
    rigid,
  };
}

/** The fields of a protobuf message in order: varints and floats as numbers, the rest as bytes. */
function* protobufFields(message: Buffer): Generator<{ number: number; value: number | Buffer }> {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = message[at++];
      if (byte === undefined) throw broken();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const [number, type] = [tag >>> 3, tag & 7];
    if (type === 0) yield { number, value: varint() };
    else if (type === 5) {
      yield { number, value: message.readFloatLE(at) };
      at += 4;
    } else if (type === 2) {
      const length = varint();
      yield { number, value: message.subarray(at, at + length) };
      at += length;
    } else throw broken();
  }
}

function broken(): VisavisError {
  return new VisavisError('unavailable', 'face-geometry.binarypb is not what it should be', { retryable: false });
}
