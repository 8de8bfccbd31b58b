import { describe, expect, it } from 'vitest';
import { readFlexBuffer } from '../../scripts/lib/flatbuffer.mjs';
import { readTflite } from '../../scripts/lib/tflite.mjs';
import { convertModel, convertTflite } from '../../scripts/lib/tflite-to-onnx.mjs';
import { createSession, Tensor } from '../../src/inference/onnx.js';
import { flatBuffer, flexMap } from '../support/flatbuffer-writer.js';

interface Constant {
  shape: number[];
  data: Float32Array | Int32Array;
}

/** Options of an operator by their places in its option table. */
function options(values: Record<number, number>) {
  const read = (field: number, fallback = 0) => values[field] ?? fallback;
  return { int8: read, int32: read, bool: (field: number) => read(field) !== 0 };
}

/** Runs one operator on inputs (constants where marked) through the converter and onnxruntime. */
async function run(
  operator: { code?: number; custom?: string; options?: Record<number, number>; customOptions?: Uint8Array },
  inputs: { shape: number[]; data: Float32Array | Int32Array; constant?: boolean }[],
  outputShape: number[],
): Promise<number[]> {
  const tensors: object[] = inputs.map(({ shape, data, constant }, i) => ({
    name: `in${i}`,
    shape,
    data: constant ? data : undefined,
  }));
  tensors.push({ name: 'out', shape: outputShape });
  const given = inputs.flatMap(({ constant }, i) => (constant ? [] : [i]));
  const model = {
    tensors,
    inputs: given,
    outputs: [inputs.length],
    operators: [
      {
        code: operator.code ?? 32,
        custom: operator.custom ?? '',
        inputs: inputs.map((_, i) => i),
        outputs: [inputs.length],
        options: options(operator.options ?? {}),
        customOptions: operator.customOptions ?? new Uint8Array(0),
      },
    ],
  };
  const session = await createSession(convertModel(model), { threads: 1 });
  const feeds = Object.fromEntries(
    given.map((i) => [`in${i}`, new Tensor('float32', inputs[i]!.data as Float32Array, inputs[i]!.shape)]),
  );
  const result = await session.run(feeds);
  expect(result['out']!.dims).toEqual(outputShape);
  return [...(result['out']!.data as Float32Array)];
}

const wave = (count: number, step: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i * step) * 3);
const constant = (shape: number[], data: Float32Array | Int32Array): Constant & { constant: true } => ({
  shape,
  data,
  constant: true,
});
const close = (actual: number[], expected: number[]) => {
  expect(actual.length).toBe(expected.length);
  for (const [i, value] of actual.entries()) expect(value).toBeCloseTo(expected[i]!, 4);
};

/** Convolution of TensorFlow Lite by its definition, channels last, padding "same", one output channel group per input group. */
function convolve(
  input: Float32Array,
  size: number,
  channels: number,
  kernel: (o: number, y: number, x: number, c: number) => number,
  o: { count: number; side: number; stride: number; depthwise: boolean; bias: Float32Array },
) {
  const out: number[] = [];
  const result = Math.ceil(size / o.stride);
  const before = Math.max(0, (result - 1) * o.stride + o.side - size) >> 1;
  for (let y = 0; y < result; y++)
    for (let x = 0; x < result; x++)
      for (let k = 0; k < o.count; k++) {
        let sum = o.bias[k]!;
        for (let ky = 0; ky < o.side; ky++)
          for (let kx = 0; kx < o.side; kx++) {
            const [v, u] = [y * o.stride + ky - before, x * o.stride + kx - before];
            if (v < 0 || u < 0 || v >= size || u >= size) continue;
            for (let c = o.depthwise ? k : 0; c < (o.depthwise ? k + 1 : channels); c++)
              sum += input[(v * size + u) * channels + c]! * kernel(k, ky, kx, c);
          }
        out.push(sum);
      }
  return out;
}

