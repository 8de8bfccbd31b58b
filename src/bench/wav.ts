import { readFileSync, writeFileSync } from 'node:fs';

export interface Wav {
  sampleRateHz: number;
  /** One Float32Array per channel, −1…1. */
  channels: Float32Array<ArrayBuffer>[];
}

/** Reads a RIFF WAVE file with 16-bit PCM or 32-bit float samples. */
export function readWav(path: string): Wav {
  const bytes = readFileSync(path);
  if (bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE') {
    throw new Error(`${path}: expected a RIFF WAVE file`);
  }
  let format: { tag: number; channels: number; rate: number; bits: number } | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const id = bytes.toString('latin1', at, at + 4);
    const size = bytes.readUInt32LE(at + 4);
    const body = at + 8;
    if (id === 'fmt ') {
      format = {
        tag: bytes.readUInt16LE(body),
        channels: bytes.readUInt16LE(body + 2),
        rate: bytes.readUInt32LE(body + 4),
        bits: bytes.readUInt16LE(body + 14),
      };
    } else if (id === 'data') {
      if (format === undefined) throw new Error(`${path}: data before fmt`);
      return { sampleRateHz: format.rate, channels: deinterleave(bytes.subarray(body, body + size), format) };
    }
    at = body + size + (size % 2);
  }
  throw new Error(`${path}: no data chunk`);
}

function deinterleave(
  data: Buffer,
  format: { tag: number; channels: number; bits: number },
): Float32Array<ArrayBuffer>[] {
  const isFloat = format.tag === 3 && format.bits === 32;
  if (!isFloat && format.bits !== 16) throw new Error(`expected 16-bit PCM or 32-bit float, got ${format.bits} bits`);
  const width = format.bits / 8;
  const frames = Math.floor(data.length / width / format.channels);
  return Array.from({ length: format.channels }, (_, channel) => {
    const out = new Float32Array(frames);
    for (let i = 0; i < frames; i++) {
      const at = (i * format.channels + channel) * width;
      out[i] = isFloat ? data.readFloatLE(at) : data.readInt16LE(at) / 32_768;
    }
    return out;
  });
}

/** The bytes of a 16-bit PCM WAVE file. */
export function encodeWav({ sampleRateHz, channels }: Wav): Buffer {
  const frames = channels[0]?.length ?? 0;
  const dataBytes = frames * channels.length * 2;
  const out = Buffer.alloc(44 + dataBytes);
  out.write('RIFF', 0, 'latin1');
  out.writeUInt32LE(36 + dataBytes, 4);
  out.write('WAVEfmt ', 8, 'latin1');
  out.writeUInt32LE(16, 16);
  out.writeUInt16LE(1, 20);
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
