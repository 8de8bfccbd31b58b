/** What a network asks of a machine, read from its ONNX file; and the same network for several pictures at once. */
import { bytesField, intField, packedNumbers, readMessage, textField } from './protobuf.js';

/** Fields of onnx.proto. */
const MODEL_GRAPH = 7;
const GRAPH = { node: 1, constant: 5, input: 11, output: 12, inner: 13 } as const;
/** Operations that one output value takes, for operators that compute it from its neighbours at the same place; those not named compute nothing. */
const PER_VALUE: Readonly<Record<string, number>> = {
  ...{ Add: 1, Sub: 1, Mul: 1, Div: 1, Relu: 1, LeakyRelu: 1, PRelu: 1, Clip: 1, Sigmoid: 1, Tanh: 1, Exp: 1, Sqrt: 1 },
  ...{ InstanceNormalization: 4, BatchNormalization: 2, LayerNormalization: 4, Softmax: 3, Resize: 7, GridSample: 8 },
};
const BYTES_OF_TYPE: Readonly<Record<number, number>> = { 1: 4, 2: 1, 3: 1, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8 };

export interface GraphInput {
  name: string;
  /** onnx.proto's TensorProto.DataType. */
  type: number;
  /** −1 where the file leaves it open. */
  shape: number[];
}

export interface GraphLayout {
  nodes: { operator: string; inputs: string[]; outputs: string[] }[];
  /** Without those that are constants. */
  inputs: GraphInput[];
  outputs: GraphInput[];
  /** Constants by name. */
  constants: Map<string, { shape: number[]; bytes: number }>;
}

/** What one run computes and cannot do without reading or writing. */
export interface GraphWork {
  /** Floating-point operations; a multiplication and an addition are two. */
  flops: number;
  /** Constants, inputs and outputs, each once. */
  bytes: number;
}

const textOf = (value: number | Uint8Array) => Buffer.from(value as Uint8Array).toString('utf8');
const product = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** Throws RangeError for what is no ONNX file. Graphs inside of nodes (loops, conditions) are not looked into. */
export function readLayout(file: Uint8Array): GraphLayout {
  const graph = readMessage(file).find(({ number }) => number === MODEL_GRAPH)?.value;
  if (!(graph instanceof Uint8Array)) throw new RangeError('the model has no graph');
  const layout: GraphLayout = { nodes: [], inputs: [], outputs: [], constants: new Map() };
  for (const { number, value } of readMessage(graph)) {
    if (!(value instanceof Uint8Array)) continue;
    if (number === GRAPH.node) layout.nodes.push(readNode(value));
    else if (number === GRAPH.constant) layout.constants.set(...readConstant(value));
    else if (number === GRAPH.input) layout.inputs.push(readValueInfo(value));
    else if (number === GRAPH.output) layout.outputs.push(readValueInfo(value));
  }
  layout.inputs = layout.inputs.filter(({ name }) => !layout.constants.has(name));
  return layout;
}

/** `shapes` holds those of the tensors that nodes give and of the graph's inputs; see `everyOutput`. */
export function workOf(layout: GraphLayout, shapes: ReadonlyMap<string, readonly number[]>): GraphWork {
  const shapeOf = (name: string | undefined) => layout.constants.get(name ?? '')?.shape ?? shapes.get(name ?? '') ?? [];
  let flops = 0;
  for (const { operator, inputs, outputs } of layout.nodes) {
    const out = shapeOf(outputs[0]);
    const values = product(out);
    const [first, second] = [shapeOf(inputs[0]), shapeOf(inputs[1])];
    // A kernel is [to, from / groups, height, width]; that of a transposed convolution [from, to / groups, height, width].
    if (operator === 'Conv' || operator === 'FusedConv') flops += 2 * values * product(second.slice(1));
    else if (operator === 'ConvTranspose') flops += 2 * product(first) * product(second.slice(1));
    else if (operator === 'MatMul') flops += 2 * values * (first.at(-1) ?? 0);
    else if (operator === 'Gemm') flops += (2 * values * product(first)) / Math.max(1, out[0] ?? 1);
    else flops += values * (PER_VALUE[operator] ?? 0);
  }
  let bytes = 0;
  for (const constant of layout.constants.values()) bytes += constant.bytes;
  for (const { name, type } of [...layout.inputs, ...layout.outputs])
    bytes += product(shapeOf(name)) * (BYTES_OF_TYPE[type] ?? 4);
  return { flops, bytes };
}

