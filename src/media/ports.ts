import { createSocket } from 'node:dgram';
import { VisavisError } from '../errors.js';

/** Hands out UDP ports of a range that were free at that moment; a port is not given twice until it is released. */
export class PortPool {
  readonly #min: number;
  readonly #size: number;
  readonly #ip: string;
  readonly #taken = new Set<number>();
  #next: number;

  /** `min` and `max` are inclusive. */
  constructor(range: { min: number; max: number }, ip: string) {
    this.#min = range.min;
    this.#size = range.max - range.min + 1;
    this.#ip = ip;
    this.#next = Math.floor(Math.random() * this.#size);
  }

  /** Rejects with `unavailable` when every port of the range is taken by someone. */
  async acquire(): Promise<number> {
    for (let tried = 0; tried < this.#size; tried++) {
      const port = this.#min + this.#next;
      this.#next = (this.#next + 1) % this.#size;
      if (this.#taken.has(port)) continue;
      this.#taken.add(port);
      if (await isFree(this.#ip, port)) return port;
      this.#taken.delete(port);
    }
    throw new VisavisError('unavailable', 'no UDP port is free in VISAVIS_LINK_PORTS');
  }

  release(port: number): void {
    this.#taken.delete(port);
  }
}

function isFree(ip: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket(ip.includes(':') ? 'udp6' : 'udp4');
    socket.once('error', () => {
      socket.close();
      resolve(false);
    });
    socket.bind({ address: ip, port, exclusive: true }, () => socket.close(() => resolve(true)));
  });
}
