import type { IncomingMessage } from 'node:http';
import type { Response } from 'express';
import { isAbort, VisavisError } from '../errors.js';
import type { MadeAvatar, MakingProgress } from './avatar-uploads.js';

/** One line of the answer to `POST /v1/avatars` with `Accept: application/x-ndjson`; the last is no progress. */
export type AvatarLine = MakingProgress | { avatar: MadeAvatar } | { error: ReturnType<VisavisError['toBody']> };

/** Proxies and browsers give up on a connection that says nothing. */
const REPEAT_MS = 10_000;

export function wantsLines({ headers }: IncomingMessage): boolean {
  return /(^|[ ,])application\/x-ndjson\b/i.test(headers.accept ?? '');
}

/**
 * Answers 200 with one JSON value a line: what `make` tells, at least every ten seconds, and its result or its error. Resolves when the last line is
 * written; rejects with an `AbortError` alone.
 */
export async function answerAsLines(
  response: Response,
  make: (onProgress: (progress: MakingProgress) => void) => Promise<MadeAvatar>,
): Promise<void> {
  response.status(200).type('application/x-ndjson').set('X-Accel-Buffering', 'no').flushHeaders();
  const write = (line: AvatarLine): void => {
    if (response.writable) response.write(`${JSON.stringify(line)}\n`);
  };
  let last: MakingProgress | undefined;
  const repeat = setInterval(() => last !== undefined && write(last), REPEAT_MS);
  try {
    write({
      avatar: await make((progress) => {
        last = progress;
        write(progress);
      }),
    });
  } catch (thrown) {
    if (isAbort(thrown)) throw thrown;
    write({ error: bodyOf(thrown) });
  } finally {
    clearInterval(repeat);
  }
  response.end();
}

function bodyOf(thrown: unknown): ReturnType<VisavisError['toBody']> {
  const body = VisavisError.from(thrown).toBody();
  if (body.code === 'internal') body.message = 'internal error';
  return body.field === 'image' ? { ...body, field: 'photo' } : body;
}
