import { MOTION_FRAME_LENGTH } from '../../inference/avatar/motion-frame.js';
import type { AvatarStream, MotionStream, SpeechPosition } from '../../inference/engines.js';
import { type EncodedFrame, FRAME_MS, type FrameRequest } from '../../media/output-protocol.js';

/** More missed frames than this are not lived through one by one. */
const MAX_CATCH_UP = 50;

export interface FrameEncoder {
  encode(i420: Uint8Array, forceKeyFrame: boolean): { data: Uint8Array<ArrayBuffer>; keyFrame: boolean };
  setBitrate(kbps: number): void;
  close(): void;
}

/** Draws the same onto every picture (I420). */
export interface PictureOverlay {
  draw(i420: Uint8Array): void;
}

/** From frame requests to encoded frames: motion, picture, badge, VP8. No frame leaves without the badge, whichever avatar drew it. */
export class FrameMaker {
  readonly motion: MotionStream;
  readonly encoder: FrameEncoder;
  readonly #avatar: AvatarStream;
  readonly #badge: PictureOverlay | null;
  readonly #picture: Uint8Array;
  readonly #frame = new Float32Array(MOTION_FRAME_LENGTH);
  #lastIndex: number | null = null;

  constructor(o: {
    avatar: AvatarStream;
    motion: MotionStream;
    encoder: FrameEncoder;
    bytes: number;
    badge: PictureOverlay | null;
  }) {
    this.#avatar = o.avatar;
    this.motion = o.motion;
    this.encoder = o.encoder;
    this.#badge = o.badge;
    this.#picture = new Uint8Array(o.bytes);
  }

  /**
   * Answers several requests, oldest first, with one frame: the newest. The motion passes through every frame between,
   * asked for or not, so that it keeps its speed; a key frame asked for by any of them is given. Not to be called again before it has answered.
   */
  async make(requests: readonly FrameRequest[]): Promise<EncodedFrame> {
    const newest = requests[requests.length - 1];
    if (newest === undefined) throw new RangeError('at least one request');
    const startedAt = performance.now();
    for (const request of requests) this.#advance(request);
    if (this.#avatar.prepare !== undefined) await this.#avatar.prepare(this.#frame);
    this.#avatar.render(this.#frame, this.#picture);
    this.#badge?.draw(this.#picture);
    const renderedAt = performance.now();
    const { data, keyFrame } = this.encoder.encode(
      this.#picture,
      requests.some((request) => request.keyFrame),
    );
    return {
      type: 'frame',
      index: newest.index,
      data,
      keyFrame,
      renderMs: renderedAt - startedAt,
      encodeMs: performance.now() - renderedAt,
    };
  }

  #advance({ index, speech }: FrameRequest): void {
    const missed = this.#lastIndex === null ? 0 : Math.min(MAX_CATCH_UP, index - this.#lastIndex - 1);
    this.#lastIndex = index;
    for (let back = missed; back > 0; back--) this.motion.next(earlier(speech, back * FRAME_MS), this.#frame);
    this.motion.next(speech, this.#frame);
  }

  close(): void {
    this.#avatar.close();
    this.encoder.close();
  }
}

/** Where the voice was `ms` before, as far as that lies in the same segment. */
function earlier(speech: SpeechPosition | null, ms: number): SpeechPosition | null {
  if (speech === null || speech.positionMs < ms) return null;
  return { segmentId: speech.segmentId, positionMs: speech.positionMs - ms };
}
