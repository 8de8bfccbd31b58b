/** A press that is shorter is a tap: it holds by itself until the next one, for whoever cannot keep a key down. */
export const TAP_MS = 350;

/** What a hold-to-talk button makes of being pressed and released. Pure; each method returns whether the visitor talks now. */
export class Hold {
  #talking = false;
  /** Undefined: nothing is pressed, or this press has ended a tap's hold. */
  #pressedAtMs: number | undefined;

  get talking(): boolean {
    return this.#talking;
  }

  press(nowMs: number): boolean {
    if (this.#pressedAtMs !== undefined) return this.#talking;
    this.#pressedAtMs = this.#talking ? undefined : nowMs;
    this.#talking = !this.#talking;
    return this.#talking;
  }

  release(nowMs: number): boolean {
    if (this.#pressedAtMs !== undefined && nowMs - this.#pressedAtMs >= TAP_MS) this.#talking = false;
    this.#pressedAtMs = undefined;
    return this.#talking;
  }

  /** The release of what is pressed will not be seen any more; what a tap began goes on. */
  lose(): boolean {
    if (this.#pressedAtMs !== undefined) this.end();
    return this.#talking;
  }

  end(): boolean {
    this.#pressedAtMs = undefined;
    this.#talking = false;
    return false;
  }
}
