import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { OriginPolicy } from './origin.js';

/** What the page may do: its own scripts, sockets to anywhere it was told to, media and audio worklets, no foreign frames. */
export function securityHeaders(allowedOrigins: readonly string[]): RequestHandler {
  const policy = [
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "media-src 'self' blob: mediastream:",
    "connect-src 'self' ws: wss:",
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    `frame-ancestors 'self' ${allowedOrigins.join(' ')}`.trim(),
  ].join('; ');
  return (_request, response, next) => {
    response.set({
      'Content-Security-Policy': policy,
      'Permissions-Policy': 'microphone=(self), camera=(), geolocation=()',
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
    });
    next();
  };
}

/** Refuses foreign hosts, and foreign pages wherever something is done or told. */
export function guardOrigin(origins: OriginPolicy): RequestHandler {
  return (request, _response, next) => {
    origins.checkHost(request.headers.host);
    if (request.path.startsWith('/v1') || request.path === '/metrics') {
      origins.checkOrigin(request.headers.origin, request.headers.host);
    }
    next();
  };
}

/** Lets the allowed origins read answers, and answers their preflight requests. */
export function crossOrigin(origins: OriginPolicy): RequestHandler {
  return (request: Request, response: Response, next: NextFunction) => {
    const { origin } = request.headers;
    response.vary('Origin');
    if (origin !== undefined && origins.isAllowedOrigin(origin)) {
      response.set('Access-Control-Allow-Origin', origin);
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
