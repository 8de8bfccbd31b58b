import { clientMessages } from '../../src/signaling/messages.js';
import { DTLS_PARAMETERS, microphoneParameters } from '../support/client.js';

export type Random = () => number;

export function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)]!;
}

/** What a valid message of a participant with these ids looks like. */
export interface KnownIds {
  token: string;
  send: string;
  receive: string;
  rtpCapabilities: Record<string, unknown>;
}

/** Messages that never end what is tested. `leave` is left to the mutations of names. */
export function validPayload(random: Random, name: string, ids: KnownIds): unknown {
  const transportId = pick(random, [ids.send, ids.receive]);
  switch (name) {
    case 'join':
      return { token: ids.token };
    case 'create-transport':
      return { direction: pick(random, ['send', 'receive']) };
    case 'connect-transport':
      return { transportId, dtlsParameters: structuredClone(DTLS_PARAMETERS) };
    case 'produce':
      return { transportId, kind: 'audio', rtpParameters: microphoneParameters(1 + Math.floor(random() * 1e6)) };
    case 'consume':
      return { transportId, rtpCapabilities: structuredClone(ids.rtpCapabilities) };
    case 'restart-ice':
      return { transportId };
    case 'set-microphone':
      return { enabled: random() < 0.5 };
    case 'say':
    case 'ask':
      return { text: 'hello' };
    default:
      return {};
  }
}

export const MESSAGE_NAMES = Object.keys(clientMessages);

const NASTY_STRINGS = [
  '',
  ' ',
  '\u0000',
  '\ud800',
  '../../etc/passwd',
  '%00',
  '__proto__',
  'constructor',
  '1e999',
  '\u202e\u200f',
  '🏳️‍🌈'.repeat(50),
  "'; DROP TABLE x; --",
  '<script>alert(1)</script>',
  '$(reboot)',
  '{{7*7}}',
];

/** Anything that JSON or socket.io can carry, small and large. */
export function anything(random: Random, depth = 0): unknown {
  const kind = Math.floor(random() * (depth > 3 ? 9 : 12));
  switch (kind) {
    case 0:
      return null;
    case 1:
      return random() < 0.5;
    case 2:
      return pick(random, [0, -1, 1, 0.5, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 63), 1e308, 65_536, 111]);
    case 3:
      return Math.floor(random() * 2 ** 32);
    case 4:
      return pick(random, NASTY_STRINGS);
    case 5:
      return 'x'.repeat(Math.floor(random() ** 4 * 5_000));
    case 6:
      return Buffer.from(Array.from({ length: Math.floor(random() * 40) }, () => Math.floor(random() * 256)));
    case 7:
      return undefined;
    case 8:
      return deep(Math.floor(random() * 200));
    case 9:
      return Array.from({ length: Math.floor(random() * 6) }, () => anything(random, depth + 1));
    default:
      return Object.fromEntries(
        Array.from({ length: Math.floor(random() * 5) }, () => [
          pick(random, [...NASTY_STRINGS, 'codecs', 'mid', 'ssrc', 'type', 'length', 'toString', 'then', 'toJSON']),
          anything(random, depth + 1),
        ]),
      );
  }
}

function deep(levels: number): unknown {
  let value: unknown = 'end';
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { value };
  return value;
}

/** `value` with something in it removed, replaced, doubled or added. */
export function mutated(random: Random, value: unknown): unknown {
  if (random() < 0.1) return anything(random);
  if (Array.isArray(value)) {
    const copy = [...value];
    const at = Math.floor(random() * (copy.length + 1));
    const choice = random();
    if (choice < 0.2) copy.splice(at, 1);
    else if (choice < 0.4) copy.splice(at, 0, anything(random));
    else if (choice < 0.5 && copy.length > 0) copy.push(...Array.from({ length: 50 }, () => copy[0]));
    else if (at < copy.length) copy[at] = mutated(random, copy[at]);
    return copy;
  }
  if (typeof value === 'object' && value !== null) {
    const copy: Record<string, unknown> = { ...value };
    const key = pick(random, [...Object.keys(copy), 'extra']);
    const choice = random();
    if (choice < 0.15) delete copy[key];
    else if (choice < 0.3) copy[key] = anything(random);
    else if (choice < 0.4) copy[pick(random, NASTY_STRINGS)] = anything(random);
    else copy[key] = mutated(random, copy[key]);
    return copy;
  }
  if (typeof value === 'string' && random() < 0.6) {
    const at = Math.floor(random() * (value.length + 1));
    return value.slice(0, at) + pick(random, NASTY_STRINGS) + value.slice(at + Math.floor(random() * 3));
  }
  if (typeof value === 'number' && random() < 0.6) return pick(random, [-value, value + 1, value * 1000, value / 3, 0]);
  return anything(random);
}
