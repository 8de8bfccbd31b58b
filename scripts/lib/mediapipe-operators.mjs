/**
 * MediaPipe's own operators (mediapipe/util/tflite/operations, the second version of each, Apache-2.0) written with ONNX's. A transform is
 * a 4×4 matrix whose first two rows map a point (x, y, 0, 1) of a region's crop to the picture; the third column and the last rows are
 * those of the identity.
 */
import { readFlexBuffer } from './flatbuffer.mjs';
import { reorder } from './tflite-operators.mjs';

export const MEDIAPIPE_OPERATORS = {
  Landmarks2TransformMatrix: landmarksToTransform,
  TransformTensorBilinear: transformTensor,
  TransformLandmarks: transformLandmarks,
  Convolution2DTransposeBias: transposedConvolution,
};

/**
 * From landmarks [1, n, 3] the transform of the crop around some of them: upright with the line between two landmarks, as large as their
 * bounding box times a scale. Points are rows here, so that matrices multiply from the right.
 */
function landmarksToTransform({ inputs: [input], outputs: [output], customOptions }, c) {
  const o = readFlexBuffer(customOptions);
  if (o.target_rotation_radians) throw new Error('Landmarks2TransformMatrix: a target rotation is not supported');
  const g = c.graph;
  const [, count, dimensions] = c.shape(input);
  const all = g.node('Reshape', [c.last(input), g.ints([count, dimensions])]);
  const xy = slice(g, all, 0, 2, 1);
  const pick = (indices) => g.node('Gather', [xy, g.ints(indices)], { axis: 0 });

  const along = g.node('Sub', [pick([o.right_rotation_idx]), pick([o.left_rotation_idx])]);
  const squares = g.node('ReduceSum', [g.node('Mul', [along, along]), g.ints([1])], { keepdims: 1 });
  const right = g.node('Div', [along, g.node('Sqrt', [squares])]); // [1, 2]: (cos, sin)
  const swapped = g.node('Gather', [right, g.ints([1, 0])], { axis: 1 });
  const down = g.node('Mul', [swapped, g.floats([1, 2], [-1, 1])]);
  const toPicture = g.node('Concat', [right, down], { axis: 0 });
  const toUpright = g.node('Transpose', [toPicture], { perm: [1, 0] });

  const upright = g.node('MatMul', [pick(o.subset_idxs), toUpright]);
  const highest = g.node('ReduceMax', [upright, g.ints([0])], { keepdims: 1 });
  const lowest = g.node('ReduceMin', [upright, g.ints([0])], { keepdims: 1 });
  const size = g.node('Sub', [highest, lowest]);
  const middle = g.node('Mul', [g.node('Add', [highest, lowest]), g.floats([], [0.5])]);
  const centre = g.node('MatMul', [middle, toPicture]);

  const scale = [o.scale_x / o.output_width, o.scale_y / o.output_height];
  const step = g.node('Mul', [size, g.floats([1, 2], scale)]); // picture pixels a crop pixel, [1, 2]
  const linear = g.node('Mul', [g.node('Reshape', [step, g.ints([2, 1])]), toPicture]);
  const half = g.floats([1, 2], [o.output_width / 2, o.output_height / 2]);
  const shift = g.node('Sub', [centre, g.node('MatMul', [half, linear])]);

  const columns = [
    g.node('Transpose', [linear], { perm: [1, 0] }),
    g.floats([2, 1], [0, 0]),
    g.node('Transpose', [shift], { perm: [1, 0] }),
  ];
  const rows = [g.node('Concat', columns, { axis: 1 }), g.floats([2, 4], [0, 0, 1, 0, 0, 0, 0, 1])];
  setReshaped(c, g.node('Concat', rows, { axis: 0 }), output);
}

