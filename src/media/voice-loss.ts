/** What the voice's encoder expects at least: it leaves a little error correction in every packet. */
export const MIN_LOSS_PERCENT = 5;
/** libopus makes nothing more of larger values. */
const MAX_LOSS_PERCENT = 25;
const STEP_PERCENT = 5;
/** Share of a new report in the average, when loss grows and when it shrinks: protection comes fast and goes slowly. */
const RISE = 0.5;
const FALL = 0.15;

/**
 * The loss that the one encoder of the voice is to expect (Opus' in-band error correction grows with it): that of the worst viewer,
 * smoothed, in steps. Pure.
 */
export class VoiceLoss {
  readonly #fractions = new Map<string, number>();
  #currentPercent = MIN_LOSS_PERCENT;

  /** What the encoder was last told. */
  get currentPercent(): number {
    return this.#currentPercent;
  }

  /** Takes the share of packets, 0…1, that a viewer lost since its last report; returns the new percentage, or undefined when it stays. */
  update(viewerId: string, fraction: number): number | undefined {
    const before = this.#fractions.get(viewerId) ?? 0;
    this.#fractions.set(viewerId, before + (fraction - before) * (fraction > before ? RISE : FALL));
    return this.#decide();
  }

  remove(viewerId: string): number | undefined {
    return this.#fractions.delete(viewerId) ? this.#decide() : undefined;
  }

  #decide(): number | undefined {
    const worst = Math.max(0, ...this.#fractions.values()) * 100;
    const steps = Math.ceil((worst - 1) / STEP_PERCENT) * STEP_PERCENT;
    const percent = Math.min(MAX_LOSS_PERCENT, Math.max(MIN_LOSS_PERCENT, steps));
    if (percent === this.#currentPercent) return undefined;
    this.#currentPercent = percent;
    return percent;
  }
}
