/** Every text of the page in one language. A language that lacks one does not compile. */
export interface Strings {
  intro: {
    label: string;
    title: (name: string) => string;
    titleWithoutName: string;
    lead: string;
    start: string;
    typeInstead: string;
    startTyping: string;
    /** What will happen with the microphone, before the browser asks. */
    microphone: string;
    microphoneAllowed: string;
    microphoneBlocked: string;
    disclosure: string;
    chooseAvatar: string;
    /** How an avatar carries itself, in one or two words that fit whoever it is. */
    manners: Record<'calm' | 'warm' | 'lively' | 'thoughtful', string>;
    /** Leads to the page on which avatars are shown and made. */
    avatars: string;
  };
  status: Record<
    | 'ready'
    | 'connecting'
    | 'listening'
    | 'thinking'
    | 'speaking'
    | 'muted'
    | 'reconnecting'
    | 'recovering'
    | 'waiting'
    | 'ended',
    string
  >;
  /** What stands in place of captions while nobody has said anything. */
  idle: Record<
    'askingMicrophone' | 'oneMoment' | 'sayHello' | 'holdToTalk' | 'typeToBegin' | 'reconnecting' | 'recovering',
    string
  >;
  stage: {
    live: (name: string) => string;
    interrupt: string;
    soundOn: string;
    pictureInPicture: string;
    fullScreen: string;
    leaveFullScreen: string;
    startAgain: string;
    back: string;
  };
  dock: {
    label: string;
    message: string;
    send: string;
    end: string;
    microphone: Record<'off' | 'asking' | 'on' | 'muted' | 'hold', string>;
  };
  transcript: {
    title: string;
    empty: string;
    copy: string;
    copied: string;
    copyFailed: string;
    you: string;
    interrupted: string;
    /** Before the documents that a reply rests on. */
    sources: string;
    page: (number: number) => string;
    captions: string;
  };
  /** Why it is over and what can be done. */
  end: Record<
    | 'left'
    | 'idle'
    | 'duration'
    | 'expired'
    | 'replaced'
    | 'lost'
    | 'blocked'
    | 'shutdown'
    | 'failed'
    | 'unreachable'
    | 'notFound'
    | 'notAllowed'
    | 'notStarted'
    | 'other',
    { title: string; hint: string }
  >;
  busy: {
    title: string;
    hint: string;
    countdown: (seconds: number) => string;
    trying: string;
    tryNow: string;
    stop: string;
  };
  problem: Record<'unreachable' | 'tooFast' | 'recovering' | 'other', string>;
  ending: { duration: (minutes: number) => string; shutdown: string };
  microphoneProblem: Record<'denied' | 'absent' | 'busy' | 'silent' | 'insecure', string>;
  dismiss: string;
  tryAgain: string;
  settings: {
    title: string;
    close: string;
    microphone: string;
    speaker: string;
    standardDevice: string;
    unnamedDevice: (number: number) => string;
    theme: string;
    themes: Record<'system' | 'light' | 'dark', string>;
    switchTheme: string;
    language: string;
    shortcuts: string;
    shortcutsOn: string;
    /** `mute`: of the same key where it is held to talk as well. */
    shortcut: Record<'mute' | 'type' | 'interrupt', string>;
    figures: string;
  };
}
