import type { EncodedFrame } from './output-protocol.js';

/** More frames than this ready at once and overdue: the viewer is served by a fresh key frame, not by the past. */
const MAX_PENDING = 4;
/** Requests that the avatar thread may owe an answer to. */
const MAX_OUTSTANDING = 2;
/** An answer this late will not come. */
const ANSWER_TIMEOUT_MS = 1000;
const MIN_KEY_FRAME_INTERVAL_MS = 200;
/** A lossy path asks for key frames faster than a narrow one carries them: at most this many within `KEY_FRAME_SPAN_MS`. */
const MAX_KEY_FRAMES = 4;
const KEY_FRAME_SPAN_MS = 2_000;

interface Request {
  index: number;
  atMs: number;
  keyFrame: boolean;
}

/**
 * The pacer's dealings with one avatar thread: how many frames may be asked for, which must be key frames, and which leave when. A
 * frame that was encoded is sent even when it is late, since the next one refers to it; when frames must be dropped,
 * all are until the next key frame. Pure: time is a parameter.
 */
export class FrameExchange {
  #outstanding: Request[] = [];
  #pending: EncodedFrame[] = [];
  /** The next request asks for a key frame. */
  #keyWanted = true;
  /** Nothing but a key frame can be shown. */
  #keyNeeded = true;
  /** When the last `MAX_KEY_FRAMES` were asked for, oldest first. */
  #keysAtMs: number[] = [];
  #keyFramesRequested = 0;
  #framesDropped = 0;

  get keyFramesRequested(): number {
    return this.#keyFramesRequested;
  }

  /** Frames received and never shown. */
  get framesDropped(): number {
    return this.#framesDropped;
  }

  /** A viewer cannot decode. A key frame that is already on its way serves this wish too. */
  wantKeyFrame(): void {
    const coming =
      this.#outstanding.some((request) => request.keyFrame) || this.#pending.some((frame) => frame.keyFrame);
    if (!coming) this.#keyWanted = true;
  }

  /** Whether to ask for frame `index` now, and whether as a key frame; null while too many answers are owed. */
  request(index: number, nowMs: number): { keyFrame: boolean } | null {
    this.#expire(nowMs);
    if (this.#outstanding.length >= MAX_OUTSTANDING) return null;
    const keyFrame = this.#keyWanted && this.#mayAskForKey(nowMs);
    if (keyFrame) {
      this.#keyWanted = false;
      this.#keysAtMs = [...this.#keysAtMs, nowMs].slice(-MAX_KEY_FRAMES);
      this.#keyFramesRequested++;
    }
    this.#outstanding.push({ index, atMs: nowMs, keyFrame });
    return { keyFrame };
  }

  /** Takes an answer. It settles every earlier request too: the avatar thread answers in order. */
  received(frame: EncodedFrame): void {
    const settled = this.#outstanding.filter((request) => request.index <= frame.index);
    this.#outstanding = this.#outstanding.filter((request) => request.index > frame.index);
    if (settled.some((request) => request.keyFrame) && !frame.keyFrame) this.#keyWanted = true;
    if (this.#keyNeeded && !frame.keyFrame) {
      this.#framesDropped++;
      this.wantKeyFrame();
      return;
    }
    this.#keyNeeded = false;
    this.#pending.push(frame);
    if (this.#pending.length > MAX_PENDING) this.#dropPending();
  }

  /** The frames to send now, in order, given when each is due. */
  takeDue(nowMs: number, dueMs: (index: number) => number): EncodedFrame[] {
    const due: EncodedFrame[] = [];
    for (let head = this.#pending[0]; head !== undefined && dueMs(head.index) <= nowMs; head = this.#pending[0]) {
      this.#pending.shift();
      due.push(head);
    }
    return due;
  }

  /** The index of the next frame that waits for its time. */
  get nextPendingIndex(): number | null {
    return this.#pending[0]?.index ?? null;
  }

  #mayAskForKey(nowMs: number): boolean {
    const lastMs = this.#keysAtMs.at(-1) ?? Number.NEGATIVE_INFINITY;
    const isBurst = this.#keysAtMs.length === MAX_KEY_FRAMES && nowMs - (this.#keysAtMs[0] ?? 0) < KEY_FRAME_SPAN_MS;
    return !isBurst && nowMs - lastMs >= MIN_KEY_FRAME_INTERVAL_MS;
  }

  #expire(nowMs: number): void {
    const expired = this.#outstanding.filter((request) => nowMs - request.atMs > ANSWER_TIMEOUT_MS);
    if (expired.length === 0) return;
    this.#outstanding = this.#outstanding.filter((request) => nowMs - request.atMs <= ANSWER_TIMEOUT_MS);
    if (expired.some((request) => request.keyFrame)) this.#keyWanted = true;
  }

  /** Keeps from the newest key frame on, if there is one. */
  #dropPending(): void {
    const key = this.#pending.findLastIndex((frame) => frame.keyFrame);
    const kept = key <= 0 ? [] : this.#pending.slice(key);
    this.#framesDropped += this.#pending.length - kept.length;
    this.#pending = kept;
    if (kept.length === 0) {
      this.#keyNeeded = true;
      this.wantKeyFrame();
    }
  }
}
