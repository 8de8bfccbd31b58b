/**
 * The built-in operators of TensorFlow Lite that the models of this project use, each as what ONNX computes the same with. Keys are
 * BuiltinOperator numbers, places of options those of the option tables, both of tensorflow/lite/schema/schema.fbs.
 */

const ACTIVATION = { none: 0, relu: 1, relu6: 3 };
const SAME = 0;

/** BuiltinOperator → converter `(operator, conversion)`. */
export const OPERATORS = {
  0: arithmetic('Add'),
  1: pool('AveragePool'),
  2: concatenation,
  3: convolution,
  4: depthwiseConvolution,
  6: ({ inputs, outputs }, c) => c.alias(inputs[0], outputs[0]), // DEQUANTIZE of half floats: they were read as floats
  14: elementwise('Sigmoid'),
  17: pool('MaxPool'),
  18: arithmetic('Mul'),
  19: elementwise('Relu'),
  22: ({ inputs, outputs }, c) => setReshaped(c, c.last(inputs[0]), outputs[0]),
  23: resizeBilinear,
  34: pad,
  45: stridedSlice,
  54: prelu,
  117: elementwise('HardSwish'),
};

function convolution({ inputs: [input, kernel, bias], outputs: [output], options }, c) {
  const [count, height, width, channels] = c.shape(kernel);
  const group = c.shape(input)[3] / channels;
  const weights = reorder(c.values(kernel), [count, height, width, channels], [0, 3, 1, 2]);
  const window = { height, width, strideX: options.int32(1, 1), strideY: options.int32(2, 1) };
  const dilation = { dilationX: options.int32(4, 1), dilationY: options.int32(5, 1) };
  convolve(c, { input, output, bias, shape: [count, channels, height, width], weights, group }, options.int8(0), {
    ...window,
    ...dilation,
    activation: options.int8(3),
  });
}

function depthwiseConvolution({ inputs: [input, kernel, bias], outputs: [output], options }, c) {
  const [, height, width, count] = c.shape(kernel);
  const weights = reorder(c.values(kernel), [1, height, width, count], [3, 0, 1, 2]);
  const group = c.shape(input)[3];
  convolve(c, { input, output, bias, shape: [count, 1, height, width], weights, group }, options.int8(0), {
    height,
    width,
    strideX: options.int32(1, 1),
    strideY: options.int32(2, 1),
    dilationX: options.int32(5, 1),
    dilationY: options.int32(6, 1),
    activation: options.int8(4),
  });
}

function convolve(c, { input, output, bias, shape, weights, group }, padding, window) {
  const inputs = [c.first(input), c.graph.floats(shape, weights)];
  if (bias !== undefined && bias >= 0) inputs.push(c.graph.floats([shape[0]], c.values(bias)));
  const value = c.graph.node('Conv', inputs, {
    kernel_shape: [window.height, window.width],
    strides: [window.strideY, window.strideX],
    dilations: [window.dilationY, window.dilationX],
    pads: pads(c.shape(input), padding, window),
    group,
  });
  c.setFirst(output, activated(c, value, window.activation));
}

function pool(name) {
  return ({ inputs: [input], outputs: [output], options }, c) => {
    const window = {
      strideX: options.int32(1),
      strideY: options.int32(2),
      width: options.int32(3),
      height: options.int32(4),
    };
    const value = c.graph.node(name, [c.first(input)], {
      kernel_shape: [window.height, window.width],
      strides: [window.strideY, window.strideX],
      pads: pads(c.shape(input), options.int8(0), window),
    });
    c.setFirst(output, activated(c, value, options.int8(5)));
  };
}

/** Padding "same" of TensorFlow: as little as gives ⌈size / stride⌉ results, the odd pixel at the end. Order: top, left, bottom, right. */
function pads([, inputHeight, inputWidth], padding, window) {
  if (padding !== SAME) return [0, 0, 0, 0];
  const side = (size, kernel, stride, dilation = 1) => {
    const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + (kernel - 1) * dilation + 1 - size);
    return [total >> 1, total - (total >> 1)];
  };
  const [top, bottom] = side(inputHeight, window.height, window.strideY, window.dilationY);
  const [left, right] = side(inputWidth, window.width, window.strideX, window.dilationX);
  return [top, left, bottom, right];
}

function activated(c, value, activation) {
  if (activation === ACTIVATION.none) return value;
  if (activation === ACTIVATION.relu) return c.graph.node('Relu', [value]);
  if (activation === ACTIVATION.relu6) {
    return c.graph.node('Clip', [value, c.graph.floats([], [0]), c.graph.floats([], [6])]);
  }
  throw new Error(`fused activation ${activation} is not supported`);
}

