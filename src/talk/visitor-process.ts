/**
 * The child process of `visitor.ts`: a real WebRTC stack with a scripted microphone. It is a process of its own because the stack
 * bears only one thread and crashes when a process that holds it ends by itself; so it always ends by `process.exit`.
 */
import { Device, type types } from 'mediasoup-client';
import { io, type Socket } from 'socket.io-client';
import wrtc from 'wrtc';
import { type ErrorBody, VisavisError } from '../errors.js';
import type {
  Ack,
  Answers,
  ClientMessage,
  ClientMessageName,
  ClientToServer,
  ServerToClient,
  TransportAnswer,
} from '../signaling/messages.js';
import { BLOCK_SAMPLES, ScriptedMicrophone } from './microphone.js';
import {
  type FromVisitorProcess,
  MICROPHONE_RATE_HZ,
  type ServiceEvent,
  type ToVisitorProcess,
} from './visitor-messages.js';

/** What mediasoup-client looks for in a browser. */
const BROWSER_GLOBALS = [
  'RTCPeerConnection',
  'MediaStream',
  'RTCRtpSender',
  'RTCRtpReceiver',
  'RTCSessionDescription',
] as const;
const REQUEST_LIMIT_MS = 20_000;
const CONNECT_LIMIT_MS = 10_000;
/** How long a broken connection is mended before the visitor gives up; the service keeps the seat a little longer. */
const TROUBLE_LIMIT_MS = 30_000;
const RETRY_MS = 300;
const MICROPHONE_TICK_MS = 5;
/** Received audio is passed on in pieces of this many samples (60 ms). */
const PASS_ON_SAMPLES = 2_880;
const EVENTS: readonly ServiceEvent['name'][] = [
  'state',
  'transcript',
  'caption',
  'utterance-end',
  'interruption',
  'latency',
  'session-error',
];

const { RTCAudioSink, RTCAudioSource, RTCVideoSink } = wrtc.nonstandard;
for (const name of BROWSER_GLOBALS) Object.assign(globalThis, { [name]: wrtc[name] });

const now = (): number => performance.timeOrigin + performance.now();

function send(message: FromVisitorProcess): void {
  process.send?.(message);
}

/** Tells the parent why nothing more comes. The parent ends this process. */
function end(error: ErrorBody): void {
  send({ type: 'ended', error });
}

class VisitorProcess {
  readonly #socket: Socket<ServerToClient, ClientToServer>;
  readonly #microphone = new ScriptedMicrophone(now());
  readonly #source = new RTCAudioSource();
  readonly #begunAtMs = new Map<number, number>();
  /** Sinks stop when they are collected. */
  #sinks: { stop(): void }[] = [];
  #transports: types.Transport[] = [];
  readonly #pictureEvery: number;
  readonly #token: string;
  #capabilities: types.RtpCapabilities = {};
  #frames = 0;
  #entered = false;
  /** What is to be made anew: all of it after a broken connection, media alone when the media server died. */
  #broken: 'no' | 'media' | 'connection' = 'no';
  #mending = false;
  /** Events that came over the present connection. */
  #received = 0;

