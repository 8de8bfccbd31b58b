import { existsSync } from 'node:fs';
import { join } from 'node:path';
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
  Router,
} from 'express';
import { VisavisError } from '../errors.js';
import type { Logger } from '../log.js';
import type { Metrics } from '../metrics/metrics.js';
import type { AccessLimits } from './access-limits.js';
import type { ApiKeys } from './auth.js';
import { avatarPictures } from './avatar-pictures.js';
import { type AvatarMaker, avatarUploads } from './avatar-uploads.js';
import type { AvatarDirectory } from './avatars.js';
import type { TrustedProxies } from './client-address.js';
import type { SessionDirectory } from './directory.js';
import { crossOrigin } from './headers.js';
import { jsonBody } from './json-body.js';
import type { VisitorMemories } from './memory/visitor-memories.js';
import { createSessionBody } from './messages.js';
import type { Operations } from './operations.js';
import type { OriginPolicy } from './origin.js';
import type { OwnAvatars } from './own-avatars.js';
import type { SessionRegistry } from './registry.js';
import { transcriptRoute } from './transcript/route.js';
import { parseInput } from './validate.js';
import { visitorRoutes } from './visitors.js';

export interface RouteOptions {
  registry: SessionRegistry;
  directory: SessionDirectory;
  avatars: AvatarDirectory;
  /** Undefined: no visitors are remembered. */
  memories?: VisitorMemories | undefined;
  /** The avatar of a session that asks for none. */
  defaultAvatar: string;
  /** Undefined: none are made here. */
  making: { maker: AvatarMaker; own: OwnAvatars } | undefined;
  apiKeys: ApiKeys;
  origins: OriginPolicy;
  proxies: TrustedProxies;
  limits: AccessLimits;
  metrics: Metrics;
  operations: Operations;
  /** The built talk page. */
  webFolder: string;
  logger: Logger;
}

/** The HTTP side: sessions, avatars, health, metrics and the talk page. Every error is `{ error: ErrorBody }`. */
export function createRoutes(o: RouteOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  // A path in capitals must not pass by a check of its lower-case form.
  app.enable('case sensitive routing');
  app.set('trust proxy', (address: string) => o.proxies.isTrusted(address));
  app.use(admit(o));
  app.get('/healthz', (_request, response) => void response.json({ status: 'ok' }));
  app.get('/readyz', (_request, response) => {
    const { readiness } = o.operations;
    if (readiness.status === 'ready') return void response.json(readiness);
    const error = new VisavisError('unavailable', readiness.reason ?? 'not ready');
    response
      .status(error.status)
      .set('Retry-After', '5')
      .json({ ...readiness, error: error.toBody() });
  });
  app.get('/metrics', needKey(o), async (_request, response) => {
    response.type(o.metrics.registry.contentType).send(await o.metrics.registry.metrics());
  });
  app.use('/v1', crossOrigin(o.origins), noStore, api(o));
  app.use(page(o.webFolder));
  app.use((request) => {
    throw new VisavisError('not-found', `nothing is at ${request.method} ${request.path.slice(0, 100)}`);
  });
  app.use(answerError(o));
  return app;
}

function api(o: RouteOptions): Router {
  const router = Router({ caseSensitive: true });
  // Avatars are what the public page shows; creating and looking into sessions needs a key.
  router.get('/avatars', async (request, response) => {
    const creation = { allowed: o.making !== undefined && mayCreate(o, request), needsKey: o.apiKeys.required };
    response.json({ avatars: await o.avatars.list(), default: o.defaultAvatar, creation });
  });
  router.use(avatarPictures(o.avatars));
  if (o.making !== undefined) {
    const limit = (request: Request, response: Response) =>
      o.limits.avatar(o.proxies.clientOf(request).address, keyIdOf(response));
    router.use(
      avatarUploads({ ...o.making, avatars: o.avatars, defaultAvatar: o.defaultAvatar, admit: needKey(o), limit }),
    );
  }
  router.use('/visitors', needKey(o));
  router.use(visitorRoutes(o.memories));
  router.use('/sessions', needKey(o));
  router.post('/sessions', jsonBody, async (request, response) => {
    limitCreation(o, request, response);
    const created = await o.registry.create(parseInput(createSessionBody, request.body ?? {}));
    response.status(201).location(`/v1/sessions/${created.sessionId}`).json(created);
  });
  router.get('/sessions/:id', async (request, response) => {
    const id = String(request.params['id']);
    const summary = await o.directory.describe(id);
    // Frames are counted where they are drawn.
    response.json(o.registry.has(id) ? { ...summary, frames: o.operations.frames.of(id) } : summary);
  });
  router.use(transcriptRoute((id) => o.directory.transcript(id)));
  router.post('/sessions/:id/tokens', async (request, response) => {
    limitCreation(o, request, response);
    response.status(201).json(await o.directory.issueToken(String(request.params['id'])));
  });
  router.delete('/sessions/:id', async (request, response) => {
    await o.directory.end(String(request.params['id']));
    response.status(204).end();
  });
  return router;
}

