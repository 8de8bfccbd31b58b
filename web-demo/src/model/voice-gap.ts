/** What `VoiceGapMeter` found: the avatar answered `ms` after the visitor's last voiced sample. Times in seconds of the audio clock. */
export interface VoiceGap {
  ms: number;
  visitorEndedAt: number;
  avatarBeganAt: number;
}

/** Nothing below this counts as voice, whatever the background (RMS, −46 dBFS). */
const LOWEST_THRESHOLD = 0.005;
/** Voice is at least 12 dB above the background. */
const ABOVE_NOISE = 4;
/** The background estimate rises by 1.5 dB a second at most and falls at once. */
const NOISE_RISE_PER_S = 1.19;
/** Shorter sounds are clicks. */
const MIN_VOICE_S = 0.03;
/** Valleys between glottal pulses, at the lowest voices. */
const MAX_VALLEY_S = 0.015;
/** Pauses inside a voice; longer ones end it. */
const MAX_PAUSE_S = 0.3;
/** A longer gap is not an answer to what was said before. */
const MAX_GAP_S = 20;

/** Follows one signal: when its present voice began and was last heard. */
class VoiceTracker {
  beganAt = Number.NEGATIVE_INFINITY;
  lastVoicedAt = Number.NEGATIVE_INFINITY;
  #candidateAt = 0;
  #loudAt = Number.NEGATIVE_INFINITY;
  #noise = LOWEST_THRESHOLD / ABOVE_NOISE;

  /** Takes the RMS of the block [`fromS`, `toS`); true when a new voice is confirmed by it. */
  push(rms: number, fromS: number, toS: number): boolean {
    const threshold = Math.max(LOWEST_THRESHOLD, this.#noise * ABOVE_NOISE);
    // A microphone is never perfectly silent: zero means that there is no signal, which says nothing about the background.
    if (rms > 0) this.#noise = Math.min(Math.max(rms, 1e-6), this.#noise * NOISE_RISE_PER_S ** (toS - fromS));
    if (rms < threshold) return false;
    if (fromS - this.#loudAt > MAX_VALLEY_S) this.#candidateAt = fromS;
    this.#loudAt = toS;
    if (toS - this.#candidateAt < MIN_VOICE_S) return false;
    const isNew = this.#candidateAt - this.lastVoicedAt > MAX_PAUSE_S;
    if (isNew) this.beganAt = this.#candidateAt;
    this.lastVoicedAt = toS;
    return isNew;
  }
}

/**
 * Measures response times as they are heard: from the visitor's last voiced sample to the first voiced sample of the avatar's
 * answer, both on one audio clock. Blocks must come in order; an answer is reported once, and what the microphone picks up while
 * the avatar speaks is left out, because it may be echo.
 */
export class VoiceGapMeter {
  readonly #visitor = new VoiceTracker();
  readonly #avatar = new VoiceTracker();
  #visitorEndedAt: number | undefined;

  push(visitorRms: number, avatarRms: number, fromS: number, toS: number): VoiceGap | undefined {
    const avatarBegan = this.#avatar.push(avatarRms, fromS, toS);
    if (avatarBegan) {
      const visitorEndedAt = this.#visitorEndedAt;
      this.#visitorEndedAt = undefined;
      const gapS = visitorEndedAt === undefined ? Number.NaN : this.#avatar.beganAt - visitorEndedAt;
      if (visitorEndedAt !== undefined && gapS >= 0 && gapS <= MAX_GAP_S) {
        return { ms: Math.round(gapS * 1000), visitorEndedAt, avatarBeganAt: this.#avatar.beganAt };
      }
    }
    this.#visitor.push(visitorRms, fromS, toS);
    const avatarSpeaks = toS - this.#avatar.lastVoicedAt <= MAX_PAUSE_S;
    if (!avatarSpeaks && this.#visitor.lastVoicedAt === toS) this.#visitorEndedAt = toS;
    return undefined;
  }
}
