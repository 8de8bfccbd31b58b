/** Zip files byte by byte, also such as no packer would write: every number can be told otherwise. */
import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipEntry {
  name: string | Buffer;
  content: Buffer;
  /** 8: deflated; anything else leaves the bytes as they are. */
  method?: number;
  flags?: number;
  /** Unix mode; 0: none is given. */
  mode?: number;
  extra?: Buffer;
  /** The bytes as packed, where they are not those of `content`. */
  packed?: Buffer;
  /** What the directory says, where that is not the truth. */
  central?: Partial<Claims>;
  /** What the header before the data says, likewise. */
  local?: Partial<Claims>;
  /** Sums stand behind the data. */
  descriptor?: 'plain' | 'signed';
  /** Before the header. */
  gap?: Buffer;
  /** It stands in the directory alone, which must say where its header is. */
  isBorrowed?: boolean;
}

interface Claims {
  name: string | Buffer;
  method: number;
  flags: number;
  crc32: number;
  packedBytes: number;
  bytes: number;
  offset: number;
}

export interface ZipEnd {
  disk: number;
  count: number;
  countOnDisk: number;
  directoryBytes: number;
  directoryStart: number;
  comment: Buffer;
  /** Between directory and end record. */
  before: Buffer;
}

export function writeZip(entries: readonly ZipEntry[], end: Partial<ZipEnd> = {}): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  const add = (part: Buffer) => {
    parts.push(part);
    at += part.length;
  };
  for (const entry of entries) {
    const { method = 0, extra = Buffer.alloc(0), descriptor } = entry;
    const packed = entry.packed ?? (method === 8 ? deflateRawSync(entry.content) : entry.content);
    const flags = (entry.flags ?? 0) | (descriptor === undefined ? 0 : 8);
    add(entry.gap ?? Buffer.alloc(0));
    const truth: Claims = {
      ...{ name: entry.name, method, flags, crc32: crc32(entry.content) },
      ...{ packedBytes: packed.length, bytes: entry.content.length, offset: at },
    };
    const later = descriptor === undefined ? {} : { crc32: 0, packedBytes: 0, bytes: 0 };
    const local = { ...truth, ...later, ...entry.local };
    const central = { ...truth, ...entry.central };
    const header = Buffer.alloc(30);
    header.writeUInt32LE(0x04034b50, 0);
    header.writeUInt16LE(20, 4);
    writeClaims(header, 6, local, extra);
    if (entry.isBorrowed !== true) add(Buffer.concat([header, Buffer.from(local.name), extra, packed]));
    if (descriptor !== undefined) {
      const sums = Buffer.alloc(16);
      sums.writeUInt32LE(0x08074b50, 0);
      for (const [index, value] of [truth.crc32, truth.packedBytes, truth.bytes].entries())
        sums.writeUInt32LE(value, 4 + 4 * index);
      add(descriptor === 'signed' ? sums : sums.subarray(4));
    }
    const record = Buffer.alloc(46);
    record.writeUInt32LE(0x02014b50, 0);
    record.writeUInt16LE((3 << 8) | 20, 4);
    record.writeUInt16LE(20, 6);
    writeClaims(record, 8, central, extra);
    record.writeUInt32LE(((entry.mode ?? 0o100644) << 16) >>> 0, 38);
    record.writeUInt32LE(central.offset, 42);
    directory.push(Buffer.concat([record, Buffer.from(central.name), extra]));
  }
  const records = Buffer.concat(directory);
  const record = Buffer.alloc(22);
  record.writeUInt32LE(0x06054b50, 0);
  record.writeUInt16LE(end.disk ?? 0, 4);
  record.writeUInt16LE(end.disk ?? 0, 6);
  record.writeUInt16LE(end.countOnDisk ?? end.count ?? entries.length, 8);
  record.writeUInt16LE(end.count ?? entries.length, 10);
  record.writeUInt32LE(end.directoryBytes ?? records.length, 12);
  record.writeUInt32LE(end.directoryStart ?? at, 16);
  record.writeUInt16LE(end.comment?.length ?? 0, 20);
  return Buffer.concat([...parts, records, end.before ?? Buffer.alloc(0), record, end.comment ?? Buffer.alloc(0)]);
}

/** Flags to lengths, which headers and records have in one order. */
function writeClaims(to: Buffer, at: number, claims: Claims, extra: Buffer): void {
  to.writeUInt16LE(claims.flags, at);
  to.writeUInt16LE(claims.method, at + 2);
  to.writeUInt32LE(claims.crc32, at + 8);
  to.writeUInt32LE(claims.packedBytes, at + 12);
  to.writeUInt32LE(claims.bytes, at + 16);
  to.writeUInt16LE(Buffer.from(claims.name).length, at + 20);
  to.writeUInt16LE(extra.length, at + 22);
}
