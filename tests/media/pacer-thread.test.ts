/** The compiled pacer thread against a real UDP socket. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { OpusDecoder, OpusEncoder, Vp8Decoder, Vp8Encoder } from '../../src/media/codecs.js';
import type { FrameRequest } from '../../src/media/output-protocol.js';
import type { PacerEvent, PacerThread } from '../../src/media/pacer-client.js';
import { isRtcp, parseRtp, type RtpPacket, writeRtpHeader } from '../../src/media/rtp/packet.js';
import { parseRtcp, type RtcpMessage } from '../../src/media/rtp/rtcp.js';
import { parseVp8Payload } from '../../src/media/rtp/vp8.js';
import type { PlainLink } from '../../src/worker/control.js';
import { flatSegment, movingPicture, sine, voiceLike } from '../support/media.js';

const COMPILED = new URL('../../dist/media/pacer-client.js', import.meta.url).href;
const { PacerThread: Compiled } = (await import(COMPILED)) as { PacerThread: typeof PacerThread };
const LIMIT_MS = 8000;

/** An SFU's place: keeps every packet that arrives. */
class Peer {
  readonly audio: RtpPacket[] = [];
  readonly video: RtpPacket[] = [];
  readonly reports: RtcpMessage[] = [];
  readonly events: PacerEvent[] = [];
  readonly requests: FrameRequest[] = [];
  readonly link: PlainLink;
  readonly framePort: MessagePort;
  readonly #socket: Socket;
  readonly #avatarPort: MessagePort;
  readonly introduction: RtpPacket[] = [];
  /** The avatar thread answers requests. */
  answering = true;

