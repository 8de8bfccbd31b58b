import { createSocket, type Socket } from 'node:dgram';
import { OpusEncoder } from '../media/codecs.js';
import { opusPacket } from '../media/rtp/opus.js';
import { isRtcp, parseRtp } from '../media/rtp/packet.js';
import { RtpSender } from '../media/rtp/sender.js';
import type { PlainLink } from '../worker/control.js';

const PACKET_SAMPLES = 960;
const PACKET_MS = 20;

/**
 * The SFU's end of one conversation's link, for load runs without an SFU: speaks 48 kHz audio as paced Opus RTP and counts what
 * comes back.
 */
export class LinkVisitor {
  readonly microphone = { ssrc: 3_000_000, payloadType: 111 };
  frames = 0;
  audioPackets = 0;
  videoBytes = 0;
  /** Gaps between neighbouring frames of more than two frame times. */
  stutters = 0;
  readonly #socket: Socket;
  readonly #link: PlainLink;
  readonly #encoder = new OpusEncoder(48_000, 1, { bitrateKbps: 32 });
  readonly #sender: RtpSender;
  readonly #silence = new Int16Array(PACKET_SAMPLES);
  readonly #timer: NodeJS.Timeout;
  #speech: Int16Array = new Int16Array(0);
  #at = 0;
  #tick = 0;
  #startedAt = performance.now();
  #lastFrameAt = 0;
  #spoken: (() => void) | undefined;

  static async create(link: Omit<PlainLink, 'remotePort'>): Promise<{ visitor: LinkVisitor; link: PlainLink }> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(0, link.remoteIp, resolve);
    });
    const full: PlainLink = { ...link, remotePort: socket.address().port };
    return { visitor: new LinkVisitor(socket, full), link: full };
  }

  private constructor(socket: Socket, link: PlainLink) {
    this.#socket = socket;
    this.#link = link;
    this.#sender = new RtpSender(this.microphone, 1);
    socket.on('message', (bytes) => this.#receive(bytes));
    this.#timer = setInterval(() => this.#send(), 5);
  }

  /** Speaks `samples`; resolves when the last one is sent. */
  speak(samples: Int16Array): Promise<void> {
    this.#speech = samples;
    this.#at = 0;
    return new Promise((resolve) => {
      this.#spoken = resolve;
    });
  }

  close(): void {
    clearInterval(this.#timer);
    this.#socket.close();
    this.#spoken?.();
  }

  #send(): void {
    const due = Math.floor((performance.now() - this.#startedAt) / PACKET_MS);
    for (; this.#tick < due; this.#tick++) {
      let pcm = this.#silence;
      if (this.#at < this.#speech.length) {
        pcm = new Int16Array(PACKET_SAMPLES);
        pcm.set(this.#speech.subarray(this.#at, this.#at + PACKET_SAMPLES));
        this.#at += PACKET_SAMPLES;
        if (this.#at >= this.#speech.length) {
          this.#spoken?.();
          this.#spoken = undefined;
        }
      }
      const packet = opusPacket(this.#sender, this.#encoder.encode(pcm), this.#tick * PACKET_SAMPLES, this.#tick === 0);
      this.#socket.send(packet, this.#link.localPort, this.#link.localIp);
    }
  }

  #receive(bytes: Buffer): void {
    if (isRtcp(bytes)) return;
    const packet = parseRtp(bytes);
    if (packet === null) return;
    if (packet.ssrc === this.#link.audio.ssrc) this.audioPackets++;
    if (packet.ssrc !== this.#link.video.ssrc) return;
    this.videoBytes += packet.payload.length;
    if (!packet.marker) return;
    const now = performance.now();
    if (this.#lastFrameAt > 0 && now - this.#lastFrameAt > 100) this.stutters++;
    this.#lastFrameAt = now;
    this.frames++;
  }
}
