import { open, stat } from 'node:fs/promises';
import { VisavisError } from '../../../errors.js';
import { type Likeness, MAX_STATEMENT } from '../package.js';

/** How a caller names the ground on which a likeness is used: exactly one of these. */
export interface GivenGround {
  /** Nobody's face. */
  synthetic?: boolean | undefined;
  /** A file with the licence of the picture. */
  licence?: string | undefined;
  /** A file with what the person agreed to. */
  consent?: string | undefined;
}

/** Four bytes a character at most, and a byte order mark. */
const MAX_BYTES = 4 * MAX_STATEMENT + 3;
const NOBODY = 'A person who does not exist; any likeness is accidental.';
const GROUNDS = '--synthetic (nobody’s face), --licence FILE (the picture’s) or --consent FILE (the person’s)';

/**
 * The ground of likeness for a manifest. Rejects with `bad-request`, field `likeness`, when none or several are named, and when the file is
 * missing, empty, longer than 2,000 characters or not text in UTF-8.
 */
export async function likenessOf(given: GivenGround): Promise<Likeness> {
  const named = [given.synthetic === true, given.licence !== undefined, given.consent !== undefined];
  const count = named.filter(Boolean).length;
  if (count !== 1) {
    const found = count === 0 ? 'a likeness needs a ground' : 'only one ground of likeness is possible';
    throw bad(`${found}: give ${GROUNDS}`);
  }
  if (given.licence !== undefined) return { ground: 'licence', statement: await statementIn(given.licence) };
  if (given.consent !== undefined) return { ground: 'consent', statement: await statementIn(given.consent) };
  return { ground: 'synthetic', statement: NOBODY };
}

async function statementIn(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined && !found.isFile()) throw bad(`${path} is not a file`);
  const bytes = await firstBytes(path, MAX_BYTES + 1).catch((cause: NodeJS.ErrnoException) => {
    throw bad(`${path} cannot be read: ${cause.code ?? cause.message}`, cause);
  });
  if (bytes.length > MAX_BYTES) throw tooLong(path);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).trim();
  } catch (cause) {
    throw bad(`${path} is not text in UTF-8`, cause);
  }
  if (text === '') throw bad(`${path} is empty: it must say on what ground the likeness is used`);
  if (text.includes('\0')) throw bad(`${path} is not text in UTF-8`);
  if (text.length > MAX_STATEMENT) throw tooLong(path);
  return text;
}

async function firstBytes(path: string, count: number): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(count);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, count - length, null);
      if (bytesRead === 0) return buffer.subarray(0, length);
      length += bytesRead;
    }
  } finally {
    await file.close();
  }
}

function tooLong(path: string): VisavisError {
  return bad(`${path} is too long: at most ${MAX_STATEMENT} characters, the part that says what is allowed`);
}

function bad(message: string, cause?: unknown): VisavisError {
  return new VisavisError('bad-request', message, { field: 'likeness', cause });
}
