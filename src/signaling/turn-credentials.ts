import { createHmac } from 'node:crypto';
import type { Config } from '../config.js';

/** An entry of WebRTC's `RTCConfiguration.iceServers`. */
export interface IceServer {
  urls: string[];
  username?: string;
  credential?: string;
}

/**
 * What a browser needs to use the operator's TURN servers until `turn.ttlMs` after `nowMs`: the scheme of "A REST API For Access To
 * TURN Services" (draft-uberti-behave-turn-rest-00, section 2.2), which coturn calls `use-auth-secret`. The username is the expiry in
 * seconds since 1970, a colon and `sessionId`; the password is its HMAC-SHA1 under the shared secret, in base64. None without TURN.
 */
export function turnServers(turn: Config['turn'], sessionId: string, nowMs: number): IceServer[] {
  if (turn === null) return [];
  const username = `${Math.floor((nowMs + turn.ttlMs) / 1000)}:${sessionId}`;
  const credential = createHmac('sha1', turn.secret).update(username).digest('base64');
  return [{ urls: [...turn.urls], username, credential }];
}