describe('the converter', () => {
  it('keeps strided "same" convolutions with bias and fused activation', async () => {
    const [input, weights, bias] = [wave(7 * 7 * 2, 0.7), wave(3 * 9 * 2, 1.3), wave(3, 2)];
    const expected = convolve(input, 7, 2, (k, y, x, c) => weights[((k * 3 + y) * 3 + x) * 2 + c]!, {
      count: 3,
      side: 3,
      stride: 2,
      depthwise: false,
      bias,
    });
    const inputs = [{ shape: [1, 7, 7, 2], data: input }, constant([3, 3, 3, 2], weights), constant([3], bias)];
    close(
      await run({ code: 3, options: { 1: 2, 2: 2, 3: 3 } }, inputs, [1, 4, 4, 3]),
      expected.map((v) => Math.min(6, Math.max(0, v))),
    );
  });

  it('keeps depthwise convolutions', async () => {
    const [input, weights, bias] = [wave(6 * 6 * 3, 0.4), wave(9 * 3, 1.1), wave(3, 1)];
    const expected = convolve(input, 6, 3, (k, y, x) => weights[(y * 3 + x) * 3 + k]!, {
      count: 3,
      side: 3,
      stride: 2,
      depthwise: true,
      bias,
    });
    const inputs = [{ shape: [1, 6, 6, 3], data: input }, constant([1, 3, 3, 3], weights), constant([3], bias)];
    close(await run({ code: 4, options: { 1: 2, 2: 2, 3: 1 } }, inputs, [1, 3, 3, 3]), expected);
  });

  it('keeps channel padding, slopes a channel, slices and broadcast sums', async () => {
    const picture = { shape: [1, 1, 2, 2], data: Float32Array.of(1, -2, -3, 4) };
    const pad = constant([4, 2], Int32Array.of(0, 0, 0, 0, 0, 0, 0, 1));
    expect(await run({ code: 34 }, [picture, pad], [1, 1, 2, 3])).toEqual([1, -2, 0, -3, 4, 0]);
    expect(await run({ code: 54 }, [picture, constant([1, 1, 2], Float32Array.of(10, 0.5))], [1, 1, 2, 2])).toEqual([
      1, -1, -30, 4,
    ]);
    const places = (values: number[]) => constant([4], Int32Array.from(values));
    const slice = [picture, places([0, 0, 1, 0]), places([1, 1, 2, 0]), places([1, 1, 1, 1])];
    expect(await run({ code: 45, options: { 1: 8 } }, slice, [1, 1, 1, 2])).toEqual([-3, 4]);
    const sum = [picture, { shape: [1, 1, 1, 2], data: Float32Array.of(100, 200) }];
    expect(await run({ code: 0, options: { 0: 1 } }, sum, [1, 1, 2, 2])).toEqual([101, 198, 97, 204]);
  });

  it('keeps resizing between half pixels', async () => {
    const row = { shape: [1, 1, 2, 1], data: Float32Array.of(0, 8) };
    expect(await run({ code: 23, options: { 3: 1 } }, [row, constant([2], Int32Array.of(1, 4))], [1, 1, 4, 1])).toEqual(
      [0, 2, 6, 8],
    );
  });

  it('keeps transposed convolutions with a bias', async () => {
    const inputs = [
      { shape: [1, 1, 2, 2], data: Float32Array.of(1, 10, 2, 20) },
      constant([1, 2, 2, 2], Float32Array.of(1, 0, 0, 1, 2, 0, 0, 2)),
      constant([1], Float32Array.of(0.5)),
    ];
    const customOptions = new Uint8Array(Int32Array.of(1, 2, 2).buffer);
    const out = await run({ custom: 'Convolution2DTransposeBias', customOptions }, inputs, [1, 2, 4, 1]);
    expect(out).toEqual([1.5, 10.5, 2.5, 20.5, 2.5, 20.5, 4.5, 40.5]);
  });

  it('samples a feature map where a transform says, and 0 outside its pixel centres', async () => {
    const [size, channels] = [6, 2];
    const input = wave(size * size * channels, 0.37);
    const matrix = Float32Array.of(0.9, -0.4, 0, 1.2, 0.5, 1.1, 0, 0.3, 0, 0, 1, 0, 0, 0, 0, 1);
    const expected: number[] = [];
    for (let y = 0; y < 4; y++)
      for (let x = 0; x < 4; x++) {
        const u = 0.9 * (x + 0.5) - 0.4 * (y + 0.5) + 1.2 - 0.5;
        const v = 0.5 * (x + 0.5) + 1.1 * (y + 0.5) + 0.3 - 0.5;
        const [left, top] = [Math.floor(u), Math.floor(v)];
        for (let c = 0; c < channels; c++) {
          const at = (a: number, b: number) =>
            input[(Math.min(b, size - 1) * size + Math.min(a, size - 1)) * channels + c]!;
          const outside = u < 0 || v < 0 || u > size - 1 || v > size - 1;
          const upper = at(left, top) * (1 - u + left) + at(left + 1, top) * (u - left);
          const lower = at(left, top + 1) * (1 - u + left) + at(left + 1, top + 1) * (u - left);
          expected.push(outside ? 0 : upper * (1 - v + top) + lower * (v - top));
        }
      }
    expect(expected.filter((value) => value === 0).length).toBeGreaterThan(0);
    const inputs = [
      { shape: [1, size, size, channels], data: input },
      { shape: [1, 4, 4], data: matrix },
    ];
    const customOptions = flexMap({ output_height: 4, output_width: 4 });
    close(await run({ custom: 'TransformTensorBilinear', customOptions }, inputs, [1, 4, 4, channels]), expected);
  });

  it('makes the transform of a crop around landmarks, and carries points through it', async () => {
    // A square of landmarks, 4 a side about (10, 20), turned by 30°: points 0 and 1 are its upper corners.
    const angle = Math.PI / 6;
    const corner = (x: number, y: number) => [
      10 + 2 * (x * Math.cos(angle) - y * Math.sin(angle)),
      20 + 2 * (x * Math.sin(angle) + y * Math.cos(angle)),
      7,
    ];
    const landmarks = Float32Array.from(
      [corner(-1, -1), corner(1, -1), corner(1, 1), corner(-1, 1), [99, 99, 99]].flat(),
    );
    const customOptions = flexMap({
      ...{ left_rotation_idx: 0, right_rotation_idx: 1, subset_idxs: [0, 1, 2, 3] },
      ...{ output_width: 16, output_height: 16, scale_x: { float: 1.5 }, scale_y: { float: 1.5 } },
    });
    const matrix = await run(
      { custom: 'Landmarks2TransformMatrix', customOptions },
      [{ shape: [1, 5, 3], data: landmarks }],
      [1, 4, 4],
    );
    const step = (4 * 1.5) / 16;
    const [c, s] = [Math.cos(angle) * step, Math.sin(angle) * step];
    close(matrix, [c, -s, 0, 10 - 8 * c + 8 * s, s, c, 0, 20 - 8 * s - 8 * c, 0, 0, 1, 0, 0, 0, 0, 1]);
    const points = { shape: [1, 2, 2], data: Float32Array.of(8, 8, 16, 8) };
    const moved = await run(
      { custom: 'TransformLandmarks' },
      [points, { shape: [1, 4, 4], data: Float32Array.from(matrix) }],
      [1, 2, 2],
    );
    close(moved, [10, 20, 10 + 8 * c, 20 + 8 * s]);
  });

  it('names what it cannot convert', async () => {
    const picture = { shape: [1, 1, 1, 1], data: Float32Array.of(1) };
    await expect(run({ code: 120 }, [picture], [1, 1, 1, 1])).rejects.toThrow('operator 120 is not supported');
    await expect(run({ custom: 'Unheard' }, [picture], [1, 1, 1, 1])).rejects.toThrow(
      'operator Unheard is not supported',
    );
  });
});

