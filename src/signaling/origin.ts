import type { IncomingMessage } from 'node:http';
import { VisavisError } from '../errors.js';
import { TrustedProxies } from './client-address.js';

export interface OriginPolicyOptions {
  /** Bound address. */
  host: string;
  /** Without API keys anyone who reaches the service may use it, so a browser must prove that the page is ours. */
  keysRequired: boolean;
  allowedOrigins: readonly string[];
  /** The address at which browsers reach this service through a proxy. */
  publicUrl?: string;
  /** This server speaks TLS itself. */
  secure?: boolean;
  proxies?: TrustedProxies;
}

/**
 * Keeps foreign web pages out. Without API keys the `Host` header must name this machine or the public URL (a rebound DNS name
 * does neither), and an `Origin` header must be this service's or an allowed one. With keys any host name may lead here, and only
 * `Origin` is checked.
 */
export class OriginPolicy {
  readonly #keysRequired: boolean;
  readonly #allowedOrigins: ReadonlySet<string>;
  readonly #publicOrigin: string | undefined;
  readonly #secure: boolean;
  readonly #proxies: TrustedProxies;
  readonly #names: readonly string[];
  #hosts: ReadonlySet<string> = new Set();

  constructor(o: OriginPolicyOptions) {
    this.#keysRequired = o.keysRequired;
    this.#allowedOrigins = new Set(o.allowedOrigins);
    this.#publicOrigin = o.publicUrl === undefined ? undefined : new URL(o.publicUrl).origin;
    this.#secure = o.secure ?? false;
    this.#proxies = o.proxies ?? new TrustedProxies([]);
    this.#names = ['localhost', '127.0.0.1', '[::1]', o.host.includes(':') ? `[${o.host}]` : o.host];
  }

  /** Must be called with the port that was bound before any request is checked. */
  setPort(port: number): void {
    const standard = this.#secure ? 443 : 80;
    const own = this.#names.flatMap((name) => (port === standard ? [name, `${name}:${port}`] : [`${name}:${port}`]));
    const origins = [...this.#allowedOrigins, ...(this.#publicOrigin === undefined ? [] : [this.#publicOrigin])];
    const named = origins
      .map((origin) => new URL(origin))
      .flatMap(({ host, hostname, port: itsPort, protocol }) => {
        // A proxy may pass the default port on.
        return itsPort === '' ? [host, `${hostname}:${protocol === 'https:' ? 443 : 80}`] : [host];
      });
    this.#hosts = new Set([...own, ...named]);
  }

  isAllowedOrigin(origin: string): boolean {
    return this.#allowedOrigins.has(origin);
  }

  /** Checks Host and Origin; throws `forbidden`. */
  checkRequest(request: IncomingMessage): void {
    const { host, secure } = this.#proxies.clientOf(request);
    this.checkHost(host);
    this.checkOrigin(request.headers.origin, host, secure);
  }

  /** Throws `forbidden`. */
  checkHost(host: string | undefined): void {
    if (this.#keysRequired || (host !== undefined && this.#hosts.has(host.toLowerCase()))) return;
    throw new VisavisError('forbidden', 'the Host header does not name this service; see VISAVIS_PUBLIC_URL');
  }

  /**
   * Throws `forbidden`. A client that is not a browser sends no `Origin` and passes. `secure`: the request came over TLS; then
   * a page that came without it is a foreign one, for anybody on its way may have changed it.
   */
  checkOrigin(origin: string | undefined, host: string | undefined, secure: boolean = this.#secure): void {
    if (origin === undefined || origin === this.#publicOrigin || this.#allowedOrigins.has(origin)) return;
    const originHost = URL.canParse(origin) ? new URL(origin).host : '';
    const scheme = secure ? /^https:\/\// : /^https?:\/\//;
    if (originHost !== '' && originHost === withoutDefaultPort(origin, host) && scheme.test(origin)) return;
    throw new VisavisError(
      'forbidden',
      'this Origin may not use this service; see VISAVIS_ALLOWED_ORIGINS and VISAVIS_PUBLIC_URL',
    );
  }
}

/** `URL.host` leaves the scheme's default port out; a Host header may carry it. */
function withoutDefaultPort(origin: string, host: string | undefined): string | undefined {
  return host?.toLowerCase().replace(origin.startsWith('https:') ? /:443$/ : /:80$/, '');
}
