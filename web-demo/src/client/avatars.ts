import type { ErrorBody } from '../../../src/errors.js';
import type { MakingProgress } from '../model/making.js';
import type { AvatarInfo } from './api.js';
import { ClientError } from './request.js';

export interface AvatarWish {
  photo: File;
  name: string;
  ground: string;
  statement: string;
  /** Id of the avatar whose voice it shall have; undefined: the service's standard. */
  voice: string | undefined;
}

export type MadeAvatar = AvatarInfo & { remarks?: string[] };

type Line = MakingProgress | { avatar: MadeAvatar } | { error: ErrorBody };

/** Waiting for others included. */
const LIMIT_MS = 330_000;
const DELETE_TIMEOUT_MS = 20_000;
const PACKAGE_TIMEOUT_MS = 120_000;

/**
 * Sends the photo and resolves with the avatar that was made of it. Rejects with the server's error, with `unreachable`, or with an
 * `AbortError`; the server then stops, and keeps nothing.
 */
export function createAvatar(
  { voice, ...wish }: AvatarWish,
  {
    key,
    signal,
    onProgress,
  }: { key: string | undefined; signal: AbortSignal; onProgress: (at: MakingProgress) => void },
): Promise<MadeAvatar> {
  const form = new FormData();
  for (const [name, value] of Object.entries(wish)) form.append(name, value);
  if (voice !== undefined) form.append('voice', voice);
  // Not fetch: that tells nothing of the way up.
  const request = new XMLHttpRequest();
  return new Promise((resolve, reject) => {
    let read = 0;
    let last: Line | undefined;
    const readLines = (): void => {
      const text = request.responseText;
      for (let end = text.indexOf('\n', read); end >= 0; end = text.indexOf('\n', read)) {
        last = JSON.parse(text.slice(read, end)) as Line;
        read = end + 1;
        if ('step' in last) onProgress(last);
      }
    };
    const unreachable = (): void => reject(new ClientError('unreachable', 'the server does not answer', true));
    request.upload.addEventListener('progress', ({ loaded, total }) => {
      onProgress({ step: 'upload', fraction: total === 0 ? 1 : loaded / total });
    });
    request.addEventListener('progress', () => {
      if (request.status === 200) readLines();
    });
    request.addEventListener('load', () => {
      if (request.status !== 200) return reject(refusalOf(request));
      readLines();
      if (last !== undefined && 'avatar' in last) resolve(last.avatar);
      else if (last !== undefined && 'error' in last) reject(ClientError.fromBody(last.error));
      else unreachable();
    });
    request.addEventListener('error', unreachable);
    request.addEventListener('timeout', unreachable);
    request.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.open('POST', '/v1/avatars');
    request.timeout = LIMIT_MS;
    request.setRequestHeader('accept', 'application/x-ndjson');
    if (key !== undefined) request.setRequestHeader('authorization', `Bearer ${key}`);
    request.send(form);
  });
}

/** Rejects with the server's error or `unreachable`. */
export async function deleteAvatar(id: string, key: string | undefined): Promise<void> {
  await ask(`/v1/avatars/${encodeURIComponent(id)}`, key, { method: 'DELETE', timeoutMs: DELETE_TIMEOUT_MS });
}

/** An avatar of one's own as a zip file. Not by a plain link: that would carry no key. Rejects as above. */
export async function fetchPackage(id: string, key: string | undefined): Promise<Blob> {
  const o = { method: 'GET', timeoutMs: PACKAGE_TIMEOUT_MS };
  const response = await ask(`/v1/avatars/${encodeURIComponent(id)}/package`, key, o);
  return response.blob().catch(() => {
    throw new ClientError('unreachable', 'the server does not answer', true);
  });
}

async function ask(
  url: string,
  key: string | undefined,
  { method, timeoutMs }: { method: string; timeoutMs: number },
): Promise<Response> {
  const response = await fetch(url, {
    method,
    ...(key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } }),
    signal: AbortSignal.timeout(timeoutMs),
  }).catch(() => {
    throw new ClientError('unreachable', 'the server does not answer', true);
  });
  if (response.ok) return response;
  const body = (await response.json().catch(() => undefined)) as { error?: ErrorBody } | undefined;
  throw body?.error === undefined
    ? new ClientError('internal', `status ${response.status}`, false)
    : ClientError.fromBody(body.error);
}

function refusalOf({ responseText, status }: XMLHttpRequest): ClientError {
  try {
    const { error } = JSON.parse(responseText) as { error: ErrorBody };
    return ClientError.fromBody(error);
  } catch {
    // A proxy may limit what is sent before the server does.
    const code = status === 413 ? 'too-large' : status >= 502 ? 'unreachable' : 'internal';
    return new ClientError(code, `status ${status}`, false);
  }
}
