import type { IncomingMessage, ServerResponse } from 'node:http';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { OriginPolicy } from './origin.js';

export interface SecurityHeaderOptions {
  /** Web sites that may frame the page and use its devices. */
  allowedOrigins: readonly string[];
  /** Served with a certificate that browsers believe: from then on they use nothing but TLS. */
  strictTransport: boolean;
}

const HALF_A_YEAR_S = 15_768_000;

/**
 * The headers of every answer (page, API, socket.io, errors), after OWASP's list of secure headers: the page runs its own
 * scripts and styles only, talks to its own server only, is framed by itself and the allowed origins only, and of the devices
 * it may use microphone and camera.
 */
export function securityHeaders(o: SecurityHeaderOptions): Readonly<Record<string, string>> {
  const sites = o.allowedOrigins.map((origin) => ` ${origin}`).join('');
  const devices = `(self${o.allowedOrigins.map((origin) => ` "${origin}"`).join('')})`;
  const policy = [
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "media-src 'self' blob: mediastream:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    `frame-ancestors 'self'${sites}`,
  ];
  const unused = ['display-capture', 'geolocation', 'midi', 'payment', 'serial', 'usb', 'hid'];
  return {
    'Content-Security-Policy': policy.join('; '),
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Origin-Agent-Cluster': '?1',
    'Permissions-Policy': [
      ...['microphone', 'camera', 'autoplay', 'fullscreen', 'screen-wake-lock'].map((name) => `${name}=${devices}`),
      ...unused.map((name) => `${name}=()`),
    ].join(', '),
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'X-DNS-Prefetch-Control': 'off',
    'X-Permitted-Cross-Domain-Policies': 'none',
    // The older way to say frame-ancestors knows no lists.
    ...(o.allowedOrigins.length === 0 ? { 'X-Frame-Options': 'SAMEORIGIN' } : {}),
    ...(o.strictTransport ? { 'Strict-Transport-Security': `max-age=${HALF_A_YEAR_S}` } : {}),
  };
}

/** For the server itself, so that no answer is without them. */
export function setHeaders(headers: Readonly<Record<string, string>>) {
  return (_request: IncomingMessage, response: ServerResponse): void => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  };
}

/** Lets the allowed origins read answers, and answers their preflight requests. */
export function crossOrigin(origins: OriginPolicy): RequestHandler {
  return (request: Request, response: Response, next: NextFunction) => {
    const { origin } = request.headers;
    response.vary('Origin');
    if (origin !== undefined && origins.isAllowedOrigin(origin)) {
      response.set('Access-Control-Allow-Origin', origin);
      response.set('Access-Control-Expose-Headers', 'retry-after, location');
      if (request.method === 'OPTIONS') {
        response.set({
          'Access-Control-Allow-Methods': 'GET, POST, DELETE',
          'Access-Control-Allow-Headers': 'authorization, content-type',
          'Access-Control-Max-Age': '600',
        });
        response.status(204).end();
        return;
      }
    }
    next();
  };
}
