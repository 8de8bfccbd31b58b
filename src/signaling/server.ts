import { type Server as HttpServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket as TcpSocket } from 'node:net';
import { Server } from 'socket.io';
import { VisavisError } from '../errors.js';
import { limitKey, type TrustedProxies } from './client-address.js';
import { SocketPort } from './client-port.js';
import type { Cluster } from './cluster/cluster.js';
import { Connection, type ConnectionServices } from './connection.js';
import { setHeaders } from './headers.js';
import type { ClientToServer, ServerToClient } from './messages.js';
import type { OriginPolicy } from './origin.js';
import { OpenCounts } from './rate-limit.js';

/**
 * A larger message costs its sender the connection. The largest legitimate one is a set of RTP capabilities, about 10 kB; the room
 * above is for pasted texts, which are refused with a typed error as long as they get through at all.
 */
export const MAX_MESSAGE_BYTES = 256 * 1024;

export interface SignalingOptions extends ConnectionServices {
  proxies: TrustedProxies;
  /** Undefined: this gateway is the only one. */
  cluster?: Cluster | undefined;
  http: HttpServer;
  origins: OriginPolicy;
  headers: Readonly<Record<string, string>>;
  allowedOrigins: readonly string[];
  /** Sockets in all; one address may have half of them. */
  maxConnections: number;
}

/** socket.io's own hello must come within this; then the client has to join. */
const HELLO_WITHIN_MS = 10_000;

/** socket.io over the HTTP server; `close()` ends every connection. */
export function createSignaling(o: SignalingOptions): Server<ClientToServer, ServerToClient> {
  const perAddress = new OpenCounts();
  const admit = (request: IncomingMessage) => {
    const { address } = o.proxies.clientOf(request);
    // A request with an id belongs to a socket that was admitted.
    const opens = !/[?&]sid=/.test(request.url ?? '');
    if (opens) o.limits.connection(address);
    else o.limits.request(address);
    o.origins.checkRequest(request);
    if (!opens) return;
    const full = io.engine.clientsCount >= o.maxConnections;
    if (full || perAddress.of(limitKey(address)) >= Math.ceil(o.maxConnections / 2)) {
      throw new VisavisError('unavailable', 'too many connections', { retryAfterS: 5 });
    }
  };
  const io = new Server<ClientToServer, ServerToClient>(o.http, {
    serveClient: false,
    maxHttpBufferSize: MAX_MESSAGE_BYTES,
    pingInterval: 10_000,
    pingTimeout: 10_000,
    perMessageDeflate: false,
    cors: o.allowedOrigins.length === 0 ? undefined : { origin: [...o.allowedOrigins] },
    connectTimeout: HELLO_WITHIN_MS,
  });
  // Before socket.io's own listener: what it answers by itself has them too.
  o.http.prependListener('request', setHeaders(o.headers));
  io.engine.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
    try {
      admit(request);
    } catch (thrown) {
      const error = VisavisError.from(thrown);
      o.metrics.errors.inc({ code: error.code });
      refuse(request, response, error);
      return;
    }
    next();
  });
  io.engine.on(
    'connection',
    (socket: { request: IncomingMessage; once(name: 'close', listener: () => void): void }) => {
      socket.once('close', perAddress.open(limitKey(o.proxies.clientOf(socket.request).address)));
    },
  );
  const services: ConnectionServices = { ...o, relays: o.cluster?.relays };
  io.on('connection', (socket) => {
    new Connection(new SocketPort(socket, o.proxies.clientOf(socket.request).address), services);
  });
  if (o.cluster !== undefined) {
    io.adapter(o.cluster.adapter);
    o.cluster.serve({ io, directory: o.directory, connect: (port) => void new Connection(port, services) });
  }
  return io;
}

/** The typed error with its status, to a request and to one that asks for an upgrade, which has no response yet. */
function refuse(request: IncomingMessage, response: ServerResponse, error: VisavisError): void {
  const body = JSON.stringify({ error: error.toPublicBody() });
  const headers = {
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
    ...(error.retryAfterS === undefined ? {} : { 'Retry-After': String(error.retryAfterS) }),
  };
  if (request.headers.upgrade === undefined) {
    response.writeHead(error.status, headers).end(body);
    return;
  }
  const socket: TcpSocket = request.socket;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\n${lines.join('')}\r\n${body}`);
  socket.destroySoon();
}
