/** HTTP to the addresses that the operator allows, and to nothing else, whoever asks for it. */
import { lookup as dnsLookup } from 'node:dns';
import * as http from 'node:http';
import * as https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { abortError } from '../../abort.js';
import { isAbort, VisavisError } from '../../errors.js';
import { coversAddress } from '../../web-access.js';
import { isPrivateAddress } from './addresses.js';

const MAX_REDIRECTS = 3;
const IDLE_SOCKET_MS = 15_000;
const SOCKETS_PER_HOST = 16;

export interface HttpAccess {
  /** Origins or address prefixes, such as `https://api.example.org` or `https://example.org/hooks`. */
  urls: readonly string[];
  /** Names may lead to private addresses, too. Those of `urls` that are written as an IP address or `localhost` always may. */
  privateAddresses: boolean;
}

export interface GuardedRequest {
  method: 'GET' | 'POST';
  url: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  timeoutMs: number;
  maxBytes: number;
  signal: AbortSignal;
}

export interface GuardedResponse {
  status: number;
  /** In lower case, without parameters. */
  contentType: string;
  /** As the type names it. */
  charset: string | undefined;
  body: Buffer;
  /** After redirects. */
  url: string;
}

export class GuardedHttp {
  readonly #allowed: readonly URL[];
  readonly #privateAddresses: boolean;
  readonly #lookup: LookupFunction;
  readonly #agents: { 'http:': http.Agent; 'https:': https.Agent };

  /** `lookup`: instead of the system's, for tests. */
  constructor(access: HttpAccess, lookup: LookupFunction = dnsLookup as LookupFunction) {
    this.#allowed = access.urls.map((url) => new URL(url));
    this.#privateAddresses = access.privateAddresses;
    this.#lookup = lookup;
    const options = { keepAlive: true, maxSockets: SOCKETS_PER_HOST, maxFreeSockets: 2, timeout: IDLE_SOCKET_MS };
    this.#agents = { 'http:': new http.Agent(options), 'https:': new https.Agent(options) };
  }

  /** The address, if it is allowed; throws `forbidden`, or `bad-request` for one that is none. */
  check(address: string): URL {
    if (!URL.canParse(address))
      throw new VisavisError('bad-request', 'expected an http or https address', { field: 'url' });
    const url = new URL(address);
    const shown = `${url.origin}${url.pathname}`.slice(0, 200);
    if (!/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
      throw new VisavisError(
        'bad-request',
        `expected an http or https address without a password, got ${url.protocol}//…`,
        { field: 'url' },
      );
    const rule = this.#allowed.find((allowed) => coversAddress(allowed, url));
    if (rule === undefined)
      throw new VisavisError(
        'forbidden',
        `${shown} is not among the addresses that tools may call (VISAVIS_TOOL_URLS)`,
        { field: 'url' },
      );
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0 && !this.#mayBePrivate(url) && isPrivateAddress(host)) throw privateError(shown);
    return url;
  }

  /** As `check`, for a client of its own: rejects, too, when the name leads to a private address at this moment. */
  async checkReachable(address: string): Promise<URL> {
    const url = this.check(address);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0 || this.#mayBePrivate(url)) return url;
    await new Promise<void>((resolve, reject) => {
      this.#guardedLookup(url)(host, { all: true }, (error) => (error === null ? resolve() : reject(error)));
    });
    return url;
  }

  /**
   * Sends one request; redirects are followed to allowed addresses only. Rejects with AbortError, `upstream-timeout`, `upstream-failed`,
   * `too-large` or `forbidden`; a status is no failure. What was refused has not been sent.
   */
  async request(o: GuardedRequest): Promise<GuardedResponse> {
    const limit = AbortSignal.timeout(o.timeoutMs);
    const signal = AbortSignal.any([o.signal, limit]);
    try {
      let { url, method, body, headers = {} } = o;
      for (let hop = 0; ; hop++) {
        const target = this.check(url);
        const response = await this.#once(target, { method, headers, body, signal, maxBytes: o.maxBytes });
        const { status, location } = response;
        if (location === undefined || status < 300 || status > 399) return response;
        if (hop >= MAX_REDIRECTS)
          throw new VisavisError('upstream-failed', `the server redirects more than ${MAX_REDIRECTS} times`);
        if (method === 'POST' && status !== 307 && status !== 308)
          throw new VisavisError('upstream-failed', `the server answers with a redirect (status ${status})`);
        const next = URL.canParse(location, target.href) ? new URL(location, target) : undefined;
        if (next === undefined) throw new VisavisError('upstream-failed', 'the server redirects to nowhere');
        // Keys and signatures are for the server that they were meant for.
        if (next.origin !== target.origin) headers = {};
        url = next.href;
      }
    } catch (thrown) {
      if (o.signal.aborted) throw abortError(o.signal);
      if (limit.aborted || isAbort(thrown))
        throw new VisavisError('upstream-timeout', `no answer within ${Math.round(o.timeoutMs / 1000)} seconds`);
      if (thrown instanceof VisavisError) throw thrown;
      const code = (thrown as NodeJS.ErrnoException).code ?? 'broken';
      throw new VisavisError('upstream-failed', `the server cannot be reached (${code})`, { cause: thrown });
    }
  }

  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }

