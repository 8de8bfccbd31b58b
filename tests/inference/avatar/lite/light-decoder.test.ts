import { describe, expect, it } from 'vitest';
import { lightDecoder } from '../../../../src/inference/avatar/lite/light-decoder.js';
import { LITE_SIDE } from '../../../../src/inference/avatar/lite/networks.js';
import { floatConstant, node } from '../../../../src/inference/avatar/lite/onnx-graph.js';
import { createSession, Tensor } from '../../../../src/inference/onnx.js';
import { bytesField, floatField, intField, readMessage, textField } from '../../../../src/inference/protobuf.js';
import { decoderModel } from './lite-pack.js';

const PICTURE = [1, 3, LITE_SIDE, LITE_SIDE];
const INPUTS: Record<string, number[]> = { input: PICTURE, skip1: [1, 16, 192, 192], skip0: [1, 32, 96, 96] };
const FLOATS = 6;
const KERNEL = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] } as const;
const POINT = { kernel_shape: [1, 1] } as const;
const LEAK = { alpha: { float: 0.1 } };

function constantNode(name: string, values: readonly number[]): Buffer {
  const content = [textField(1, 'value_floats'), ...values.map((value) => floatField(7, value)), intField(20, FLOATS)];
  return Buffer.concat([textField(2, name), textField(4, 'Constant'), bytesField(5, Buffer.concat(content))]);
}

const info = (name: string, shape: readonly number[]) => {
  const sides = shape.map((side) => bytesField(1, intField(1, side)));
  const tensor = Buffer.concat([intField(1, 1), bytesField(2, Buffer.concat(sides))]);
  return Buffer.concat([textField(1, name), bytesField(2, bytesField(1, tensor))]);
};

/** The last two stages of the family's decoders with weights of our own. */
function twoStages(o: { activation?: string } = {}): Buffer {
  const constants: Buffer[] = [];
  let seed = 0.3;
  const weights = (name: string, shape: readonly number[], size: number) => {
    const values = Float32Array.from(
      { length: shape.reduce((a, b) => a * b) },
      (_, i) => size * Math.sin(i * 1.7 + seed),
    );
    seed += 1.1;
    constants.push(floatConstant(name, shape, values));
    return name;
  };
  const doubling = (from: string, to: string, wide: number, narrow: number) => [
    constantNode(`${to}_scales`, [1, 1, 2, 2]),
    constantNode(`${to}_roi`, []),
    Buffer.concat([
      node('Resize', [from, `${to}_roi`, `${to}_scales`], `${to}_resized`),
      bytesField(5, Buffer.concat([textField(1, 'mode'), textField(4, 'linear'), intField(20, 3)])),
    ]),
    node(
      'Conv',
      [`${to}_resized`, weights(`${to}_d`, [wide, 1, 3, 3], 0.4), weights(`${to}_db`, [wide], 0.2)],
      `${to}_deep`,
      {
        ...KERNEL,
        group: wide,
      },
    ),
    node('LeakyRelu', [`${to}_deep`], `${to}_deep_active`, LEAK),
    node(
      'Conv',
      [`${to}_deep_active`, weights(`${to}_p`, [narrow, wide, 1, 1], 0.3), weights(`${to}_pb`, [narrow], 0.2)],
      `${to}_point`,
      POINT,
    ),
    node('LeakyRelu', [`${to}_point`], to, LEAK),
  ];
  const nodes = [
    node('Concat', ['skip0', 'skip0'], 'wide', { axis: 1 }),
    ...doubling('wide', 'first', 64, 16),
    node('Concat', ['first', 'skip1'], 'joined', { axis: 1 }),
    node(o.activation ?? 'Relu', ['joined'], 'active'),
    node('Conv', ['active', weights('mix', [32, 32, 3, 3], 0.1)], 'mixed', KERNEL),
    node('Add', ['mixed', 'joined'], 'sum'),
    ...doubling('sum', 'second', 32, 8),
    node('Concat', ['second', 'input'], 'last', { axis: 1 }),
    node('Conv', ['last', weights('w', [3, 11, 3, 3], 0.2), weights('b', [3], 0.1)], 'linear', KERNEL),
    node('Tanh', ['linear'], 'output'),
  ];
  const graph = Buffer.concat([
    ...nodes.map((content) => bytesField(1, content)),
    textField(2, 'graph'),
    ...constants.map((content) => bytesField(5, content)),
    ...Object.entries(INPUTS).map(([name, shape]) => bytesField(11, info(name, shape))),
    bytesField(12, info('output', PICTURE)),
  ]);
  const operators = Buffer.concat([textField(1, ''), intField(2, 14)]);
  return Buffer.concat([intField(1, 7), bytesField(7, graph), bytesField(8, operators)]);
}

async function drawn(file: Uint8Array): Promise<{ dims: readonly number[]; data: Float32Array }> {
  const session = await createSession(file, { threads: 1 });
  const feeds = Object.entries(INPUTS).map(([name, shape], k) => {
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) =>
      Math.sin(i / (41 + k) + Math.sin(i / 7_001)),
    );
    return [name, new Tensor('float32', values, shape)] as const;
  });
  const { output } = await session.run(Object.fromEntries(feeds));
  await session.release();
  return { dims: output!.dims, data: output!.data as Float32Array };
}

describe('the lighter form of a decoder', () => {
  it('draws the same picture in its part', async () => {
    const file = twoStages();
    const part = { x: 16, y: 40, width: 352, height: 336 };
    const light = lightDecoder(file, part);
    const [whole, some] = [await drawn(file), await drawn(light!.file)];
    expect(some.dims).toEqual([1, 3, part.height, part.width]);
    let worst = 0;
    let largest = 0;
    for (let k = 0; k < 3; k++)
      for (let y = 6; y < part.height - 6; y++)
        for (let x = 6; x < part.width - 6; x++) {
          const value = whole.data[(k * LITE_SIDE + part.y + y) * LITE_SIDE + part.x + x]!;
          worst = Math.max(worst, Math.abs(value - some.data[(k * part.height + y) * part.width + x]!));
          largest = Math.max(largest, Math.abs(value));
        }
    expect(largest).toBeGreaterThan(0.15);
    expect(worst).toBeLessThan(1e-4);
  });

  it('is not made of what is built otherwise, or is no network', () => {
    const part = { x: 0, y: 0, width: 64, height: 64 };
    expect(lightDecoder(twoStages({ activation: 'Sigmoid' }), part)).toBeUndefined();
    expect(lightDecoder(decoderModel({}), part)).toBeUndefined();
    expect(lightDecoder(Buffer.from('not a network'), part)).toBeUndefined();
    expect(lightDecoder(new Uint8Array(0), part)).toBeUndefined();
    expect(lightDecoder(twoStages().subarray(0, 5_000), part)).toBeUndefined();
  });
});

describe('protobuf messages', () => {
  it('are read as they were written', () => {
    const message = Buffer.concat([
      intField(3, 300),
      bytesField(20, Buffer.from([1, 2])),
      floatField(2, 0.5),
      intField(1, 2 ** 40),
    ]);
    expect(readMessage(message)).toEqual([
      { number: 3, value: 300 },
      { number: 20, value: Buffer.from([1, 2]) },
      { number: 2, value: expect.anything() },
      { number: 1, value: 2 ** 40 },
    ]);
    for (let length = 1; length < message.length; length++) {
      try {
        readMessage(message.subarray(0, length));
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(RangeError);
      }
    }
    expect(() => readMessage(Buffer.from([0x0b]))).toThrow(/type 3/);
    expect(() => readMessage(Buffer.alloc(12, 0xff))).toThrow(RangeError);
  });
});
