import type { RouterRtpCodecCapability, RtpCapabilities, RtpParameters } from 'mediasoup/types';
import type { RtpStream } from '../worker/control.js';

export const OPUS_PAYLOAD_TYPE = 100;
export const VP8_PAYLOAD_TYPE = 101;

/** What a room carries: Opus both ways and VP8 towards the viewers. */
export const ROUTER_CODECS: RouterRtpCodecCapability[] = [
  {
    kind: 'audio',
    mimeType: 'audio/opus',
    preferredPayloadType: OPUS_PAYLOAD_TYPE,
    clockRate: 48_000,
    channels: 2,
    parameters: { useinbandfec: 1, minptime: 10 },
  },
  { kind: 'video', mimeType: 'video/VP8', preferredPayloadType: VP8_PAYLOAD_TYPE, clockRate: 90_000 },
];

/** The avatar's voice as its worker sends it. */
export function voiceParameters(stream: RtpStream, cname: string): RtpParameters {
  return {
    codecs: [
      {
        mimeType: 'audio/opus',
        payloadType: stream.payloadType,
        clockRate: 48_000,
        channels: 2,
        parameters: { useinbandfec: 1, minptime: 10 },
      },
    ],
    encodings: [{ ssrc: stream.ssrc }],
    rtcp: { cname },
  };
}

/**
 * The avatar's picture as its worker sends it; key frames are asked for by PLI or FIR (RFC 4585, RFC 5104). `maxKbps`: up to here the
 * SFU probes what a viewer's connection carries, so that an encoder that was throttled finds its way up again.
 */
export function pictureParameters(stream: RtpStream, cname: string, maxKbps: number): RtpParameters {
  return {
    codecs: [
      {
        mimeType: 'video/VP8',
        payloadType: stream.payloadType,
        clockRate: 90_000,
        rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }, { type: 'ccm', parameter: 'fir' }],
      },
    ],
    encodings: [{ ssrc: stream.ssrc, maxBitrate: maxKbps * 1000 }],
    rtcp: { cname },
  };
}

/** What the avatar worker understands of a visitor's microphone: plain Opus, no header extensions, no feedback. */
export const MICROPHONE_CAPABILITIES: RtpCapabilities = {
  codecs: [
    {
      kind: 'audio',
      mimeType: 'audio/opus',
      preferredPayloadType: OPUS_PAYLOAD_TYPE,
      clockRate: 48_000,
      channels: 2,
      rtcpFeedback: [],
    },
  ],
  headerExtensions: [],
};
