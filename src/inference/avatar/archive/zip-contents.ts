import { promisify } from 'node:util';
import { crc32, inflateRaw, type ZlibOptions } from 'node:zlib';
import { throwIfAborted } from '../../../abort.js';
import type { VisavisError } from '../../../errors.js';
import { quoted, zipProblem } from './zip-problem.js';
import { readZipStructure, type ZipLimits, type ZipMember } from './zip-structure.js';

/** With `info`, zlib also gives its engine, which knows how much it has read. */
type Inflated = { buffer: Buffer; engine: { bytesWritten: number } };
const inflate = promisify(inflateRaw) as unknown as (bytes: Buffer, o: ZlibOptions) => Promise<Inflated>;
/** The first bytes of files that hold others. */
const ARCHIVES: readonly (readonly number[])[] = [
  [0x50, 0x4b, 0x03, 0x04],
  [0x1f, 0x8b],
  [0x37, 0x7a, 0xbc, 0xaf],
  [0x52, 0x61, 0x72, 0x21],
  [0xfd, 0x37, 0x7a, 0x58],
];

/**
 * All files of a zip file by their plain names (`plainNames`), in memory. No more is ever unpacked than the file declares and `limits` allow; sizes and
 * CRC-32 must be as declared. Rejects with `bad-request` or `too-large`, field `package` and a `ZipReason`, with AbortError when aborted.
 */
export async function readZip(
  bytes: Buffer,
  limits: ZipLimits,
  { signal }: { signal?: AbortSignal } = {},
): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const member of await readZipStructure(bytes, limits)) {
    throwIfAborted(signal);
    const content = await unpack(bytes.subarray(member.start, member.end), member);
    const sum = crc32(content);
    if (sum !== member.crc32)
      throw damaged(`holds ${quoted(member.name)} damaged: its checksum is ${hex(sum)}, not ${hex(member.crc32)}`);
    if (ARCHIVES.some((start) => start.every((byte, index) => content[index] === byte))) {
      throw zipProblem(
        'zip-unsuitable',
        `holds another archive, ${quoted(member.name)}; expected the files of a package`,
      );
    }
    files.set(member.name, content);
  }
  return files;
}

async function unpack(packed: Buffer, { name, isDeflated, bytes }: ZipMember): Promise<Buffer> {
  if (!isDeflated) {
    if (packed.length === bytes) return packed;
    throw damaged(`holds ${quoted(name)} with ${packed.length} bytes, and says ${bytes}`);
  }
  let inflated: Inflated;
  try {
    // Zlib takes no limit of 0; what is longer than declared is told below or by its error.
    inflated = await inflate(packed, { maxOutputLength: Math.max(1, bytes), info: true });
  } catch (cause) {
    const isLonger = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    if (isLonger)
      throw zipProblem('zip-too-large', `holds ${quoted(name)} with more than the ${bytes} bytes that it says`, cause);
    throw zipProblem('zip-damaged', `holds ${quoted(name)} damaged: it cannot be unpacked`, cause);
  }
  const { buffer, engine } = inflated;
  if (buffer.length !== bytes) throw damaged(`holds ${quoted(name)} with ${buffer.length} bytes, and says ${bytes}`);
  const behind = packed.length - engine.bytesWritten;
  if (behind !== 0) throw damaged(`holds ${quoted(name)} with ${behind} packed bytes too many`);
  return buffer;
}

function damaged(what: string): VisavisError {
  return zipProblem('zip-damaged', what);
}

function hex(sum: number): string {
  return sum.toString(16).padStart(8, '0');
}
