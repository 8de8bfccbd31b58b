import { createServer, type Server as HttpServer, type ServerOptions } from 'node:http';
import { createServer as createSecureServer, type Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Config } from '../config.js';
import type { Logger } from '../log.js';
import { selfSignedCertificate } from '../self-signed.js';
import { type Certificate, CertificateWatch } from '../tls.js';
import { AccessLimits } from './access-limits.js';
import { limitKey, TrustedProxies } from './client-address.js';
import { securityHeaders } from './headers.js';
import { OriginPolicy } from './origin.js';
import { OpenCounts } from './rate-limit.js';

/** All headers must have come, and the whole request, within these; who sends a byte now and then is cut off with 408. */
const HEADERS_WITHIN_MS = 10_000;
const REQUEST_WITHIN_MS = 30_000;
const HANDSHAKE_WITHIN_MS = 10_000;
const KEEP_ALIVE_MS = 10_000;
const LIMITS: ServerOptions = {
  headersTimeout: HEADERS_WITHIN_MS,
  requestTimeout: REQUEST_WITHIN_MS,
  keepAliveTimeout: KEEP_ALIVE_MS,
  connectionsCheckingInterval: 2_000,
  maxHeaderSize: 16 * 1024,
};

/** The server and who may use it how much, agreed on by HTTP and by socket.io. */
export interface WebServer {
  http: HttpServer | HttpsServer;
  scheme: 'http' | 'https';
  /** The certificate in force, undefined without TLS. */
  certificate: () => Certificate | undefined;
  origins: OriginPolicy;
  proxies: TrustedProxies;
  limits: AccessLimits;
  /** socket.io's sockets in all. */
  maxConnections: number;
  /** Of every answer. */
  headers: Readonly<Record<string, string>>;
}

/**
 * An HTTP or HTTPS server (not listening yet) with limits on time, headers and connections. Throws `bad-request` that names the
 * variable when a certificate cannot be used; a renewed one is taken over without a restart.
 */
export async function createWebServer(config: Config, logger: Logger): Promise<WebServer> {
  const { tls, host, allowedOrigins, publicUrl } = config;
  const proxies = new TrustedProxies(config.trustedProxies);
  const maxConnections = Math.max(100, 16 * config.maxSessions);
  const { http, certificate } = tls === null ? plain() : await secure(tls, logger);
  // Beside its socket a page fetches files.
  http.maxConnections = 2 * maxConnections;
  http.maxHeadersCount = 100;
  limitPerAddress(http, maxConnections, proxies);
  const keysRequired = config.apiKeys.length > 0;
  const origins = new OriginPolicy({ host, keysRequired, allowedOrigins, publicUrl, secure: tls !== null, proxies });
  const strictTransport = tls !== null && certificate()?.selfSigned === false;
  return {
    http,
    scheme: tls === null ? 'http' : 'https',
    certificate,
    origins,
    proxies,
    limits: new AccessLimits(),
    maxConnections,
    headers: securityHeaders({ allowedOrigins, strictTransport }),
  };
}

function plain(): { http: HttpServer; certificate: () => undefined } {
  return { http: createServer(LIMITS), certificate: () => undefined };
}
async function secure(tls: NonNullable<Config['tls']>, logger: Logger) {
  const options = { ...LIMITS, handshakeTimeout: HANDSHAKE_WITHIN_MS, minVersion: 'TLSv1.2' as const };
  if (tls === 'self-signed') {
    const made = await selfSignedCertificate(logger);
    return { http: createSecureServer({ ...options, ...made.context }), certificate: () => made };
  }
  let http: HttpsServer | undefined;
  const watch = await CertificateWatch.create(tls, {
    logger,
    onRenewed: ({ context }) => http?.setSecureContext({ minVersion: 'TLSv1.2', ...context }),
  });
  http = createSecureServer({ ...options, ...watch.certificate.context });
  http.once('close', () => watch.close());
  return { http, certificate: () => watch.certificate };
}

/** One address cannot take all connections. What comes through a trusted proxy is counted by socket.io and by requests instead. */
function limitPerAddress(server: HttpServer | HttpsServer, most: number, proxies: TrustedProxies): void {
  const open = new OpenCounts();
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    if (proxies.isTrusted(address)) return;
    const key = limitKey(address);
    if (open.of(key) >= most) socket.destroy();
    else socket.once('close', open.open(key));
  });
}