/** The same file with everything that its nodes compute among its outputs, so that a run tells the shapes of all. */
export function everyOutput(file: Uint8Array): Buffer {
  const { nodes, outputs } = readLayout(file);
  const known = new Set(outputs.map(({ name }) => name));
  const names = nodes.flatMap((node) => node.outputs).filter((name) => name !== '' && !known.has(name));
  // A repeated message is merged with the one before (protobuf.dev, "Last One Wins").
  const added = Buffer.concat(names.map((name) => bytesField(GRAPH.output, textField(1, name))));
  return Buffer.concat([file, bytesField(MODEL_GRAPH, added)]);
}

/**
 * The same network for `batch` pictures at once: the first side of every input and output, where it is 1 or open, becomes `batch`. Whether the nodes between can do it only a
 * run tells: some files have a batch of one written into them elsewhere.
 */
export function withBatch(file: Uint8Array, batch: number): Buffer {
  const { constants } = readLayout(file);
  const again = (number: number, value: number | Uint8Array) =>
    typeof value === 'number' ? intField(number, value) : bytesField(number, value);
  const graphAgain = (graph: Uint8Array) =>
    Buffer.concat(
      readMessage(graph).flatMap(({ number, value }) => {
        if (number === GRAPH.inner) return [];
        const isEnd = number === GRAPH.input || number === GRAPH.output;
        if (!isEnd || typeof value === 'number') return [again(number, value)];
        const { name, type, shape } = readValueInfo(value);
        if (constants.has(name) || shape.length === 0 || (shape[0] !== 1 && shape[0] !== -1))
          return [again(number, value)];
        return [bytesField(number, valueInfo(name, type, [batch, ...shape.slice(1)]))];
      }),
    );
  return Buffer.concat(
    readMessage(file).map(({ number, value }) =>
      number === MODEL_GRAPH && value instanceof Uint8Array
        ? bytesField(number, graphAgain(value))
        : again(number, value),
    ),
  );
}

function readNode(content: Uint8Array): GraphLayout['nodes'][number] {
  const fields = readMessage(content);
  const texts = (wanted: number) => fields.filter(({ number }) => number === wanted).map(({ value }) => textOf(value));
  return { operator: texts(4)[0] ?? '', inputs: texts(1), outputs: texts(2) };
}

function readConstant(content: Uint8Array): [string, { shape: number[]; bytes: number }] {
  const shape: number[] = [];
  let [name, type] = ['', 0];
  for (const { number, value } of readMessage(content)) {
    if (number === 1) shape.push(...(typeof value === 'number' ? [value] : packedNumbers(value)));
    else if (number === 2) type = value as number;
    else if (number === 8) name = textOf(value);
  }
  return [name, { shape, bytes: product(shape) * (BYTES_OF_TYPE[type] ?? 4) }];
}

/** ValueInfoProto{name(1), type(2){tensor_type(1){elem_type(1), shape(2){dim(1){dim_value(1) | dim_param(2)}}}}}. */
function readValueInfo(content: Uint8Array): GraphInput {
  const part = (message: Uint8Array | undefined, wanted: number) => {
    const value =
      message === undefined ? undefined : readMessage(message).find(({ number }) => number === wanted)?.value;
    return value;
  };
  const inside = (message: Uint8Array | undefined, wanted: number) => {
    const value = part(message, wanted);
    return value instanceof Uint8Array ? value : undefined;
  };
  const tensor = inside(inside(content, 2), 1);
  const shape = inside(tensor, 2);
  const sides = shape === undefined ? [] : readMessage(shape);
  return {
    name: textOf(inside(content, 1) ?? Buffer.alloc(0)),
    type: Number(part(tensor, 1) ?? 1),
    shape: sides.map(({ value }) => {
      const side = value instanceof Uint8Array ? part(value, 1) : undefined;
      return typeof side === 'number' ? side : -1;
    }),
  };
}

function valueInfo(name: string, type: number, shape: readonly number[]): Buffer {
  const sides = shape.map((side) => bytesField(1, side < 0 ? textField(2, 'n') : intField(1, side)));
  const tensor = Buffer.concat([intField(1, type), bytesField(2, Buffer.concat(sides))]);
  return Buffer.concat([textField(1, name), bytesField(2, bytesField(1, tensor))]);
}
