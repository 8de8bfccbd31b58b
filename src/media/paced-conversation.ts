import type { Socket } from 'node:dgram';
import type { PlainLink } from '../worker/control.js';
import { OpusEncoder } from './codecs.js';
import { FrameExchange } from './frame-exchange.js';
import { MicrophoneReceiver } from './microphone-receiver.js';
import {
  AUDIO_PACKET_MS,
  type EncodedFrame,
  type FrameRequest,
  type FromPacer,
  type MessagePortLike,
  OUTPUT_RATE_HZ,
  SAMPLES_PER_PACKET,
  type SpeechSegment,
} from './output-protocol.js';
import { type AudioTick, Pacer } from './pacer.js';
import type { ConversationCounters, PacerCounters } from './pacer-counters.js';
import { opusPacket } from './rtp/opus.js';
import { isRtcp } from './rtp/packet.js';
import { parseRtcp } from './rtp/rtcp.js';
import { RtpSender } from './rtp/sender.js';
import type { SpeechEvent } from './speech-queue.js';
import { VideoSender } from './video-sender.js';

const REPORT_INTERVAL_MS = 1000;

export interface PacedConversationOptions {
  conversationId: string;
  link: PlainLink;
  socket: Socket;
  framePort: MessagePortLike;
  /** Wall-clock milliseconds at which the first packet is due. */
  startMs: number;
  counters: PacerCounters;
  now(): number;
  random(): number;
  post(message: FromPacer, transfer?: ArrayBuffer[]): void;
  /** Something became due earlier than `nextEventMs` said before. */
  wake(): void;
}

/** One conversation on the pacer thread: its socket, its clock, its codec. `run()` does whatever is due. */
export class PacedConversation {
  readonly #options: PacedConversationOptions;
  readonly #pacer: Pacer;
  readonly #frames = new FrameExchange();
  readonly #audio: RtpSender;
  readonly #video: VideoSender;
  readonly #opus = new OpusEncoder(OUTPUT_RATE_HZ, 1);
  readonly #microphones: MicrophoneReceiver;
  readonly #counters: ConversationCounters;
  readonly #samples = new Int16Array(SAMPLES_PER_PACKET);
  #nextReportMs: number;
  #closed = false;