describe('reading', () => {
  /** out = in + [1, 2] with the constant as half floats. */
  function model(): Buffer {
    const text = (value: string) => ({ bytes: Buffer.from(value) });
    const tensor = (name: string, type: number, buffer: number) => [
      { int32s: [1, 2] },
      { int8: type },
      { int32: buffer },
      text(name),
    ];
    const graph = [
      { tables: [tensor('in', 0, 0), tensor('half', 1, 1), tensor('full', 0, 0), tensor('out', 0, 0)] },
      { int32s: [0] },
      { int32s: [3] },
      {
        tables: [
          [{ int32: 1 }, { int32s: [1] }, { int32s: [2] }],
          [undefined, { int32s: [0, 2] }, { int32s: [3] }],
        ],
      },
    ];
    const codes = { tables: [[{ int8: 0 }], [{ int8: 6 }]] };
    const buffers = { tables: [[], [{ bytes: Uint8Array.of(0x00, 0x3c, 0x00, 0xc1) }]] };
    return flatBuffer('TFL3', [{ int32: 3 }, codes, { tables: [graph] }, undefined, buffers]);
  }

  it('understands a file and converts it, always to the same bytes', async () => {
    const { tensors, operators } = readTflite(model());
    expect(tensors.map(({ name, shape }: { name: string; shape: number[] }) => [name, shape])).toEqual(
      ['in', 'half', 'full', 'out'].map((name) => [name, [1, 2]]),
    );
    expect([...tensors[1].data, operators[0].code, operators[1].code]).toEqual([1, -2.5, 6, 0]);
    expect(convertTflite(model()).equals(convertTflite(model()))).toBe(true);
    const session = await createSession(convertTflite(model()), { threads: 1 });
    const result = await session.run({ in: new Tensor('float32', Float32Array.of(10, 20), [1, 2]) });
    expect([...(result['out']!.data as Float32Array)]).toEqual([11, 17.5]);
  });

  it('refuses what is no model, is cut off, or points outside', () => {
    expect(() => readTflite(Buffer.from('not a model at all'))).toThrow('not a TensorFlow Lite model');
    const whole = model();
    for (let length = 12; length < whole.length - 8; length += 9) {
      expect(() => convertTflite(whole.subarray(0, length))).toThrow();
    }
  });

  it('understands the maps in which options are kept', () => {
    const bytes = flexMap({ count: 3, share: { float: 0.25 }, places: [5, 6, 7] });
    expect(readFlexBuffer(bytes)).toEqual({ count: 3, share: 0.25, places: [5, 6, 7] });
  });
});
