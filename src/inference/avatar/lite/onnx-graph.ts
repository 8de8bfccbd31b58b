import { bytesField, floatField, intField, readMessage, textField } from '../../protobuf.js';

/** Fields of onnx.proto. */
const MODEL = { graph: 7, operatorSet: 8 } as const;
const GRAPH = { node: 1, constant: 5, input: 11, output: 12 } as const;
const ATTRIBUTE_TYPE = { float: 1, int: 2, ints: 7 } as const;
const ELEMENT = { float32: 1, int64: 7 } as const;

export interface GraphNode {
  operator: string;
  inputs: string[];
  outputs: string[];
  /** As it stands in the file. */
  content: Uint8Array;
}

/** A float32 tensor that belongs to a model. */
export interface Weights {
  shape: number[];
  values: Float32Array;
}

/** What a model file holds, taken apart just so far that it can be put together again with other nodes. */
export interface GraphFile {
  nodes: GraphNode[];
  /** Float32 tensors by name. */
  weights: Map<string, Weights>;
  /** The same file with these nodes in place of its own, more constants, and one output of this shape in place of its own. */
  withTail(
    nodes: readonly Uint8Array[],
    constants: readonly Uint8Array[],
    output: { name: string; shape: number[] },
  ): Buffer;
}

const text = (value: number | Uint8Array) => Buffer.from(value as Uint8Array).toString('utf8');

/** Reads an ONNX file. Throws RangeError for what is none. */
export function readGraphFile(file: Uint8Array): GraphFile {
  const model = readMessage(file);
  const graph = model.find(({ number }) => number === MODEL.graph)?.value;
  if (!(graph instanceof Uint8Array)) throw new RangeError('the model has no graph');
  const fields = readMessage(graph);
  const contents = (wanted: number) =>
    fields.flatMap(({ number, value }) => (number === wanted && value instanceof Uint8Array ? [value] : []));
  const again = (number: number, value: number | Uint8Array) =>
    typeof value === 'number' ? intField(number, value) : bytesField(number, value);
  return {
    nodes: contents(GRAPH.node).map(readNode),
    weights: new Map(contents(GRAPH.constant).flatMap(readWeights)),
    withTail: (nodes, constants, output) => {
      const kept = fields.filter(({ number }) => number !== GRAPH.node && number !== GRAPH.output);
      const changed = Buffer.concat([
        ...nodes.map((node) => bytesField(GRAPH.node, node)),
        ...kept.map(({ number, value }) => again(number, value)),
        ...constants.map((constant) => bytesField(GRAPH.constant, constant)),
        bytesField(GRAPH.output, valueInfo(output)),
      ]);
      const parts = model.map(({ number, value }) =>
        number === MODEL.graph ? bytesField(number, changed) : again(number, value),
      );
      return Buffer.concat(parts);
    },
  };
}

function readNode(content: Uint8Array): GraphNode {
  const fields = readMessage(content);
  const texts = (wanted: number) => fields.filter(({ number }) => number === wanted).map(({ value }) => text(value));
  return { operator: texts(4)[0] ?? '', inputs: texts(1), outputs: texts(2), content };
}

function readWeights(content: Uint8Array): [string, Weights][] {
  const shape: number[] = [];
  let name = '';
  let type = 0;
  let raw: Uint8Array | undefined;
  for (const { number, value } of readMessage(content)) {
    if (number === 1) shape.push(...(typeof value === 'number' ? [value] : packed(value)));
    else if (number === 2) type = value as number;
    else if (number === 8) name = text(value);
    else if (number === 9) raw = value as Uint8Array;
  }
  const count = shape.reduce((a, b) => a * b, 1);
  if (type !== ELEMENT.float32 || raw === undefined || raw.length !== 4 * count) return [];
  return [[name, { shape, values: new Float32Array(Uint8Array.from(raw).buffer) }]];
}

function packed(value: Uint8Array): number[] {
  // A list of varints looks like a message whose keys are missing; each is at most a few thousand here.
  const out: number[] = [];
  for (let at = 0; at < value.length; ) {
    let number = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = value[at++] ?? 0;
      number += (byte & 127) * scale;
      if (byte < 128) break;
    }
    out.push(number);
  }
  return out;
}

type Attribute = number | readonly number[] | { float: number };

export function node(
  operator: string,
  inputs: readonly string[],
  output: string,
  attributes: Record<string, Attribute> = {},
): Buffer {
  return Buffer.concat([
    ...inputs.map((name) => textField(1, name)),
    textField(2, output),
    textField(4, operator),
    ...Object.entries(attributes).map(([name, value]) => bytesField(5, attribute(name, value))),
  ]);
}

function attribute(name: string, value: Attribute): Buffer {
  if (typeof value === 'number')
    return Buffer.concat([textField(1, name), intField(3, value), intField(20, ATTRIBUTE_TYPE.int)]);
  if ('float' in value)
    return Buffer.concat([textField(1, name), floatField(2, value.float), intField(20, ATTRIBUTE_TYPE.float)]);
  const items = value.map((item) => intField(8, item));
  return Buffer.concat([textField(1, name), ...items, intField(20, ATTRIBUTE_TYPE.ints)]);
}

/** Float32 values as a constant of a model. */
export function floatConstant(name: string, shape: readonly number[], values: Float32Array): Buffer {
  return constant(name, shape, ELEMENT.float32, values);
}

/** A list of whole numbers as a constant of a model. */
export function intConstant(name: string, values: readonly number[]): Buffer {
  return constant(name, [values.length], ELEMENT.int64, BigInt64Array.from(values, BigInt));
}

function constant(name: string, shape: readonly number[], type: number, values: Float32Array | BigInt64Array): Buffer {
  const content = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  const sides = shape.map((side) => intField(1, side));
  return Buffer.concat([...sides, intField(2, type), textField(8, name), bytesField(9, content)]);
}

function valueInfo({ name, shape }: { name: string; shape: readonly number[] }): Buffer {
  const sides = shape.map((side) => bytesField(1, intField(1, side)));
  const tensor = Buffer.concat([intField(1, ELEMENT.float32), bytesField(2, Buffer.concat(sides))]);
  return Buffer.concat([textField(1, name), bytesField(2, bytesField(1, tensor))]);
}
