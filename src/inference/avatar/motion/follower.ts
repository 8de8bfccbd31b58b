/**
 * A quantity that follows its target like a critically damped spring and never faster than `fastest` (units a second): no step of the
 * target shows as a jerk. Exact for any step of time.
 */
export class Follower {
  readonly #rate: number;
  readonly #fastest: number;
  #velocity = 0;
  value = 0;

  /** `rate` in 1/s: after 3 / rate seconds four fifths of the way are gone. */
  constructor(rate: number, fastest: number) {
    this.#rate = rate;
    this.#fastest = fastest;
  }

  next(stepS: number, target: number): number {
    const distance = this.value - target;
    const pull = (this.#velocity + this.#rate * distance) * stepS;
    const decay = Math.exp(-this.#rate * stepS);
    const wanted = target + (distance + pull) * decay;
    const most = this.#fastest * stepS;
    const step = wanted - this.value;
    if (Math.abs(step) > most) {
      this.#velocity = Math.sign(step) * this.#fastest;
      this.value += Math.sign(step) * most;
    } else {
      this.#velocity = (this.#velocity - this.#rate * pull) * decay;
      this.value = wanted;
    }
    return this.value;
  }
}
