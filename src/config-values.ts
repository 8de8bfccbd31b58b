import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { z } from 'zod';
import { PICTURE_SIZE_CHOICE, type PictureSize, parsePictureSize } from './picture-size.js';

/** A check of one variable: its text in, its value out, or problems that name what came and what was expected. */
export type Parse<T> = z.ZodType<T, string>;

export const text: Parse<string> = z.string().trim();

export function whole(min: number, max: number): Parse<number> {
  return z.string().transform((value, context) => {
    const number = Number(value);
    if (/^\d+$/.test(value.trim()) && number >= min && number <= max) return number;
    context.addIssue(`expected a whole number from ${min} to ${max}, got "${value}"`);
    return z.NEVER;
  });
}

export function range(min: number, max: number): Parse<{ min: number; max: number }> {
  return z.string().transform((value, context) => {
    const match = /^\s*(\d+)\s*-\s*(\d+)\s*$/.exec(value);
    const [low, high] = [Number(match?.[1]), Number(match?.[2])];
    if (match !== null && low >= min && high <= max && low <= high) return { min: low, max: high };
    context.addIssue(`expected LOW-HIGH within ${min}-${max}, got "${value}"`);
    return z.NEVER;
  });
}

export function oneOf<const T extends string>(...names: readonly T[]): Parse<T> {
  return z.string().transform((value, context) => {
    const name = names.find((n) => n === value.trim());
    if (name !== undefined) return name;
    context.addIssue(`expected one of ${names.join(', ')}, got "${value}"`);
    return z.NEVER;
  });
}

export const list: Parse<string[]> = z.string().transform((value) =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

/** Checked by whoever uses them: see `TrustedProxies`. */
export const proxies: Parse<string[]> = list.transform((items, context) => {
  const wrong = items.find((item) => {
    const [ip = '', bits = '0', ...more] = item.split('/');
    const most = isIP(ip) === 6 ? 128 : 32;
    return (
      !/^(loopback|linklocal|uniquelocal)$/.test(item) &&
      (isIP(ip) === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > most || more.length > 0)
    );
  });
  if (wrong === undefined) return items;
  context.addIssue(
    `expected IP addresses, networks such as 10.0.0.0/8, loopback, linklocal or uniquelocal, got "${wrong}"`,
  );
  return z.NEVER;
});

export const folder: Parse<string> = z.string().transform((value) => resolve(value.trim()));

export const address: Parse<string> = z.string().transform((value, context) => {
  const trimmed = value.trim();
  if (trimmed === 'localhost') return '127.0.0.1';
  if (isIP(trimmed) !== 0) return trimmed;
  context.addIssue(`expected an IP address or localhost, got "${value}"`);
  return z.NEVER;
});

export const apiKeys: Parse<string[]> = list.transform((keys, context) => {
  if (keys.every((key) => key.length >= 16)) return keys;
  context.addIssue('expected keys of at least 16 characters, separated by commas (openssl rand -hex 32 makes one)');
  return z.NEVER;
});

export const origins: Parse<string[]> = list.transform((items, context) =>
  items.map((item) => {
    const url = URL.canParse(item) ? new URL(item) : undefined;
    if (url !== undefined && /^https?:$/.test(url.protocol) && url.origin === item.replace(/\/$/, ''))
      return url.origin;
    context.addIssue(`expected origins such as https://www.example.org, got "${item}"`);
    return z.NEVER;
  }),
);

export const webAddress: Parse<string> = z.string().transform((value, context) => {
  if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return value.trim();
  context.addIssue('expected an http or https address');
  return z.NEVER;
});

/** Checked further by whoever uses them: see `GuardedHttp`. */
export const toolAddresses: Parse<string[]> = list.transform((items, context) => {
  const wrong = items.find((item) => {
    const url = URL.canParse(item) ? new URL(item) : undefined;
    return url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search + url.hash !== '';
  });
  if (wrong === undefined) return items;
  // It may carry a password.
  context.addIssue(
    'expected addresses such as https://api.example.org or https://example.org/hooks, separated by commas',
  );
  return z.NEVER;
});

export const redisAddress: Parse<string> = z.string().transform((value, context) => {
  if (URL.canParse(value) && /^rediss?:$/.test(new URL(value).protocol)) return value.trim();
  // The address may carry a password.
  context.addIssue('expected an address such as redis://localhost:6379');
  return z.NEVER;
});

export const turnAddresses: Parse<string[]> = list.transform((items, context) => {
  const wrong = items.find((item) => !/^turns?:[\w.:[\]-]+(\?transport=(udp|tcp))?$/.test(item));
  if (wrong === undefined) return items;
  context.addIssue(`expected addresses such as turn:turn.example.org:3478?transport=udp, got "${wrong}"`);
  return z.NEVER;
});

export const pictureSize: Parse<PictureSize> = z.string().transform((value, context) => {
  const size = parsePictureSize(value.trim());
  if (size !== undefined) return size;
  context.addIssue(`expected ${PICTURE_SIZE_CHOICE}, got ${JSON.stringify(value.slice(0, 60))}`);
  return z.NEVER;
});

/**
 * What the typeface of the badge has: Latin-1 and Latin Extended-A without a few dead letters, the two letters with a comma below of
 * Romanian, and common punctuation.
 */
export const BADGE_CHARACTERS =
  /^[ -~\u00a1-\u00ac\u00ae-\u0113\u0116-\u012b\u012d-\u0131\u0134-\u0137\u0139-\u013e\u0141-\u0148\u014a-\u014d\u0150-\u017e\u0218-\u021b‘’“”„–—…·•]*$/u;

export const badge: Parse<string> = z.string().transform((value, context) => {
  const trimmed = value.normalize('NFC').trim();
  const refuse = (expected: string) => {
    context.addIssue(`expected ${expected}, got ${JSON.stringify(trimmed.slice(0, 60))}`);
    return z.NEVER;
  };
  if (trimmed.length > 24) return refuse('at most 24 characters');
  if (!BADGE_CHARACTERS.test(trimmed)) return refuse('Latin letters, digits and punctuation (the badge has no others)');
  if (!/\p{L}.*\p{L}/u.test(trimmed)) return refuse('at least two letters');
  return trimmed;
});
