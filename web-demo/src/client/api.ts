import type { ErrorBody } from '../../../src/errors.js';
import type { CreatedSession, CreateSessionBody } from '../../../src/signaling/messages.js';
import { ClientError } from './request.js';

/** One entry of `GET /v1/avatars`. */
export interface AvatarInfo {
  id: string;
  name: string;
  /** Of its picture, in pixels. */
  width?: number;
  height?: number;
  /** What a session may ask for, such as 1024x576. */
  sizes?: string[];
  poster?: string;
  /** How it carries itself, in one word. */
  manner?: { word: 'calm' | 'warm' | 'lively' | 'thoughtful' };
  /** The same as a small file, and a short silent film to be looped, where the server has them. */
  still?: string;
  idle?: string;
  /** It was made on this server, and may be deleted. */
  own?: true;
}

/** What `GET /v1/avatars` answers. */
export interface AvatarList {
  avatars: AvatarInfo[];
  /** Id of the server's own choice, where it names one. */
  standard: string | undefined;
  /** Whether avatars may be made by whoever asked, and whether that takes a key. */
  creation: { allowed: boolean; needsKey: boolean };
}

const TIMEOUT_MS = 20_000;

/** Creates a session on the server, with an API key where it takes one; rejects with the server's error or `unreachable`. */
export function createSession(
  baseUrl: string,
  body: CreateSessionBody,
  key: string | undefined,
  signal: AbortSignal,
): Promise<CreatedSession> {
  return fetchJson<CreatedSession>(`${baseUrl}/v1/sessions`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify(body),
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  });
}

/** The avatars a visitor may choose from, and what may be done with them with this key. */
export async function listAvatars(baseUrl: string, key?: string): Promise<AvatarList> {
  const body = await fetchJson<{ avatars: AvatarInfo[]; default?: string; creation?: AvatarList['creation'] }>(
    `${baseUrl}/v1/avatars`,
    {
      ...(key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    },
  );
  return {
    avatars: Array.isArray(body.avatars) ? body.avatars : [],
    standard: body.default,
    creation: body.creation ?? { allowed: false, needsKey: false },
  };
}

async function fetchJson<T>(url: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch {
    throw new ClientError('unreachable', 'the server does not answer', true);
  }
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok && typeof body === 'object' && body !== null) return body as T;
  const error = (body as { error?: ErrorBody } | undefined)?.error ?? (body as ErrorBody | undefined);
  const retryAfterS = Number(response.headers.get('retry-after')) || undefined;
  if (typeof error?.code === 'string')
    throw ClientError.fromBody({ ...(retryAfterS ? { retryAfterS } : {}), ...error });
  const busy = response.status === 503 || response.status === 429;
  const missing = response.status >= 502;
  throw new ClientError(
    busy ? 'unavailable' : missing ? 'unreachable' : 'internal',
    `status ${response.status}`,
    busy,
    retryAfterS,
  );
}
