import {
  floatConstant,
  type GraphFile,
  type GraphNode,
  intConstant,
  node,
  readGraphFile,
  type Weights,
} from './onnx-graph.js';

/** A part of the picture that a decoder draws, in pixels of its 384. */
export interface DrawnPart {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface LightDecoder {
  /** An ONNX file with the inputs of the given one; its output is `part` alone. */
  file: Uint8Array;
  part: DrawnPart;
}

/** How a stage of the family's decoders doubles its picture. */
const DOUBLING = ['Resize', 'Conv', 'LeakyRelu', 'Conv', 'LeakyRelu', 'Concat'];
/** The last operators of the family's decoders, from the last activation before their full width on. */
const TAIL = [
  ...[
    'Relu',
    'Conv',
    'Add',
    'Constant',
    'Constant',
    'Resize',
    'Conv',
    'LeakyRelu',
    'Conv',
    'LeakyRelu',
    'Concat',
    'Conv',
    'Tanh',
  ],
] as const;
/** Channels: before the last stage, after it, of a picture. */
const [WIDE, NARROW, COLOURS] = [32, 8, 3];
/** Channels before and after the stage before it. */
const [WIDE_BEFORE, NARROW_BEFORE] = [64, 16];
const PHASES = 4;
const LEAK = { float: 0.1 };
const PAD = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] } as const;

/**
 * Linear interpolation to twice as many samples (half-pixel centres): sample 2i − 1 … 2i + 2 as weights of samples i − 1, i, i + 1 of the row it is made of.
 */
const DOUBLED = [
  [0.75, 0.25, 0],
  [0.25, 0.75, 0],
  [0, 0.75, 0.25],
  [0, 0.25, 0.75],
] as const;

/**
 * The same decoder at about two thirds of the cost, for the part of the picture that is shown: its last stage, which doubles the picture's sides and takes most of the
 * time, is computed before the doubling, for the four pixels that each becomes at once (a polyphase filter), and only in `part`, whose numbers must be even. Equal to
 * rounding, but for six pixels along the part's edges, where padding differs. Undefined for a file that is built otherwise.
 */
