import { type Entry, fromBufferPromise, type LocalFileHeader, type ZipFile } from 'yauzl';
import { isAbort, VisavisError } from '../../../errors.js';
import { plainNames } from './zip-names.js';
import { quoted, zipProblem } from './zip-problem.js';

/** Where one file of a zip file lies, and what the zip file says of it; not yet looked into. */
export interface ZipMember {
  name: string;
  isDeflated: boolean;
  /** Of its bytes in the zip file. */
  start: number;
  end: number;
  /** Of what it unpacks to, as declared. */
  bytes: number;
  crc32: number;
}

export interface ZipLimits {
  /** Of the zip file itself. */
  archiveBytes: number;
  files: number;
  /** Of one file, unpacked. */
  fileBytes: number;
  /** Of all files, unpacked. */
  totalBytes: number;
}

/** Layout and numbers: PKWARE, "APPNOTE.TXT – .ZIP File Format Specification" 6.3.10, sections 4.3 to 4.5. */
const END = { signature: 0x06054b50, bytes: 22 };
const LOCAL_SIGNATURE = 0x04034b50;
/** Before the sums behind a file's data, and at the beginning of zip files that were split. */
const DESCRIPTOR_SIGNATURE = 0x08074b50;
const CENTRAL_BYTES = 46;
const MAX_COMMENT = 0xffff;
const FLAG = { encrypted: 0x1, descriptor: 0x8, patched: 0x20, strong: 0x40, masked: 0x2000 };
const METHOD = { stored: 0, deflated: 8 };
/** Extra field of another, Unicode name (Info-ZIP). */
const UNICODE_NAME = 0x7075;
const FULL = { count: 0xffff, size: 0xffffffff };
/** CRC and two sizes, without and with a signature. */
const DESCRIPTOR_BYTES = { plain: 12, signed: 16 };
const UNIX = 3;
const FILE_TYPE = { mask: 0o170000, file: 0o100000, folder: 0o040000, link: 0o120000 };
/** Deflate cannot do better than 1032:1; what a package holds is packed already, and small where it is not. */
const MAX_RATIO = 200;
const RATIO_FROM_BYTES = 256 * 1024;

/**
 * The files of a zip file, after every claim of its directory was held against the rest: counts and sizes within `limits`, local headers that say the same
 * as the directory, and bytes that belong to exactly one file, without gaps, overlaps, or anything before, between or behind. Rejects with `bad-request` or
 * `too-large`, field `package`. Nothing is unpacked.
 */
export async function readZipStructure(bytes: Buffer, limits: ZipLimits): Promise<ZipMember[]> {
  const directory = findDirectory(bytes, limits);
  const zip = await fromBufferPromise(bytes, { lazyEntries: true, decodeStrings: false }).catch((cause: unknown) => {
    throw unreadable(cause);
  });
  // What is emitted after a failure reaches nobody else.
  zip.on('error', () => undefined);
  const entries = await entriesOf(zip);
  const size = entries.reduce((sum, { fileNameLength, extraFieldLength, fileCommentLength }) => {
    return sum + CENTRAL_BYTES + fileNameLength + extraFieldLength + fileCommentLength;
  }, 0);
  if (size !== directory.bytes) throw damaged(`has a directory of ${size} bytes, and says ${directory.bytes}`);
  for (const entry of entries) checkEntry(entry, limits);
  const names = plainNames(entries.map((entry) => ({ raw: entry.fileNameRaw, isFolder: isFolder(entry) })));
  const total = entries.reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0);
  if (total > limits.totalBytes) throw tooLarge(`unpacks to ${total} bytes, at most ${limits.totalBytes} are taken`);
  const places = await Promise.all(entries.map((entry) => placeOf(zip, entry)));
  checkCoverage(bytes, places, directory.start);
  zip.close();
  return entries.flatMap((entry, index) => {
    const name = names[index];
    const { start, end } = places[index]!;
    const { uncompressedSize, crc32 } = entry;
    const isDeflated = entry.compressionMethod === METHOD.deflated;
    return name === undefined ? [] : [{ name, isDeflated, start, end, bytes: uncompressedSize, crc32 }];
  });
}

