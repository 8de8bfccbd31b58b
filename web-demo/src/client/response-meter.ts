import type { VoiceGap } from '../model/voice-gap.js';
import workletUrl from './voice-gap.worklet.ts?worker&url';

/** Measures response times in the browser's audio thread; see `VoiceGapMeter`. Inputs may come and go. */
export class ResponseMeter {
  readonly #context: AudioContext;
  readonly #node: AudioWorkletNode;
  readonly #sources: [MediaStreamAudioSourceNode | undefined, MediaStreamAudioSourceNode | undefined] = [
    undefined,
    undefined,
  ];
  readonly #streams: [MediaStream | undefined, MediaStream | undefined] = [undefined, undefined];

  /** Resolves with undefined where audio worklets are missing (insecure origins): it is a convenience, not a need. */
  static async create(context: AudioContext, onGap: (gap: VoiceGap) => void): Promise<ResponseMeter | undefined> {
    if (!context.audioWorklet) return undefined;
    try {
      await context.audioWorklet.addModule(workletUrl);
      return new ResponseMeter(context, onGap);
    } catch {
      return undefined;
    }
  }

  private constructor(context: AudioContext, onGap: (gap: VoiceGap) => void) {
    this.#context = context;
    this.#node = new AudioWorkletNode(context, 'voice-gap', { numberOfInputs: 2, numberOfOutputs: 0 });
    this.#node.port.onmessage = ({ data }: MessageEvent<VoiceGap>) => onGap(data);
  }

  setVisitor(stream: MediaStream | undefined): void {
    this.#attach(0, stream);
  }

  setAvatar(stream: MediaStream | undefined): void {
    this.#attach(1, stream);
  }

  /**
   * Takes both signals anew; to be called while nobody speaks. The queue in front of an audio graph grows with every stall of its thread and
   * never shrinks, each signal's by itself: on a busy machine one was heard 170 ms later than the other.
   */
  renew(): void {
    this.#attach(0, this.#streams[0]);
    this.#attach(1, this.#streams[1]);
  }

  close(): void {
    this.#attach(0, undefined);
    this.#attach(1, undefined);
    this.#node.port.close();
  }

  #attach(input: 0 | 1, stream: MediaStream | undefined): void {
    this.#streams[input] = stream;
    this.#sources[input]?.disconnect();
    this.#sources[input] = undefined;
    if (!stream || stream.getAudioTracks().length === 0) return;
    const source = this.#context.createMediaStreamSource(stream);
    source.connect(this.#node, 0, input);
    this.#sources[input] = source;
  }
}
