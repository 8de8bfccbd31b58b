import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OnnxGraph } from '../../../../scripts/lib/onnx-model.mjs';
import { i420ToRgb } from '../../../../src/i420.js';
import { LITE_NUMBERS, LITE_SIDE } from '../../../../src/inference/avatar/lite/networks.js';
import { LITE_PARAMETERS } from '../../../../src/inference/avatar/lite/parameters.js';
import { loadAvatarPackage } from '../../../../src/inference/avatar/package.js';
import { openAvatar } from '../../../../src/inference/avatar/renderer/portrait.js';
import { jpegOf, picture } from '../../../support/pictures.js';
import { pose, stockFolder } from '../stock.js';

/** Side of the clip's pictures, and the rectangle of the mouth in them. */
export const SIDE = 512;
export const BOX = { top: 258, bottom: 398, left: 160, right: 352 };
export const FRAMES = 12;
const REFERENCE = { width: 192, height: 140 };
const PICTURE = [1, 3, LITE_SIDE, LITE_SIDE];
const FEATURES = [
  [1, 16, 192, 192],
  [1, 32, 96, 96],
  [1, 64, 48, 48],
];

/** An encoder of the family's shapes: the picture itself, and three levels of weighed means of it. */
export function encoderModel(o: { shapes?: number[][] } = {}): Buffer {
  const graph = new OnnxGraph();
  const input = graph.input('ref_image', PICTURE);
  graph.output('output_0', PICTURE, input);
  for (const [level, shape] of (o.shapes ?? FEATURES).entries()) {
    const side = 2 ** (level + 1);
    const pooled = graph.node('AveragePool', [input], { kernel_shape: [side, side], strides: [side, side] });
    const channels = shape[1]!;
    const weights = graph.floats(
      [channels, 3, 1, 1],
      Float32Array.from({ length: channels * 3 }, (_, i) => Math.sin(i)),
    );
    graph.output(`output_${level + 1}`, shape, graph.node('Conv', [pooled, weights]));
  }
  return graph.encode('test');
}

/**
 * A decoder of the family's inputs: each named parameter takes the picture that was encoded through a row of others, each the difference to the one before, in equal steps
 * of `step`. The features count for nothing.
 */
export function decoderModel(
  adds: Record<string, { step: number; changes: readonly Float32Array[] }>,
  o: { inputs?: readonly string[]; output?: number[] } = {},
): Buffer {
  const graph = new OnnxGraph();
  const names = o.inputs ?? ['input', 'skip1', 'skip0', 'skip', 'params'];
  const shapes = [PICTURE, ...FEATURES, [1, 32]];
  for (const [k, name] of names.entries()) graph.input(name, shapes[k]!);
  let sum = names[0]!;
  const [low, nothing, one] = [-1, 0, 1].map((value) => graph.floats([], [value]));
  for (const [name, { step, changes }] of Object.entries(adds)) {
    const place = graph.ints([LITE_PARAMETERS.indexOf(name as (typeof LITE_PARAMETERS)[number])]);
    const parameter = graph.node('Gather', [names.at(-1)!, place], { axis: 1 });
    const amount = graph.node('Div', [parameter, graph.floats([], [step])]);
    for (const [k, change] of changes.entries()) {
      const share = graph.node('Clip', [graph.node('Sub', [amount, graph.floats([], [k])]), nothing!, one!]);
      sum = graph.node('Add', [sum, graph.node('Mul', [share, graph.floats(PICTURE, change)])]);
    }
  }
  graph.output('output', o.output ?? PICTURE, graph.node('Clip', [sum, low!, one!]));
  return graph.encode('test');
}

/** `neutral_pose.npy` of 32 equal numbers. */
export function neutralFile(value = 0, o: { count?: number; type?: string } = {}): Buffer {
  const count = o.count ?? 32;
  const header = `${`{'descr': '${o.type ?? '<f4'}', 'fortran_order': False, 'shape': (${count},), }`.padEnd(117)}\n`;
  const body = Buffer.alloc(4 * count);
  for (let i = 0; i < count; i++) body.writeFloatLE(value, 4 * i);
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length);
  return Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), length, Buffer.from(header, 'latin1'), body]);
}

/** A picture of mara with these coefficients, I420 at `SIDE`². */
async function drawn(values: Record<string, number>): Promise<Uint8Array> {
  const stream = openAvatar(await loadAvatarPackage(stockFolder('mara')), { width: SIDE, height: SIDE });
  const out = new Uint8Array((SIDE * SIDE * 3) / 2);
  stream.render(pose(values), out);
  return out;
}

