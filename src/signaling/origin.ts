import { VisavisError } from '../errors.js';

export interface OriginPolicyOptions {
  /** Bound address. */
  host: string;
  /** Without API keys anyone who reaches the service may use it, so a browser must prove that the page is ours. */
  keysRequired: boolean;
  allowedOrigins: readonly string[];
}

/**
 * Keeps foreign web pages out. Without API keys the `Host` header must name this machine (a rebound DNS name does not), and
 * an `Origin` header must be this service's or an allowed one. With keys any host name may lead here, and only `Origin` is checked.
 */
export class OriginPolicy {
  readonly #keysRequired: boolean;
  readonly #allowedOrigins: ReadonlySet<string>;
  readonly #names: readonly string[];
  #hosts: ReadonlySet<string> = new Set();

  constructor(o: OriginPolicyOptions) {
    this.#keysRequired = o.keysRequired;
    this.#allowedOrigins = new Set(o.allowedOrigins);
    this.#names = ['localhost', '127.0.0.1', '[::1]', o.host.includes(':') ? `[${o.host}]` : o.host];
  }

  /** Must be called with the port that was bound before any request is checked. */
  setPort(port: number): void {
    const own = this.#names.flatMap((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`]));
    const allowed = [...this.#allowedOrigins].map((origin) => new URL(origin).host);
    this.#hosts = new Set([...own, ...allowed]);
  }

  isAllowedOrigin(origin: string): boolean {
    return this.#allowedOrigins.has(origin);
  }

  /** Throws `forbidden`. */
  checkHost(host: string | undefined): void {
    if (this.#keysRequired || (host !== undefined && this.#hosts.has(host.toLowerCase()))) return;
    throw new VisavisError('forbidden', 'the Host header does not name this service; see VISAVIS_ALLOWED_ORIGINS');
  }

  /** Throws `forbidden`. A client that is not a browser sends no `Origin` and passes. */
  checkOrigin(origin: string | undefined, host: string | undefined): void {
    if (origin === undefined || this.#allowedOrigins.has(origin)) return;
    const originHost = URL.canParse(origin) ? new URL(origin).host : '';
    if (originHost !== '' && originHost === withoutDefaultPort(origin, host) && /^https?:/.test(origin)) return;
    throw new VisavisError('forbidden', 'this Origin may not use this service; see VISAVIS_ALLOWED_ORIGINS');
  }
}

/** `URL.host` leaves the scheme's default port out; a Host header may carry it. */
function withoutDefaultPort(origin: string, host: string | undefined): string | undefined {
  return host?.toLowerCase().replace(origin.startsWith('https:') ? /:443$/ : /:80$/, '');
}
