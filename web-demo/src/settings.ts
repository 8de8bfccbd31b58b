import { PICTURE_SIZES } from '../../src/picture-size.js';
import type { CreateSessionBody } from '../../src/signaling/messages.js';
import { TURN_TAKING } from '../../src/turn-taking.js';

/** What the page's address asks for; see `readSettings`. */
export interface Settings {
  autostart: boolean;
  /** False: type only, the microphone is never asked for. */
  microphone: boolean;
  session: CreateSessionBody;
  /** Join token of a session that somebody else has created, for servers on which that takes a key. */
  token: string | undefined;
  /** Language of the page, as the address asks for it. */
  language: string | undefined;
  /** API key with which this page may create sessions itself: on the links that `visavis serve --dev-tls` prints. */
  key: string | undefined;
}

const MAX_GREETING_LENGTH = 500;
const SPEECH = ['kokoro', 'piper', 'openai'] as const;

/**
 * Reads `#token=TOKEN` and `#key=KEY` (a fragment, because those are sent nowhere), `?autostart=1`, `?mic=0`, `?avatar=ID`, `?speech=piper|kokoro|openai`,
 * `?turn-taking=eager|balanced|patient|off|push-to-talk`, `?greeting=TEXT`, `?greeting=none`,
 * `?size=1024x576` and `?lang=TAG`.
 * Unknown values are ignored: a mistyped address still gives a page that works.
 */
export function readSettings(search: string, hash = ''): Settings {
  const query = new URLSearchParams(search);
  const session: CreateSessionBody = {};
  const avatar = query.get('avatar');
  if (avatar) session.avatar = avatar.slice(0, 64);
  const speech = SPEECH.find((name) => name === query.get('speech'));
  if (speech) session.speech = speech;
  const turnTaking = TURN_TAKING.find((name) => name === query.get('turn-taking'));
  if (turnTaking) session.turnTaking = turnTaking;
  const size = PICTURE_SIZES.find((name) => name === query.get('size'));
  if (size) session.size = size;
  const greeting = query.get('greeting');
  if (greeting) session.greeting = greeting === 'none' ? null : greeting.slice(0, MAX_GREETING_LENGTH);
  const fragment = new URLSearchParams(hash.replace(/^#/, ''));
  return {
    autostart: query.get('autostart') === '1',
    // Nobody would listen.
    microphone: query.get('mic') !== '0' && turnTaking !== 'off',
    session,
    language: query.get('lang')?.slice(0, 35) || undefined,
    token: fragment.get('token') || undefined,
    key: fragment.get('key') || undefined,
  };
}
