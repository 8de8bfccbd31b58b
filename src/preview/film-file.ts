import { extname } from 'node:path';
import { VisavisError } from '../errors.js';

export interface FilmFormat {
  width: number;
  height: number;
  frameRate: number;
  /** Mono at `RECITAL_RATE_HZ`. */
  sound: Float32Array;
}

/** A film being written: pictures in order, then `finish()`. Until then nothing stands at the film's path. */
export interface FilmFile {
  /** One I420 picture; it may be used again when this resolves. */
  picture(i420: Uint8Array): Promise<void>;
  finish(): Promise<void>;
  /** Gives up and leaves nothing behind. */
  discard(): Promise<void>;
}

export type FilmType = 'webm' | 'mp4';

/** What a film's name says it is. Throws `bad-request` for any other than .webm and .mp4. */
export function filmTypeOf(path: string): FilmType {
  const type = extname(path).toLowerCase();
  if (type === '.webm') return 'webm';
  if (type === '.mp4') return 'mp4';
  throw new VisavisError('bad-request', `--clip: got "${path}", expected a name that ends with .webm or .mp4`, {
    field: 'clip',
  });
}

/** Where a film is written before it is complete. */
export function partialOf(path: string): string {
  return `${path}.${process.pid}.partial`;
}

export function cannotWrite(path: string, cause: unknown): VisavisError {
  const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
  return new VisavisError('bad-request', `--clip: ${path} cannot be written: ${reason}`, { field: 'clip', cause });
}
