/** Plays the avatar's sound and picture, as one stream on one `<video>`, so that the browser keeps them in sync. */
export class Playback {
  readonly stream = new MediaStream();
  readonly #video: HTMLVideoElement;
  readonly #onFirstFrame: (presentedAtMs: number) => void;
  #waiting: number | undefined;

  /** `onFirstFrame` is called once after every `setTracks`, with the `performance.now()` of the presentation. */
  constructor(video: HTMLVideoElement, onFirstFrame: (presentedAtMs: number) => void) {
    this.#video = video;
    this.#onFirstFrame = onFirstFrame;
  }

  /** To be called from a visitor's gesture: some browsers only let an element sound later that was started in one. */
  prime(): void {
    this.#video.muted = false;
    if (navigator.userActivation?.hasBeenActive === false) return;
    this.#video.srcObject = this.stream;
    this.#video.play().catch(() => undefined);
  }

  /** Replaces what is played. Resolves with false when the browser wants a gesture first: the picture then plays without sound. */
  async setTracks(tracks: readonly MediaStreamTrack[]): Promise<boolean> {
    for (const track of this.stream.getTracks()) this.stream.removeTrack(track);
    for (const track of tracks) this.stream.addTrack(track);
    if (this.#waiting !== undefined) this.#video.cancelVideoFrameCallback(this.#waiting);
    this.#waiting = this.#video.requestVideoFrameCallback((_now, frame) => {
      this.#waiting = undefined;
      this.#onFirstFrame(frame.presentationTime);
    });
    this.#video.srcObject = this.stream;
    return this.#play();
  }

  /** To be called from a visitor's gesture, after `setTracks` said false. */
  async unlock(): Promise<boolean> {
    this.#video.muted = false;
    return this.#play();
  }

  /** Sounds through this device; undefined: the browser's own choice. Does nothing where browsers do not let pages choose. */
  async setSpeaker(deviceId: string | undefined): Promise<void> {
    if (!('setSinkId' in this.#video)) return;
    // A device that is gone leaves the sound where it is.
    await this.#video.setSinkId(deviceId ?? '').catch(() => undefined);
  }

  stop(): void {
    if (this.#waiting !== undefined) this.#video.cancelVideoFrameCallback(this.#waiting);
    this.#waiting = undefined;
    for (const track of this.stream.getTracks()) this.stream.removeTrack(track);
    this.#video.srcObject = null;
  }

  async #play(): Promise<boolean> {
    try {
      await this.#video.play();
      return !this.#video.muted;
    } catch (failure) {
      // A newer load overtook this one; that one reports.
      if (failure instanceof Error && failure.name === 'AbortError') return true;
      if (this.#video.muted) return false;
      this.#video.muted = true;
      return this.#play();
    }
  }
}
