/** What both transports say together, in the words of `RTCPeerConnection.connectionState`. */
export type TransportsState = 'connecting' | 'connected' | 'disconnected' | 'failed';

export interface ConnectionState {
  socket: 'up' | 'down';
  /** The server has let this socket into the session. */
  joined: boolean;
  /** `starting`: built, not yet connected; `shaky`: nothing comes, which may pass; `broken`: its path is to be mended; `none`: to be built. */
  media: 'none' | 'starting' | 'good' | 'shaky' | 'broken';
  /** Since when `media` is what it is. */
  mediaSinceMs: number;
  /** ICE restarts since media was last good. */
  restarts: number;
  /** Attempts to build media since it was last good. */
  builds: number;
  /** The next attempt is not made before this. */
  notBeforeMs: number;
  /** Since when not everything is well; undefined while it is. */
  troubleSinceMs: number | undefined;
  /** Media has been connected at some time. */
  wasGood: boolean;
}

export type ConnectionEvent =
  | { type: 'socket'; socket: 'up' | 'down' }
  | { type: 'joined'; mediaKept: boolean }
  | { type: 'join-failed' }
  | { type: 'transports'; state: TransportsState }
  /** The machine has another address, or was asleep: the paths of before lead nowhere. */
  | { type: 'network-changed' }
  | { type: 'restarted' }
  /** The server no longer has the transports. */
  | { type: 'media-lost' }
  | { type: 'built' }
  | { type: 'build-failed' };

export type Step = 'join' | 'build' | 'restart-ice' | 'give-up';

/** A path without packets for this long is mended; before, it may come back by itself. */
const SHAKY_MS = 1_000;
/** An ICE restart has this long to connect; the next one twice as long. */
const RESTART_MS = 3_000;
const MAX_RESTARTS = 2;
/** New transports have this long to connect: a fallback to TCP or to TURN takes seconds. */
const START_MS = 12_000;
const RETRY_MS = 500;
const MAX_RETRY_MS = 4_000;
/** Trouble that lasts this long ends the conversation. The server keeps the seat a little longer. */
export const TROUBLE_LIMIT_MS = 30_000;

export function initialConnection(nowMs: number): ConnectionState {
  return {
    socket: 'down',
    joined: false,
    media: 'none',
    mediaSinceMs: nowMs,
    restarts: 0,
    builds: 0,
    notBeforeMs: nowMs,
    troubleSinceMs: nowMs,
    wasGood: false,
  };
}

/** The state after `event`. Pure: time is a parameter, in ms of any clock that never goes back. */
export function advance(state: ConnectionState, event: ConnectionEvent, nowMs: number): ConnectionState {
  const next = changed(state, event, nowMs);
  const isWell = next.joined && next.media === 'good';
  if (isWell) return { ...next, troubleSinceMs: undefined, restarts: 0, builds: 0, wasGood: true };
  return { ...next, troubleSinceMs: state.troubleSinceMs ?? nowMs };
}

/** What is to be done now, or when to ask again. */
export function nextStep(state: ConnectionState, nowMs: number): { step: Step } | { waitUntilMs: number } {
  const { troubleSinceMs, media, mediaSinceMs, notBeforeMs } = state;
  if (troubleSinceMs === undefined) return { waitUntilMs: Number.POSITIVE_INFINITY };
  const deadlineMs = troubleSinceMs + TROUBLE_LIMIT_MS;
  if (nowMs >= deadlineMs) return { step: 'give-up' };
  const at = (dueMs: number, step: Step) => (nowMs >= dueMs ? { step } : { waitUntilMs: Math.min(dueMs, deadlineMs) });
  if (state.socket === 'down') return { waitUntilMs: deadlineMs };
  if (!state.joined) return at(notBeforeMs, 'join');
  if (media === 'none') return at(notBeforeMs, 'build');
  if (media === 'starting') return at(mediaSinceMs + START_MS, 'build');
  if (media === 'shaky') return at(mediaSinceMs + SHAKY_MS, 'restart-ice');
  return at(notBeforeMs, state.restarts < MAX_RESTARTS ? 'restart-ice' : 'build');
}

/** The visitor can be heard and sees what happens; a path that has just begun to stutter counts as live. */
export function isLive({ joined, media }: ConnectionState): boolean {
  return joined && media !== 'none' && media !== 'broken';
}

function changed(state: ConnectionState, event: ConnectionEvent, nowMs: number): ConnectionState {
  const become = (media: ConnectionState['media']): ConnectionState =>
    media === state.media ? state : { ...state, media, mediaSinceMs: nowMs };
  switch (event.type) {
    case 'socket':
      return { ...state, socket: event.socket, joined: false, notBeforeMs: nowMs };
    case 'joined':
      return { ...(event.mediaKept ? state : become('none')), joined: true, restarts: 0, notBeforeMs: nowMs };
    case 'join-failed':
      return { ...state, notBeforeMs: nowMs + 2 * RETRY_MS };
    case 'network-changed':
      return state.media === 'none' ? state : { ...become('broken'), restarts: 0, notBeforeMs: nowMs };
    case 'restarted': {
      const restarts = state.restarts + 1;
      return { ...become('broken'), restarts, notBeforeMs: nowMs + RESTART_MS * 2 ** (restarts - 1) };
    }
    case 'media-lost':
      return { ...become('none'), notBeforeMs: nowMs };
    case 'built':
      return { ...state, media: 'starting', mediaSinceMs: nowMs, restarts: 0, builds: state.builds + 1 };
    case 'build-failed': {
      const pauseMs = Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** state.builds);
      return { ...become('none'), builds: state.builds + 1, notBeforeMs: nowMs + pauseMs };
    }
    case 'transports':
      return afterTransports(state, event.state, become, nowMs);
  }
}

function afterTransports(
  state: ConnectionState,
  transports: TransportsState,
  become: (media: ConnectionState['media']) => ConnectionState,
  nowMs: number,
): ConnectionState {
  if (state.media === 'none') return state;
  // What the path of before says no longer counts: only a restart mends it.
  if (state.media === 'broken' && state.restarts === 0) return state;
  if (transports === 'connected') return become('good');
  if (state.media === 'broken' || transports === 'connecting') return state;
  if (transports === 'failed') return { ...become('broken'), notBeforeMs: nowMs };
  return state.media === 'good' ? become('shaky') : state;
}
