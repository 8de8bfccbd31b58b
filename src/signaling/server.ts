import type { Server as HttpServer, IncomingMessage } from 'node:http';
import { Server } from 'socket.io';
import { VisavisError } from '../errors.js';
import { type ClientSocket, Connection, type ConnectionServices } from './connection.js';
import type { ClientToServer, ServerToClient } from './messages.js';
import type { OriginPolicy } from './origin.js';

/**
 * A larger message costs its sender the connection. The largest legitimate one is a set of RTP capabilities, about 10 kB; the room
 * above is for pasted texts, which are refused with a typed error as long as they get through at all.
 */
export const MAX_MESSAGE_BYTES = 256 * 1024;

export interface SignalingOptions extends ConnectionServices {
  http: HttpServer;
  origins: OriginPolicy;
  allowedOrigins: readonly string[];
  maxConnections: number;
}

/** socket.io over the HTTP server; `close()` ends every connection. */
export function createSignaling(o: SignalingOptions): Server<ClientToServer, ServerToClient> {
  const admit = (request: IncomingMessage) => {
    const { host, origin } = request.headers;
    o.origins.checkHost(host);
    o.origins.checkOrigin(origin, host);
    if (io.engine.clientsCount >= o.maxConnections) throw new VisavisError('unavailable', 'too many connections');
  };
  const io = new Server<ClientToServer, ServerToClient>(o.http, {
    serveClient: false,
    maxHttpBufferSize: MAX_MESSAGE_BYTES,
    pingInterval: 10_000,
    pingTimeout: 10_000,
    perMessageDeflate: false,
    cors: o.allowedOrigins.length === 0 ? undefined : { origin: [...o.allowedOrigins] },
    allowRequest: (request, decide) => {
      try {
        admit(request);
        decide(null, true);
      } catch (thrown) {
        decide(VisavisError.from(thrown).message, false);
      }
    },
  });
  io.on('connection', (socket: ClientSocket) => {
    new Connection(socket, o);
  });
  return io;
}
