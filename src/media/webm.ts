/** Element ids of Matroska (RFC 9559) that a WebM file with one video track, and one of sound, needs. */
const ID = {
  ebml: 0x1a45dfa3,
  ebmlVersion: 0x4286,
  ebmlReadVersion: 0x42f7,
  ebmlMaxIdLength: 0x42f2,
  ebmlMaxSizeLength: 0x42f3,
  docType: 0x4282,
  docTypeVersion: 0x4287,
  docTypeReadVersion: 0x4285,
  segment: 0x18538067,
  info: 0x1549a966,
  timestampScale: 0x2ad7b1,
  duration: 0x4489,
  muxingApp: 0x4d80,
  writingApp: 0x5741,
  tracks: 0x1654ae6b,
  trackEntry: 0xae,
  trackNumber: 0xd7,
  trackUid: 0x73c5,
  flagLacing: 0x9c,
  trackType: 0x83,
  codecId: 0x86,
  codecPrivate: 0x63a2,
  codecDelay: 0x56aa,
  seekPreRoll: 0x56bb,
  defaultDuration: 0x23e383,
  video: 0xe0,
  pixelWidth: 0xb0,
  pixelHeight: 0xba,
  audio: 0xe1,
  samplingFrequency: 0xb5,
  channels: 0x9f,
  cues: 0x1c53bb6b,
  cuePoint: 0xbb,
  cueTime: 0xb3,
  cueTrackPositions: 0xb7,
  cueTrack: 0xf7,
  cueClusterPosition: 0xf1,
  cluster: 0x1f43b675,
  timestamp: 0xe7,
  simpleBlock: 0xa3,
} as const;

const APPLICATION = 'visavis';
const NS_PER_MS = 1_000_000;
const KEY_FRAME_FLAG = 0x80;
/** A block's time is a signed 16-bit offset from its cluster's. */
const MAX_CLUSTER_MS = 30_000;

export interface WebmFrame {
  /** One VP8 frame. */
  data: Uint8Array;
  keyFrame: boolean;
}

/** Sound for a film: Opus packets of equal length, mono. */
export interface WebmSound {
  packets: readonly Uint8Array[];
  packetMs: number;
  /** Samples at 48 kHz that the encoder puts before the sound; players leave them out. */
  preSkip: number;
}

interface Block {
  track: number;
  atMs: number;
  data: Uint8Array;
  keyFrame: boolean;
}

const VIDEO_TRACK = 1;
const SOUND_TRACK = 2;
const OPUS_RATE_HZ = 48_000;
/** A decoder of Opus has converged after this long (RFC 7845, section 4.6). */
const OPUS_PRE_ROLL_MS = 80;

/**
 * A complete WebM file with one VP8 track of constant frame rate, and with a track of Opus sound when there is one: duration, cues and a new
 * cluster at every key frame, so that players can loop and seek it. `frames` begins with a key frame. Layout: RFC 9559 (Matroska), RFC 8794 (EBML),
 * WebM container guidelines; Opus in Matroska as those have it.
 * @throws RangeError without frames, when the first is no key frame, or when key frames are more than 30 s apart.
 */
export function muxWebm(
  frames: readonly WebmFrame[],
  o: { width: number; height: number; fps: number; sound?: WebmSound },
): Buffer {
  if (frames[0]?.keyFrame !== true) throw new RangeError('a WebM file begins with a key frame');
  const clusters: { atMs: number; blocks: Buffer[] }[] = [];
  for (const { track, atMs, data, keyFrame } of blocksOf(frames, o)) {
    if (keyFrame && track === VIDEO_TRACK) clusters.push({ atMs, blocks: [] });
    const cluster = clusters[clusters.length - 1];
    if (cluster === undefined || atMs - cluster.atMs > MAX_CLUSTER_MS) throw new RangeError('a key frame is missing');
    const header = Buffer.from([0x80 | track, 0, 0, keyFrame ? KEY_FRAME_FLAG : 0]);
    header.writeInt16BE(atMs - cluster.atMs, 1);
    cluster.blocks.push(element(ID.simpleBlock, header, data));
  }
  const head = element(
    ID.ebml,
    ...[unsigned(ID.ebmlVersion, 1), unsigned(ID.ebmlReadVersion, 1), unsigned(ID.ebmlMaxIdLength, 4)],
    ...[unsigned(ID.ebmlMaxSizeLength, 8), text(ID.docType, 'webm')],
    ...[unsigned(ID.docTypeVersion, 4), unsigned(ID.docTypeReadVersion, 2)],
  );
  const soundMs = o.sound === undefined ? 0 : o.sound.packets.length * o.sound.packetMs;
  const info = element(
    ID.info,
    unsigned(ID.timestampScale, NS_PER_MS),
    float(ID.duration, Math.max(Math.round((frames.length * 1_000) / o.fps), soundMs)),
    text(ID.muxingApp, APPLICATION),
    text(ID.writingApp, APPLICATION),
  );
  const tracks = element(ID.tracks, videoTrack(o), ...(o.sound === undefined ? [] : [soundTrack(o.sound)]));
  const bodies = clusters.map(({ atMs, blocks }) => element(ID.cluster, fixed(ID.timestamp, atMs), ...blocks));
  // Positions have a fixed length, so the cues' own size is known before they are.
  const cues = (positions: readonly number[]): Buffer =>
    element(ID.cues, ...clusters.map(({ atMs }, index) => cuePoint(atMs, positions[index] ?? 0)));
  let position = info.length + tracks.length + cues([]).length;
  const positions = bodies.map((body) => {
    const at = position;
    position += body.length;
    return at;
  });
  return Buffer.concat([head, element(ID.segment, info, tracks, cues(positions), ...bodies)]);
}

