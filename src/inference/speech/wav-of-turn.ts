import { RECOGNITION_RATE_HZ } from '../engines.js';

const HEADER_BYTES = 44;

/** Mono 16 kHz audio as the bytes of a RIFF WAVE file with 16-bit PCM; samples beyond ±1 are clipped. */
export function wavOfTurn(samples: Float32Array): Uint8Array<ArrayBuffer> {
  const dataBytes = samples.length * 2;
  const out = new Uint8Array(HEADER_BYTES + dataBytes);
  const view = new DataView(out.buffer);
  const tag = (at: number, text: string) => {
    for (let i = 0; i < text.length; i++) view.setUint8(at + i, text.charCodeAt(i));
  };
  tag(0, 'RIFF');
  view.setUint32(4, HEADER_BYTES - 8 + dataBytes, true);
  tag(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, RECOGNITION_RATE_HZ, true);
  view.setUint32(28, RECOGNITION_RATE_HZ * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  tag(36, 'data');
  view.setUint32(40, dataBytes, true);
  for (const [i, sample] of samples.entries()) {
    view.setInt16(HEADER_BYTES + i * 2, Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_767))), true);
  }
  return out;
}
