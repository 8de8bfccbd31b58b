import { writeSync } from 'node:fs';

/** Takes bytes and says how many it took; throws as `fs.writeSync` does. */
export type WriteBytes = (bytes: Buffer) => number;

/**
 * Where log lines go: to standard output at once, and never at the price of the service. On a full disk, or
 * where a pipe or terminal was closed, the line is dropped and counted; when output works again, it says how many are missing.
 */
export class LogOutput {
  readonly #write: WriteBytes;
  #lost = 0;
  /** The last line was cut in its middle. */
  #broken = false;

  constructor(write: WriteBytes = (bytes) => writeSync(1, bytes)) {
    this.#write = write;
  }

  /** One line with its end. */
  write(line: string): void {
    if (this.#lost > 0) {
      const lost = this.#lost;
      const entry = { level: 40, time: Date.now(), pid: process.pid, lost, msg: 'log lines were lost: output failed' };
      if (!this.#put(`${JSON.stringify(entry)}\n`)) {
        this.#lost++;
        return;
      }
      this.#lost -= lost;
    }
    if (!this.#put(line)) this.#lost++;
  }

  #put(line: string): boolean {
    let rest = Buffer.from(this.#broken ? `\n${line}` : line);
    const whole = rest.length;
    try {
      while (rest.length > 0) rest = rest.subarray(this.#write(rest));
      this.#broken = false;
      return true;
    } catch {
      this.#broken ||= rest.length < whole;
      return false;
    }
  }
}
