import { pipeline } from 'node:stream/promises';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { isAbort, VisavisError } from '../errors.js';
import { packageZip } from '../inference/avatar/archive/package-export.js';
import type { Manner } from '../inference/avatar/manner.js';
import type { AvatarManifest } from '../inference/avatar/package.js';
import { KOKORO_VOICE, piperSpeaker, voiceProblem } from '../inference/speech/voices.js';
import type { PictureSize } from '../picture-size.js';
import { type AvatarForm, type PhotoForm, readAvatarForm } from './avatar-uploads-form.js';
import { answerAsLines, wantsLines } from './avatar-uploads-lines.js';
import type { AvatarDirectory, AvatarSummary } from './avatars.js';
import type { OwnAvatars } from './own-avatars.js';

export interface MakingProgress {
  /** `waiting`, or a step of the maker. */
  step: string;
  /** 0…1 of the whole. */
  fraction: number;
  /** How many are made before it, while it waits. */
  ahead?: number;
}

interface PhotoOrder {
  name: string;
  size: PictureSize;
  voices: AvatarManifest['voices'];
  manner: Manner | undefined;
  likeness: PhotoForm['likeness'];
  declared: string | undefined;
  photo: Buffer;
}

/** Makes avatars; see `AvatarCreations`. */
export interface AvatarMaker {
  /** Throws `unavailable` when too many wait already. */
  enter(): {
    run(
      order: PhotoOrder | { id: string | undefined; archive: Buffer },
      o: {
        chooseId: (own?: string) => Promise<string>;
        signal: AbortSignal;
        onProgress: (progress: MakingProgress) => void;
      },
    ): Promise<{ id: string; remarks: string[] }>;
    leave(): void;
  };
}

export interface AvatarUploadOptions {
  avatars: AvatarDirectory;
  own: OwnAvatars;
  maker: AvatarMaker;
  /** Lends its voices to avatars for which none is asked. */
  defaultAvatar: string;
  /** Throws when whoever asks may not. */
  admit: RequestHandler;
  limit: (request: Request, response: Response) => void;
}

/** The answer to `POST /v1/avatars`. */
export interface MadeAvatar extends AvatarSummary {
  /** What will show in the avatar, in English sentences. */
  remarks: string[];
}

const MAX_ID = 63;
const MAX_NAMESAKES = 999;

/**
 * `POST /avatars` makes an avatar of a photo, or takes in the one of a package (`readAvatarForm`), and answers 201 with it, or, with `Accept: application/x-ndjson`, with lines of
 * progress and the result as the last; `DELETE /avatars/:id` removes one that was made here; `GET /avatars/:id/package` gives one as a zip file. What a request's sender no longer waits for is ended.
 */
export function avatarUploads(o: AvatarUploadOptions): Router {
  const router = Router({ caseSensitive: true });
  router.post('/avatars', o.admit, async (request, response) => {
    // What is not read must not hold the connection.
    response.set('Connection', 'close');
    o.limit(request, response);
    const place = o.maker.enter();
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    try {
      const form = await readAvatarForm(request);
      const make = (onProgress: (progress: MakingProgress) => void): Promise<MadeAvatar> =>
        makeAvatar(form, o, { place, signal: gone.signal, onProgress });
      if (wantsLines(request)) await answerAsLines(response, make);
      else response.status(201).json(await make(() => undefined));
    } catch (thrown) {
      // Nobody is there to hear of it.
      if (!isAbort(thrown) || !gone.signal.aborted) throw withFormFields(thrown);
    } finally {
      place.leave();
    }
  });
  router.get('/avatars/:id/package', o.admit, async (request, response) => {
    const { folder, manifest } = await o.avatars.find(String(request.params['id']));
    const { stream, bytes } = await packageZip(folder, manifest);
    response.attachment(`${manifest.id}.zip`).set('Content-Length', String(bytes));
    // Who hangs up in the middle wants no answer, and what breaks off in the middle has none but its end.
    await pipeline(stream, response).catch(() => response.destroy());
  });
  router.delete('/avatars/:id', o.admit, async (request, response) => {
    await o.own.remove(String(request.params['id']));
    response.status(204).end();
  });
  return router;
}

async function makeAvatar(
  form: AvatarForm,
  { avatars, own, defaultAvatar }: AvatarUploadOptions,
  {
    place,
    ...o
  }: {
    place: ReturnType<AvatarMaker['enter']>;
    signal: AbortSignal;
    onProgress: (progress: MakingProgress) => void;
  },
): Promise<MadeAvatar> {
  const requireFree = async (id: string): Promise<string> => {
    if (!(await own.isTaken(id))) return id;
    throw new VisavisError('conflict', `there already is an avatar ${id}: choose another id`, { field: 'id' });
  };
  const run = async (): Promise<{ id: string; remarks: string[] }> => {
    if (form.id !== undefined) await requireFree(form.id);
    if (form.kind === 'package') {
      const chooseId = (id = ''): Promise<string> => requireFree(id);
      return place.run({ id: form.id, archive: form.archive }, { ...o, chooseId });
    }
    const { id: wanted, voices: names, name, size, manner, likeness, declared, photo } = form;
    const voices = await voicesOf(names, avatars, defaultAvatar);
    const chooseId = (): Promise<string> =>
      wanted === undefined ? freeId(name, (id) => own.isTaken(id)) : requireFree(wanted);
    return place.run({ name, size, voices, manner, likeness, declared, photo }, { ...o, chooseId });
  };
  const { id, remarks } = await run();
  return { ...(await avatars.describe(id)), remarks };
}

/** Errors of the maker name what the program calls the photo. */
function withFormFields(thrown: unknown): unknown {
  if (!(thrown instanceof VisavisError) || thrown.field !== 'image') return thrown;
  return VisavisError.fromBody({ ...thrown.toBody(), field: 'photo' });
}

/** An id made of the letters of a name, with a number behind it where there is one already. */
export async function freeId(name: string, isTaken: (id: string) => Promise<boolean>): Promise<string> {
  const plain = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const letters = plain.replace(/[^a-z0-9]+/g, '-').slice(0, MAX_ID - 4);
  const base = letters.replace(/^-+|-+$/g, '') || 'avatar';
  if (!(await isTaken(base))) return base;
  for (let number = 2; number <= MAX_NAMESAKES; number++) {
    const id = `${base}-${number}`;
    if (!(await isTaken(id))) return id;
  }
  throw new VisavisError('conflict', `there are too many avatars called ${base}: choose an id`, { field: 'id' });
}

async function voicesOf(
  names: readonly string[],
  avatars: AvatarDirectory,
  standard: string,
): Promise<AvatarManifest['voices']> {
  const voices = { ...(await avatars.find(standard)).manifest.voices };
  for (const name of names) {
    const engine = piperSpeaker(name) !== undefined ? 'piper' : KOKORO_VOICE.test(name) ? 'kokoro' : undefined;
    if (engine === undefined) {
      const lender = await avatars.find(name).catch((cause: unknown) => {
        const message = `voice: there is neither a voice nor an avatar called ${name}`;
        throw new VisavisError('bad-request', message, { field: 'voice', cause });
      });
      Object.assign(voices, lender.manifest.voices);
      continue;
    }
    const problem = voiceProblem(engine, name);
    if (problem !== undefined) throw problem;
    voices[engine] = name;
  }
  return voices;
}