  static async create(): Promise<Peer> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const free = createSocket('udp4');
    free.bind(0, '127.0.0.1');
    await once(free, 'listening');
    const localPort = free.address().port;
    await new Promise<void>((resolve) => free.close(() => resolve()));
    return new Peer(socket, localPort);
  }

  private constructor(socket: Socket, localPort: number) {
    const loopback = '127.0.0.1';
    this.#socket = socket;
    this.link = {
      ...{ localIp: loopback, localPort, remoteIp: loopback, remotePort: socket.address().port, cname: 'avatar' },
      audio: { ssrc: 1111, payloadType: 100 },
      video: { ssrc: 2222, payloadType: 101 },
    };
    socket.on('message', (bytes) => {
      if (isRtcp(bytes)) this.reports.push(...parseRtcp(bytes));
      else {
        const packet = parseRtp(bytes);
        if (packet === null) return;
        // Streams are introduced by packets of nothing but padding.
        if (packet.payload.length === 0) this.introduction.push(packet);
        else (packet.ssrc === 1111 ? this.audio : this.video).push(packet);
      }
    });
    const { port1, port2 } = new MessageChannel();
    this.#avatarPort = port1;
    this.framePort = port2;
    const encoder = new Vp8Encoder(64, 64);
    port1.on('message', (request: FrameRequest) => {
      this.requests.push(request);
      if (!this.answering) return;
      const { data, keyFrame } = encoder.encode(movingPicture(64, 64, request.index), request.keyFrame);
      port1.postMessage({ type: 'frame', index: request.index, data, keyFrame, renderMs: 0, encodeMs: 0 }, [
        data.buffer,
      ]);
    });
  }

  send(bytes: Uint8Array): void {
    this.#socket.send(bytes, this.link.localPort, '127.0.0.1');
  }

  /** Waits until `found` gives something. */
  async until<T>(found: () => T | undefined | false): Promise<T> {
    const deadline = performance.now() + LIMIT_MS;
    for (;;) {
      const value = found();
      if (value !== undefined && value !== false) return value;
      if (performance.now() > deadline) throw new Error(`waited in vain for ${found}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  close(): void {
    this.#socket.close();
    this.#avatarPort.close();
  }
}

let pacer: PacerThread;
const peers: [string, Peer][] = [];
let names = 0;

async function conversation(): Promise<{ id: string; peer: Peer }> {
  const peer = await Peer.create();
  const id = `c${names++}`;
  peers.push([id, peer]);
  pacer.on(id, (event) => peer.events.push(event));
  await pacer.open(id, peer.link, peer.framePort);
  return { id, peer };
}

beforeAll(async () => {
  pacer = await Compiled.create();
});

afterEach(async () => {
  for (const [id, peer] of peers.splice(0)) {
    await pacer.close(id);
    peer.close();
  }
});

afterAll(() => pacer.shutdown());

const distance = (later: RtpPacket, earlier: RtpPacket) => ({
  sequence: (later.sequence - earlier.sequence + 65_536) % 65_536,
  timestamp: (later.timestamp - earlier.timestamp + 2 ** 32) % 2 ** 32,
});

test('both streams are introduced before their first packet, so that a receiver that knew a predecessor loses none', async () => {
  const { peer } = await conversation();
  await peer.until(() => peer.audio.length >= 2 && peer.video.length >= 2);
  for (const packets of [peer.audio, peer.video]) {
    const own = peer.introduction.filter(({ ssrc }) => ssrc === packets[0]!.ssrc);
    expect(own).toHaveLength(4);
    expect(distance(packets[0]!, own[3]!).sequence).toBe(1);
  }
});

test('a link whose other end moved to another port goes on there, without a gap in its numbers', async () => {
  const { id, peer } = await conversation();
  await peer.until(() => peer.audio.length >= 5 && peer.video.length >= 2);
  const other = await Peer.create();
  peers.push(['other', other]);
  pacer.relink(id, other.link.remotePort);
  await other.until(() => other.audio.length >= 5 && other.video.length >= 2);
  const before = peer.audio.at(-1)!;
  expect(distance(other.audio[0]!, before).sequence).toBe(1);
});

test('silence flows from the start, one packet after the other, and never stops', async () => {
  const { peer } = await conversation();
  await peer.until(() => peer.audio.length >= 40);
  const decoder = new OpusDecoder(48_000, 1);
  expect(peer.audio[0]?.marker).toBe(true);
  for (const [i, packet] of peer.audio.entries()) {
    expect(packet.payloadType).toBe(100);
    if (i > 0) {
      const { sequence, timestamp } = distance(packet, peer.audio[i - 1]!);
      expect(sequence).toBe(1);
      expect(timestamp % 960).toBe(0);
      expect(timestamp).toBeGreaterThan(0);
    }
    expect(Math.max(...decoder.decode(packet.payload).map(Math.abs))).toBeLessThan(10);
  }
});

test('frames are asked for, numbered by the clock, and arrive whole', async () => {
  const { peer } = await conversation();
  await peer.until(() => peer.video.filter((packet) => packet.marker).length >= 10);
  expect(peer.requests[0]).toMatchObject({ type: 'frame', keyFrame: true, speech: null });
  const decoder = new Vp8Decoder();
  const timestampOf = new Map(peer.requests.map((request) => [request.rtpTimestamp, request.index]));
  let frame: number[] = [];
  for (const packet of peer.video) {
    frame.push(...parseVp8Payload(packet.payload)!.data);
    if (!packet.marker) continue;
    expect(decoder.decode(Uint8Array.from(frame))).toMatchObject({ width: 64, height: 64 });
    expect(timestampOf.has(packet.timestamp)).toBe(true);
    frame = [];
  }
});

test('voice and picture are tied to one clock by sender reports of one name', async () => {
  const { peer } = await conversation();
  await peer.until(() => peer.reports.filter((report) => report.type === 'sender-report').length >= 4);
  const reports = peer.reports.flatMap((report) => (report.type === 'sender-report' ? [report] : []));
  const names = peer.reports.flatMap((report) => (report.type === 'description' ? [report.cname] : []));
  expect(new Set(names)).toEqual(new Set(['avatar']));
  expect(new Set(reports.map((report) => report.ssrc))).toEqual(new Set([1111, 2222]));
  const audio = reports.find((report) => report.ssrc === 1111)!;
  const video = reports.find((report) => report.ssrc === 2222)!;
  expect(audio.ntpMs).toBeCloseTo(video.ntpMs, 0);
  expect(Math.abs(audio.ntpMs - Date.now())).toBeLessThan(LIMIT_MS * 2);
  // A frame request names what is due at its tick: both clocks then say the same instant.
  const request = peer.requests[1]!;
  const frameMs = video.ntpMs + ((request.rtpTimestamp - video.rtpTimestamp) | 0) / 90;
  const offsets = peer.audio.map(
    (packet) => audio.ntpMs + ((packet.timestamp - audio.rtpTimestamp) | 0) / 48 - frameMs,
  );
  expect(Math.min(...offsets.map(Math.abs))).toBeLessThan(0.1);
});

test('a picture loss gives a key frame with the next request', async () => {
  const { peer } = await conversation();
  // Past the interval within which no second key frame is made.
  await peer.until(() => peer.requests.length >= 8);
  const before = peer.requests.length;
  peer.send(new Uint8Array([0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0x08, 0xae]));
  const request = await peer.until(() => peer.requests.slice(before).find(({ keyFrame }) => keyFrame));
  expect(request.index - peer.requests[before - 1]!.index).toBeLessThanOrEqual(5);
  const packet = await peer.until(() => peer.video.find(({ timestamp }) => timestamp === request.rtpTimestamp));
  expect(parseVp8Payload(packet.payload)?.keyFrame).toBe(true);
});

test('a lost packet is sent again on request, and a foreign stream is not', async () => {
  const { peer } = await conversation();
  const packet = await peer.until(() => peer.video[3]);
  const nack = new Uint8Array([
    0x81,
    205,
    0,
    3,
    0,
    0,
    0,
    1,
    0,
    0,
    0x08,
    0xae,
    packet.sequence >> 8,
    packet.sequence & 255,
    0,
    0,
  ]);
  const foreign = nack.slice();
  foreign[11] = 1;
  peer.send(foreign);
  peer.send(nack);
  const copies = await peer.until(() => {
    const found = peer.video.filter(({ sequence }) => sequence === packet.sequence);
    return found.length > 1 && found;
  });
  expect(copies[1]).toEqual(copies[0]);
});

test('speech is heard, its words and its end are reported in order, and frames know the place', async () => {
  const { id, peer } = await conversation();
  await peer.until(() => peer.audio.length >= 3);
  const samples = Int16Array.from(sine(24_000, 400, 48_000), (value) => value * 32_767);
  const words = [
    { index: 0, text: 'one', startSample: 0 },
    { index: 1, text: 'two', startSample: 12_000 },
  ];
  pacer.speech(id, { segmentId: 4, utteranceId: 2, samples, words });
  pacer.speech(id, flatSegment(5, 2, 4800, 0));
  pacer.utteranceComplete(id, 2);
  await peer.until(() => peer.events.some((event) => event.type === 'utterance-sent'));
  expect(peer.events.map((event) => event.type)).toEqual([
    'segment-started',
    'word-sent',
    'word-sent',
    'segment-started',
    'utterance-sent',
  ]);
  const times = peer.events.flatMap((event) => ('atMs' in event ? [event.atMs] : []));
  expect(times[2]! - times[1]!).toBeGreaterThan(0);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  const places = peer.requests.flatMap(({ speech }) => (speech === null ? [] : [speech]));
  expect(places.length).toBeGreaterThan(8);
  for (let i = 1; i < places.length; i++) {
    if (places[i]!.segmentId === places[i - 1]!.segmentId) {
      expect((places[i]!.positionMs - places[i - 1]!.positionMs) % 20).toBeCloseTo(0, 5);
      expect(places[i]!.positionMs).toBeGreaterThan(places[i - 1]!.positionMs);
    }
  }
  const decoder = new OpusDecoder(48_000, 1);
  const loud = peer.audio.filter(({ payload }) => Math.max(...decoder.decode(payload)) > 8000);
  expect(loud.length).toBeGreaterThanOrEqual(25);
  expect(loud.length).toBeLessThanOrEqual(27);
});

test('clear stops the voice, says where, and nothing of the rest is reported', async () => {
  const { id, peer } = await conversation();
  const words = [{ index: 0, text: 'never', startSample: 90_000 }];
  pacer.speech(id, { ...flatSegment(7, 1, 96_000), words });
  pacer.utteranceComplete(id, 1);
  await peer.until(() => peer.requests.some(({ speech }) => (speech?.positionMs ?? 0) > 100));
  const { position, atMs } = await pacer.clear(id, 20);
  expect(position?.segmentId).toBe(7);
  expect(position!.positionMs % 20).toBe(0);
  expect(position!.positionMs).toBeGreaterThan(60);
  expect(position!.positionMs).toBeLessThan(2000);
  expect(Math.abs(atMs - Date.now())).toBeLessThan(LIMIT_MS);
  const after = peer.requests.length;
  await peer.until(() => peer.requests.length > after + 3);
  expect(peer.requests.slice(after + 2).every(({ speech }) => speech === null)).toBe(true);
  expect(peer.events.map((event) => event.type)).toEqual(['segment-started']);
  expect(await pacer.clear(id)).toMatchObject({ position: null });
});

test('more speech than the queue holds is refused by name', async () => {
  const { id, peer } = await conversation();
  pacer.speech(id, flatSegment(1, 1, 121 * 48_000));
  expect(await peer.until(() => peer.events[0])).toMatchObject({
    type: 'speech-refused',
    segmentId: 1,
    utteranceId: 1,
  });
});

test('a microphone is heard in order; unknown streams and other senders are not', async () => {
  const { id, peer } = await conversation();
  pacer.addMicrophone(id, 'ann', { ssrc: 5, payloadType: 111 });
  const encoder = new OpusEncoder(48_000, 1);
  const voice = voiceLike(9600, 48_000);
  const packets = Array.from({ length: 10 }, (_, n) => {
    const payload = encoder.encode(voice.subarray(n * 960, n * 960 + 960));
    const bytes = new Uint8Array(12 + payload.length);
    writeRtpHeader(bytes, {
      payloadType: 111,
      marker: false,
      sequence: (65_532 + n) & 0xffff,
      timestamp: n * 960,
      ssrc: 5,
    });
    bytes.set(payload, 12);
    return bytes;
  });
  const stranger = createSocket('udp4');
  stranger.send(packets[9]!, peer.link.localPort, '127.0.0.1');
  const unknown = packets[0]!.slice();
  unknown[11] = 6;
  peer.send(unknown);
  await peer.until(() => peer.requests.length >= 2);
  // The fourth is lost, the sixth and seventh are swapped.
  for (const n of [0, 1, 2, 4, 6, 5, 7, 8, 9]) peer.send(packets[n]!);
  const heard = await peer.until(() => {
    const found = peer.events.flatMap((event) => (event.type === 'microphone' ? [event] : []));
    return found.length >= 10 && found;
  });
  stranger.close();
  expect(heard.map(({ sequence }) => (sequence - 65_532 + 65_536) % 65_536)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(heard.map(({ timestamp }) => timestamp / 960)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(heard.map(({ payload }) => payload !== null)).toEqual([true, true, true, false, ...Array(6).fill(true)]);
  expect(heard.every(({ participantId }) => participantId === 'ann')).toBe(true);
  expect(Buffer.from(heard[0]!.payload!)).toEqual(Buffer.from(packets[0]!.subarray(12)));
});

test('an avatar thread that falls silent stops the picture, not the voice, and comes back with a key frame', async () => {
  const { peer } = await conversation();
  await peer.until(() => peer.video.length >= 3);
  peer.answering = false;
  await peer.until(() => peer.requests.length >= 5);
  const before = peer.audio.length;
  await peer.until(() => peer.audio.length >= before + 30);
  const asked = peer.requests.length;
  peer.answering = true;
  await peer.until(() => peer.requests.length > asked + 3);
  const shown = peer.video.at(-1)!;
  expect(peer.requests.some(({ rtpTimestamp }) => rtpTimestamp === shown.timestamp)).toBe(true);
});

test('a successor takes the same port over, and a port in use is refused', async () => {
  const { id, peer } = await conversation();
  const { port1, port2 } = new MessageChannel();
  await expect(pacer.open(id, peer.link, port2)).rejects.toMatchObject({ code: 'conflict' });
  port1.close();
  await pacer.close(id);
  const channel = new MessageChannel();
  await pacer.open(id, peer.link, channel.port2);
  const count = peer.audio.length;
  await peer.until(() => peer.audio.length > count + 2);
  const other = new MessageChannel();
  await expect(pacer.open('other', peer.link, other.port2)).rejects.toMatchObject({ code: 'unavailable' });
  channel.port1.close();
});

test('statistics count since they were last asked for', async () => {
  await pacer.stats();
  const { peer } = await conversation();
  await peer.until(() => peer.audio.length >= 10 && peer.video.length >= 3);
  const stats = await pacer.stats();
  expect(stats.audioPacketsSent).toBeGreaterThanOrEqual(10);
  expect(stats.latenessMs).toHaveLength(stats.audioPacketsSent);
  expect(Math.min(...stats.latenessMs)).toBeGreaterThanOrEqual(0);
  expect(stats.keyFramesRequested).toBeGreaterThanOrEqual(1);
  expect(stats.framesSent).toBeGreaterThanOrEqual(3);
});
