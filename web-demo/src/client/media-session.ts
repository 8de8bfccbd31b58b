import { Device, type types } from 'mediasoup-client';
import type { JoinAnswer, TransportAnswer } from '../../../src/signaling/messages.js';
import type { TransportsState } from '../model/connection-state.js';
import { type ConversationSocket, request } from './request.js';

/** The avatar's stream may have to wait for its worker. */
const CONSUME_TIMEOUT_MS = 20_000;
/** A server that does not answer this fast while media is broken is taken to be out of reach. */
const RESTART_TIMEOUT_MS = 3_000;

const OPUS: types.ProducerCodecOptions = { opusDtx: false, opusFec: true, opusStereo: false, opusPtime: 20 };

export interface MediaHandlers {
  onState: (state: TransportsState) => void;
}

interface Transports {
  receive: TransportAnswer;
  send: TransportAnswer;
}

/** Asks for the two transports; sent together, because the server carries them out in this order. */
export async function createTransports(socket: ConversationSocket): Promise<Transports> {
  const [receive, send] = await firstFailure([
    request(socket, 'create-transport', { direction: 'receive' }),
    request(socket, 'create-transport', { direction: 'send' }),
  ]);
  return { receive, send };
}

/** Joins for the first time and asks for the transports at once: one round trip instead of two. */
export async function joinWithTransports(
  socket: ConversationSocket,
  token: string,
): Promise<{ join: JoinAnswer; transports: Transports }> {
  const [join, transports] = await firstFailure([request(socket, 'join', { token }), createTransports(socket)]);
  return { join, transports };
}

/**
 * The WebRTC half of a conversation: two transports, the avatar's tracks and the visitor's microphone. It outlives the socket that
 * made it, as long as the server keeps its transports; `close()` leaves tracks that were given to it running.
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

  /** Resolves when the avatar's tracks are attached (their consumers still paused). */
  static async create(
    socket: ConversationSocket,
    join: JoinAnswer,
    transports: Transports,
    handlers: MediaHandlers,
  ): Promise<MediaSession> {
    const device = await Device.factory();
    await device.load({ routerRtpCapabilities: join.routerRtpCapabilities as types.RtpCapabilities });
    const receive = device.createRecvTransport(transportOptions(transports.receive));
    const send = device.createSendTransport(transportOptions(transports.send));
    let media: MediaSession | undefined;
    for (const transport of [receive, send]) {
      transport.on('connect', ({ dtlsParameters }, done, fail) => {
        const payload = { transportId: transport.id, dtlsParameters: { ...dtlsParameters } };
        request(socket, 'connect-transport', payload).then(() => done(), fail);
      });
      transport.on('connectionstatechange', () => {
        if (media) handlers.onState(media.state);
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
      media = new MediaSession(
        socket,
        receive,
        send,
        attached.map((consumer) => consumer.track),
      );
      return media;
    } catch (failure) {
      receive.close();
      send.close();
      throw failure;
    }
  }

  /** The worse of the two transports; one that nothing was sent on yet has nothing to say. */
  get state(): TransportsState {
    const states = [this.#receive, this.#send].map((transport) => transport.connectionState);
    if (states.includes('failed') || states.includes('closed')) return 'failed';
    if (states.includes('disconnected')) return 'disconnected';
    return this.#receive.connectionState === 'connected' && !states.includes('connecting') ? 'connected' : 'connecting';
  }

  /** New paths for both transports, from the addresses that this machine has now; what is played and sent goes on. */
  async restartIce(): Promise<void> {
    const used = [this.#receive, this.#send].filter(({ connectionState }) => connectionState !== 'new');
    await Promise.all(
      used.map(async (transport) => {
        const { iceParameters, iceServers } = await request(
          this.#socket,
          'restart-ice',
          { transportId: transport.id },
          RESTART_TIMEOUT_MS,
        );
        await transport.updateIceServers({ iceServers });
        await transport.restartIce({ iceParameters: iceParameters as unknown as types.IceParameters });
      }),
    );
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
