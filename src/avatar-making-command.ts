/** What the commands that make an avatar have in common: their options, where the avatar goes, and that Ctrl-C leaves nothing behind. */
import { parseArgs } from 'node:util';
import type { Config } from './config.js';
import { isAbort, VisavisError } from './errors.js';
import { avatarFolderIn } from './inference/avatar/folders.js';
import type { MakingOptions } from './inference/avatar/maker/create-avatar.js';
import { likenessOf } from './inference/avatar/maker/likeness.js';
import { MANNER_WORDS, MANNERS, type Manner } from './inference/avatar/manner.js';
import type { AvatarManifest } from './inference/avatar/package.js';
import { KOKORO_VOICE, piperSpeaker, voiceProblem } from './inference/speech/voices.js';
import { PICTURE_SIZE_CHOICE, parsePictureSize } from './picture-size.js';

const MAX_NAME = 80;
/** Those of the stock avatar that a service shows when nobody chooses: a voice is not guessed from a face. */
const STANDARD_VOICES: AvatarManifest['voices'] = { kokoro: 'af_heart', piper: 'libritts-840' };

export const MAKING_OPTIONS = `  --name NAME      shown to visitors
  --id ID          name of its folder: lower-case letters, digits, dashes (default: made of the name)
  --size PIXELS    of its picture: ${PICTURE_SIZE_CHOICE} (default 512); 1024x576 shows both shoulders
  --voice VOICE    a voice of Kokoro (af_heart) or Piper (libritts-840); may be given once for each (default: the service's)
  --manner WORD    how it carries itself: ${MANNER_WORDS.join(', ')} (default: none of these in particular)
  --out FOLDER     where its folder is made (default: VISAVIS_AVATARS, else ~/.local/share/visavis/avatars)
  --replace        an avatar of this id is replaced
`;

export type MakingConfig = Pick<Config, 'avatarsFolder' | 'avatarFolders' | 'voice'>;

/** `source`: the one word behind the action. */
export interface MakingRequest {
  source: string;
  options: MakingOptions;
}

/** The request of `ACTION SOURCE --options`, or undefined when help is asked for. Throws `bad-request` with the usage, or `conflict`. */
export async function makingRequest(
  args: readonly string[],
  config: MakingConfig,
  o: { action: string; source: string; usage: string },
): Promise<MakingRequest | undefined> {
  const { usage, ...words } = makingWords(args, o);
  if (words.help) return undefined;
  const { source, values } = words;
  const name = values.name?.trim();
  if (name === undefined || name === '' || name.length > MAX_NAME)
    throw usage(`--name is needed, at most ${MAX_NAME} characters`, 'name');
  const size = parsePictureSize(values.size ?? '512');
  if (size === undefined) throw usage(`--size must be ${PICTURE_SIZE_CHOICE}, got "${values.size}"`, 'size');
  const id = values.id ?? idOf(name);
  if (id === undefined) throw usage('--id is needed: the name has no letter for it', 'id');
  const replace = values.replace === true;
  const voices = voicesOf(values.voice ?? (config.voice === undefined ? [] : [config.voice]), usage);
  const manner = mannerOf(values.manner, usage);
  const likeness = await likenessOf(values);
  if (!replace && values.out === undefined) requireFreeId(id, config);
  const avatars = values.out ?? config.avatarsFolder;
  return { source, options: { avatars, id, name, size, voices, manner, likeness, replace } };
}

/** What follows `avatar`, as far as it is understood without its meaning. Throws `bad-request` with the usage. */
export function makingWords(args: readonly string[], o: { action: string; source: string; usage: string }) {
  const usage: Usage = (problem, field) =>
    new VisavisError('bad-request', `${problem}\n\n${o.usage}`, field === undefined ? {} : { field });
  const { values, positionals } = parse(args, usage);
  const [action, source = '', ...rest] = positionals;
  const help = values.help === true;
  if (!help && (action !== o.action || source === '' || rest.length > 0))
    throw usage(`expected: ${o.action} ${o.source}`);
  return { source, values, usage, help };
}

/** Throws `conflict` when an avatar of this id is found where a service looks for avatars. */
export function requireFreeId(id: string, { avatarFolders }: Pick<MakingConfig, 'avatarFolders'>): void {
  if (avatarFolderIn(avatarFolders, id) === undefined) return;
  throw new VisavisError('conflict', `there already is an avatar ${id}: choose another --id, or --replace it`, {
    field: 'id',
  });
}

/** Runs `make`, which a signal ends; resolves with what it made and the seconds it took. Rejects with `unavailable` when it was stopped. */
export async function untilStopped<T>(
  make: (signal: AbortSignal) => Promise<T>,
  undone = 'no avatar was made',
): Promise<{ made: T; seconds: string }> {
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const beganMs = performance.now();
  try {
    const made = await make(stop.signal);
    return { made, seconds: ((performance.now() - beganMs) / 1000).toFixed(1) };
  } catch (thrown) {
    if (!isAbort(thrown)) throw thrown;
    throw new VisavisError('unavailable', `stopped: ${undone}`, { cause: thrown, retryable: true });
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

type Usage = (problem: string, field?: string) => VisavisError;

function parse(args: readonly string[], usage: Usage) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        name: { type: 'string' },
        id: { type: 'string' },
        size: { type: 'string' },
        voice: { type: 'string', multiple: true },
        manner: { type: 'string' },
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

/** Letters without their accents; what is left becomes dashes. Undefined where nothing is left. */
function idOf(name: string): string | undefined {
  const plain = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const id = plain
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '');
  return id === '' ? undefined : id;
}

/** Throws `bad-request`, field `manner`. */
function mannerOf(given: string | undefined, usage: Usage): Manner | undefined {
  const word = MANNER_WORDS.find((known) => known === given);
  if (given === undefined || word !== undefined) return word && MANNERS[word];
  const expected = MANNER_WORDS.join(', ');
  throw usage(`--manner must be one of ${expected}, got ${JSON.stringify(given.slice(0, 60))}`, 'manner');
}

/** The voices to have, one for each engine. Throws `bad-request`, field `voice`. */
function voicesOf(given: readonly string[], usage: Usage): AvatarManifest['voices'] {
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
