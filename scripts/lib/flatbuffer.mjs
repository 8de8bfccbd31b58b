/**
 * Reading FlatBuffers and FlexBuffers (https://flatbuffers.dev/internals/): just what TensorFlow Lite models hold. Every read is
 * checked against the end of the bytes; what points outside throws a `RangeError`.
 */

/** One table; fields are asked for by their place in the schema and have their default when they are not there. */
export class Table {
  #view;
  #at;

  constructor(view, at) {
    this.#view = view;
    this.#at = at;
  }

  static root(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new Table(view, view.getUint32(0, true));
  }

  int8(field, fallback = 0) {
    const at = this.#field(field);
    return at === 0 ? fallback : this.#view.getInt8(at);
  }

  bool(field) {
    return this.int8(field) !== 0;
  }

  int32(field, fallback = 0) {
    const at = this.#field(field);
    return at === 0 ? fallback : this.#view.getInt32(at, true);
  }

  uint32(field, fallback = 0) {
    const at = this.#field(field);
    return at === 0 ? fallback : this.#view.getUint32(at, true);
  }

  text(field) {
    return Buffer.from(this.bytes(field)).toString('utf8');
  }

  table(field) {
    const at = this.#field(field);
    return at === 0 ? undefined : this.#follow(at);
  }

  tables(field) {
    return this.#vector(field, 4, (at) => this.#follow(at));
  }

  int32s(field) {
    return this.#vector(field, 4, (at) => this.#view.getInt32(at, true));
  }

  /** A view of the bytes, not a copy; empty when the field is not there. */
  bytes(field) {
    const { start, length } = this.#span(field, 1);
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + start, length);
  }

  #field(index) {
    const table = this.#at - this.#view.getInt32(this.#at, true);
    const slot = 4 + 2 * index;
    if (slot >= this.#view.getUint16(table, true)) return 0;
    const offset = this.#view.getUint16(table + slot, true);
    return offset === 0 ? 0 : this.#at + offset;
  }

  #follow(at) {
    return new Table(this.#view, at + this.#view.getUint32(at, true));
  }

  #span(field, size) {
    const at = this.#field(field);
    if (at === 0) return { start: 0, length: 0 };
    const start = at + this.#view.getUint32(at, true);
    const length = this.#view.getUint32(start, true);
    if (start + 4 + length * size > this.#view.byteLength) throw new RangeError('a vector ends outside the file');
    return { start: start + 4, length };
  }

  #vector(field, size, read) {
    const { start, length } = this.#span(field, size);
    return Array.from({ length }, (_, i) => read(start + i * size));
  }
}

/** FlexBuffers types (flexbuffers.h); a typed vector's number is that of its elements plus ten. */
const FLEX = {
  null: 0,
  int: 1,
  uint: 2,
  float: 3,
  key: 4,
  text: 5,
  map: 9,
  vector: 10,
  ints: 11,
  uints: 12,
  floats: 13,
  keys: 14,
  bool: 26,
};

/** The value of a FlexBuffer as plain objects, lists and numbers; keys and texts as strings. */
export function readFlexBuffer(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = view.getUint8(bytes.length - 1);
  return new FlexReader(view).value(bytes.length - 2 - width, width, view.getUint8(bytes.length - 2));
}

class FlexReader {
  #view;

  constructor(view) {
    this.#view = view;
  }

  /** The value whose slot of `parentWidth` bytes lies at `at`; `packed` is its type and the width of what it points to. */
  value(at, parentWidth, packed) {
    const type = packed >> 2;
    const width = 1 << (packed & 3);
    if (type === FLEX.null) return null;
    if (type === FLEX.int) return this.#int(at, parentWidth);
    if (type === FLEX.uint) return this.#uint(at, parentWidth);
    if (type === FLEX.float) return this.#float(at, parentWidth);
    if (type === FLEX.bool) return this.#uint(at, parentWidth) !== 0;
    const target = at - this.#uint(at, parentWidth);
    if (type === FLEX.key) return this.#key(target);
    if (type === FLEX.text) return this.#text(target, this.#uint(target - width, width));
    if (type === FLEX.vector) return this.#vector(target, width);
    if (type >= FLEX.ints && type <= FLEX.keys) return this.#typedVector(target, width, type - FLEX.ints + FLEX.int);
    if (type === FLEX.map) return this.#map(target, width);
    throw new RangeError(`a FlexBuffer value of type ${type} is not understood`);
  }

  #map(target, width) {
    const keysAt = target - 3 * width;
    const keys = this.#typedVector(keysAt - this.#uint(keysAt, width), this.#uint(keysAt + width, width), FLEX.key);
    const values = this.#vector(target, width);
    return Object.fromEntries(keys.map((key, i) => [key, values[i]]));
  }

  #vector(target, width) {
    const length = this.#length(target, width);
    const types = target + length * width;
    return Array.from({ length }, (_, i) => this.value(target + i * width, width, this.#view.getUint8(types + i)));
  }

  #typedVector(target, width, type) {
    const length = this.#length(target, width);
    return Array.from({ length }, (_, i) => this.value(target + i * width, width, type << 2));
  }

  #length(target, width) {
    const length = this.#uint(target - width, width);
    if (target + length * width > this.#view.byteLength) throw new RangeError('a FlexBuffer vector ends outside');
    return length;
  }

  #key(target) {
    let length = 0;
    while (this.#view.getUint8(target + length) !== 0) length += 1;
    return this.#text(target, length);
  }

  #text(target, length) {
    return Buffer.from(this.#view.buffer, this.#view.byteOffset + target, length).toString('utf8');
  }

  #uint(at, width) {
    if (width === 1) return this.#view.getUint8(at);
    if (width === 2) return this.#view.getUint16(at, true);
    if (width === 4) return this.#view.getUint32(at, true);
    return Number(this.#view.getBigUint64(at, true));
  }

  #int(at, width) {
    if (width === 1) return this.#view.getInt8(at);
    if (width === 2) return this.#view.getInt16(at, true);
    if (width === 4) return this.#view.getInt32(at, true);
    return Number(this.#view.getBigInt64(at, true));
  }

  #float(at, width) {
    return width === 4 ? this.#view.getFloat32(at, true) : this.#view.getFloat64(at, true);
  }
}
