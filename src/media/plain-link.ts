import { randomBytes } from 'node:crypto';
import type { Consumer, PlainTransport, Producer, Router } from 'mediasoup/types';
import type { PlainLink, RtpStream } from '../worker/control.js';
import {
  MICROPHONE_CAPABILITIES,
  OPUS_PAYLOAD_TYPE,
  pictureParameters,
  VP8_PAYLOAD_TYPE,
  voiceParameters,
} from './codecs-offered.js';
import type { PortPool } from './ports.js';

/** Where SFU and avatar worker meet: a worker on another machine would need SRTP. */
export const LINK_IP = '127.0.0.1';

/** A dead SFU's port is free as soon as the kernel has buried the process. */
const RESTORE_TRIES = 20;
const RESTORE_RETRY_MS = 50;

export interface Microphone {
  readonly stream: RtpStream;
  resume(): Promise<void>;
  close(): void;
}

/**
 * The SFU's end of one conversation's RTP link: the avatar's voice and picture come in, visitors' microphones go out, all on one
 * PlainTransport. mediasoup accepts packets from the address given to `connect()` only, and that only once, so the worker's port
 * is chosen here and a successor of a crashed worker binds the same one.
 */
export class PlainLinkEndpoint {
  readonly link: PlainLink;
  readonly voice: Producer;
  readonly picture: Producer;
  readonly #transport: PlainTransport;
  readonly #ports: PortPool;
  #closed = false;

  /** A free port is chosen for the worker; `close()` gives it back. */
  static async create(
    router: Router,
    ports: PortPool,
    portRange: { min: number; max: number },
    maxVideoKbps: number,
  ): Promise<PlainLinkEndpoint> {
    const port = await ports.acquire();
    try {
      const transport = await openTransport(router, { portRange });
      return await PlainLinkEndpoint.#connect(transport, ports, describeLink(transport, port), maxVideoKbps);
    } catch (thrown) {
      ports.release(port);
      throw thrown;
    }
  }

  /**
   * The endpoint of a link whose SFU died, on another router: same ports on both sides, same SSRCs; only when someone else holds the
   * SFU's port for a second, another one of `portRange`, which the worker has to be told. The former endpoint must have been abandoned.
   */
  static async restore(
    router: Router,
    ports: PortPool,
    portRange: { min: number; max: number },
    link: PlainLink,
    maxVideoKbps: number,
  ): Promise<PlainLinkEndpoint> {
    for (let attempt = 1; ; attempt++) {
      try {
        const where = attempt < RESTORE_TRIES ? { port: link.remotePort } : { portRange };
        const transport = await openTransport(router, where);
        const restored = { ...link, remotePort: transport.tuple.localPort };
        return await PlainLinkEndpoint.#connect(transport, ports, restored, maxVideoKbps);
      } catch (thrown) {
        if (router.closed || attempt === RESTORE_TRIES) throw thrown;
        await new Promise((resolve) => setTimeout(resolve, RESTORE_RETRY_MS));
      }
    }
  }

  static async #connect(
    transport: PlainTransport,
    ports: PortPool,
    link: PlainLink,
    maxVideoKbps: number,
  ): Promise<PlainLinkEndpoint> {
    try {
      await transport.connect({ ip: link.localIp, port: link.localPort });
      const rtp = {
        voice: voiceParameters(link.audio, link.cname),
        picture: pictureParameters(link.video, link.cname, maxVideoKbps),
      };
      const voice = await transport.produce({ kind: 'audio', rtpParameters: rtp.voice });
      const picture = await transport.produce({ kind: 'video', rtpParameters: rtp.picture });
      return new PlainLinkEndpoint(transport, ports, link, voice, picture);
    } catch (thrown) {
      transport.close();
      throw thrown;
    }
  }

  private constructor(transport: PlainTransport, ports: PortPool, link: PlainLink, voice: Producer, picture: Producer) {
    this.#transport = transport;
    this.#ports = ports;
    this.link = link;
    this.voice = voice;
    this.picture = picture;
  }

  /** Forwards a visitor's microphone to the worker, paused until `resume()`. */
  async addMicrophone(producer: Producer): Promise<Microphone> {
    const consumer = await this.#transport.consume({
      producerId: producer.id,
      rtpCapabilities: MICROPHONE_CAPABILITIES,
      paused: true,
    });
    return new LinkMicrophone(consumer);
  }

  /** While no worker sends: viewers' consumers rest, and resync with a key frame on `resume()`. */
  async pause(): Promise<void> {
    await Promise.all([this.voice.pause(), this.picture.pause()]);
  }

  async resume(): Promise<void> {
    await Promise.all([this.voice.resume(), this.picture.resume()]);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#transport.close();
    this.#ports.release(this.link.localPort);
  }

  /** Its SFU is dead: the worker's port stays taken, for `restore()` or until `close()`. */
  abandon(): void {
    this.#transport.close();
  }
}

function openTransport(
  router: Router,
  where: { port: number } | { portRange: { min: number; max: number } },
): Promise<PlainTransport> {
  const listenInfo = { protocol: 'udp' as const, ip: LINK_IP, ...where };
  return router.createPlainTransport({ listenInfo, rtcpMux: true, comedia: false });
}

class LinkMicrophone implements Microphone {
  readonly stream: RtpStream;
  readonly #consumer: Consumer;

  constructor(consumer: Consumer) {
    const ssrc = consumer.rtpParameters.encodings?.[0]?.ssrc;
    const payloadType = consumer.rtpParameters.codecs[0]?.payloadType;
    if (ssrc === undefined || payloadType === undefined) throw new Error('the SFU named no SSRC or payload type');
    this.stream = { ssrc, payloadType };
    this.#consumer = consumer;
  }

  resume(): Promise<void> {
    return this.#consumer.resume();
  }

  close(): void {
    this.#consumer.close();
  }
}

function describeLink(transport: PlainTransport, workerPort: number): PlainLink {
  const audioSsrc = randomSsrc();
  let videoSsrc = randomSsrc();
  while (videoSsrc === audioSsrc) videoSsrc = randomSsrc();
  return {
    localIp: LINK_IP,
    localPort: workerPort,
    remoteIp: LINK_IP,
    remotePort: transport.tuple.localPort,
    cname: randomBytes(8).toString('hex'),
    audio: { ssrc: audioSsrc, payloadType: OPUS_PAYLOAD_TYPE },
    video: { ssrc: videoSsrc, payloadType: VP8_PAYLOAD_TYPE },
  };
}

/** Non-zero 32 bits. */
function randomSsrc(): number {
  return randomBytes(4).readUInt32BE() || 1;
}