const noStore: RequestHandler = (_request, response, next) => {
  response.set('Cache-Control', 'no-store');
  next();
};

/** Refuses floods, foreign hosts and foreign pages before anything else is looked at. */
function admit(o: RouteOptions): RequestHandler {
  return (request, _response, next) => {
    o.limits.request(o.proxies.clientOf(request).address);
    o.origins.checkRequest(request);
    next();
  };
}

function needKey(o: RouteOptions): RequestHandler {
  return (request, response, next) => {
    const { authorization } = request.headers;
    const check = () => o.apiKeys.check(authorization);
    try {
      // No key at all is no guess.
      const { address } = o.proxies.clientOf(request);
      response.locals['keyId'] = authorization === undefined ? check() : o.limits.authorization(address, check);
    } catch (thrown) {
      if (VisavisError.from(thrown).code === 'unauthorized') response.set('WWW-Authenticate', 'Bearer');
      throw thrown;
    }
    next();
  };
}

/** Whether what needs a key is open to this request. A wrong key counts as one, so that nobody can try them out here. */
function mayCreate(o: RouteOptions, request: Request): boolean {
  const { authorization } = request.headers;
  if (!o.apiKeys.required) return true;
  if (authorization === undefined || !/^Bearer /i.test(authorization)) return false;
  try {
    o.limits.authorization(o.proxies.clientOf(request).address, () => o.apiKeys.check(authorization));
    return true;
  } catch (thrown) {
    if (VisavisError.from(thrown).code === 'unauthorized') return false;
    throw thrown;
  }
}

function limitCreation(o: RouteOptions, request: Request, response: Response): void {
  o.limits.creation(o.proxies.clientOf(request).address, keyIdOf(response));
}

function keyIdOf(response: Response): string | undefined {
  const keyId: unknown = response.locals['keyId'];
  return typeof keyId === 'string' ? keyId : undefined;
}

/** Files with a hash in their name never change; the page itself is asked for each time. */
function page(folder: string): RequestHandler {
  const files = express.static(folder, {
    index: 'index.html',
    // `/avatars` is the page `avatars.html`.
    extensions: ['html'],
    setHeaders: (response, path) => {
      const immutable = /[/\\]assets[/\\]/.test(path);
      response.setHeader('Cache-Control', immutable ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  return (request, response, next) => {
    if (request.path === '/' && !existsSync(join(folder, 'index.html'))) {
      throw new VisavisError('not-found', 'the talk page is not built: run "node scripts/build.mjs"');
    }
    files(request, response, next);
  };
}

function answerError(o: RouteOptions): ErrorRequestHandler {
  return (thrown: unknown, request, response, next) => {
    if (response.headersSent) {
      next(thrown);
      return;
    }
    const error = toError(thrown);
    o.metrics.errors.inc({ code: error.code });
    if (error.code === 'internal') o.logger.error({ err: thrown, path: request.path }, 'request failed');
    const retryAfterS = error.retryAfterS ?? (error.status === 503 ? 5 : undefined);
    if (retryAfterS !== undefined) response.set('Retry-After', String(Math.ceil(retryAfterS)));
    // What was to be sent may have been made to be kept.
    response.set('Cache-Control', 'no-store');
    response.status(error.status).json({ error: error.toPublicBody() });
  };
}

/** Express throws errors with an HTTP status. */
function toError(thrown: unknown): VisavisError {
  if (thrown instanceof VisavisError) return thrown;
  const { status, message } = thrown as { status?: number; message?: string };
  if (status === 404) return new VisavisError('not-found', 'there is no such file');
  if (status !== undefined && status >= 400 && status < 500) {
    return new VisavisError('bad-request', String(message).slice(0, 200));
  }
  return VisavisError.from(thrown);
}
