import { floatConstant, node } from '../../inference/avatar/lite/onnx-graph.js';
import { createSession, type ExecutionProvider, Tensor } from '../../inference/onnx.js';
import { bytesField, intField, textField } from '../../inference/protobuf.js';

/** What this machine reaches, one thread: the floor of everything that is measured here. */
export interface MachineRates {
  /** Floating-point operations a second of a matrix product, ·10⁹. */
  gflops: number;
  /** Bytes read and written a second by copying, ·10⁹. */
  gbytes: number;
}

const SIDE = 768;
const PRODUCTS = 8;
/** More than the caches hold. */
const COPIED_FLOATS = 16 * 2 ** 20;
const COPIES = 6;

/** The best of several runs each, so that other work on the machine counts little. Takes about a second. */
export async function machineRates(provider: ExecutionProvider): Promise<MachineRates> {
  return { gflops: await productRate(provider), gbytes: copyRate() };
}

async function productRate(provider: ExecutionProvider): Promise<number> {
  const session = await createSession(productNetwork(), { threads: 1, providers: [provider] });
  try {
    const side = [SIDE, SIDE];
    const x = new Tensor('float32', new Float32Array(SIDE * SIDE).fill(0.5), side);
    const y = new Tensor('float32', new Float32Array(SIDE * SIDE), side);
    let bestMs = Number.POSITIVE_INFINITY;
    for (let run = 0; run < PRODUCTS; run++) {
      const began = performance.now();
      await session.run({ x }, { y });
      bestMs = Math.min(bestMs, performance.now() - began);
    }
    return (2 * SIDE ** 3) / bestMs / 1e6;
  } finally {
    await session.release();
  }
}

function copyRate(): number {
  const from = new Float32Array(COPIED_FLOATS).fill(1);
  const to = new Float32Array(COPIED_FLOATS);
  let bestMs = Number.POSITIVE_INFINITY;
  for (let run = 0; run < COPIES; run++) {
    const began = performance.now();
    to.set(from);
    bestMs = Math.min(bestMs, performance.now() - began);
  }
  return (2 * 4 * COPIED_FLOATS) / bestMs / 1e6;
}

/** `y = x · w` of square matrices, ONNX operator set 13. */
function productNetwork(): Buffer {
  const value = (name: string) => {
    const shape = Buffer.concat([SIDE, SIDE].map((side) => bytesField(1, intField(1, side))));
    const tensor = Buffer.concat([intField(1, 1), bytesField(2, shape)]);
    return Buffer.concat([textField(1, name), bytesField(2, bytesField(1, tensor))]);
  };
  const weights = Float32Array.from({ length: SIDE * SIDE }, (_, i) => Math.sin(i));
  const graph = Buffer.concat([
    ...[bytesField(1, node('MatMul', ['x', 'w'], 'y')), textField(2, 'product')],
    bytesField(5, floatConstant('w', [SIDE, SIDE], weights)),
    ...[bytesField(11, value('x')), bytesField(12, value('y'))],
  ]);
  const operators = Buffer.concat([textField(1, ''), intField(2, 13)]);
  return Buffer.concat([intField(1, 7), bytesField(7, graph), bytesField(8, operators)]);
}