export function lightDecoder(file: Uint8Array, part: DrawnPart): LightDecoder | undefined {
  let graph: GraphFile;
  try {
    graph = readGraphFile(file);
  } catch {
    return undefined;
  }
  const tail = graph.nodes.slice(-TAIL.length);
  if (tail.some(({ operator }, i) => operator !== TAIL[i])) return undefined;
  const found = partsOf(tail, graph.weights);
  if (found === undefined) return undefined;
  const [relu, , skip] = tail as [GraphNode, GraphNode, GraphNode];
  const before = skip.inputs.find((name) => name !== tail[1]!.outputs[0]);
  const picture = tail[10]!.inputs[1];
  const output = tail.at(-1)!.outputs[0];
  if (before === undefined || picture === undefined || output === undefined) return undefined;
  const constants: Buffer[] = [];
  const floats = (name: string, shape: readonly number[], values: Float32Array) => {
    constants.push(floatConstant(`light_${name}`, shape, values));
    return `light_${name}`;
  };
  const ints = (name: string, values: readonly number[]) => {
    constants.push(intConstant(`light_${name}`, values));
    return `light_${name}`;
  };
  const nodes: Buffer[] = [];
  const add = (operator: string, inputs: readonly string[], name: string, attributes = {}) => {
    nodes.push(node(operator, inputs, `light_${name}`, attributes));
    return `light_${name}`;
  };
  const axes = ints('axes', [2, 3]);
  const half = { from: [part.y / 2, part.x / 2], to: [(part.y + part.height) / 2, (part.x + part.width) / 2] };
  const [halfFrom, halfTo] = [ints('half_from', half.from), ints('half_to', half.to)];
  const wholeFrom = ints('whole_from', [part.y, part.x]);
  const wholeTo = ints('whole_to', [part.y + part.height, part.x + part.width]);
  const cut = (name: string, as: string) => add('Slice', [name, halfFrom, halfTo, axes], as);
  const mixed = add('Conv', [cut(relu.outputs[0]!, 'active'), tail[1]!.inputs[1]!], 'mixed', PAD);
  const sum = add('Add', [mixed, cut(before, 'kept')], 'sum');
  const phases = Array.from({ length: PHASES }, (_, phase) => {
    const kernel = floats(`grown_${phase}`, [WIDE, 1, 3, 3], grownKernel(found.depthwise.values, phase));
    const grown = add('Conv', [sum, kernel, found.depthwiseBias], `grow_${phase}`, { ...PAD, group: WIDE });
    return add('LeakyRelu', [grown], `active_${phase}`, { alpha: LEAK });
  });
  // Each phase fills rows of its own; adding them is cheaper than laying them side by side.
  const bias = floats('pointwise_bias', [PHASES * NARROW], repeated(found.pointwiseBias.values, PHASES));
  const narrow = phases.reduce((before, phase, k) => {
    const rows = floats(`pointwise_${k}`, [PHASES * NARROW, WIDE, 1, 1], rowsOf(found.pointwise.values, k));
    const inputs = k === 0 ? [phase, rows, bias] : [phase, rows];
    const part = add('Conv', inputs, `narrow_${k}`, { kernel_shape: [1, 1] });
    return before === '' ? part : add('Add', [part, before], `narrow_sum_${k}`);
  }, '');
  const active = add('LeakyRelu', [narrow], 'narrow_active', { alpha: LEAK });
  const shown = add('Slice', [picture, wholeFrom, wholeTo, axes], 'shown');
  const shownPhases = add('SpaceToDepth', [shown], 'shown_phases', { blocksize: 2 });
  const last = (channels: number, first: number) => phasedKernel(found.last.values, first, channels);
  const lastShape = (channels: number) => [PHASES * COLOURS, PHASES * channels, 3, 3];
  const fromNarrow = floats('last_narrow', lastShape(NARROW), last(NARROW, 0));
  const fromShown = floats('last_shown', lastShape(COLOURS), last(COLOURS, NARROW));
  const lastBias = floats('last_bias', [PHASES * COLOURS], repeated(found.lastBias.values, PHASES));
  const drawnNarrow = add('Conv', [active, fromNarrow, lastBias], 'drawn_narrow', PAD);
  const drawnShown = add('Conv', [shownPhases, fromShown], 'drawn_shown', PAD);
  const drawn = add('Tanh', [add('Add', [drawnNarrow, drawnShown], 'drawn')], 'squashed');
  nodes.push(node('DepthToSpace', [drawn], output, { blocksize: 2 }));
  const head = graph.nodes.slice(0, -TAIL.length + 1);
  const start = head.findLastIndex((_, i) => DOUBLING.every((operator, k) => head[i + k]?.operator === operator));
  const stage =
    start < 0 ? undefined : stageBefore(head.slice(start, start + DOUBLING.length - 1), graph.weights, floats);
  const contents = head.map(({ content }) => content);
  if (stage !== undefined) contents.splice(start, DOUBLING.length - 1, ...stage);
  return {
    file: graph.withTail([...contents, ...nodes], constants, {
      name: output,
      shape: [1, COLOURS, part.height, part.width],
    }),
    part,
  };
}

/** The stage before the last: taken apart into phases likewise, but put together again, since what follows looks at the picture as a whole. */
function stageBefore(
  nodes: readonly GraphNode[],
  weights: ReadonlyMap<string, Weights>,
  floats: (name: string, shape: readonly number[], values: Float32Array) => string,
): Buffer[] | undefined {
  const [resize, depth, , point, last] = nodes;
  const kernel = weights.get(depth?.inputs[1] ?? '');
  const shape = [WIDE_BEFORE, 1, 3, 3];
  const from = resize?.inputs[0];
  const [depthBias, pointWeights, pointBias] = [depth?.inputs[2], point?.inputs[1], point?.inputs[2]];
  const matrix = weights.get(pointWeights ?? '')?.shape.join();
  if (kernel?.shape.join() !== shape.join() || matrix !== [NARROW_BEFORE, WIDE_BEFORE, 1, 1].join()) return undefined;
  if (!from || !depthBias || !pointWeights || !pointBias || last?.outputs[0] === undefined) return undefined;
  const out: Buffer[] = [];
  const phases = Array.from({ length: PHASES }, (_, phase) => {
    const name = `before_${phase}`;
    const grown = floats(name, shape, grownKernel(kernel.values, phase));
    out.push(
      node('Conv', [from, grown, depthBias], `${name}_grown`, { ...PAD, group: WIDE_BEFORE }),
      node('LeakyRelu', [`${name}_grown`], `${name}_active`, { alpha: LEAK }),
      node('Conv', [`${name}_active`, pointWeights, pointBias], `${name}_narrow`, { kernel_shape: [1, 1] }),
      node('LeakyRelu', [`${name}_narrow`], `${name}_out`, { alpha: LEAK }),
    );
    return `${name}_out`;
  });
  out.push(node('Concat', phases, 'before_phases', { axis: 1 }));
  out.push(node('DepthToSpace', ['before_phases'], last.outputs[0], { blocksize: 2 }));
  return out;
}

