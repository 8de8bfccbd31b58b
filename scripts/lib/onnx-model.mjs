/** Writing ONNX models: the messages of onnx.proto as protobuf, field by field, always the same bytes for the same model. */

/** ONNX IR 8 is of the time of operator set 18, whose reductions take their axes as an input. */
const IR_VERSION = 8;
const OPERATOR_SET = 18;
const ATTRIBUTE = { float: 1, int: 2, string: 3, ints: 7 };
const ELEMENT = { float32: 1, int64: 7 };

/**
 * A graph under construction. Names are made here, numbered in the order of making, so that equal calls give equal files.
 * All values are float32 except the int64 constants that operators take as shapes, axes and indices.
 */
export class OnnxGraph {
  #nodes = [];
  #constants = [];
  #inputs = [];
  #outputs = [];
  #count = 0;

  input(name, shape) {
    this.#inputs.push(valueInfo(name, shape));
    return name;
  }

  output(name, shape, value) {
    this.#add('Identity', [value], [name], {});
    this.#outputs.push(valueInfo(name, shape));
  }

  /** One operator with one output, whose name is returned. Attributes: whole numbers, lists of them, strings, or `{ float }`. */
  node(operator, inputs, attributes = {}) {
    const name = `${operator}_${this.#count++}`;
    this.#add(operator, inputs, [name], attributes);
    return name;
  }

  floats(shape, values) {
    return this.#constant(shape, ELEMENT.float32, Float32Array.from(values));
  }

  /** A list of whole numbers, as shapes, axes, indices and paddings are given. */
  ints(values) {
    return this.#constant([values.length], ELEMENT.int64, BigInt64Array.from(values, BigInt));
  }

  /** ModelProto. */
  encode(producer) {
    const graph = message([
      ...this.#nodes.map((node) => bytesField(1, node)),
      textField(2, 'graph'),
      ...this.#constants.map((tensor) => bytesField(5, tensor)),
      ...this.#inputs.map((info) => bytesField(11, info)),
      ...this.#outputs.map((info) => bytesField(12, info)),
    ]);
    const operatorSet = message([textField(1, ''), intField(2, OPERATOR_SET)]);
    return message([intField(1, IR_VERSION), textField(2, producer), bytesField(7, graph), bytesField(8, operatorSet)]);
  }

  #add(operator, inputs, outputs, attributes) {
    this.#nodes.push(
      message([
        ...inputs.map((name) => textField(1, name)),
        ...outputs.map((name) => textField(2, name)),
        textField(4, operator),
        ...Object.entries(attributes).map(([name, value]) => bytesField(5, attribute(name, value))),
      ]),
    );
  }

  #constant(shape, type, values) {
    const name = `constant_${this.#count++}`;
    const content = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    const dims = shape.map((side) => intField(1, side));
    this.#constants.push(message([...dims, intField(2, type), textField(8, name), bytesField(9, content)]));
    return name;
  }
}

function attribute(name, value) {
  if (typeof value === 'string')
    return message([textField(1, name), textField(4, value), intField(20, ATTRIBUTE.string)]);
  if (typeof value === 'number') return message([textField(1, name), intField(3, value), intField(20, ATTRIBUTE.int)]);
  if (Array.isArray(value)) {
    return message([textField(1, name), ...value.map((item) => intField(8, item)), intField(20, ATTRIBUTE.ints)]);
  }
  return message([textField(1, name), floatField(2, value.float), intField(20, ATTRIBUTE.float)]);
}

function valueInfo(name, shape) {
  const dims = shape.map((side) => bytesField(1, intField(1, side)));
  const tensor = message([intField(1, ELEMENT.float32), bytesField(2, message(dims))]);
  return message([textField(1, name), bytesField(2, bytesField(1, tensor))]);
}

const message = (fields) => Buffer.concat(fields);
const textField = (number, text) => bytesField(number, Buffer.from(text, 'utf8'));
const bytesField = (number, content) => Buffer.concat([varint((number << 3) | 2), varint(content.length), content]);
const intField = (number, value) => Buffer.concat([varint(number << 3), varint(value)]);

function floatField(number, value) {
  const content = Buffer.alloc(4);
  content.writeFloatLE(value);
  return Buffer.concat([varint((number << 3) | 5), content]);
}

/** Base-128, least significant group first; a negative number takes ten bytes (protobuf encoding, "Base 128 Varints"). */
function varint(value) {
  const bytes = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}
