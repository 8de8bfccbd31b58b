import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import type { Config } from './config.js';
import { isAbort, VisavisError } from './errors.js';
import { avatarFolderIn } from './inference/avatar/folders.js';
import { type CreatedAvatar, createAvatar, STEPS, type Step } from './inference/avatar/maker/create-avatar.js';
import { likenessOf } from './inference/avatar/maker/likeness.js';
import type { AvatarManifest } from './inference/avatar/package.js';
import { KOKORO_VOICE, piperSpeaker, voiceProblem } from './inference/speech/voices.js';
import { MAX_FILE_BYTES } from './inference/vision/image.js';

export const SIZES = [512, 768];
/** Those of the stock avatar that a service shows when nobody chooses: a voice is not guessed from a face. */
const STANDARD_VOICES: AvatarManifest['voices'] = { kokoro: 'af_heart', piper: 'libritts-840' };
export const MAX_NAME = 80;

const USAGE = `visavis avatar create PHOTO --name NAME (--synthetic | --licence FILE | --consent FILE) [options]

Makes an avatar of the face in a JPEG, PNG or WebP picture. A likeness needs a ground, which is written into the avatar:
  --synthetic      nobody's face: drawn or generated
  --licence FILE   the picture's licence allows it; FILE is its text (UTF-8, 2,000 characters at most)
  --consent FILE   the person agreed; FILE says who, when, and to what

  --name NAME      shown to visitors
  --id ID          name of its folder: lower-case letters, digits, dashes (default: made of the name)
  --size PIXELS    side of its picture: ${SIZES.join(' or ')} (default ${SIZES[0]})
  --voice VOICE    a voice of Kokoro (af_heart) or Piper (libritts-840); may be given once for each (default: the service's)
  --out FOLDER     where its folder is made (default: VISAVIS_AVATARS, else ~/.local/share/visavis/avatars)
  --replace        an avatar of this id is replaced
`;

const DOING: Record<Step, string> = {
  read: 'reading the picture',
  face: 'looking for the face',
  frame: 'straightening and cropping',
  'cut-out': 'cutting the person out',
  background: 'filling the background, measuring light and mouth',
  write: 'writing and checking the package',
};

/** `visavis avatar create …`, given what follows `avatar`. */
export async function main(
  args: readonly string[],
  config: Pick<Config, 'avatarsFolder' | 'avatarFolders' | 'voice'>,
): Promise<void> {
  const { values, positionals } = parse(args);
  if (values.help === true) {
    process.stdout.write(USAGE);
    return;
  }
  const [action, photo, ...rest] = positionals;
  if (action !== 'create' || photo === undefined || rest.length > 0) throw usage('expected: create PHOTO');
  const name = values.name?.trim();
  if (name === undefined || name === '' || name.length > MAX_NAME)
    throw usage(`--name is needed, at most ${MAX_NAME} characters`, 'name');
  const size = values.size === undefined ? SIZES[0]! : Number(values.size);
  if (!SIZES.includes(size)) throw usage(`--size must be ${SIZES.join(' or ')}, got "${values.size}"`, 'size');
  const id = values.id ?? idOf(name);
  const replace = values.replace === true;
  const voices = voicesOf(values.voice ?? (config.voice === undefined ? [] : [config.voice]));
  const likeness = await likenessOf(values);
  const avatars = values.out ?? config.avatarsFolder;
  if (!replace && values.out === undefined && avatarFolderIn(config.avatarFolders, id) !== undefined) {
    throw new VisavisError('conflict', `there already is an avatar ${id}: choose another --id, or --replace it`, {
      field: 'id',
    });
  }
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const beganMs = performance.now();
  try {
    const options = { avatars, id, name, size, voices, likeness, replace, declared: basename(photo) };
    const made = await createAvatar(await readPhoto(photo), options, { signal: stop.signal, onProgress: report });
    const seconds = ((performance.now() - beganMs) / 1000).toFixed(1);
    process.stdout.write(describe(made, { id, name, seconds }));
  } catch (thrown) {
    if (!isAbort(thrown)) throw thrown;
    throw new VisavisError('unavailable', 'stopped: no avatar was made', { cause: thrown, retryable: true });
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

function report(step: Step): void {
  process.stdout.write(`[${STEPS.indexOf(step) + 1}/${STEPS.length}] ${DOING[step]} …\n`);
}

function describe(
  { folder, framing, remarks }: CreatedAvatar,
  { id, name, seconds }: { id: string; name: string; seconds: string },
): string {
  const { region, side } = framing;
  return [
    `${name} (${id}) was made in ${seconds} s: ${folder}`,
    `  picture     ${side}×${side} pixels of ${Math.round(region.side)}×${Math.round(region.side)} in the photo`,
    ...remarks.map((remark) => `  note: ${remark}`),
    `  look at it  visavis avatar preview ${folder} --sheet sheet.png`,
    '',
  ].join('\n');
}

/** Letters without their accents; what is left becomes dashes. */
export function idOf(name: string): string {
  const plain = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const id = plain
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '');
  if (id === '') throw usage('--id is needed: the name has no letter for it', 'id');
  return id;
}

/** The voices to have, one for each engine, given as options. Throws `bad-request`, field `voice`. */
export function voicesOf(given: readonly string[]): AvatarManifest['voices'] {
  const voices = { ...STANDARD_VOICES };
  for (const voice of given) {
    const engine = piperSpeaker(voice) !== undefined ? 'piper' : 'kokoro';
    if (engine === 'kokoro' && !KOKORO_VOICE.test(voice)) {
      const expected = 'a voice of Kokoro such as af_heart, or libritts-0 … libritts-903';
      throw usage(`--voice must be ${expected}, got ${JSON.stringify(voice.slice(0, 60))}`, 'voice');
    }
    const problem = voiceProblem(engine, voice);
    if (problem !== undefined) throw problem;
    voices[engine] = voice;
  }
  return voices;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        name: { type: 'string' },
        id: { type: 'string' },
        size: { type: 'string' },
        voice: { type: 'string', multiple: true },
        out: { type: 'string' },
        replace: { type: 'boolean' },
        synthetic: { type: 'boolean' },
        licence: { type: 'string' },
        consent: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (thrown) {
    throw usage(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

function usage(problem: string, field?: string): VisavisError {
  return new VisavisError('bad-request', `${problem}\n\n${USAGE}`, field === undefined ? {} : { field });
}

/** The file's bytes. Rejects with `bad-request` or `too-large`, field `image`. */
export async function readPhoto(path: string): Promise<Uint8Array> {
  try {
    const info = await stat(path);
    if (!info.isFile()) throw new VisavisError('bad-request', `${path} is not a file`, { field: 'image' });
    if (info.size > MAX_FILE_BYTES) {
      const limit = `at most ${MAX_FILE_BYTES / 1e6} MB are read`;
      throw new VisavisError('too-large', `${path} has ${Math.round(info.size / 1e6)} MB: ${limit}`, {
        field: 'image',
      });
    }
    return await readFile(path);
  } catch (thrown) {
    if (thrown instanceof VisavisError) throw thrown;
    const reason = (thrown as NodeJS.ErrnoException).code ?? String(thrown);
    throw new VisavisError('bad-request', `${path} cannot be read: ${reason}`, { field: 'image', cause: thrown });
  }
}
