import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { VisavisError } from '../errors.js';

/** Who sent a request, as far as it can be believed. */
export interface Client {
  /** IP address in its shortest usual form; IPv4 also where it arrived as IPv4-mapped IPv6. */
  address: string;
  /** The browser's connection was encrypted, here or at a trusted proxy. */
  secure: boolean;
  /** The host that the browser asked for. */
  host: string | undefined;
}

/** Names for the networks that proxies usually stand in. */
const NETWORKS: Record<string, readonly string[]> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};
/** More proxies than this in a row are not believed. */
const MAX_HOPS = 16;

/**
 * The proxies whose `X-Forwarded-For`, `-Proto` and `-Host` are believed. From anybody else these headers are ignored; in a
 * chain every address is believed only as far as the one that reported it is a trusted proxy.
 */
export class TrustedProxies {
  readonly #networks = new BlockList();
  readonly #any: boolean;

  /** Takes addresses, networks (`10.0.0.0/8`) and the names in `NETWORKS`. Throws `bad-request` naming VISAVIS_TRUST_PROXY. */
  constructor(trusted: readonly string[]) {
    this.#any = trusted.length > 0;
    for (const item of trusted.flatMap((entry) => NETWORKS[entry] ?? [entry])) this.#add(item);
  }

  isTrusted(address: string): boolean {
    return this.#any && this.#networks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }

  clientOf(request: IncomingMessage): Client {
    const peer = plainAddress(request.socket.remoteAddress ?? '');
    const encrypted = 'encrypted' in request.socket && request.socket.encrypted === true;
    const own = { address: peer, secure: encrypted, host: request.headers.host };
    if (!this.isTrusted(peer)) return own;
    const { headers } = request;
    const protocol = first(headers['x-forwarded-proto']);
    return {
      address: this.#walk(peer, headers['x-forwarded-for']),
      secure: protocol === undefined ? own.secure : protocol.toLowerCase() === 'https',
      host: first(headers['x-forwarded-host']) ?? own.host,
    };
  }

  #walk(peer: string, forwardedFor: string | string[] | undefined): string {
    const hops = [forwardedFor ?? []].flat().join(',').split(',').slice(-MAX_HOPS);
    let client = peer;
    for (const hop of hops.reverse()) {
      const address = plainAddress(hop.trim());
      if (isIP(address) === 0 || !this.isTrusted(client)) break;
      client = address;
    }
    return client;
  }

  #add(item: string): void {
    const [address = '', bits, ...more] = item.split('/');
    const family = isIP(address);
    const most = family === 6 ? 128 : 32;
    const prefix = bits === undefined ? most : Number(bits);
    if (family === 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits)) || prefix > most || more.length > 0) {
      const expected = `an IP address, a network such as 10.0.0.0/8, or one of ${Object.keys(NETWORKS).join(', ')}`;
      throw new VisavisError('bad-request', `VISAVIS_TRUST_PROXY: expected ${expected}, got "${item}"`);
    }
    this.#networks.addSubnet(address, prefix, family === 6 ? 'ipv6' : 'ipv4');
  }
}

/**
 * What limits are counted by: the address, for IPv6 its /64 network, which is what one subscriber is given (RFC 6177). IPv4 counts as
 * such also where a socket for both families shows it as IPv4-mapped IPv6: all of those lie in one /64.
 */
export function limitKey(socketAddress: string): string {
  const address = plainAddress(socketAddress);
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - rest.length);
  const all = [...groups, ...Array.from({ length: zeros }, () => '0'), ...rest];
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}

function plainAddress(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}

function first(header: string | string[] | undefined): string | undefined {
  const value = [header ?? []].flat()[0]?.split(',')[0]?.trim();
  return value === '' ? undefined : value;
}
