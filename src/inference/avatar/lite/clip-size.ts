import { bytesPerFrame, type Frames, frameAt } from './frames.js';
import { type Taps, tapsOf } from './taps.js';

/** Frames (I420) brought to another size; the same object where they have it already. */
export function resizeFrames(frames: Frames, width: number, height: number): Frames {
  if (frames.width === width && frames.height === height) return frames;
  const shape = { layout: frames.layout, width, height };
  const bytes = bytesPerFrame(shape);
  const out: Frames = { ...shape, count: frames.count, data: new Uint8Array(bytes * frames.count) };
  const planes = [1, 2, 2].map((shrunk) => {
    const [fromW, fromH, toW, toH] = [frames.width, frames.height, width, height].map((side) => side / shrunk) as [
      number,
      number,
      number,
      number,
    ];
    const along = (length: number, available: number) =>
      tapsOf({ length, from: 0, step: available / length, available });
    return { fromW, fromH, toW, toH, across: along(toW, fromW), down: along(toH, fromH) };
  });
  for (let index = 0; index < frames.count; index++) {
    let [from, to] = [frameAt(frames, index), frameAt(out, index)];
    for (const plane of planes) {
      resizePlane(from, to, plane);
      from = from.subarray(plane.fromW * plane.fromH);
      to = to.subarray(plane.toW * plane.toH);
    }
  }
  return out;
}

interface PlaneSizes {
  fromW: number;
  fromH: number;
  toW: number;
  toH: number;
  across: Taps;
  down: Taps;
}

function resizePlane(from: Uint8Array, to: Uint8Array, { fromW, fromH, toW, toH, across, down }: PlaneSizes): void {
  const narrow = new Float32Array(toW * fromH);
  for (let y = 0; y < fromH; y++) {
    for (let x = 0; x < toW; x++) {
      let sum = 0;
      for (let k = 0; k < across.count; k++)
        sum += across.weights[x * across.count + k]! * from[y * fromW + across.first[x]! + k]!;
      narrow[y * toW + x] = sum;
    }
  }
  for (let y = 0; y < toH; y++) {
    for (let x = 0; x < toW; x++) {
      let sum = 0;
      for (let k = 0; k < down.count; k++)
        sum += down.weights[y * down.count + k]! * narrow[(down.first[y]! + k) * toW + x]!;
      to[y * toW + x] = Math.min(255, sum + 0.5);
    }
  }
}