/** Where the central directory lies, by the record that ends the file. */
function findDirectory(bytes: Buffer, { archiveBytes, files }: ZipLimits): { start: number; bytes: number } {
  if (bytes.length > archiveBytes) throw tooLarge(`has ${bytes.length} bytes, at most ${archiveBytes} are taken`);
  if (bytes.length === 0) throw zipProblem('not-a-zip', 'is empty');
  const first = bytes.length >= 4 ? bytes.readUInt32LE(0) : 0;
  if (first === DESCRIPTOR_SIGNATURE) throw unsuitable('is one part of several; one whole file is expected');
  if (first !== LOCAL_SIGNATURE && first !== END.signature) {
    const start = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    throw zipProblem('not-a-zip', `is none: it begins with ${start} where 50 4b 03 04 is expected`);
  }
  const at = bytes.length - END.bytes;
  if (at < 0 || bytes.readUInt32LE(at) !== END.signature) throw withoutEnd(bytes);
  const comment = bytes.readUInt16LE(at + 20);
  if (comment !== 0) throw damaged(`is cut off: ${comment} bytes of a comment are missing at its end`);
  const [disk, directoryDisk] = [bytes.readUInt16LE(at + 4), bytes.readUInt16LE(at + 6)];
  const [onDisk, count] = [bytes.readUInt16LE(at + 8), bytes.readUInt16LE(at + 10)];
  const [size, start] = [bytes.readUInt32LE(at + 12), bytes.readUInt32LE(at + 16)];
  if ([count, onDisk].includes(FULL.count) || [size, start].includes(FULL.size)) throw needsZip64('its directory');
  if (disk !== 0 || directoryDisk !== 0) throw unsuitable('is one part of several; one whole file is expected');
  if (count !== onDisk) throw damaged(`says that it holds ${count} files, and ${onDisk}`);
  if (count === 0) throw zipProblem('package-invalid', 'holds no file');
  // One more for the manifest, one for a folder around all.
  if (count > files + 2) throw tooLarge(`holds ${count} files, at most ${files + 2} are taken`);
  if (start + size !== at) {
    throw damaged(`says that its directory lies at ${start} to ${start + size}, where ${at} is its end`);
  }
  return { start, bytes: size };
}

function withoutEnd(bytes: Buffer): VisavisError {
  const record = Buffer.alloc(4);
  record.writeUInt32LE(END.signature);
  const from = Math.max(0, bytes.length - END.bytes - MAX_COMMENT);
  const found = bytes.subarray(from).lastIndexOf(record);
  if (found < 0 || from + found + END.bytes > bytes.length)
    return damaged('is cut off: the directory at its end is missing');
  const behind = bytes.length - from - found - END.bytes;
  return unsuitable(`has ${behind} bytes behind its end; nothing may follow there, not even a comment`);
}

async function entriesOf(zip: ZipFile): Promise<Entry[]> {
  const entries: Entry[] = [];
  try {
    for await (const entry of zip.eachEntry()) entries.push(entry);
  } catch (cause) {
    throw unreadable(cause);
  }
  return entries;
}

function checkEntry(entry: Entry, { fileBytes }: ZipLimits): void {
  const { compressedSize, uncompressedSize, generalPurposeBitFlag: flags, compressionMethod: method } = entry;
  const name = quoted(entry.fileNameRaw.toString('utf8'));
  if (flags & (FLAG.encrypted | FLAG.strong | FLAG.masked)) {
    throw unsuitable(`holds ${name} encrypted; a package must not need a password`);
  }
  if (flags & FLAG.patched) throw unsuitable(`holds ${name} as a change to another file; whole files are expected`);
  if (method !== METHOD.stored && method !== METHOD.deflated) {
    throw unsuitable(`holds ${name} compressed by method ${method}; expected 0 (stored) or 8 (deflated)`);
  }
  const zip64 = [compressedSize, uncompressedSize, entry.relativeOffsetOfLocalHeader].some(
    (value) => value >= FULL.size,
  );
  if (zip64) throw needsZip64(name);
  const type = entry.versionMadeBy >>> 8 === UNIX ? (entry.externalFileAttributes >>> 16) & FILE_TYPE.mask : 0;
  if (type === FILE_TYPE.link) throw unsuitable(`holds ${name} as a link; expected a file`);
  const fits = type === 0 || type === (isFolder(entry) ? FILE_TYPE.folder : FILE_TYPE.file);
  if (!fits) throw unsuitable(`holds ${name} as something other than a file`);
  if (entry.extraFields.some(({ id }) => id === UNICODE_NAME)) {
    throw unsuitable(`gives ${name} a second name; one is expected`);
  }
  if (uncompressedSize > fileBytes) {
    throw tooLarge(`holds ${name}, which unpacks to ${uncompressedSize} bytes; at most ${fileBytes} are taken`);
  }
  if (uncompressedSize > RATIO_FROM_BYTES && uncompressedSize > MAX_RATIO * compressedSize) {
    const ratio = Math.round(uncompressedSize / Math.max(1, compressedSize));
    throw tooLarge(`holds ${name} packed ${ratio}:1; at most ${MAX_RATIO}:1 is taken`);
  }
  if (isFolder(entry) && (uncompressedSize > 0 || compressedSize > 0))
    throw damaged(`holds a folder ${name} with contents`);
}

