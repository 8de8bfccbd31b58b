/**
 * dlib's face descriptor (a residual network of 29 convolutions, 128 numbers out) as ONNX, from its weights as TensorFlow.js keeps them: the
 * JSON of the weights manifest, directly followed by the one binary file that it names. The architecture is that of dlib's example
 * dnn_face_recognition_ex.cpp; batch normalisation is an affine map there, which is folded into the convolution before it.
 * `node scripts/lib/dlib-face-to-onnx.mjs MANIFEST.json WEIGHTS.bin OUT.onnx` converts one model.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { OnnxGraph } from './onnx-model.mjs';

/** Side of the face chip, its mean colour and the unit of its values (dlib, input_rgb_image_sized). */
const SIZE = 150;
const MEAN_RGB = [122.782, 117.001, 104.298];
const UNIT = 256;
const DESCRIPTOR = 128;
/** Blocks in order; those with "down" halve the picture. */
const BLOCKS = [
  ...['conv32_1', 'conv32_2', 'conv32_3', 'conv64_down', 'conv64_1', 'conv64_2', 'conv64_3'],
  ...['conv128_down', 'conv128_1', 'conv128_2', 'conv256_down', 'conv256_1', 'conv256_2', 'conv256_down_out'],
];

/** ONNX bytes: `face` [1, 150, 150, 3], RGB 0…255, gives `descriptor` [1, 128]. Throws an `Error` that names what is missing or does not fit. */
export function convertDlibFace(bytes) {
  const weights = readWeights(bytes);
  const g = new OnnxGraph();
  const colours = g.node('Sub', [g.input('face', [1, SIZE, SIZE, 3]), g.floats([1, 1, 1, 3], MEAN_RGB)]);
  const scaled = g.node('Div', [colours, g.floats([], [UNIT])]);
  let value = { name: g.node('Transpose', [scaled], { perm: [0, 3, 1, 2] }), side: SIZE, channels: 3 };
  value = relu(g, convolve(g, weights, 'conv32_down', value, 2));
  const side = ((value.side - 3) >> 1) + 1;
  value = { ...value, name: g.node('MaxPool', [value.name], { kernel_shape: [3, 3], strides: [2, 2] }), side };
  for (const block of BLOCKS) value = residual(g, weights, block, value);
  const mean = g.node('ReduceMean', [value.name, g.ints([2, 3])], { keepdims: 0 });
  const { shape, values } = weights.get('fc');
  if (shape.join() !== `${value.channels},${DESCRIPTOR}`) throw new Error(`fc: unexpected shape [${shape}]`);
  g.output('descriptor', [1, DESCRIPTOR], g.node('MatMul', [mean, g.floats(shape, values)]));
  return g.encode('visavis dlib-face-to-onnx');
}

/** Two convolutions and the way past them; where it halves the picture, the way past is averaged, and whichever is smaller is filled up with zeros. */
function residual(g, weights, block, input) {
  const down = block.includes('down');
  const first = relu(g, convolve(g, weights, `${block}/conv1`, input, down ? 2 : 1));
  const second = convolve(g, weights, `${block}/conv2`, first, 1);
  const past = down
    ? {
        ...input,
        name: g.node('AveragePool', [input.name], { kernel_shape: [2, 2], strides: [2, 2] }),
        side: input.side >> 1,
      }
    : input;
  const side = Math.max(second.side, past.side);
  const channels = Math.max(second.channels, past.channels);
  const sum = g.node('Add', [fillUp(g, second, side, channels), fillUp(g, past, side, channels)]);
  return relu(g, { name: sum, side, channels });
}

function fillUp(g, { name, side, channels }, toSide, toChannels) {
  if (side === toSide && channels === toChannels) return name;
  return g.node('Pad', [name, g.ints([0, 0, 0, 0, 0, toChannels - channels, toSide - side, toSide - side])]);
}

/** Stride 1 keeps the side; stride 2 takes whole kernels only. */
function convolve(g, weights, name, input, stride) {
  const prefix = weights.has(`${name}/conv/filters`) ? `${name}/conv` : name;
  const [filters, bias, gain, shift] = [
    `${prefix}/filters`,
    `${prefix}/bias`,
    `${name}/scale/weights`,
    `${name}/scale/biases`,
  ].map((key) => weights.get(key));
  const [height, width, inputs, outputs] = filters.shape;
  if (inputs !== input.channels || height !== width) throw new Error(`${name}: unexpected shape [${filters.shape}]`);
  const kernel = new Float32Array(filters.values.length);
  for (let from = 0; from < kernel.length; from++) {
    const [o, rest] = [from % outputs, Math.floor(from / outputs)];
    const [i, place] = [rest % inputs, Math.floor(rest / inputs)];
    kernel[(o * inputs + i) * height * width + place] = filters.values[from] * gain.values[o];
  }
  const offset = Float32Array.from(bias.values, (value, o) => value * gain.values[o] + shift.values[o]);
  const pad = stride === 1 ? (height - 1) / 2 : 0;
  const attributes = { kernel_shape: [height, width], strides: [stride, stride], pads: [pad, pad, pad, pad] };
  const inputsOf = [input.name, g.floats([outputs, inputs, height, width], kernel), g.floats([outputs], offset)];
  const side = Math.floor((input.side + 2 * pad - height) / stride) + 1;
  return { name: g.node('Conv', inputsOf, attributes), side, channels: outputs };
}

function relu(g, value) {
  return { ...value, name: g.node('Relu', [value.name]) };
}

/** Name → `{ shape, values }`; quantised values are `min + scale · byte`. */
function readWeights(bytes) {
  const end = endOfJson(bytes);
  const [{ weights }] = JSON.parse(Buffer.from(bytes.subarray(0, end)).toString('utf8'));
  const view = new DataView(bytes.buffer, bytes.byteOffset + end, bytes.byteLength - end);
  const found = new Map();
  let at = 0;
  for (const { name, shape, quantization } of weights) {
    const count = shape.reduce((product, side) => product * side, 1);
    const size = quantization === undefined ? 4 : 1;
    if (at + count * size > view.byteLength) throw new Error(`${name}: the weights end before it`);
    if (quantization !== undefined && quantization.dtype !== 'uint8')
      throw new Error(`${name}: ${quantization.dtype} is not supported`);
    const values = Float32Array.from({ length: count }, (_, i) =>
      quantization === undefined
        ? view.getFloat32(at + 4 * i, true)
        : quantization.min + quantization.scale * view.getUint8(at + i),
    );
    found.set(name, { shape, values });
    at += count * size;
  }
  if (at !== view.byteLength) throw new Error(`${view.byteLength - at} bytes follow the last weight`);
  return {
    has: (name) => found.has(name),
    get(name) {
      const weight = found.get(name);
      if (weight === undefined) throw new Error(`there is no weight ${name}`);
      return weight;
    },
  };
}

/** Where the list that the bytes begin with is closed. */
function endOfJson(bytes) {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < bytes.length; at++) {
    const character = String.fromCharCode(bytes[at]);
    if (quoted) {
      if (character === '\\') at++;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if ('[{'.includes(character)) depth++;
    else if (']}'.includes(character) && --depth === 0) return at + 1;
  }
  throw new Error('the list of weights has no end');
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [manifest, weights, out] = process.argv.slice(2);
  if (out === undefined) throw new Error('expected MANIFEST.json WEIGHTS.bin OUT.onnx');
  await writeFile(out, convertDlibFace(Buffer.concat([await readFile(manifest), await readFile(weights)])));
}