/** The box of a picture as planes of 384 × 384 numbers in −1…1. */
function boxOf(i420: Uint8Array): Float32Array {
  const rgb = i420ToRgb(i420, SIDE, SIDE);
  const out = new Float32Array(LITE_NUMBERS);
  const at = (index: number, from: number, to: number) => {
    const place = from + ((index + 0.5) * (to - from)) / LITE_SIDE - 0.5;
    return [Math.floor(place), place - Math.floor(place)] as const;
  };
  for (let y = 0; y < LITE_SIDE; y++) {
    const [row, down] = at(y, BOX.top, BOX.bottom);
    for (let x = 0; x < LITE_SIDE; x++) {
      const [column, right] = at(x, BOX.left, BOX.right);
      for (let k = 0; k < 3; k++) {
        const pixel = (dx: number, dy: number) => rgb[((row + dy) * SIDE + column + dx) * 3 + k]!;
        const upper = pixel(0, 0) * (1 - right) + pixel(1, 0) * right;
        const lower = pixel(0, 1) * (1 - right) + pixel(1, 1) * right;
        out[(k * LITE_SIDE + y) * LITE_SIDE + x] = (upper * (1 - down) + lower * down) / 127.5 - 1;
      }
    }
  }
  return out;
}

/**
 * A folder as the family's tools write it, of a face that nobody has: mara, whose mouth is opened and rounded by a decoder that adds one picture for each. Beside it stand
 * `ffmpeg` and `ffprobe`, which give its frames without being what they are called.
 */
export async function writePack(folder: string): Promise<{ ffmpeg: string; ffprobe: string }> {
  const rest = await drawn({});
  const closed = boxOf(rest);
  const changesOf = async (name: string, values: readonly number[]) => {
    const boxes = [closed];
    for (const value of values) boxes.push(boxOf(await drawn({ [name]: value })));
    return boxes.slice(1).map((box, k) => box.map((number, i) => number - boxes[k]![i]!));
  };
  const adds = {
    jawOpen: { step: 0.1, changes: await changesOf('jawOpen', [0.08, 0.16, 0.24, 0.32, 0.4, 0.48]) },
    mouthPucker: { step: 0.2, changes: await changesOf('mouthPucker', [0.3, 0.6, 0.9]) },
  };
  await mkdir(join(folder, 'ref_frames'), { recursive: true });
  await writeFile(join(folder, 'net_encode.onnx'), encoderModel());
  await writeFile(join(folder, 'net_decode.onnx'), decoderModel(adds));
  await writeFile(join(folder, 'face_box.txt'), `${BOX.top} ${BOX.bottom} ${BOX.left} ${BOX.right}`);
  await writeFile(join(folder, 'neutral_pose.npy'), neutralFile());
  await writeFile(join(folder, 'bg_video.mp4'), 'read by the programs below');
  const face = picture(REFERENCE.width, REFERENCE.height, (x, y) => {
    const [u, v] = [x, y].map((value, k) =>
      Math.floor(((value + 0.5) * LITE_SIDE) / [REFERENCE.width, REFERENCE.height][k]!),
    );
    return [0, 1, 2].map((k) => 127.5 * (closed[(k * LITE_SIDE + v!) * LITE_SIDE + u!]! + 1));
  });
  const reference = await jpegOf(face, { quality: 95 });
  for (let i = 0; i < FRAMES; i++)
    await writeFile(join(folder, 'ref_frames', `ref_${String(i).padStart(5, '0')}.jpg`), reference);
  await writeFile(join(folder, 'first.rgb'), i420ToRgb(rest, SIDE, SIDE));
  await writeFile(join(folder, 'clip.yuv'), Buffer.concat(Array.from({ length: FRAMES }, () => rest)));
  const programs = { ffmpeg: join(folder, 'ffmpeg'), ffprobe: join(folder, 'ffprobe') };
  const size = `{"streams":[{"width":${SIDE},"height":${SIDE}}]}`;
  await writeFile(programs.ffprobe, `#!/bin/sh\necho '${size}'\n`);
  await writeFile(
    programs.ffmpeg,
    `#!/bin/sh\ncase "$*" in *rgb24*) cat "${folder}/first.rgb";; *) cat "${folder}/clip.yuv";; esac\n`,
  );
  await Promise.all(Object.values(programs).map((path) => chmod(path, 0o755)));
  return programs;
}
