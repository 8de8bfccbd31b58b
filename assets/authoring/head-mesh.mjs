/**
 * Reads what `measure-rig.mjs` measures on: the head of ICT-FaceKit with its expression shapes, and the canonical face mesh of
 * MediaPipe. Both in centimetres, y up, z towards the viewer, x to the head's left.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Vertices below this index are skin (ICT-FaceKit numbers face, head and neck first, then the inside of the mouth and the eye sockets). */
const SKIN_END = 11248;

/** Folder with `neutral.obj`, `deltas.json` and `deltas.i16.gz`. */
export async function readHead(folder) {
  const vertices = [];
  const faces = [];
  for (const line of (await readFile(join(folder, 'neutral.obj'), 'utf8')).split('\n')) {
    const [kind, ...rest] = line.trim().split(/\s+/);
    if (kind === 'v') vertices.push(rest.slice(0, 3).map(Number));
    else if (kind === 'f') faces.push(rest.map((corner) => Number.parseInt(corner, 10) - 1));
  }
  const index = JSON.parse(await readFile(join(folder, 'deltas.json'), 'utf8'));
  if (index.vertices !== vertices.length) throw new Error('neutral.obj and deltas.json are of different heads');
  const packed = gunzipSync(await readFile(join(folder, 'deltas.i16.gz')));
  const values = new Int16Array(packed.buffer, packed.byteOffset, packed.length / 2);
  const shapes = new Map(index.shapes.map((shape, i) => [shape.name, { at: i * vertices.length * 3, scale: shape.scale }]));
  const triangles = [];
  for (const face of faces) {
    if (face.every((v) => v < SKIN_END)) {
      for (let k = 2; k < face.length; k++) triangles.push([face[0], face[k - 1], face[k]]);
    }
  }
  return {
    vertices,
    triangles,
    /** Neighbours of every skin vertex along edges. */
    roads: () => {
      const roads = new Map();
      const add = (a, b) => roads.set(a, (roads.get(a) ?? new Set()).add(b));
      for (const face of faces) {
        if (face.some((v) => v >= SKIN_END)) continue;
        face.forEach((a, k) => {
          const b = face[(k + 1) % face.length];
          add(a, b);
          add(b, a);
        });
      }
      return roads;
    },
    /** Middle of a range of vertices. */
    centre: (from, to) => {
      const sum = [0, 0, 0];
      for (let v = from; v < to; v++) for (let k = 0; k < 3; k++) sum[k] += vertices[v][k] / (to - from);
      return sum;
    },
    /** Displacement of a vertex in a shape. */
    delta: (name, v) => {
      const shape = shapes.get(name);
      if (shape === undefined) throw new Error(`the head has no shape ${name}`);
      return [0, 1, 2].map((k) => values[shape.at + v * 3 + k] * shape.scale);
    },
  };
}

/** Folder of the unpacked npm package `@mediapipe/face_mesh`. The 468 vertices of its canonical face mesh. */
export async function readCanonicalMesh(folder) {
  const loader = await readFile(join(folder, 'face_mesh_solution_packed_assets_loader.js'), 'utf8');
  const entry = /"filename": "[^"]*geometry_pipeline_metadata_landmarks\.binarypb", "start": (\d+), "end": (\d+)/.exec(loader);
  if (entry === null) throw new Error('the package has no canonical mesh');
  const data = await readFile(join(folder, 'face_mesh_solution_packed_assets.data'));
  const metadata = data.subarray(Number(entry[1]), Number(entry[2]));
  for (const field of protobuf(metadata)) {
    if (!Buffer.isBuffer(field.value)) continue;
    let floats;
    try {
      floats = [...protobuf(field.value)].filter((f) => f.number === 3 && f.wire === 5).map((f) => f.value);
    } catch {
      continue;
    }
    // x, y, z and two texture coordinates a vertex.
    if (floats.length === 468 * 5) return Array.from({ length: 468 }, (_, i) => floats.slice(i * 5, i * 5 + 3));
  }
  throw new Error('the canonical mesh has another layout');
}

/** The fields of a protocol buffer message, one level deep. */
function* protobuf(bytes) {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      if (at >= bytes.length) throw new Error('cut off');
      const byte = bytes[at++];
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const [number, wire] = [Math.floor(key / 8), key % 8];
    if (wire === 0) yield { number, wire, value: varint() };
    else if (wire === 5) {
      yield { number, wire, value: bytes.readFloatLE(at) };
      at += 4;
    } else if (wire === 1) at += 8;
    else if (wire === 2) {
      const length = varint();
      yield { number, wire, value: bytes.subarray(at, at + length) };
      at += length;
    } else throw new Error(`wire type ${wire}`);
  }
}
