import type { Logger } from '../log.js';
import { BitrateGovernor } from '../media/bitrate.js';
import { VoiceLoss } from '../media/voice-loss.js';

export interface TunedEncoders {
  setBitrate(videoKbps: number): void;
  setVoiceLoss(percent: number): void;
}

/** One session's encoders follow the poorest of its viewers: the picture its bandwidth, the voice its losses. */
export class StreamTuning {
  readonly #governor: BitrateGovernor;
  readonly #loss = new VoiceLoss();
  readonly #encoders: TunedEncoders;
  readonly #logger: Logger;

  constructor(maxVideoKbps: number, encoders: TunedEncoders, logger: Logger) {
    this.#governor = new BitrateGovernor(maxVideoKbps);
    this.#encoders = encoders;
    this.#logger = logger;
  }

  bandwidth(viewerId: string, availableBps: number): void {
    this.#applyBitrate(this.#governor.update(viewerId, availableBps, performance.now()));
  }

  /** `fraction`: of the voice's packets since the last report, 0…1. */
  voiceLoss(viewerId: string, fraction: number): void {
    this.#applyLoss(this.#loss.update(viewerId, fraction));
  }

  remove(viewerId: string): void {
    this.#applyBitrate(this.#governor.remove(viewerId, performance.now()));
    this.#applyLoss(this.#loss.remove(viewerId));
  }

  /** Tells encoders that have just begun. */
  announce(): void {
    this.#encoders.setBitrate(this.#governor.currentKbps);
    this.#encoders.setVoiceLoss(this.#loss.currentPercent);
  }

  #applyBitrate(kbps: number | undefined): void {
    if (kbps === undefined) return;
    this.#logger.debug({ kbps }, 'picture rate');
    this.#encoders.setBitrate(kbps);
  }

  #applyLoss(percent: number | undefined): void {
    if (percent === undefined) return;
    this.#logger.debug({ percent }, 'voice loss expected');
    this.#encoders.setVoiceLoss(percent);
  }
}
