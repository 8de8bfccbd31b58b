import { randomBytes } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { type Environment, isLoopback } from './config.js';
import { lanAddresses } from './self-signed.js';

/** What `--dev-tls` sets by itself, so that a phone can be used without more ado. */
export interface PhoneSettings {
  VISAVIS_API_KEYS?: string;
  VISAVIS_ANNOUNCED_ADDRESS?: string;
}

const ALL_ADDRESSES = new Set(['0.0.0.0', '::']);

/**
 * With VISAVIS_DEV_TLS and a host that other machines reach: an API key of its own for this run (where none is set), for the
 * links that are printed, and the address that media is sent to. Nothing otherwise.
 */
export function phoneSettings(env: Environment, lan: readonly string[] = lanAddresses()): PhoneSettings {
  const host = env['VISAVIS_HOST']?.trim() || '127.0.0.1';
  if (env['VISAVIS_DEV_TLS']?.trim() !== 'on' || host === 'localhost' || isLoopback(host)) return {};
  const settings: PhoneSettings = {};
  if (!env['VISAVIS_API_KEYS']?.trim()) settings.VISAVIS_API_KEYS = randomBytes(12).toString('hex');
  const announced = lan.find(isIPv4) ?? lan[0];
  if (ALL_ADDRESSES.has(host) && !env['VISAVIS_ANNOUNCED_ADDRESS']?.trim() && announced !== undefined) {
    settings.VISAVIS_ANNOUNCED_ADDRESS = announced;
  }
  return settings;
}

/** Addresses for phones: of the service at `url` bound to `host`, with a key in the fragment, which no server is sent. */
export function phoneUrls(
  url: string,
  host: string,
  key: string | undefined,
  lan: readonly string[] = lanAddresses(),
): string[] {
  if (isLoopback(host)) return [];
  const addresses = ALL_ADDRESSES.has(host) ? lan.filter((address) => host === '::' || isIPv4(address)) : [host];
  return addresses.map((address) => {
    const own = new URL(url);
    own.hostname = address.includes(':') ? `[${address}]` : address;
    if (key !== undefined) own.hash = `key=${key}`;
    return own.href;
  });
}
