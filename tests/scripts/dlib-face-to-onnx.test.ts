import { describe, expect, it } from 'vitest';
import { convertDlibFace } from '../../scripts/lib/dlib-face-to-onnx.mjs';
import { createSession, Tensor } from '../../src/inference/onnx.js';

interface Weight {
  name: string;
  shape: number[];
  quantization?: { dtype: string; scale: number; min: number };
}

const STAGES = [
  [32, ['conv32_1', 'conv32_2', 'conv32_3']],
  [64, ['conv64_down', 'conv64_1', 'conv64_2', 'conv64_3']],
  [128, ['conv128_down', 'conv128_1', 'conv128_2']],
  [256, ['conv256_down', 'conv256_1', 'conv256_2', 'conv256_down_out']],
] as const;

/** All weights of the network by name; everything is quantised to one byte that stands for its value times 0.5. */
function model(values: (name: string) => (index: number) => number): Uint8Array {
  const weights: Weight[] = [];
  const add = (name: string, shape: number[]) =>
    weights.push({ name, shape, quantization: { dtype: 'uint8', scale: 0.5, min: 0 } });
  const convolution = (name: string, filters: number[], outputs: number) => {
    add(`${name}/conv/filters`, filters);
    add(`${name}/conv/bias`, [outputs]);
    add(`${name}/scale/weights`, [outputs]);
    add(`${name}/scale/biases`, [outputs]);
  };
  convolution('conv32_down', [7, 7, 3, 32], 32);
  let inputs = 32;
  for (const [outputs, blocks] of STAGES) {
    for (const block of blocks) {
      convolution(`${block}/conv1`, [3, 3, inputs, outputs], outputs);
      convolution(`${block}/conv2`, [3, 3, outputs, outputs], outputs);
      inputs = outputs;
    }
  }
  add('fc', [256, 128]);
  const size = (shape: number[]) => shape.reduce((product, side) => product * side, 1);
  const bytes = weights.map(({ name, shape }) => Uint8Array.from({ length: size(shape) }, (_, i) => values(name)(i)));
  return Buffer.concat([Buffer.from(JSON.stringify([{ weights, paths: ['weights.bin'] }])), ...bytes]);
}

async function describeFace(bytes: Uint8Array, rgb: readonly [number, number, number]): Promise<number[]> {
  const session = await createSession(convertDlibFace(bytes), { threads: 1 });
  const face = Float32Array.from({ length: 150 * 150 * 3 }, (_, i) => rgb[i % 3]!);
  const result = await session.run({ face: new Tensor('float32', face, [1, 150, 150, 3]) });
  await session.release();
  return [...(result['descriptor']!.data as Float32Array)];
}

describe('convertDlibFace', () => {
  it('passes by the blocks what the first convolution gives, fills new channels with zeros, and ends with the last matrix', async () => {
    // Channel 5 of 32 is the green of the middle pixel, times 2 (the gain), plus 1; the blocks' own convolutions give nothing.
    const green = (3 * 7 + 3) * 3 * 32 + 1 * 32 + 5;
    const bytes = model((name) => (i) => {
      if (name === 'conv32_down/conv/filters') return i === green ? 2 : 0;
      if (name === 'conv32_down/scale/weights') return 4;
      if (name === 'conv32_down/scale/biases') return i === 5 ? 2 : 0;
      if (name === 'fc') return Math.floor(i / 128) === 5 ? (i % 128) % 7 : Math.floor(i / 128) >= 32 ? 200 : 0;
      return 0;
    });
    const value = (2 * (200 - 117.001)) / 256 + 1;
    // The last halving leaves one of four places to each: 35, 17, 8, 4 and 2 a side, all of them full on the way past.
    const found = await describeFace(bytes, [10, 200, 30]);
    for (const [j, number] of found.entries()) expect(number).toBeCloseTo(value * (j % 7) * 0.5, 3);
  });

  it('says what is missing, cut off, or too much', () => {
    const whole = model(() => () => 0);
    expect(() => convertDlibFace(whole.subarray(0, whole.length - 1))).toThrow(/fc: the weights end before it/);
    expect(() => convertDlibFace(Buffer.concat([whole, Buffer.alloc(3)]))).toThrow(/3 bytes follow/);
    const renamed = Buffer.from(
      Buffer.from(whole).toString('latin1').replace('conv64_2/conv1/conv/bias', 'conv64_2/conv1/conv/bios'),
      'latin1',
    );
    expect(() => convertDlibFace(renamed)).toThrow(/no weight conv64_2\/conv1\/conv\/bias/);
    expect(() => convertDlibFace(Buffer.from('[{"weights": ['))).toThrow(/has no end/);
  });
});
