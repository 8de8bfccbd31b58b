import { request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import { connect, type Socket } from 'node:net';
import { io } from 'socket.io-client';
import type { ErrorBody } from '../../src/errors.js';

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

export interface Sending {
  method?: string;
  path?: string;
  /** Any Host and Origin, which fetch does not let one choose. */
  headers?: Record<string, string>;
  body?: string;
  /** Believed beside the known authorities, for https. */
  ca?: string;
  localAddress?: string;
}

export function send(origin: string, o: Sending = {}): Promise<Answer> {
  const { protocol, hostname, port } = new URL(origin);
  const request = protocol === 'https:' ? requestSecure : requestPlain;
  const { method = 'GET', path = '/', headers = {}, ca, localAddress } = o;
  const host = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const options = { hostname: host, port, method, path, headers, ca, localAddress, agent: false as const };
    const outgoing = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(o.body);
  });
}

export function errorOf(answer: Answer): ErrorBody {
  return (JSON.parse(answer.body) as { error: ErrorBody }).error;
}

/** Whether a socket with these headers is let in. */
export async function tryToConnect(
  origin: string,
  headers: Record<string, string>,
  options: { ca?: string; transports?: ('polling' | 'websocket')[]; localAddress?: string } = {},
): Promise<'connected' | 'refused'> {
  const socket = io(origin, {
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    extraHeaders: headers,
    ...options,
  });
  return new Promise((resolve) => {
    socket.once('connect', () => {
      socket.disconnect();
      resolve('connected');
    });
    socket.once('connect_error', () => resolve('refused'));
  });
}

/** A TCP connection that sends exactly these bytes; everything that comes back until it is closed. */
export class RawConnection {
  readonly socket: Socket;
  readonly ended: Promise<string>;
  #received = '';

  static async open(origin: string): Promise<RawConnection> {
    const { hostname, port } = new URL(origin);
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) });
    const connection = new RawConnection(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return connection;
  }

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('utf8').on('data', (text: string) => {
      this.#received = (this.#received + text).slice(0, 100_000);
    });
    socket.on('error', () => {});
    this.ended = new Promise((resolve) => socket.once('close', () => resolve(this.#received)));
  }

  get received(): string {
    return this.#received;
  }
}
