import { VisavisError } from '../../../errors.js';
import type { AvatarStream } from '../../engines.js';
import { MOTION_FRAME_LENGTH } from '../motion-frame.js';
import { resizeFrames } from './clip-size.js';
import { ClipLoop, ClipWalk, loopOf } from './clip-walk.js';
import { decodeFrames, type Frames, frameAt } from './frames.js';
import { LITE_PARAMETER_COUNT, LiteNetworks, type NetworkFile } from './networks.js';
import { activityOf, MOUTH_NUMBERS, mouthOf } from './parameters.js';
import { Patch, SHOWN_PART } from './patch.js';
import { References } from './reference.js';
import type { LiteSettings } from './settings.js';

/** What a package of the family holds besides portrait and rig. */
export interface LiteFiles {
  encoder: NetworkFile;
  decoder: NetworkFile;
  /** Frames of the clip, I420, and of the faces that are encoded for each, RGB: files of `encodeFrames`. */
  clip: Uint8Array;
  references: Uint8Array;
  settings: LiteSettings;
}

export interface LiteStreamOptions {
  width: number;
  height: number;
  seed?: number;
  /**
   * Frames are due every `frameMs`: where drawing takes longer, as many frames as needed, two in a row at most, hold the one before. Absent: every frame is drawn, however long it takes, as films want it.
   */
  frameMs?: number;
  /** The clip comes back to its first frame after so many frames, for a film that is looped. */
  loop?: number;
}

/** Share of the time between frames that the networks may take; the rest is for blending, for the video encoder, and for what else the machine does. */
const BUDGET = 0.85;
/** Time that drawing may be behind, in frames, before one is held. */
const LATE = 0.5;
/** Weight of the newest drawing in the mean of their times. */
const NEWEST = 0.1;
/** Frames held in a row at most. */
const MOST_HELD = 2;

/**
 * Opens an avatar of the LiteAvatar family for drawing. Reads the clip into memory: 1.5 bytes a pixel and frame, 59 MB for 150 frames of 512 × 512, and the
 * pictures to encode, 3 bytes a pixel. The encoder's features would take 4 MB a frame and cost a tenth of the decoder's time, so they are not kept.
 * Rejects as `LiteNetworks.create` and `decodeFrames` do.
 */
export async function openLite(files: LiteFiles, o: LiteStreamOptions): Promise<LiteStream> {
  const clip = await decodeFrames(files.clip, 'clip.bin');
  const references = new References(await decodeFrames(files.references, 'references.bin'));
  const { turns } = files.settings;
  const beyond = Math.min(clip.count, references.count);
  if (clip.layout !== 'i420' || references.count !== clip.count || turns.at(-1)! >= beyond) {
    const found = `${clip.count} frames (${clip.layout}), ${references.count} references, turns up to ${turns.at(-1)}`;
    throw new VisavisError('bad-request', `avatar package: clip, references and turns do not fit: ${found}`, {
      field: 'files.clip.bin',
    });
  }
  const shown = resizeFrames(clip, o.width, o.height);
  const networks = await LiteNetworks.create(files.encoder, files.decoder, SHOWN_PART);
  return new LiteStream({ networks, clip: shown, references }, files.settings, o);
}

/**
 * Draws a clip of a person with the mouth that a MotionFrame asks for. Head, eyes and brows are the clip's own; while the mouth is at rest so is the mouth, and nothing is computed.
 * `prepare` runs the networks; `render` only lays their last picture into the clip's frame.
 */
export class LiteStream implements AvatarStream {
  readonly width: number;
  readonly height: number;
  readonly #networks: LiteNetworks;
  readonly #clip: Frames;
  readonly #references: References;
  readonly #map: Float32Array;
  readonly #limits: LiteSettings['limits'];
  readonly #patch: Patch;
  readonly #walk: ClipWalk | ClipLoop;
  readonly #frameMs: number | undefined;
  readonly #mouth = new Float32Array(MOUTH_NUMBERS);
  /** The frame of the clip that is shown, and how much of the drawn mouth. */
  #frame: number;
  #share = 0;
  #drawingMs = 0;
  /** By how much the drawings so far took longer than their frames lasted. */
  #behindMs = 0;
  #held = 0;

  constructor(
    parts: { networks: LiteNetworks; clip: Frames; references: References },
    settings: LiteSettings,
    o: LiteStreamOptions,
  ) {
    this.width = o.width;
    this.height = o.height;
    this.#networks = parts.networks;
    this.#clip = parts.clip;
    this.#references = parts.references;
    this.#map = Float32Array.from(settings.map.flat());
    this.#limits = settings.limits;
    const { x, y, width, height } = settings.box;
    const box = { x: x * o.width, y: y * o.height, width: width * o.width, height: height * o.height };
    this.#patch = new Patch(box, parts.networks.part, o.width, o.height);
    const { turns } = settings;
    this.#walk = o.loop === undefined ? new ClipWalk(turns, o.seed ?? 1) : new ClipLoop(loopOf(turns, o.loop));
    this.#frame = this.#walk.frame;
    this.#frameMs = o.frameMs;
  }

  /** The mean time that a drawing took of late, in ms; 0 before the first. */
  get drawingMs(): number {
    return this.#drawingMs;
  }

  async prepare(motion: Float32Array): Promise<void> {
    if (motion.length < MOTION_FRAME_LENGTH) throw new VisavisError('bad-request', 'the motion is too short');
    this.#walk.next();
    mouthOf(motion, this.#mouth);
    const share = activityOf(this.#mouth);
    const budgetMs = (this.#frameMs ?? 0) * BUDGET;
    this.#behindMs = Math.max(0, this.#behindMs - budgetMs);
    if (share > 0) {
      if (
        this.#behindMs > LATE * budgetMs &&
        this.#share > 0 &&
        this.#held < MOST_HELD &&
        this.#frameMs !== undefined
      ) {
        this.#held++;
        return;
      }
      const began = performance.now();
      this.#apply();
      await this.#draw(this.#walk.frame);
      const ms = performance.now() - began;
      this.#behindMs = Math.min(this.#behindMs + ms, (MOST_HELD + 1) * budgetMs);
      this.#drawingMs = this.#drawingMs === 0 ? ms : this.#drawingMs + NEWEST * (ms - this.#drawingMs);
    }
    this.#held = 0;
    this.#share = share;
    this.#frame = this.#walk.frame;
  }

  render(_motion: Float32Array, out: Uint8Array): void {
    out.set(frameAt(this.#clip, this.#frame));
    if (this.#share > 0) this.#patch.draw(this.#networks.drawn, this.#share, out);
  }

  close(): void {
    void this.#networks.close();
  }

  #apply(): void {
    const { parameters } = this.#networks;
    for (let p = 0, k = 0; p < LITE_PARAMETER_COUNT; p++) {
      let sum = 0;
      for (let i = 0; i < MOUTH_NUMBERS; i++, k++) sum += this.#map[k]! * this.#mouth[i]!;
      parameters[p] = Math.min(this.#limits.high[p]!, Math.max(this.#limits.low[p]!, sum));
    }
  }

  async #draw(frame: number): Promise<void> {
    this.#references.write(frame, this.#networks.reference);
    await this.#networks.encode();
    await this.#networks.decode();
  }
}
