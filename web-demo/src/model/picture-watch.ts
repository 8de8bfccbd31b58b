/** 25 pictures a second are due; without one for this long the eye sees that the face stands still. */
const STALLED_AFTER_MS = 1_200;

/** Tells whether the live picture moves. Time stands still while the page is hidden, because browsers then show no pictures. */
export class PictureWatch {
  #lastFrameMs: number | undefined;

  /** Forgets the picture, as when the tracks are exchanged. */
  reset(): void {
    this.#lastFrameMs = undefined;
  }

  frame(nowMs: number): void {
    this.#lastFrameMs = nowMs;
  }

  /** To be asked a few times a second. False before the first picture: then there is nothing that could stand still. */
  isStalled(nowMs: number, hidden: boolean): boolean {
    if (this.#lastFrameMs === undefined) return false;
    if (hidden) this.#lastFrameMs = nowMs;
    return nowMs - this.#lastFrameMs > STALLED_AFTER_MS;
  }
}