interface Place {
  name: string;
  /** Of the local header. */
  from: number;
  /** Of the data. */
  start: number;
  end: number;
  /** CRC, packed and unpacked size, where they stand behind the data. */
  descriptor: readonly number[] | undefined;
}

async function placeOf(zip: ZipFile, entry: Entry): Promise<Place> {
  const name = quoted(entry.fileNameRaw.toString('utf8'));
  const local = await zip.readLocalFileHeaderPromise(entry).catch((cause: unknown) => {
    throw unreadable(cause);
  });
  if (!local.fileName.equals(entry.fileNameRaw)) {
    throw damaged(`calls ${name} ${quoted(local.fileName.toString('utf8'))} in another place`);
  }
  const differs = differenceOf(entry, local);
  if (differs !== undefined)
    throw damaged(`says two things of ${name}: ${differs} of its header and of the directory differ`);
  const from = entry.relativeOffsetOfLocalHeader;
  const { fileDataStart: start } = local;
  const { generalPurposeBitFlag: flags, crc32, compressedSize, uncompressedSize } = entry;
  const descriptor = (flags & FLAG.descriptor) === 0 ? undefined : [crc32, compressedSize, uncompressedSize];
  return { name, from, start, end: start + compressedSize, descriptor };
}

/** What header and directory say differently; sizes and sum may be left to the descriptor behind the data. */
function differenceOf(entry: Entry, local: LocalFileHeader): string | undefined {
  if (local.generalPurposeBitFlag !== entry.generalPurposeBitFlag) return 'the flags';
  if (local.compressionMethod !== entry.compressionMethod) return 'the compression';
  const mayLack = (entry.generalPurposeBitFlag & FLAG.descriptor) !== 0;
  const agree = (a: number, b: number) => a === b || (mayLack && a === 0);
  if (!agree(local.uncompressedSize, entry.uncompressedSize)) return 'the sizes';
  if (!agree(local.compressedSize, entry.compressedSize)) return 'the packed sizes';
  return agree(local.crc32, entry.crc32) ? undefined : 'the checksums';
}

function checkCoverage(bytes: Buffer, places: readonly Place[], directoryStart: number): void {
  let reached = 0;
  let before: Place | undefined;
  for (const place of [...places].sort((a, b) => a.from - b.from || a.end - b.end)) {
    checkGap(bytes, before, reached, place.from, place.name);
    reached = place.end;
    before = place;
  }
  checkGap(bytes, before, reached, directoryStart, 'the directory');
}

/** Between the data of `before`, which end at `reached`, and what begins at `next` nothing may lie but the descriptor of `before`. */
function checkGap(bytes: Buffer, before: Place | undefined, reached: number, next: number, what: string): void {
  if (next < reached)
    throw damaged(`lets ${before?.name ?? 'its start'} and ${what} overlap by ${reached - next} bytes`);
  const gap = next - reached;
  const expected = before?.descriptor;
  if (expected === undefined ? gap === 0 : isDescriptor(bytes.subarray(reached, next), expected)) return;
  throw damaged(`has ${gap} bytes before ${what} that belong to no file`);
}

function isDescriptor(found: Buffer, expected: readonly number[]): boolean {
  const hasSignature = found.length === DESCRIPTOR_BYTES.signed;
  if (!hasSignature && found.length !== DESCRIPTOR_BYTES.plain) return false;
  if (hasSignature && found.readUInt32LE(0) !== DESCRIPTOR_SIGNATURE) return false;
  return expected.every((value, index) => found.readUInt32LE((hasSignature ? 4 : 0) + 4 * index) === value);
}

function isFolder({ fileNameRaw }: Entry): boolean {
  return fileNameRaw.at(-1) === '/'.charCodeAt(0);
}

const damaged = (what: string) => zipProblem('zip-damaged', what);
const unsuitable = (what: string) => zipProblem('zip-unsuitable', what);
const tooLarge = (what: string) => zipProblem('zip-too-large', what);

function needsZip64(what: string): VisavisError {
  return unsuitable(`is in the zip64 format (${what}), which is for 4 GB and more; expected a plain zip file`);
}

function unreadable(cause: unknown): unknown {
  if (cause instanceof VisavisError || isAbort(cause)) return cause;
  const why = cause instanceof Error ? cause.message.slice(0, 160) : '';
  return zipProblem('zip-damaged', `is damaged: ${why}`, cause);
}