/** The crop of a feature map that a transform describes, bilinear between pixel centres; 0 where the point lies outside the centres. */
function transformTensor({ inputs: [input, transform], outputs: [output], customOptions }, c) {
  const { output_height: height, output_width: width } = readFlexBuffer(customOptions);
  const g = c.graph;
  const [, inputHeight, inputWidth, channels] = c.shape(input);
  const { linear, shift } = affine(c, transform);
  const centres = Array.from({ length: height * width }, (_, i) => [(i % width) + 0.5, Math.floor(i / width) + 0.5]);
  const points = g.node('Add', [g.node('MatMul', [g.floats([height * width, 2], centres.flat()), linear]), shift]);

  const relative = g.node('Mul', [points, g.floats([1, 2], [2 / inputWidth, 2 / inputHeight])]);
  const grid = g.node('Reshape', [g.node('Sub', [relative, g.floats([], [1])]), g.ints([1, height, width, 2])]);
  const sampled = g.node('GridSample', [c.first(input), grid], {
    mode: 'bilinear',
    padding_mode: 'border',
    align_corners: 0,
  });

  const farthest = g.floats([1, 2], [inputWidth - 0.5, inputHeight - 0.5]);
  const clipped = g.node('Min', [g.node('Max', [points, g.floats([1, 2], [0.5, 0.5])]), farthest]);
  const outside = g.node('ReduceSum', [g.node('Abs', [g.node('Sub', [points, clipped])]), g.ints([1])], {
    keepdims: 1,
  });
  const inside = g.node('Sub', [g.floats([], [1]), g.node('Sign', [outside])]);
  const mask = g.node('Reshape', [inside, g.ints([1, 1, height, width])]);
  if (c.shape(output)[3] !== channels) throw new Error('TransformTensorBilinear: the channels must stay');
  c.setFirst(output, g.node('Mul', [sampled, mask]));
}

/** Landmarks [1, n, 2 or 3] from a crop to the picture; the depth stays. */
function transformLandmarks({ inputs: [input, transform], outputs: [output] }, c) {
  const g = c.graph;
  const [, count, dimensions] = c.shape(input);
  const { linear, shift } = affine(c, transform);
  const all = g.node('Reshape', [c.last(input), g.ints([count, dimensions])]);
  const xy = dimensions === 2 ? all : slice(g, all, 0, 2, 1);
  const moved = g.node('Add', [g.node('MatMul', [xy, linear]), shift]);
  const whole = dimensions === 2 ? moved : g.node('Concat', [moved, slice(g, all, 2, 3, 1)], { axis: 1 });
  setReshaped(c, whole, output);
}

/** Transposed convolution with a bias, padding "same": its options are the C struct of padding, stride across and stride down. */
function transposedConvolution({ inputs: [input, kernel, bias], outputs: [output], customOptions }, c) {
  const [count, height, width, channels] = c.shape(kernel);
  const [, inputHeight, inputWidth] = c.shape(input);
  const [, outputHeight, outputWidth] = c.shape(output);
  const options = new DataView(customOptions.buffer, customOptions.byteOffset, customOptions.byteLength);
  const [strideX, strideY] = [options.getInt32(4, true), options.getInt32(8, true)];
  if (
    inputHeight * strideY !== outputHeight ||
    inputWidth * strideX !== outputWidth ||
    height !== strideY ||
    width !== strideX
  ) {
    throw new Error('Convolution2DTransposeBias: only kernels as large as the stride are supported');
  }
  const weights = reorder(c.values(kernel), [count, height, width, channels], [3, 0, 1, 2]);
  const inputs = [
    c.first(input),
    c.graph.floats([channels, count, height, width], weights),
    c.graph.floats([count], c.values(bias)),
  ];
  const attributes = { kernel_shape: [height, width], strides: [strideY, strideX] };
  c.setFirst(output, c.graph.node('ConvTranspose', inputs, attributes));
}

/** A transform for points as rows: `point × linear + shift`. */
function affine(c, transform) {
  const g = c.graph;
  const rows = slice(g, g.node('Reshape', [c.last(transform), g.ints([4, 4])]), 0, 2, 0);
  const linear = g.node('Transpose', [slice(g, rows, 0, 2, 1)], { perm: [1, 0] });
  const shift = g.node('Transpose', [slice(g, rows, 3, 4, 1)], { perm: [1, 0] });
  return { linear, shift };
}

function slice(g, value, start, end, axis) {
  return g.node('Slice', [value, g.ints([start]), g.ints([end]), g.ints([axis])]);
}

function setReshaped(c, value, output) {
  c.setLast(output, c.graph.node('Reshape', [value, c.graph.ints(c.shape(output))]));
}