/** Two operands of one rank broadcast the same way in either layout; of different ranks only channels last. */
function arithmetic(name) {
  return ({ inputs: [a, b], outputs: [output], options }, c) => {
    const activation = options?.int8(0) ?? ACTIVATION.none;
    if (c.isPicture(a) && c.isPicture(b)) {
      c.setFirst(output, activated(c, c.graph.node(name, [c.first(a), c.first(b)]), activation));
    } else {
      c.setLast(output, activated(c, c.graph.node(name, [c.last(a), c.last(b)]), activation));
    }
  };
}

function elementwise(name) {
  return ({ inputs: [input], outputs: [output] }, c) => {
    if (c.isPicture(input)) c.setFirst(output, c.graph.node(name, [c.first(input)]));
    else c.setLast(output, c.graph.node(name, [c.last(input)]));
  };
}

function prelu({ inputs: [input, slope], outputs: [output] }, c) {
  const slopes = c.values(slope);
  const channels = c.shape(input).at(-1);
  if (!c.isPicture(input) || slopes.length !== channels) throw new Error('PRELU needs one slope a channel');
  c.setFirst(output, c.graph.node('PRelu', [c.first(input), c.graph.floats([channels, 1, 1], slopes)]));
}

function concatenation({ inputs, outputs: [output], options }, c) {
  const rank = c.shape(output).length;
  const axis = (options.int32(0) + rank) % rank;
  const value = c.graph.node(
    'Concat',
    inputs.map((input) => c.last(input)),
    { axis },
  );
  c.setLast(output, activated(c, value, options.int8(1)));
}

function pad({ inputs: [input, amounts], outputs: [output] }, c) {
  const values = c.values(amounts);
  const order = c.isPicture(input) ? [0, 3, 1, 2] : c.shape(input).map((_, axis) => axis);
  const both = [...order.map((axis) => values[2 * axis]), ...order.map((axis) => values[2 * axis + 1])];
  if (c.isPicture(input)) c.setFirst(output, c.graph.node('Pad', [c.first(input), c.graph.ints(both)]));
  else c.setLast(output, c.graph.node('Pad', [c.last(input), c.graph.ints(both)]));
}

function resizeBilinear({ inputs: [input, size], outputs: [output], options }, c) {
  const [batch, , , channels] = c.shape(input);
  const [alignCorners, halfPixel] = [options.bool(2), options.bool(3)];
  const mode = alignCorners ? 'align_corners' : halfPixel ? 'half_pixel' : 'asymmetric';
  const sizes = c.graph.ints([batch, channels, ...c.values(size)]);
  const attributes = { mode: 'linear', coordinate_transformation_mode: mode };
  c.setFirst(output, c.graph.node('Resize', [c.first(input), '', '', sizes], attributes));
}

function stridedSlice({ inputs: [input, begin, end, strides], outputs: [output], options }, c) {
  const [beginMask, endMask] = [options?.int32(0) ?? 0, options?.int32(1) ?? 0];
  const others = [2, 3, 4].some((field) => (options?.int32(field) ?? 0) !== 0);
  if (others || c.values(strides).some((stride) => stride < 1)) throw new Error('STRIDED_SLICE: only plain slices');
  const starts = [...c.values(begin)].map((value, axis) => ((beginMask >> axis) & 1 ? 0 : value));
  const ends = [...c.values(end)].map((value, axis) => ((endMask >> axis) & 1 ? c.shape(input)[axis] : value));
  const axes = starts.map((_, axis) => axis);
  const lists = [starts, ends, axes, [...c.values(strides)]].map((list) => c.graph.ints(list));
  c.setLast(output, c.graph.node('Slice', [c.last(input), ...lists]));
}

function setReshaped(c, value, output) {
  c.setLast(output, c.graph.node('Reshape', [value, c.graph.ints(c.shape(output))]));
}

/** Values of a tensor of `shape` with its axes in another order. */
export function reorder(values, shape, order) {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, side) => product * side, 1));
  const result = new Float32Array(values.length);
  const sides = order.map((axis) => shape[axis]);
  const steps = order.map((axis) => strides[axis]);
  let to = 0;
  for (let a = 0; a < sides[0]; a++)
    for (let b = 0; b < sides[1]; b++)
      for (let d = 0; d < sides[2]; d++)
        for (let e = 0; e < sides[3]; e++)
          result[to++] = values[a * steps[0] + b * steps[1] + d * steps[2] + e * steps[3]];
  return result;
}
