/**
 * TensorFlow Lite → ONNX, for float models made of the operators in `tflite-operators.mjs` and `mediapipe-operators.mjs`. The result
 * computes the same function, input and output names and shapes (channels last) included; equal bytes in give equal bytes out.
 * `node scripts/lib/tflite-to-onnx.mjs IN.tflite OUT.onnx` converts one file.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { MEDIAPIPE_OPERATORS } from './mediapipe-operators.mjs';
import { OnnxGraph } from './onnx-model.mjs';
import { readTflite } from './tflite.mjs';
import { OPERATORS } from './tflite-operators.mjs';

const TO_CHANNELS_FIRST = [0, 3, 1, 2];
const TO_CHANNELS_LAST = [0, 2, 3, 1];

/** The model as ONNX bytes. Throws an `Error` that names the operator or tensor it cannot convert. */
export function convertTflite(bytes) {
  return convertModel(readTflite(bytes));
}

/** The same for a model as `readTflite` gives it. */
export function convertModel(model) {
  const conversion = new Conversion(model);
  for (const operator of model.operators) {
    const convert = operator.custom === '' ? OPERATORS[operator.code] : MEDIAPIPE_OPERATORS[operator.custom];
    if (convert === undefined) throw new Error(`operator ${operator.custom || operator.code} is not supported`);
    convert(operator, conversion);
  }
  return conversion.encode();
}

/**
 * What the operators' converters work on. TensorFlow Lite keeps pictures channels last, ONNX's convolutions want them channels first:
 * a value is known in one or both layouts, and the other is made when it is first asked for.
 */
export class Conversion {
  graph = new OnnxGraph();
  #model;
  #last = new Map();
  #first = new Map();
  #data = new Map();

  constructor(model) {
    this.#model = model;
    for (const index of model.inputs) {
      const { name, shape } = model.tensors[index];
      this.#last.set(index, this.graph.input(name, shape));
    }
    for (const [index, { data }] of model.tensors.entries()) if (data !== undefined) this.#data.set(index, data);
  }

  encode() {
    for (const index of this.#model.outputs) {
      const { name, shape } = this.#model.tensors[index];
      this.graph.output(name, shape, this.last(index));
    }
    return this.graph.encode('visavis tflite-to-onnx');
  }

  shape(index) {
    return this.#model.tensors[index].shape;
  }

  isPicture(index) {
    return this.shape(index).length === 4;
  }

  /** Constant values, which must be known at conversion. */
  values(index) {
    const data = this.#data.get(index);
    if (data === undefined) throw new Error(`tensor ${this.#model.tensors[index].name} must be constant`);
    return data;
  }

  isConstant(index) {
    return this.#data.has(index);
  }

  /** Declares `to` the same constant as `from`. */
  alias(from, to) {
    this.#data.set(to, this.values(from));
  }

  setLast(index, name) {
    this.#last.set(index, name);
  }

  setFirst(index, name) {
    this.#first.set(index, name);
  }

  /** Name of the value in TensorFlow Lite's own layout. */
  last(index) {
    if (!this.#last.has(index)) {
      if (this.isConstant(index)) this.#last.set(index, this.graph.floats(this.shape(index), this.values(index)));
      else this.#last.set(index, this.#transposed(this.#first, index, TO_CHANNELS_LAST));
    }
    return this.#last.get(index);
  }

  /** Name of a picture with its channels first. */
  first(index) {
    if (!this.#first.has(index)) {
      if (this.isConstant(index)) this.last(index);
      this.#first.set(index, this.#transposed(this.#last, index, TO_CHANNELS_FIRST));
    }
    return this.#first.get(index);
  }

  #transposed(known, index, perm) {
    const name = known.get(index);
    if (name === undefined) throw new Error(`tensor ${this.#model.tensors[index].name} is used before it is made`);
    return this.graph.node('Transpose', [name], { perm });
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [input, output] = process.argv.slice(2);
  if (output === undefined) throw new Error('two arguments are needed: IN.tflite OUT.onnx');
  await writeFile(output, convertTflite(await readFile(input)));
}
