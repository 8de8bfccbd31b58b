/** Reading a TensorFlow Lite model: the tables of its schema (tensorflow/lite/schema/schema.fbs, version 3) as plain objects. */
import { Table } from './flatbuffer.mjs';

const IDENTIFIER = 'TFL3';
/** TensorType of the schema → name, and how its bytes read. Half floats become floats: exactly, every half is one. */
const TYPES = {
  0: { name: 'float32', read: (bytes) => numbers(bytes, 4, (view, at) => view.getFloat32(at, true), Float32Array) },
  1: {
    name: 'float16',
    read: (bytes) => numbers(bytes, 2, (view, at) => fromHalf(view.getUint16(at, true)), Float32Array),
  },
  2: { name: 'int32', read: (bytes) => numbers(bytes, 4, (view, at) => view.getInt32(at, true), Int32Array) },
};

/**
 * The first subgraph of a model:
 * `tensors` (`{ name, shape, type, data }`, `data` a typed array where the tensor is constant), `operators`
 * (`{ code, custom, inputs, outputs, options, customOptions }`, inputs −1 where left out) and the indices of its `inputs` and `outputs`.
 * Throws an `Error` that says what is wrong with bytes that are no such model.
 */
export function readTflite(bytes) {
  try {
    return read(bytes);
  } catch (error) {
    if (error instanceof RangeError)
      throw new Error(`the TensorFlow Lite model is cut off or broken (${error.message})`);
    throw error;
  }
}

function read(bytes) {
  if (Buffer.from(bytes.subarray(4, 8)).toString('latin1') !== IDENTIFIER)
    throw new Error('not a TensorFlow Lite model');
  const model = Table.root(bytes);
  // A model from before the code outgrew a byte has it in the first field, a later one the larger of the two.
  const codes = model.tables(1).map((code) => ({ code: Math.max(code.int8(0), code.int32(3)), custom: code.text(1) }));
  const buffers = model.tables(4).map((buffer) => buffer.bytes(0));
  const graph = model.tables(2)[0];
  if (graph === undefined) throw new Error('the TensorFlow Lite model has no graph');
  const tensors = graph.tables(0).map((tensor) => readTensor(tensor, buffers));
  const operators = graph.tables(3).map((operator) => ({
    ...codes[operator.uint32(0)],
    inputs: operator.int32s(1),
    outputs: operator.int32s(2),
    options: operator.table(4),
    customOptions: operator.bytes(5),
  }));
  return { tensors, operators, inputs: graph.int32s(1), outputs: graph.int32s(2) };
}

function readTensor(tensor, buffers) {
  const type = TYPES[tensor.int8(1)];
  const name = tensor.text(3);
  if (type === undefined) throw new Error(`tensor ${name}: element type ${tensor.int8(1)} is not supported`);
  if (tensor.table(6) !== undefined) throw new Error(`tensor ${name}: sparse tensors are not supported`);
  const content = buffers[tensor.uint32(2)];
  const data = content === undefined || content.length === 0 ? undefined : type.read(content);
  const shape = tensor.int32s(0);
  const size = shape.reduce((product, side) => product * side, 1);
  if (data !== undefined && data.length !== size)
    throw new Error(`tensor ${name}: ${data.length} values for the shape [${shape}]`);
  return { name, shape, type: type.name, data };
}

/** Element by element: the bytes of a buffer need not lie at a multiple of the element's size. */
function numbers(bytes, size, readAt, Type) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Type.from({ length: bytes.length / size }, (_, i) => readAt(view, i * size));
}

/** IEEE 754 binary16. */
function fromHalf(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * 2 ** -24 * fraction : sign * 2 ** (exponent - 25) * (1024 + fraction);
}
