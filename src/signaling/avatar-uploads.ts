import { type Request, type RequestHandler, type Response, Router } from 'express';
import { isAbort, VisavisError } from '../errors.js';
import type { AvatarManifest } from '../inference/avatar/package.js';
import { KOKORO_VOICE, piperSpeaker, voiceProblem } from '../inference/speech/voices.js';
import type { PictureSize } from '../picture-size.js';
import { type AvatarForm, readAvatarForm } from './avatar-uploads-form.js';
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

/** Makes avatars; see `AvatarCreations`. */
export interface AvatarMaker {
  /** Throws `unavailable` when too many wait already. */
  enter(): {
    run(
      order: {
        name: string;
        size: PictureSize;
        voices: AvatarManifest['voices'];
        likeness: AvatarForm['likeness'];
        declared: string | undefined;
        photo: Buffer;
      },
      o: { chooseId: () => Promise<string>; signal: AbortSignal; onProgress: (progress: MakingProgress) => void },
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
 * `POST /avatars` makes an avatar of a photo (`readAvatarForm`) and answers 201 with it, or, with `Accept: application/x-ndjson`, with lines of
 * progress and the result as the last; `DELETE /avatars/:id` removes one that was made here. What a request's sender no longer waits for is ended.
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
  router.delete('/avatars/:id', o.admit, async (request, response) => {
    await o.own.remove(String(request.params['id']));
    response.status(204).end();
  });
  return router;
}

async function makeAvatar(
  { id: wanted, voices: names, name, size, likeness, declared, photo }: AvatarForm,
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
  const voices = await voicesOf(names, avatars, defaultAvatar);
  const chooseId = async (): Promise<string> => {
    if (wanted === undefined) return freeId(name, (id) => own.isTaken(id));
    if (!(await own.isTaken(wanted))) return wanted;
    throw new VisavisError('conflict', `there already is an avatar ${wanted}: choose another id`, { field: 'id' });
  };
  if (wanted !== undefined) await chooseId();
  const { id, remarks } = await place.run({ name, size, voices, likeness, declared, photo }, { ...o, chooseId });
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
