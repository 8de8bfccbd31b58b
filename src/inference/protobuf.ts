/** Protobuf's wire format (protobuf.dev, "Encoding"), as far as ONNX files need it. */

/** One field of a message: a number for varints, bytes for all else. */
export interface ProtobufField {
  number: number;
  value: number | Uint8Array;
}

const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;
const FIXED_32 = 5;

/** The fields of a message in their order. Throws RangeError for what is no message, or cut off. Varints above 2⁵³ lose digits. */
export function readMessage(message: Uint8Array): ProtobufField[] {
  const fields: ProtobufField[] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++];
      if (byte === undefined || scale > 2 ** 63) throw new RangeError('a protobuf number is cut off');
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  const bytes = (length: number) => {
    if (at + length > message.length) throw new RangeError('a protobuf field is cut off');
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const key = varint();
    const [number, type] = [Math.floor(key / 8), key % 8];
    if (type === VARINT) fields.push({ number, value: varint() });
    else if (type === BYTES) fields.push({ number, value: bytes(varint()) });
    else if (type === FIXED_32 || type === FIXED_64) fields.push({ number, value: bytes(type === FIXED_32 ? 4 : 8) });
    else throw new RangeError(`a protobuf field has the type ${type}`);
  }
  return fields;
}

/** The whole numbers of a packed field. Throws RangeError where the last is cut off. */
export function packedNumbers(content: Uint8Array): number[] {
  const out: number[] = [];
  for (let at = 0; at < content.length; ) {
    let number = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = content[at++];
      if (byte === undefined || scale > 2 ** 63) throw new RangeError('a protobuf number is cut off');
      number += (byte & 127) * scale;
      if (byte < 128) break;
    }
    out.push(number);
  }
  return out;
}

/** A field again as it is written. Fixed-width numbers keep their width. */
export function bytesField(number: number, content: Uint8Array): Buffer {
  return Buffer.concat([varint(number * 8 + BYTES), varint(content.length), content]);
}

export function textField(number: number, text: string): Buffer {
  return bytesField(number, Buffer.from(text, 'utf8'));
}

export function intField(number: number, value: number): Buffer {
  return Buffer.concat([varint(number * 8 + VARINT), varint(value)]);
}

export function floatField(number: number, value: number): Buffer {
  const content = Buffer.alloc(4);
  content.writeFloatLE(value);
  return Buffer.concat([varint(number * 8 + FIXED_32), content]);
}

/** A whole number from 0 on, seven bits a byte, the lowest first. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}
