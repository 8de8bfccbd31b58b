import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { VisavisError } from './errors.js';

const RETRY_MS = 25;

/**
 * Binds `port` (0: any) and resolves with the one it got. A port in use rejects with `conflict`, after `withinMs`: the dead predecessor
 * that holds it may take a moment to go.
 */
export async function listen(http: Server, host: string, port: number, withinMs = 0): Promise<number> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return await bind(http, host, port);
    } catch (thrown) {
      const error = VisavisError.from(thrown);
      if (error.code !== 'conflict' || performance.now() > deadline) throw error;
      await delay(RETRY_MS);
    }
  }
}

function bind(http: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => {
      http.removeListener('listening', succeed);
      const inUse = `VISAVIS_PORT: port ${port} on ${host} is in use; stop what uses it or choose another one`;
      const message = error.code === 'EADDRINUSE' ? inUse : `HTTP cannot listen on ${host}:${port}: ${error.message}`;
      reject(new VisavisError(error.code === 'EADDRINUSE' ? 'conflict' : 'unavailable', message, { cause: error }));
    };
    const succeed = () => {
      http.removeListener('error', fail);
      resolve((http.address() as AddressInfo).port);
    };
    http.once('error', fail);
    http.once('listening', succeed);
    http.listen({ host, port });
  });
}

/** A browser cannot open the address that stands for "all". */
export function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