/** Pictures and sound in the order of their times; at the same time the picture first, so that a cluster begins with its key frame. */
function blocksOf(frames: readonly WebmFrame[], { fps, sound }: { fps: number; sound?: WebmSound }): Block[] {
  const pictures = frames.map(
    ({ data, keyFrame }, i): Block => ({ track: VIDEO_TRACK, atMs: Math.round((i * 1_000) / fps), data, keyFrame }),
  );
  const packets = (sound?.packets ?? []).map(
    (data, i): Block => ({ track: SOUND_TRACK, atMs: Math.round(i * (sound?.packetMs ?? 0)), data, keyFrame: true }),
  );
  return [...pictures, ...packets].sort((a, b) => a.atMs - b.atMs || a.track - b.track);
}

function videoTrack(o: { width: number; height: number; fps: number }): Buffer {
  return element(
    ID.trackEntry,
    ...trackHead(VIDEO_TRACK, 1),
    text(ID.codecId, 'V_VP8'),
    unsigned(ID.defaultDuration, Math.round(1e9 / o.fps)),
    element(ID.video, unsigned(ID.pixelWidth, o.width), unsigned(ID.pixelHeight, o.height)),
  );
}

function soundTrack({ preSkip }: WebmSound): Buffer {
  // "OpusHead", version 1, one channel, pre-skip, rate of the original, no gain, mapping 0 (RFC 7845, section 5.1).
  const opusHead = Buffer.alloc(19);
  opusHead.write('OpusHead', 'latin1');
  opusHead.set([1, 1], 8);
  opusHead.writeUInt16LE(preSkip, 10);
  opusHead.writeUInt32LE(OPUS_RATE_HZ, 12);
  return element(
    ID.trackEntry,
    ...trackHead(SOUND_TRACK, 2),
    text(ID.codecId, 'A_OPUS'),
    element(ID.codecPrivate, opusHead),
    unsigned(ID.codecDelay, Math.round((preSkip * 1e9) / OPUS_RATE_HZ)),
    unsigned(ID.seekPreRoll, OPUS_PRE_ROLL_MS * NS_PER_MS),
    element(ID.audio, float(ID.samplingFrequency, OPUS_RATE_HZ), unsigned(ID.channels, 1)),
  );
}

function trackHead(number: number, type: 1 | 2): Buffer[] {
  const names = [unsigned(ID.trackNumber, number), unsigned(ID.trackUid, number)];
  return [...names, unsigned(ID.flagLacing, 0), unsigned(ID.trackType, type)];
}

function cuePoint(atMs: number, position: number): Buffer {
  const where = element(ID.cueTrackPositions, unsigned(ID.cueTrack, 1), fixed(ID.cueClusterPosition, position));
  return element(ID.cuePoint, fixed(ID.cueTime, atMs), where);
}

function element(id: number, ...content: readonly Uint8Array[]): Buffer {
  const length = content.reduce((sum, { byteLength }) => sum + byteLength, 0);
  return Buffer.concat([bytesOf(id), size(length), ...content]);
}

/** An EBML size of eight bytes: marker bit and 56 bits of length. */
function size(length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUIntBE(length, 2, 6);
  bytes[0] = 0x01;
  return bytes;
}

function unsigned(id: number, value: number): Buffer {
  return element(id, bytesOf(value));
}

function fixed(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUIntBE(value, 2, 6);
  return element(id, bytes);
}

function float(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return element(id, bytes);
}

function text(id: number, value: string): Buffer {
  return element(id, Buffer.from(value, 'ascii'));
}

/** Big-endian, without leading zeros. */
function bytesOf(value: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUIntBE(value, 0, 6);
  const first = bytes.findIndex((byte) => byte !== 0);
  return first === -1 ? bytes.subarray(5) : bytes.subarray(first);
}
