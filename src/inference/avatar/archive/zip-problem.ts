import { VisavisError } from '../../../errors.js';

/** The field that every problem of a zip file is told under. */
export const ZIP_FIELD = 'package';

/** A finer name for what is wrong, told as the error's `reason`. */
export type ZipReason =
  /** Another kind of file, or none. */
  | 'not-a-zip'
  /** Cut off, changed on the way, or made to look like something else. */
  | 'zip-damaged'
  /** It does what no package needs: encryption, links, folders, odd names. */
  | 'zip-unsuitable'
  /** More than a package may have: bytes, files, or what they unpack to. */
  | 'zip-too-large'
  /** A sound zip file that holds no sound package. */
  | 'package-invalid';

/** `what` goes on from "the zip file …": what was found and what is expected. Text of the file itself in it must be quoted by `quoted`. */
export function zipProblem(reason: ZipReason, what: string, cause?: unknown): VisavisError {
  const code = reason === 'zip-too-large' ? 'too-large' : 'bad-request';
  return new VisavisError(code, `the zip file ${what}`, { field: ZIP_FIELD, reason, cause });
}

/** A name out of a file, safe to show: control characters escaped, cut at 60 characters. */
export function quoted(name: string): string {
  const shown = name.length > 60 ? `${name.slice(0, 60)}…` : name;
  return JSON.stringify(shown).replace(/[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
