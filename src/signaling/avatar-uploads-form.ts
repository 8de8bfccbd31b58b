import type { IncomingMessage } from 'node:http';
import busboy from 'busboy';
import { z } from 'zod';
import { VisavisError } from '../errors.js';
import { MANNER_WORDS, MANNERS, type Manner } from '../inference/avatar/manner.js';
import { KOKORO_VOICE, piperSpeaker } from '../inference/speech/voices.js';
import { PICTURE_SIZE_CHOICE, type PictureSize, parsePictureSize } from '../picture-size.js';
import { parseInput } from './validate.js';

/** What a photo may have, as it was sent. */
export const MAX_PHOTO_BYTES = 20_000_000;
/** What a package may have, as a zip file: those of photos have about 1 MB, those with films up to 20. */
export const MAX_PACKAGE_BYTES = 32_000_000;
/** All other fields with what holds a form together. */
const MAX_REST_BYTES = 64 * 1024;
export const MAX_STATEMENT = 2_000;
const MAX_NAME = 80;
/** Bytes of the longest text: four for each character of a statement. */
const MAX_FIELD_BYTES = 4 * MAX_STATEMENT;
const FILES = { photo: MAX_PHOTO_BYTES, package: MAX_PACKAGE_BYTES } as const;
type FileField = keyof typeof FILES;
const FIELDS = ['name', 'ground', 'statement', 'voice', 'manner', 'id', 'size'] as const;
const MAX_PARTS = 12;
const AVATAR_ID = /^[a-z0-9][a-z0-9-]{0,62}$/;
const NOBODY = 'A person who does not exist; any likeness is accidental.';

const name = z
  .string('expected a name')
  .trim()
  .min(1, 'expected a name')
  .max(MAX_NAME, `expected at most ${MAX_NAME} characters`)
  .regex(/^\P{Cc}*$/u, 'expected a name without control characters');
const voice = z
  .string()
  .refine(
    (value) => KOKORO_VOICE.test(value) || piperSpeaker(value) !== undefined || AVATAR_ID.test(value),
    'expected a voice of Kokoro such as af_heart, one of libritts-0 … libritts-903, or the id of an avatar whose voice it is',
  );
const id = z.string().regex(AVATAR_ID, 'expected lower-case letters, digits and dashes, 63 at most').optional();
const form = z
  .strictObject({
    name,
    ground: z.enum(
      ['synthetic', 'licence', 'consent'],
      'expected the ground on which this likeness may be used: synthetic, licence or consent',
    ),
    statement: z.string().trim().max(MAX_STATEMENT, `expected at most ${MAX_STATEMENT} characters`).default(''),
    voice: z.array(voice).max(2, 'expected at most one voice for each engine').default([]),
    manner: z.enum(MANNER_WORDS, `expected ${MANNER_WORDS.join(', ')}`).optional(),
    id,
    size: z
      .string()
      .refine((value) => parsePictureSize(value) !== undefined, `expected ${PICTURE_SIZE_CHOICE}`)
      .default('512'),
  })
  .refine(({ ground, statement }) => ground === 'synthetic' || statement !== '', {
    path: ['statement'],
    error: 'expected the text of the licence, or of what the person agreed to',
  });

/** A form that brings an avatar as a zip file, which says all but the id itself. */
export interface PackageForm {
  kind: 'package';
  archive: Buffer;
  id: string | undefined;
}

/** A form that asks for an avatar of a photo, checked. */
export interface PhotoForm {
  kind: 'photo';
  photo: Buffer;
  /** The photo's MIME type, where its sender names one. */
  declared: string | undefined;
  name: string;
  id: string | undefined;
  /** Of the picture, in pixels. */
  size: PictureSize;
  /** Voices of the engines, or avatars that lend theirs. */
  voices: readonly string[];
  manner: Manner | undefined;
  likeness: { ground: 'synthetic' | 'licence' | 'consent'; statement: string };
}

export type AvatarForm = PhotoForm | PackageForm;

/**
 * Reads `multipart/form-data` with the file `photo` and the texts `name`, `ground`, `statement`, `voice` (once or twice), `manner`, `id`, `size`, or with the file
 * `package` and `id`. What is read is bounded and stays in memory. Rejects with `bad-request` or `too-large` that names the field, as soon as that is known; what still
 * arrives is then thrown away.
 */
export async function readAvatarForm(request: IncomingMessage): Promise<AvatarForm> {
  const length = Number(request.headers['content-length'] ?? 0);
  if (length > MAX_PACKAGE_BYTES + MAX_REST_BYTES) throw tooLarge('package');
  const { file, texts } = await readParts(request);
  if (file?.field === 'package') return packageForm(file.bytes, texts);
  const { voice: voices, ...single } = texts;
  const values = parseInput(form, { ...single, ...(voices === undefined ? {} : { voice: voices }) });
  if (file === undefined)
    throw new VisavisError('bad-request', 'photo: expected a file, got nothing', { field: 'photo' });
  if (file.bytes.length === 0) throw new VisavisError('bad-request', 'photo: the file is empty', { field: 'photo' });
  const { ground, statement, size, manner } = values;
  return {
    kind: 'photo',
    photo: file.bytes,
    declared: file.type,
    name: values.name,
    id: values.id,
    size: parsePictureSize(size)!,
    voices: values.voice,
    manner: manner && MANNERS[manner],
    likeness: { ground, statement: ground === 'synthetic' && statement === '' ? NOBODY : statement },
  };
}