  static async join(o: Extract<ToVisitorProcess, { type: 'join' }>): Promise<VisitorProcess> {
    const socket: Socket<ServerToClient, ClientToServer> = io(o.url, {
      transports: ['websocket'],
      reconnectionDelay: 200,
      reconnectionDelayMax: 1_000,
      timeout: CONNECT_LIMIT_MS,
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', (cause) => {
        reject(new VisavisError('unavailable', `no service answers at ${o.url}`, { cause }));
      });
    });
    const visitor = new VisitorProcess(socket, o);
    await visitor.#enter();
    return visitor;
  }

  private constructor(socket: Socket<ServerToClient, ClientToServer>, o: Extract<ToVisitorProcess, { type: 'join' }>) {
    this.#socket = socket;
    this.#pictureEvery = o.pictureEvery;
    this.#token = o.token;
    for (const name of EVENTS) {
      socket.on(name, (payload: ServiceEvent['payload']) => {
        send({ type: 'event', event: { name, payload } as ServiceEvent });
      });
    }
    socket.onAny(() => {
      this.#received++;
    });
    socket.on('closed', ({ reason }) => {
      end(new VisavisError('conflict', `the service ended the session (${reason})`).toBody());
    });
    socket.on('disconnect', (reason) => this.#handleDisconnect(reason));
    socket.on('connect', () => void this.#mend());
    socket.on('media-lost', () => {
      if (this.#broken === 'no') this.#broken = 'media';
      void this.#mend();
    });
  }

  handle(message: ToVisitorProcess): void {
    if (message.type === 'speak') this.#microphone.speak(message.id, message.samples);
    else if (message.type === 'text') void this.#sendText(message);
    else if (message.type === 'leave') this.#leave();
  }

  async #enter(): Promise<void> {
    const join = await this.#request('join', { token: this.#token });
    this.#capabilities = join.routerRtpCapabilities as types.RtpCapabilities;
    await this.#buildMedia();
    setInterval(() => this.#pushMicrophone(), MICROPHONE_TICK_MS);
    this.#entered = true;
    send({ type: 'live', join });
    void this.#mend();
  }

  /** socket.io does not come back by itself when the service hung up. */
  #handleDisconnect(reason: string): void {
    if (!this.#entered) {
      end(new VisavisError('unavailable', 'the connection to the service broke').toBody());
      return;
    }
    this.#broken = 'connection';
    if (reason === 'io server disconnect') this.#socket.connect();
    void this.#mend();
  }

  /** Joins again and makes media anew, as far as needed, until both stand or the time is up. */
  async #mend(): Promise<void> {
    if (!this.#entered || this.#mending || this.#broken === 'no') return;
    this.#mending = true;
    const deadline = now() + TROUBLE_LIMIT_MS;
    let problem = 'the service does not come back';
    while (this.#broken !== 'no' && now() < deadline) {
      const what: string = this.#broken;
      try {
        if (!this.#socket.connected) throw new VisavisError('unavailable', 'the service is not connected');
        this.#broken = 'no';
        const join = what === 'connection' && (await this.#rejoin());
        if (join === false || !join.mediaKept) await this.#buildMedia();
      } catch (thrown) {
        // Who has not joined cannot mend media alone.
        if (this.#broken === 'no' || what === 'connection') this.#broken = what as 'media' | 'connection';
        const error = VisavisError.from(thrown);
        // Only a seat that is gone for good cannot be taken again.
        if (error.code === 'unauthorized' || (error.code === 'not-found' && what === 'connection')) {
          return end(error.toBody());
        }
        problem = error.message;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
    this.#mending = false;
    if (this.#broken !== 'no') end(new VisavisError('unavailable', `the connection broke: ${problem}`).toBody());
  }

  /** Those events come again that the broken connection swallowed. */
  async #rejoin(): Promise<Answers['join']> {
    const received = this.#received;
    this.#received = 0;
    try {
      return await this.#request('join', { token: this.#token, resume: true, received });
    } catch (thrown) {
      this.#received = received;
      throw thrown;
    }
  }

  /** Two transports, the avatar's tracks and the microphone; what there was before ends. */
  async #buildMedia(): Promise<void> {
    for (const sink of this.#sinks.splice(0)) sink.stop();
    for (const transport of this.#transports.splice(0)) transport.close();
    // The stack's own way of speaking is that of an older browser, from before transceivers could be configured.
    const device = new Device({ handlerName: 'Chrome74' });
    await device.load({ routerRtpCapabilities: this.#capabilities });
    const [receiveAnswer, sendAnswer] = await Promise.all([
      this.#request('create-transport', { direction: 'receive' }),
      this.#request('create-transport', { direction: 'send' }),
    ]);
    const receive = this.#wire(device.createRecvTransport(transportOptions(receiveAnswer)));
    const microphone = this.#wire(device.createSendTransport(transportOptions(sendAnswer)));
    microphone.on('produce', ({ rtpParameters }, done, fail) => {
      this.#request('produce', { transportId: microphone.id, kind: 'audio', rtpParameters: { ...rtpParameters } }).then(
        ({ producerId }) => done({ id: producerId }),
        fail,
      );
    });
    const rtpCapabilities = { ...device.rtpCapabilities };
    const { consumers } = await this.#request('consume', { transportId: receive.id, rtpCapabilities });
    for (const consumer of consumers) {
      const { track, kind } = await receive.consume(consumer as unknown as types.ConsumerOptions);
      if (kind === 'audio') this.#hear(track);
      else this.#see(track);
    }
    await this.#request('resume', {});
    await microphone.produce({
      track: this.#source.createTrack(),
      codecOptions: { opusDtx: false, opusFec: true, opusPtime: 20 },
    });
  }

  #wire(transport: types.Transport): types.Transport {
    this.#transports.push(transport);
    transport.on('connect', ({ dtlsParameters }, done, fail) => {
      const payload = { transportId: transport.id, dtlsParameters: { ...dtlsParameters } };
      this.#request('connect-transport', payload).then(() => done(), fail);
    });
    transport.on('connectionstatechange', (state) => {
      if (state !== 'failed' || transport.closed) return;
      if (!this.#entered) return end(new VisavisError('unavailable', 'the media connection failed').toBody());
      if (this.#broken === 'no') this.#broken = 'media';
      void this.#mend();
    });
    return transport;
  }

  #pushMicrophone(): void {
    for (const { samples, begins, ends } of this.#microphone.due(now())) {
      const atMs = now();
      this.#source.onData({
        samples,
        sampleRate: MICROPHONE_RATE_HZ,
        bitsPerSample: 16,
        channelCount: 1,
        numberOfFrames: BLOCK_SAMPLES,
      });
      if (begins !== undefined) this.#begunAtMs.set(begins, atMs);
      if (ends === undefined) continue;
      send({ type: 'spoken', id: ends, firstAtMs: this.#begunAtMs.get(ends) ?? atMs, lastAtMs: atMs });
      this.#begunAtMs.delete(ends);
    }
  }

  #hear(track: types.Consumer['track']): void {
    let piece: { atMs: number; sampleRateHz: number; samples: Int16Array; used: number } | undefined;
    const sink = new RTCAudioSink(track);
    sink.ondata = (data: { samples: Int16Array; sampleRate: number; channelCount?: number }) => {
      const mono = firstChannel(data.samples, data.channelCount ?? 1);
      piece ??= { atMs: now(), sampleRateHz: data.sampleRate, samples: new Int16Array(PASS_ON_SAMPLES), used: 0 };
      piece.samples.set(mono.subarray(0, PASS_ON_SAMPLES - piece.used), piece.used);
      piece.used += mono.length;
      if (piece.used + mono.length <= PASS_ON_SAMPLES) return;
      const { atMs, sampleRateHz, samples, used } = piece;
      send({ type: 'audio', atMs, sampleRateHz, samples: samples.slice(0, used) });
      piece = undefined;
    };
    this.#sinks.push(sink);
  }

  #see(track: types.Consumer['track']): void {
    const sink = new RTCVideoSink(track);
    sink.onframe = ({ frame }: { frame: { width: number; height: number; data: Uint8ClampedArray } }) => {
      const { width, height, data } = frame;
      const wanted = this.#frames++ % this.#pictureEvery === 0;
      send({ type: 'frame', atMs: now(), width, height, ...(wanted ? { i420: Uint8Array.from(data) } : {}) });
    };
    this.#sinks.push(sink);
  }

  async #sendText({ id, name, text }: Extract<ToVisitorProcess, { type: 'text' }>): Promise<void> {
    try {
      await this.#request(name, { text });
      send({ type: 'accepted', id });
    } catch (thrown) {
      send({ type: 'refused', id, error: VisavisError.from(thrown).toBody() });
    }
  }

  #leave(): void {
    this.#socket.off('disconnect').off('closed');
    const limit = setTimeout(() => process.exit(0), 1_000);
    this.#socket.emit('leave', {}, () => {
      clearTimeout(limit);
      process.exit(0);
    });
  }

  #request<K extends ClientMessageName>(name: K, payload: ClientMessage<K>): Promise<Answers[K]> {
    return new Promise((resolve, reject) => {
      const acknowledge = (failure: Error | null, answer?: Ack<Answers[K]>): void => {
        if (failure || !answer) reject(new VisavisError('unavailable', `the service gave no answer to "${name}"`));
        else if (answer.ok) resolve(answer.data);
        else reject(VisavisError.fromBody(answer.error));
      };
      // socket.io's overloads do not follow a generic event name.
      const emit = this.#socket.timeout(REQUEST_LIMIT_MS).emit as (
        name: string,
        payload: unknown,
        ack: typeof acknowledge,
      ) => void;
      emit.call(this.#socket, name, payload, acknowledge);
    });
  }
}

function transportOptions(answer: TransportAnswer): types.TransportOptions {
  return answer as unknown as types.TransportOptions;
}

function firstChannel(samples: Int16Array, channels: number): Int16Array {
  return channels === 1
    ? samples
    : Int16Array.from({ length: samples.length / channels }, (_, i) => samples[i * channels] ?? 0);
}

let visitor: Promise<VisitorProcess> | undefined;
process.on('message', (message: ToVisitorProcess) => {
  if (message.type === 'join') {
    visitor = VisitorProcess.join(message);
    visitor.catch((thrown: unknown) => end(VisavisError.from(thrown).toBody()));
  } else visitor?.then((joined) => joined.handle(message)).catch(() => process.exit(0));
});
process.on('disconnect', () => process.exit(0));
