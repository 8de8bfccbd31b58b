import { Device, type types } from 'mediasoup-client';
import type { JoinAnswer, TransportAnswer } from '../../../src/signaling/messages.js';
import { type ConversationSocket, request } from './request.js';

/** The avatar's stream may have to wait for its worker. */
const CONSUME_TIMEOUT_MS = 20_000;

const OPUS: types.ProducerCodecOptions = { opusDtx: false, opusFec: true, opusStereo: false, opusPtime: 20 };

/**
 * The WebRTC half of one join: two transports, the avatar's tracks and the visitor's microphone.
 * A new join needs a new `MediaSession`; `close()` leaves tracks that were given to it running.
 */
export class MediaSession {
  readonly tracks: readonly MediaStreamTrack[];
  readonly #socket: ConversationSocket;
  readonly #receive: types.Transport;
  readonly #send: types.Transport;
  #producer: types.Producer | undefined;
  #producing: Promise<void> = Promise.resolve();

  private constructor(
    socket: ConversationSocket,
    receive: types.Transport,
    send: types.Transport,
    tracks: MediaStreamTrack[],
  ) {
    this.#socket = socket;
    this.#receive = receive;
    this.#send = send;
    this.tracks = tracks;
    send.on('produce', ({ rtpParameters }, done, fail) => {
      request(this.#socket, 'produce', {
        transportId: send.id,
        kind: 'audio',
        rtpParameters: { ...rtpParameters },
      }).then(({ producerId }) => done({ id: producerId }), fail);
    });
  }

  /**
   * Joins and resolves when the avatar's tracks are attached (their consumers still paused).
   * `onJoined`: the server has let the visitor in; `onFailed`: ICE or DTLS is lost for good.
   */
  static async join(
    socket: ConversationSocket,
    token: string,
    handlers: { onJoined: (answer: JoinAnswer) => void; onFailed: () => void },
  ): Promise<MediaSession> {
    // Sent together, because the server carries them out in this order: one round trip instead of two.
    const [join, receiveAnswer, sendAnswer] = await firstFailure([
      request(socket, 'join', { token }),
      request(socket, 'create-transport', { direction: 'receive' }),
      request(socket, 'create-transport', { direction: 'send' }),
    ]);
    handlers.onJoined(join);
    const device = await Device.factory();
    await device.load({ routerRtpCapabilities: join.routerRtpCapabilities as types.RtpCapabilities });
    const { iceServers } = join;
    const receive = device.createRecvTransport({ ...transportOptions(receiveAnswer), iceServers });
    const send = device.createSendTransport({ ...transportOptions(sendAnswer), iceServers });
    for (const transport of [receive, send]) {
      transport.on('connect', ({ dtlsParameters }, done, fail) => {
        const payload = { transportId: transport.id, dtlsParameters: { ...dtlsParameters } };
        request(socket, 'connect-transport', payload).then(() => done(), fail);
      });
      transport.on('connectionstatechange', (state) => {
        if (state === 'failed') handlers.onFailed();
      });
    }
    try {
      const rtpCapabilities = { ...device.rtpCapabilities };
      const { consumers } = await request(
        socket,
        'consume',
        { transportId: receive.id, rtpCapabilities },
        CONSUME_TIMEOUT_MS,
      );
      // One stream id for both: the browser keeps tracks of one stream in lip sync.
      const attached = await Promise.all(
        consumers.map(({ id, producerId, kind, rtpParameters }) =>
          receive.consume({
            id,
            producerId,
            kind,
            rtpParameters: rtpParameters as unknown as types.RtpParameters,
            streamId: 'avatar',
          }),
        ),
      );
      const tracks = attached.map((consumer) => consumer.track);
      return new MediaSession(socket, receive, send, tracks);
    } catch (failure) {
      receive.close();
      send.close();
      throw failure;
    }
  }

  /** Sends `track`, or nothing for null; calls are carried out one after another. */
  setMicrophone(track: MediaStreamTrack | null): Promise<void> {
    const next = this.#producing.then(async () => {
      if (this.#send.closed) return;
      if (this.#producer && !this.#producer.closed) await this.#producer.replaceTrack({ track });
      else if (track) {
        this.#producer = await this.#send.produce({
          track,
          codecOptions: OPUS,
          stopTracks: false,
          zeroRtpOnPause: false,
        });
      }
    });
    this.#producing = next.catch(() => undefined);
    return next;
  }

  /** Resolves when what `setMicrophone` began is done, however it went. */
  microphoneSettled(): Promise<void> {
    return this.#producing;
  }

  get hasMicrophone(): boolean {
    return this.#producer !== undefined && !this.#producer.closed;
  }

  /** WebRTC statistics of the receiving side, as the browser gives them. */
  stats(): Promise<RTCStatsReport> {
    return this.#receive.getStats();
  }

  close(): void {
    this.#send.close();
    this.#receive.close();
  }
}

/** Like `Promise.all`, but of several failures it is the first in the list that tells why. */
async function firstFailure<T extends readonly unknown[]>(
  promises: {
    [K in keyof T]: Promise<T[K]>;
  },
): Promise<T> {
  const results = await Promise.allSettled(promises);
  const failure = results.find((result) => result.status === 'rejected');
  if (failure) throw failure.reason;
  return results.map((result) => (result as PromiseFulfilledResult<unknown>).value) as unknown as T;
}

function transportOptions(answer: TransportAnswer): types.TransportOptions {
  // mediasoup's own wire format, described in the contract only as "objects".
  return answer as unknown as types.TransportOptions;
}
