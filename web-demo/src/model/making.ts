import type { AvatarStrings } from '../i18n/avatars/index.js';
import type { Refusal, Step } from '../i18n/avatars/strings.js';

/** What the server tells while it makes an avatar; `upload` is this page's own. */
export interface MakingProgress {
  step: string;
  /** 0…1 of that part. */
  fraction: number;
  /** How many are made before it, while it waits. */
  ahead?: number;
}

/** What stands behind a refusal. */
export interface Failure {
  code: string;
  field?: string | undefined;
  reason?: string | undefined;
  message: string;
}

export interface FilledForm {
  photo: Blob | undefined;
  name: string;
  ground: string | undefined;
  statement: string;
}

export type FormField = keyof FilledForm;

/** As the server has it. */
export const MAX_PHOTO_BYTES = 20_000_000;
export const PHOTO_TYPES = ['image/jpeg', 'image/png', 'image/webp'];
/** Share of the bar for the way to the server. */
const UPLOAD_SHARE = 0.15;
const STEPS: readonly Step[] = ['upload', 'read', 'face', 'frame', 'cut-out', 'background', 'write'];
const OF_THE_PICTURE: readonly Refusal[] = [
  'no-face',
  'several-faces',
  'face-too-small',
  'face-tilted',
  'face-turned',
  'face-cut-off',
  'eyes-covered',
  'mouth-covered',
  'unreadable',
  'too-large',
];

/** What is going on, in words, and how far it is, 0…1. */
export function describeMaking(
  { step, fraction, ahead = 0 }: MakingProgress,
  strings: AvatarStrings,
): { text: string; done: number } {
  if (step === 'waiting') return { text: strings.waiting(Math.max(1, ahead)), done: UPLOAD_SHARE };
  const share = Math.min(1, Math.max(0, fraction));
  const done = step === 'upload' ? share * UPLOAD_SHARE : UPLOAD_SHARE + share * (1 - UPLOAD_SHARE);
  return { text: strings.steps[STEPS.find((known) => known === step) ?? 'other'], done };
}

/** What is still to be said before an avatar can be made, in the order of the form. */
export function missingField({ photo, name, ground, statement }: FilledForm): FormField | undefined {
  if (photo === undefined) return 'photo';
  if (name.trim() === '') return 'name';
  if (ground === undefined) return 'ground';
  return ground !== 'synthetic' && statement.trim() === '' ? 'statement' : undefined;
}

/** Why a file cannot be sent at all; undefined when it can. */
export function fileProblem(file: { size: number; type: string }): 'unreadable' | 'too-large' | undefined {
  if (file.size > MAX_PHOTO_BYTES) return 'too-large';
  return PHOTO_TYPES.includes(file.type) ? undefined : 'unreadable';
}

/**
 * A refusal in plain words that say what to do, and the field that is meant. `detail`: what the server says itself, in English, where
 * these words may be too coarse.
 */
export function describeRefusal(
  { code, field, reason, message }: Failure,
  { refused }: AvatarStrings,
): { text: string; field: FormField | undefined; detail: string | undefined } {
  const at = ['photo', 'name', 'ground', 'statement'].find((name) => name === field) as FormField | undefined;
  const say = (refusal: Refusal, detail?: string) => ({ text: refused[refusal], field: at, detail });
  const known = OF_THE_PICTURE.find((name) => name === reason);
  if (known !== undefined) return say(known, known === 'unreadable' ? message : undefined);
  switch (code) {
    case 'too-large':
      return say('too-large');
    case 'unavailable':
      return say('busy', message);
    case 'too-many-requests':
      return say('tooOften');
    case 'unauthorized':
    case 'forbidden':
      return say('notAllowed');
    case 'unreachable':
      return say('unreachable');
    case 'bad-request':
    case 'conflict':
      return say('other', message);
    default:
      return say('other');
  }
}
