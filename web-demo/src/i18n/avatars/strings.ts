/** Every text of the page of avatars in one language. A language that lacks one does not compile. */
export interface AvatarStrings {
  title: string;
  lead: string;
  toTalk: string;
  talk: string;
  /** Begins or ends with `talk`, or contains it. */
  talkWith: (name: string) => string;
  delete: (name: string) => string;
  /** As a file, to be taken to another machine. */
  save: (name: string) => string;
  pause: string;
  play: string;
  make: {
    title: string;
    lead: string;
    photo: string;
    drop: string;
    choose: string;
    change: string;
    hint: string;
    preview: string;
    name: string;
    voice: string;
    standardVoice: string;
    voiceOf: (name: string) => string;
    ground: string;
    why: string;
    grounds: Record<Ground, string>;
    statement: Record<Exclude<Ground, 'synthetic'>, string>;
    start: string;
    cancel: string;
    again: string;
    unavailable: string;
  };
  /** What is going on, by step. */
  steps: Record<Step, string>;
  waiting: (ahead: number) => string;
  done: (name: string) => string;
  drawing: string;
  remarks: string;
  key: { title: string; hint: string; label: string; use: string; wrong: string };
  remove: {
    title: (name: string) => string;
    hint: string;
    confirm: string;
    keep: string;
    done: (name: string) => string;
  };
  missing: Record<'photo' | 'name' | 'ground' | 'statement', string>;
  refused: Record<Refusal, string>;
}

export type Ground = 'synthetic' | 'licence' | 'consent';
export type Step = 'upload' | 'read' | 'face' | 'frame' | 'cut-out' | 'background' | 'write' | 'other';
/** Why no avatar was made, and what can be done about it. */
export type Refusal =
  | 'no-face'
  | 'several-faces'
  | 'face-too-small'
  | 'face-tilted'
  | 'face-turned'
  | 'face-cut-off'
  | 'eyes-covered'
  | 'mouth-covered'
  | 'unreadable'
  | 'too-large'
  | 'busy'
  | 'tooOften'
  | 'notAllowed'
  | 'unreachable'
  | 'standard'
  | 'other';
