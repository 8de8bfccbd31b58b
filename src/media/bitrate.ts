/** The encoder never goes below this; beyond it a poor network loses packets. */
export const MIN_VIDEO_KBPS = 200;
/** Taken off an estimate for the voice and for headers. */
const AUDIO_AND_HEADERS_KBPS = 64;
/** Share of the rest that the picture may use. */
const HEADROOM = 0.9;
/** Changes smaller than this are not worth a reconfiguration of the encoder. */
const SIGNIFICANT = 0.05;

/** The picture that rates are given for. */
const REFERENCE_PIXELS = 512 * 512;
/**
 * Bits grow more slowly than pixels, since larger pictures of the same thing have smoother neighbours: to the power of 0.75, a rule of thumb of
 * encoding practice (B. Waggoner, Compression for Great Video and Audio, 2nd edition, 2010).
 */
const PIXEL_EXPONENT = 0.75;

/** The rate for a picture of some size, where one of 512 × 512 pixels gets `referenceKbps`. */
export function videoKbps(referenceKbps: number, { width, height }: { width: number; height: number }): number {
  const kbps = referenceKbps * ((width * height) / REFERENCE_PIXELS) ** PIXEL_EXPONENT;
  return Math.max(MIN_VIDEO_KBPS, Math.round(kbps));
}

/**
 * One encoder for all viewers: it follows the poorest viewer's bandwidth estimate, at most once per `intervalMs`.
 * Pure; time is a parameter.
 */
export class BitrateGovernor {
  readonly #maxKbps: number;
  readonly #intervalMs: number;
  readonly #estimates = new Map<string, number>();
  #currentKbps: number;
  #changedAtMs = Number.NEGATIVE_INFINITY;

  constructor(maxKbps: number, intervalMs = 1_000) {
    this.#maxKbps = maxKbps;
    this.#intervalMs = intervalMs;
    this.#currentKbps = maxKbps;
  }

  /** kbit/s that the encoder was last told, `maxKbps` at first. */
  get currentKbps(): number {
    return this.#currentKbps;
  }

  /** Takes a viewer's available bandwidth in bit/s; returns the encoder's new rate, or undefined when it stays. */
  update(viewerId: string, availableBps: number, nowMs: number): number | undefined {
    this.#estimates.set(viewerId, availableBps);
    return this.#decide(nowMs);
  }

  remove(viewerId: string, nowMs: number): number | undefined {
    if (!this.#estimates.delete(viewerId)) return undefined;
    return this.#decide(nowMs);
  }

  #decide(nowMs: number): number | undefined {
    if (nowMs - this.#changedAtMs < this.#intervalMs) return undefined;
    const available = Math.min(...this.#estimates.values());
    const usable = (available / 1000 - AUDIO_AND_HEADERS_KBPS) * HEADROOM;
    const kbps = Math.round(Math.min(this.#maxKbps, Math.max(MIN_VIDEO_KBPS, usable)));
    const change = Math.abs(kbps - this.#currentKbps) / this.#currentKbps;
    const atBound = kbps !== this.#currentKbps && (kbps === this.#maxKbps || kbps === MIN_VIDEO_KBPS);
    if (change < SIGNIFICANT && !atBound) return undefined;
    this.#currentKbps = kbps;
    this.#changedAtMs = nowMs;
    return kbps;
  }
}