  #once(
    url: URL,
    o: Pick<GuardedRequest, 'method' | 'headers' | 'body' | 'signal' | 'maxBytes'>,
  ): Promise<GuardedResponse & { location: string | undefined }> {
    const { request } = url.protocol === 'https:' ? https : http;
    const body = o.body === undefined ? undefined : Buffer.from(o.body);
    return new Promise((resolve, reject) => {
      const outgoing = request(url, {
        method: o.method,
        agent: this.#agents[url.protocol as 'http:' | 'https:'],
        lookup: this.#guardedLookup(url),
        signal: o.signal,
        headers: {
          'user-agent': 'visavis',
          accept: 'application/json, text/plain;q=0.8',
          'accept-encoding': 'identity',
          ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(body.length) }),
          ...o.headers,
        },
      });
      outgoing.on('error', reject);
      outgoing.on('response', (incoming) => {
        const { statusCode: status = 0, headers } = incoming;
        const tooLarge = (): void => {
          reject(new VisavisError('too-large', `the answer has more than ${o.maxBytes} bytes`));
          incoming.destroy();
        };
        if (Number(headers['content-length'] ?? 0) > o.maxBytes) return tooLarge();
        const parts: Buffer[] = [];
        let bytes = 0;
        incoming.on('data', (part: Buffer) => {
          bytes += part.length;
          if (bytes > o.maxBytes) tooLarge();
          else parts.push(part);
        });
        incoming.on('error', reject);
        incoming.on('close', () => {
          if (!incoming.complete) reject(new VisavisError('upstream-failed', 'the server broke off its answer'));
        });
        incoming.on('end', () => {
          if (!incoming.complete) return;
          const encoding = headers['content-encoding'] ?? 'identity';
          if (encoding !== 'identity')
            return reject(new VisavisError('upstream-failed', `the answer is compressed (${encoding.slice(0, 20)})`));
          const contentType = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
          const charset = /;\s*charset\s*=\s*"?([\w-]+)/i.exec(headers['content-type'] ?? '')?.[1];
          resolve({
            status,
            contentType,
            charset,
            body: Buffer.concat(parts),
            url: url.href,
            location: headers.location,
          });
        });
      });
      outgoing.end(body);
    });
  }

  /** The name is looked up once, and the connection goes to the very address that was checked. */
  #guardedLookup(url: URL): LookupFunction {
    if (this.#mayBePrivate(url)) return this.#lookup;
    return (name, options, callback) =>
      this.#lookup(name, options, (error, address, family) => {
        const addresses = typeof address === 'string' ? [address] : address?.map((entry) => entry.address);
        if (error === null && addresses?.some(isPrivateAddress))
          callback(privateError(url.origin) as unknown as NodeJS.ErrnoException, '', 0);
        else callback(error, address, family);
      });
  }

  #mayBePrivate(url: URL): boolean {
    return (
      this.#privateAddresses ||
      this.#allowed.some((allowed) => coversAddress(allowed, url) && isLiteral(allowed.hostname))
    );
  }
}

function isLiteral(hostname: string): boolean {
  return hostname === 'localhost' || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
}

function privateError(shown: string): VisavisError {
  return new VisavisError(
    'forbidden',
    `${shown} leads to a private address (VISAVIS_TOOL_PRIVATE_ADDRESSES allows them)`,
    { field: 'url' },
  );
}
