import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { VisavisError } from '../errors.js';
import type { PlainLink } from '../worker/control.js';

/** A crashed predecessor's port is free as soon as the kernel has buried the process. */
const BIND_TRIES = 20;
const BIND_RETRY_MS = 50;
const BUFFER_BYTES = 1 << 20;

/**
 * A UDP socket bound to the link's local port and connected to its remote one: the kernel drops packets from anywhere else, and a
 * send needs no lookup. Send errors (nobody listens yet) are ignored, as UDP has it.
 * @throws VisavisError `unavailable` when the port stays taken for a second, or cannot be bound.
 */
export async function openLinkSocket(link: PlainLink): Promise<Socket> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await openOnce(link);
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code;
      if (code !== 'EADDRINUSE' || attempt === BIND_TRIES) {
        const where = `${link.localIp}:${link.localPort}`;
        throw new VisavisError('unavailable', `cannot open UDP ${where} (${code ?? String(cause)})`, { cause });
      }
      await new Promise((resolve) => setTimeout(resolve, BIND_RETRY_MS));
    }
  }
}

async function openOnce(link: PlainLink): Promise<Socket> {
  const socket = createSocket(isIPv6(link.localIp) ? 'udp6' : 'udp4');
  try {
    await settled(socket, 'listening', () =>
      socket.bind({ address: link.localIp, port: link.localPort, exclusive: true }),
    );
    await settled(socket, 'connect', () => socket.connect(link.remotePort, link.remoteIp));
    socket.setRecvBufferSize(BUFFER_BYTES);
    socket.setSendBufferSize(BUFFER_BYTES);
  } catch (thrown) {
    socket.close();
    throw thrown;
  }
  socket.on('error', () => undefined);
  return socket;
}

function settled(socket: Socket, event: 'listening' | 'connect', start: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      socket.off(event, onEvent);
      socket.off('error', onError);
    };
    const onEvent = (): void => {
      done();
      resolve();
    };
    const onError = (error: Error): void => {
      done();
      reject(error);
    };
    socket.once(event, onEvent);
    socket.once('error', onError);
    start();
  });
}