function packageForm(archive: Buffer, texts: Parts['texts']): PackageForm {
  const other = Object.keys(texts).find((name) => name !== 'id');
  if (other !== undefined) {
    const message = `${other}: cannot be given for a package, which says that itself`;
    throw new VisavisError('bad-request', message, { field: other });
  }
  if (archive.length === 0)
    throw new VisavisError('bad-request', 'package: the file is empty', { field: 'package', reason: 'not-a-zip' });
  const { id: wanted } = parseInput(z.strictObject({ id }), texts);
  return { kind: 'package', archive, id: wanted };
}

interface Parts {
  file: { field: FileField; bytes: Buffer; type: string | undefined } | undefined;
  texts: Record<string, string | string[]> & { voice?: string[] };
}

async function readParts(request: IncomingMessage): Promise<Parts> {
  const parser = openParser(request);
  const parts: Parts = { file: undefined, texts: {} };
  let failure: VisavisError | undefined;
  const fail = (thrown: unknown): void => {
    failure ??= thrown instanceof VisavisError ? thrown : badForm(thrown);
  };
  const attempt = (step: () => void): void => {
    try {
      step();
    } catch (thrown) {
      fail(thrown);
    }
  };
  parser.on('field', (field, value, info) => attempt(() => takeText(parts, field, value, info)));
  parser.on('file', (field, file, info) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    file.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (!isFileField(field)) return;
      if (bytes > FILES[field]) fail(tooLarge(field));
      else chunks.push(chunk);
    });
    // A form that is cut off ends its parser with an error of its own, which is told there.
    file.on('error', () => undefined);
    file.on('end', () => {
      if (parts.file !== undefined) parts.file.bytes = Buffer.concat(chunks);
    });
    attempt(() => takeFile(parts, field, info.mimeType));
  });
  for (const limit of ['partsLimit', 'filesLimit', 'fieldsLimit'] as const) {
    parser.on(limit, () => fail(new VisavisError('bad-request', 'the form has more parts than are expected')));
  }
  const closed = new Promise<void>((resolve) => {
    parser.on('error', (cause) => {
      fail(badForm(cause));
      resolve();
    });
    parser.on('close', () => resolve());
  });
  // Fed by hand: what the parser throws at odd input must reach nobody but this request.
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      attempt(() => parser.write(chunk));
      if (failure !== undefined) break;
    }
  } catch (cause) {
    fail(new VisavisError('bad-request', 'the request broke off', { cause }));
  }
  if (failure === undefined) {
    attempt(() => parser.end());
    await closed;
  }
  if (failure === undefined) return parts;
  request.resume();
  throw failure;
}

function openParser(request: IncomingMessage): busboy.Busboy {
  if (!/^multipart\/form-data *;/i.test(request.headers['content-type'] ?? '')) {
    throw new VisavisError('bad-request', 'expected a body of type multipart/form-data');
  }
  if (!/^(identity)?$/i.test(request.headers['content-encoding'] ?? '')) {
    throw new VisavisError('bad-request', 'expected a body without content-encoding');
  }
  try {
    return busboy({
      headers: request.headers,
      defParamCharset: 'utf8',
      limits: {
        fieldNameSize: 64,
        fieldSize: MAX_FIELD_BYTES,
        fields: MAX_PARTS,
        fileSize: MAX_PACKAGE_BYTES + 1,
        files: 2,
        parts: MAX_PARTS,
        headerPairs: 32,
      },
    });
  } catch (cause) {
    throw badForm(cause);
  }
}

function takeText(parts: Parts, field: string | undefined, value: string, info: busboy.FieldInfo): void {
  if (field === undefined) throw unnamed();
  if (isFileField(field)) throw new VisavisError('bad-request', `${field}: expected a file, got text`, { field });
  if (!(FIELDS as readonly string[]).includes(field)) throw unknownField(field);
  if (info.valueTruncated) {
    throw new VisavisError('bad-request', `${field}: expected at most ${MAX_STATEMENT} characters`, { field });
  }
  // Forms of browsers send what was left empty.
  if (value === '') return;
  if (field === 'voice') {
    parts.texts.voice = [...(parts.texts.voice ?? []), value];
    return;
  }
  if (Object.hasOwn(parts.texts, field)) throw twice(field);
  parts.texts[field] = value;
}

function takeFile(parts: Parts, field: string | undefined, type: string | undefined): void {
  if (field === undefined) throw unnamed();
  if (!isFileField(field)) throw unknownField(field);
  if (parts.file?.field === field) throw twice(field);
  if (parts.file !== undefined)
    throw new VisavisError('bad-request', `${field}: expected a photo or a package, got both`, { field });
  parts.file = { field, bytes: Buffer.alloc(0), type: type?.startsWith('image/') ? type : undefined };
}

function isFileField(field: string | undefined): field is FileField {
  return field !== undefined && Object.hasOwn(FILES, field);
}

function unknownField(name: string): VisavisError {
  const field = name.slice(0, 64);
  return new VisavisError('bad-request', `${field}: no field of this name is expected`, { field });
}

function unnamed(): VisavisError {
  return new VisavisError('bad-request', 'a part of the form has no name');
}

function twice(field: string): VisavisError {
  return new VisavisError('bad-request', `${field}: expected once`, { field });
}

function badForm(cause: unknown): VisavisError {
  const why = cause instanceof Error ? cause.message.slice(0, 100) : '';
  return new VisavisError('bad-request', `the body is no valid multipart/form-data: ${why}`, { cause });
}

function tooLarge(field: FileField): VisavisError {
  return new VisavisError('too-large', `${field}: the file is larger than ${FILES[field] / 1e6} MB`, {
    field,
    reason: field === 'photo' ? 'too-large' : 'zip-too-large',
  });
}
