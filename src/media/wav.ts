import { readFileSync, writeFileSync } from 'node:fs';
import { VisavisError } from '../errors.js';

export interface Wav {
  sampleRateHz: number;
  /** One Float32Array per channel, −1…1. */
  channels: Float32Array<ArrayBuffer>[];
}

interface Format {
  isFloat: boolean;
  channels: number;
  sampleRateHz: number;
  bits: number;
}

const PCM = 1;
const IEEE_FLOAT = 3;
/** The real tag then stands in the first two bytes of the sub-format (Microsoft, "WAVEFORMATEXTENSIBLE"). */
const EXTENSIBLE = 0xfffe;
const MAX_CHANNELS = 8;

/** Reads a RIFF WAVE file; see `decodeWav`. Throws `not-found` when it cannot be read. */
export function readWav(path: string): Wav {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : String(cause);
    throw new VisavisError('not-found', `${path}: ${reason}`, { cause });
  }
  return decodeWav(bytes, path);
}

/**
 * Decodes RIFF WAVE with 16-bit PCM or 32-bit float samples, 1 to 8 channels, 8 to 192 kHz. A data chunk that is longer than
 * the file, as streaming writers leave it, ends with the file. Throws `bad-request` with `name` in front.
 */
export function decodeWav(bytes: Buffer, name: string): Wav {
  if (bytes.length < 12 || bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE') {
    throw bad(name, 'expected a RIFF WAVE file');
  }
  let format: Format | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const id = bytes.toString('latin1', at, at + 4);
    const size = bytes.readUInt32LE(at + 4);
    const body = bytes.subarray(at + 8, at + 8 + size);
    if (id === 'fmt ') format = decodeFormat(body, name);
    else if (id === 'data') {
      if (format === undefined) throw bad(name, 'the data chunk comes before the fmt chunk');
      return { sampleRateHz: format.sampleRateHz, channels: deinterleave(body, format) };
    }
    at += 8 + size + (size % 2);
  }
  throw bad(name, 'it has no data chunk');
}

/** The mean of all channels. */
export function toMono({ channels }: Wav): Float32Array<ArrayBuffer> {
  const [first = new Float32Array(0), ...others] = channels;
  if (others.length === 0) return first;
  return first.map((sample, i) => others.reduce((sum, channel) => sum + (channel[i] ?? 0), sample) / channels.length);
}

/** The bytes of a 16-bit PCM WAVE file. Samples beyond ±1 are clipped. */
export function encodeWav({ sampleRateHz, channels }: Wav): Buffer {
  const frames = channels[0]?.length ?? 0;
  const dataBytes = frames * channels.length * 2;
  const out = Buffer.alloc(44 + dataBytes);
  out.write('RIFF', 0, 'latin1');
  out.writeUInt32LE(36 + dataBytes, 4);
  out.write('WAVEfmt ', 8, 'latin1');
  out.writeUInt32LE(16, 16);
  out.writeUInt16LE(PCM, 20);
  out.writeUInt16LE(channels.length, 22);
  out.writeUInt32LE(sampleRateHz, 24);
  out.writeUInt32LE(sampleRateHz * channels.length * 2, 28);
  out.writeUInt16LE(channels.length * 2, 32);
  out.writeUInt16LE(16, 34);
  out.write('data', 36, 'latin1');
  out.writeUInt32LE(dataBytes, 40);
  let at = 44;
  for (let i = 0; i < frames; i++) {
    for (const channel of channels) {
      out.writeInt16LE(Math.max(-32_768, Math.min(32_767, Math.round((channel[i] ?? 0) * 32_767))), at);
      at += 2;
    }
  }
  return out;
}

export function writeWav(path: string, wav: Wav): void {
  writeFileSync(path, encodeWav(wav));
}

function decodeFormat(body: Buffer, name: string): Format {
  if (body.length < 16) throw bad(name, 'the fmt chunk is cut off');
  const plainTag = body.readUInt16LE(0);
  const tag = plainTag === EXTENSIBLE && body.length >= 26 ? body.readUInt16LE(24) : plainTag;
  const channels = body.readUInt16LE(2);
  const sampleRateHz = body.readUInt32LE(4);
  const bits = body.readUInt16LE(14);
  if (!(tag === PCM && bits === 16) && !(tag === IEEE_FLOAT && bits === 32)) {
    throw bad(name, `expected 16-bit PCM or 32-bit float samples, got format ${tag} with ${bits} bits`);
  }
  if (channels < 1 || channels > MAX_CHANNELS)
    throw bad(name, `expected 1 to ${MAX_CHANNELS} channels, got ${channels}`);
  if (sampleRateHz < 8_000 || sampleRateHz > 192_000) {
    throw bad(name, `expected a sample rate from 8000 to 192000 Hz, got ${sampleRateHz}`);
  }
  return { isFloat: tag === IEEE_FLOAT, channels, sampleRateHz, bits };
}

function deinterleave(data: Buffer, format: Format): Float32Array<ArrayBuffer>[] {
  const width = format.bits / 8;
  const frames = Math.floor(data.length / width / format.channels);
  return Array.from({ length: format.channels }, (_, channel) => {
    const out = new Float32Array(frames);
    for (let i = 0; i < frames; i++) {
      const at = (i * format.channels + channel) * width;
      out[i] = format.isFloat ? data.readFloatLE(at) : data.readInt16LE(at) / 32_768;
    }
    return out;
  });
}

function bad(name: string, what: string): VisavisError {
  return new VisavisError('bad-request', `${name}: ${what}`);
}