  constructor(options: PacedConversationOptions) {
    const { link, socket, framePort, startMs, random } = options;
    this.#options = options;
    this.#pacer = new Pacer(startMs);
    this.#audio = new RtpSender(link.audio, Math.floor(random() * 2 ** 16));
    this.#video = new VideoSender(link, socket, random);
    this.#microphones = new MicrophoneReceiver(options.conversationId, options.post);
    this.#nextReportMs = startMs;
    this.#counters = options.counters.open(options.conversationId, () => this.#pacer.speech.queuedMs);
    socket.on('message', (bytes) => this.#handlePacket(bytes));
    const { audio, video } = this.#pacer.timestampsAt(startMs);
    for (const packet of this.#audio.introduction(audio)) socket.send(packet);
    for (const packet of this.#video.rtp.introduction(video)) socket.send(packet);
    framePort.on('message', (frame: EncodedFrame) => this.#handleFrame(frame));
    framePort.on('messageerror', () => this.#frames.wantKeyFrame());
  }

  /** When `run()` has something to do next. */
  get nextEventMs(): number {
    const pending = this.#frames.nextPendingIndex;
    return Math.min(
      this.#pacer.nextTickMs,
      this.#pacer.nextFrameRequestMs,
      pending === null ? Number.POSITIVE_INFINITY : this.#pacer.frameDueMs(pending),
      this.#video.nextBurstMs,
      this.#microphones.nextDeadlineMs,
    );
  }

  run(nowMs: number): void {
    if (this.#closed) return;
    for (let tick = this.#pacer.tick(nowMs, this.#samples); tick !== null; ) {
      this.#sendAudio(tick);
      tick = this.#pacer.tick(nowMs, this.#samples);
    }
    this.#sendDueFrames(nowMs);
    this.#video.run(nowMs);
    this.#requestFrame(nowMs);
    this.#microphones.poll(nowMs);
    if (nowMs >= this.#nextReportMs && this.#audio.packets > 0) this.#sendReports();
  }

  /** @throws VisavisError `too-large` when the queue is full. */
  addSpeech(segment: SpeechSegment): void {
    this.#pacer.speech.add(segment);
  }

  completeUtterance(utteranceId: number): void {
    this.#pacer.speech.complete(utteranceId);
  }

  setGain(gain: number, rampMs: number): void {
    this.#pacer.speech.setGain(gain, rampMs);
  }

  clear(fadeMs: number): void {
    const { conversationId, now, post } = this.#options;
    post({ type: 'cleared', conversationId, position: this.#pacer.speech.clear(fadeMs), atMs: now() });
  }

  addMicrophone(participantId: string, ssrc: number, payloadType: number): void {
    this.#microphones.add(participantId, ssrc, payloadType);
  }

  removeMicrophone(participantId: string): void {
    this.#microphones.remove(participantId);
  }

  setVoiceLoss(percent: number): void {
    this.#opus.setPacketLoss(percent);
  }

  relink(remotePort: number): void {
    const { socket, link } = this.#options;
    socket.disconnect();
    // An address needs no lookup: it is connected again before any other event.
    socket.connect(remotePort, link.remoteIp);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.counters.close(this.#options.conversationId);
    this.#options.socket.close();
    this.#options.framePort.close();
    this.#opus.close();
  }

  #sendAudio(tick: AudioTick): void {
    const { socket, now } = this.#options;
    const packet = opusPacket(this.#audio, this.#opus.encode(this.#samples), tick.timestamp, tick.discontinuous);
    socket.send(packet);
    const sentMs = now();
    this.#counters.audioSent(sentMs - tick.dueMs);
    for (const event of tick.events) this.#report(event, sentMs);
  }

  #report(event: SpeechEvent, sentMs: number): void {
    const { conversationId, post } = this.#options;
    const atMs = sentMs + (event.offsetSamples * AUDIO_PACKET_MS) / SAMPLES_PER_PACKET;
    if (event.type === 'segment-started') {
      const { segmentId, utteranceId } = event;
      post({ type: 'segment-started', conversationId, segmentId, utteranceId, atMs });
    } else if (event.type === 'word') {
      const { segmentId, utteranceId, index, text } = event;
      post({ type: 'word-sent', conversationId, segmentId, utteranceId, index, text, atMs });
    } else if (event.type === 'utterance-sent') {
      post({ type: 'utterance-sent', conversationId, utteranceId: event.utteranceId, atMs });
    } else this.#counters.underrun();
  }

  #requestFrame(nowMs: number): void {
    const { frame, skipped } = this.#pacer.frameRequest(nowMs);
    this.#counters.framesMissed(skipped);
    if (frame === null) return;
    const asked = this.#frames.request(frame.index, nowMs);
    if (asked === null) {
      this.#counters.framesMissed(1);
      return;
    }
    if (asked.keyFrame) this.#counters.keyFrameRequested();
    const { index, timestamp, speech } = frame;
    const request: FrameRequest = { type: 'frame', index, rtpTimestamp: timestamp, speech, keyFrame: asked.keyFrame };
    this.#options.framePort.postMessage(request);
  }

  #handleFrame(frame: EncodedFrame): void {
    if (this.#closed || frame.type !== 'frame') return;
    const before = this.#frames.framesDropped;
    this.#frames.received(frame);
    this.#counters.framesMissed(this.#frames.framesDropped - before);
    this.#sendDueFrames(this.#options.now());
    this.#options.wake();
  }

  #sendDueFrames(nowMs: number): void {
    for (const frame of this.#frames.takeDue(nowMs, (index) => this.#pacer.frameDueMs(index))) {
      this.#video.send(frame.data, this.#pacer.frameTimestamp(frame.index), nowMs);
      this.#counters.frameSent(nowMs, this.#pacer.frameDueMs(frame.index));
    }
  }

  #handlePacket(bytes: Uint8Array): void {
    if (this.#closed) return;
    if (isRtcp(bytes)) this.#handleFeedback(bytes);
    else this.#microphones.receive(bytes, this.#options.now());
  }

  #handleFeedback(bytes: Uint8Array): void {
    for (const message of parseRtcp(bytes)) {
      if (!('mediaSsrc' in message) || message.mediaSsrc !== this.#video.rtp.ssrc) continue;
      if (message.type === 'nack') this.#video.repeat(message.sequences);
      else this.#frames.wantKeyFrame();
    }
  }

  #sendReports(): void {
    const { socket, link, now } = this.#options;
    const wallMs = now();
    const timestamps = this.#pacer.timestampsAt(wallMs);
    socket.send(this.#audio.report(wallMs, timestamps.audio, link.cname));
    socket.send(this.#video.rtp.report(wallMs, timestamps.video, link.cname));
    this.#nextReportMs = wallMs + REPORT_INTERVAL_MS;
  }
}
