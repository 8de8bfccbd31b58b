/** Even a quiet room is louder than this, on the scale of `Microphone.level()` (1/60 per dB from −60 dBFS up). */
const SOUNDLESS = 0;
const LIMIT_MS = 7_000;

/**
 * Notices a microphone that gives nothing at all: muted by a switch, the wrong device, or none behind the plug. Digital silence
 * from the beginning on; a microphone that was heard once is a working one.
 */
export class SilenceWatch {
  #sinceMs: number | undefined;
  #settled = false;

  /** A new microphone, or none. */
  reset(): void {
    this.#sinceMs = undefined;
    this.#settled = false;
  }

  /** Takes the level of an open, unmuted microphone; true once, when it has been silent for too long. */
  push(level: number, nowMs: number): boolean {
    if (this.#settled) return false;
    if (level > SOUNDLESS) {
      this.#settled = true;
      return false;
    }
    this.#sinceMs ??= nowMs;
    if (nowMs - this.#sinceMs < LIMIT_MS) return false;
    this.#settled = true;
    return true;
  }
}
