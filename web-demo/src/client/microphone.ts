/** Why there is no microphone: refused by the visitor or a policy, none there, or in use elsewhere. */
export type MicrophoneFailure = 'denied' | 'absent' | 'busy';

export class MicrophoneError extends Error {
  readonly failure: MicrophoneFailure;

  constructor(failure: MicrophoneFailure) {
    super(`microphone ${failure}`);
    this.name = 'MicrophoneError';
    this.failure = failure;
  }
}

const FAILURES: Record<string, MicrophoneFailure> = {
  NotAllowedError: 'denied',
  SecurityError: 'denied',
  NotFoundError: 'absent',
  OverconstrainedError: 'absent',
  NotReadableError: 'busy',
  AbortError: 'busy',
};

/** The visitor's microphone: one mono track with echo cancellation, and its loudness. */
export class Microphone {
  readonly stream: MediaStream;
  readonly track: MediaStreamTrack;
  readonly #source: MediaStreamAudioSourceNode;
  readonly #analyser: AnalyserNode;
  readonly #window: Float32Array<ArrayBuffer>;

  /**
   * Asks for the microphone; rejects with a `MicrophoneError`. `deviceId`: the one wanted; another one when it is not there.
   * `onEnded`: the device went away.
   * Resolves with undefined, and lets the device go, when `signal` was aborted while the visitor thought about it.
   */
  static async open(
    context: AudioContext,
    o: { deviceId: string | undefined; signal: AbortSignal; onEnded: () => void },
  ): Promise<Microphone | undefined> {
    // Pages outside a secure context have no mediaDevices at all.
    if (!navigator.mediaDevices?.getUserMedia) throw new MicrophoneError('absent');
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: {
          ...(o.deviceId === undefined ? {} : { deviceId: { ideal: o.deviceId } }),
          echoCancellation: true,
          noiseSuppression: true,
          autoGainControl: true,
          channelCount: 1,
        },
      });
      if (!o.signal.aborted) return new Microphone(context, stream, o.onEnded);
      for (const track of stream.getTracks()) track.stop();
      return undefined;
    } catch (failure) {
      throw new MicrophoneError(FAILURES[failure instanceof Error ? failure.name : ''] ?? 'absent');
    }
  }

  private constructor(context: AudioContext, stream: MediaStream, onEnded: () => void) {
    const track = stream.getAudioTracks()[0];
    if (!track) throw new MicrophoneError('absent');
    this.stream = stream;
    this.track = track;
    track.addEventListener('ended', onEnded);
    this.#source = context.createMediaStreamSource(stream);
    this.#analyser = context.createAnalyser();
    this.#analyser.fftSize = 1024;
    this.#window = new Float32Array(this.#analyser.fftSize);
    this.#source.connect(this.#analyser);
  }

  get enabled(): boolean {
    return this.track.enabled;
  }

  set enabled(enabled: boolean) {
    this.track.enabled = enabled;
  }

  /** Loudness of the last ~20 ms, 0 (−60 dBFS and below) to 1 (full scale). */
  level(): number {
    this.#analyser.getFloatTimeDomainData(this.#window);
    let sum = 0;
    for (const sample of this.#window) sum += sample * sample;
    const decibels = 10 * Math.log10(sum / this.#window.length + 1e-12);
    return Math.min(1, Math.max(0, 1 + decibels / 60));
  }

  close(): void {
    this.#source.disconnect();
    this.track.stop();
  }
}