interface TailParts {
  depthwise: Weights;
  depthwiseBias: string;
  pointwise: Weights;
  pointwiseBias: Weights;
  last: Weights;
  lastBias: Weights;
}

function partsOf(tail: readonly GraphNode[], weights: ReadonlyMap<string, Weights>): TailParts | undefined {
  const of = (place: number, input: number, shape: readonly number[]) => {
    const found = weights.get(tail[place]?.inputs[input] ?? '');
    return found?.shape.join() === shape.join() ? found : undefined;
  };
  const mixing = of(1, 1, [WIDE, WIDE, 3, 3]);
  const depthwise = of(6, 1, [WIDE, 1, 3, 3]);
  const depthwiseBias = tail[6]?.inputs[2];
  const pointwise = of(8, 1, [NARROW, WIDE, 1, 1]);
  const pointwiseBias = of(8, 2, [NARROW]);
  const last = of(11, 1, [COLOURS, NARROW + COLOURS, 3, 3]);
  const lastBias = of(11, 2, [COLOURS]);
  if (!mixing || !depthwise || depthwiseBias === undefined || !pointwise || !pointwiseBias || !last || !lastBias)
    return undefined;
  return { depthwise, depthwiseBias, pointwise, pointwiseBias, last, lastBias };
}

/** The depthwise kernel of a doubled picture as a kernel of the picture before, for the pixels of one phase (2 · row + column). */
function grownKernel(values: Float32Array, phase: number): Float32Array {
  const [row, column] = [phase >> 1, phase & 1];
  const out = new Float32Array(values.length);
  for (let c = 0; c < values.length / 9; c++) {
    for (let y = 0; y < 3; y++) {
      for (let x = 0; x < 3; x++) {
        const weight = values[c * 9 + y * 3 + x]!;
        const [down, across] = [DOUBLED[row + y]!, DOUBLED[column + x]!];
        for (let v = 0; v < 3; v++)
          for (let u = 0; u < 3; u++) out[c * 9 + v * 3 + u]! += weight * down[v]! * across[u]!;
      }
    }
  }
  return out;
}

/** The rows of one phase in a matrix for all of them. */
function rowsOf(values: Float32Array, phase: number): Float32Array {
  const out = new Float32Array(PHASES * values.length);
  out.set(values, phase * values.length);
  return out;
}

/** `channels` inputs of the last kernel, from `first` on, for pictures taken apart into phases (as SpaceToDepth does). */
function phasedKernel(values: Float32Array, first: number, channels: number): Float32Array {
  const all = NARROW + COLOURS;
  const out = new Float32Array(PHASES * COLOURS * PHASES * channels * 9);
  for (let to = 0; to < PHASES; to++) {
    for (let o = 0; o < COLOURS; o++) {
      for (let i = 0; i < channels; i++) {
        for (let y = 0; y < 3; y++) {
          for (let x = 0; x < 3; x++) {
            const [row, column] = [(to >> 1) + y - 1, (to & 1) + x - 1];
            const from = (row & 1) * 2 + (column & 1);
            const place = ((to * COLOURS + o) * PHASES * channels + from * channels + i) * 9;
            out[place + ((row >> 1) + 1) * 3 + (column >> 1) + 1]! += values[((o * all + first + i) * 3 + y) * 3 + x]!;
          }
        }
      }
    }
  }
  return out;
}

function repeated(values: Float32Array, times: number): Float32Array {
  return Float32Array.from({ length: values.length * times }, (_, i) => values[i % values.length]!);
}
