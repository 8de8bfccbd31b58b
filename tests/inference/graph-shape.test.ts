import { describe, expect, it } from 'vitest';
import { OnnxGraph } from '../../scripts/lib/onnx-model.mjs';
import { everyOutput, readLayout, withBatch, workOf } from '../../src/inference/graph-shape.js';
import { createSession, Tensor } from '../../src/inference/onnx.js';

/** A convolution of 3 to 8 channels, an activation, and a pointwise one of 8 to 2. */
function network(): Buffer {
  const graph = new OnnxGraph();
  const input = graph.input('x', [1, 3, 16, 12]);
  const weights = (shape: number[]) =>
    graph.floats(
      shape,
      Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i * 1.3)),
    );
  const wide = graph.node('Conv', [input, weights([8, 3, 3, 3])], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] });
  const active = graph.node('Relu', [wide]);
  graph.output('y', [1, 2, 16, 12], graph.node('Conv', [active, weights([2, 8, 1, 1])], { kernel_shape: [1, 1] }));
  return graph.encode('test');
}

const picture = (batch: number, first: number) =>
  Float32Array.from({ length: batch * 3 * 16 * 12 }, (_, i) => Math.sin(first + i / 7));

describe('what a network asks of a machine', () => {
  it('is counted from its file and the shapes of a run', async () => {
    const file = network();
    const session = await createSession(everyOutput(file), { threads: 1 });
    const results = await session.run({ x: new Tensor('float32', picture(1, 0), [1, 3, 16, 12]) });
    const shapes = new Map<string, readonly number[]>([['x', [1, 3, 16, 12]]]);
    for (const [name, tensor] of Object.entries(results)) shapes.set(name, tensor.dims);
    await session.release();
    const pixels = 16 * 12;
    const work = workOf(readLayout(file), shapes);
    expect(work.flops).toBe(2 * pixels * 8 * 27 + pixels * 8 + 2 * pixels * 2 * 8);
    expect(work.bytes).toBe(4 * (8 * 27 + 16 + pixels * 3 + pixels * 2));
  });

  it('refuses files that are no network', () => {
    expect(() => readLayout(Buffer.from('not a network'))).toThrow(RangeError);
    expect(() => readLayout(network().subarray(0, 200))).toThrow(RangeError);
    expect(() => readLayout(new Uint8Array(0))).toThrow(/no graph/);
  });
});

describe('a network for several pictures at once', () => {
  it('draws each of them as the network for one does', async () => {
    const file = network();
    const one = await createSession(file, { threads: 1 });
    const three = await createSession(withBatch(file, 3), { threads: 1 });
    const x = picture(3, 0.5);
    const { y } = await three.run({ x: new Tensor('float32', x, [3, 3, 16, 12]) });
    expect(y!.dims).toEqual([3, 2, 16, 12]);
    for (let k = 0; k < 3; k++) {
      const own = x.slice(k * 576, (k + 1) * 576);
      const single = await one.run({ x: new Tensor('float32', own, [1, 3, 16, 12]) });
      const part = (y!.data as Float32Array).subarray(k * 384, (k + 1) * 384);
      for (const [i, value] of (single['y']!.data as Float32Array).entries()) expect(part[i]).toBeCloseTo(value, 5);
    }
    await Promise.all([one.release(), three.release()]);
    expect(readLayout(withBatch(file, 3)).inputs).toEqual([{ name: 'x', type: 1, shape: [3, 3, 16, 12] }]);
  });
});
