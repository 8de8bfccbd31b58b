import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import type { SecureContextOptions } from 'node:tls';
import { VisavisError } from './errors.js';
import type { Logger } from './log.js';

export interface CertificatePaths {
  certPath: string;
  keyPath: string;
}

/** A certificate chain and its private key that were checked against each other. */
export interface Certificate {
  readonly context: SecureContextOptions;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Signed with its own key: no browser believes it unasked. */
  readonly selfSigned: boolean;
  /** Names and addresses it stands for, as OpenSSL prints them. */
  readonly names: string;
}

/** Warnings begin this long before the end of a certificate. */
export const EXPIRY_WARNING_MS = 14 * 86_400_000;
const POLL_MS = 60_000;
const WARN_EVERY_MS = 86_400_000;

/**
 * Checks a PEM chain and its key. Throws `bad-request` that names the variable to correct: no PEM, an encrypted key, a key of
 * another certificate, a certificate that has expired or is not valid yet at `nowMs` (wall clock).
 */
export function checkCertificate(cert: string, key: string, nowMs: number): Certificate {
  const x509 = parse('VISAVIS_TLS_CERT', 'a PEM certificate ("-----BEGIN CERTIFICATE-----")', () => {
    return new X509Certificate(cert);
  });
  if (/ENCRYPTED/.test(key)) {
    throw problem(
      'VISAVIS_TLS_KEY',
      'the key is encrypted; expected one without a passphrase (openssl pkey -in … -out …)',
    );
  }
  const privateKey = parse('VISAVIS_TLS_KEY', 'a PEM private key ("-----BEGIN PRIVATE KEY-----")', () => {
    return createPrivateKey(key);
  });
  if (!x509.checkPrivateKey(privateKey)) {
    throw problem('VISAVIS_TLS_CERT, VISAVIS_TLS_KEY', 'the key does not belong to the first certificate in the file');
  }
  const [notBeforeMs, notAfterMs] = [Date.parse(x509.validFrom), Date.parse(x509.validTo)];
  if (nowMs >= notAfterMs) throw problem('VISAVIS_TLS_CERT', `the certificate expired on ${day(notAfterMs)}`);
  if (nowMs < notBeforeMs) {
    throw problem('VISAVIS_TLS_CERT', `the certificate is not valid before ${day(notBeforeMs)}; is the clock right?`);
  }
  const selfSigned = x509.issuer === x509.subject && x509.verify(x509.publicKey);
  return { context: { cert, key }, notBeforeMs, notAfterMs, selfSigned, names: x509.subjectAltName ?? x509.subject };
}

/** Reads and checks both files; throws `bad-request` that names the variable. */
export async function readCertificate(paths: CertificatePaths, nowMs: number): Promise<Certificate> {
  const [cert, key] = await Promise.all([
    read('VISAVIS_TLS_CERT', paths.certPath),
    read('VISAVIS_TLS_KEY', paths.keyPath),
  ]);
  return checkCertificate(cert, key, nowMs);
}

export interface CertificateWatchOptions {
  logger: Logger;
  /** A renewed certificate that was checked. */
  onRenewed: (certificate: Certificate) => void;
  pollMs?: number;
  /** Wall clock, which certificates are dated by. */
  nowMs?: () => number;
}

/**
 * The certificate in force. The files are looked at every minute (they may be links that are swapped, which a file watch does
 * not see); renewed ones are taken over without a restart, and ones that cannot be used leave the old certificate in force.
 */
export class CertificateWatch {
  readonly #paths: CertificatePaths;
  readonly #options: CertificateWatchOptions;
  readonly #nowMs: () => number;
  readonly #timer: NodeJS.Timeout;
  #certificate: Certificate;
  #seen: string;
  #warnedAtMs = Number.NEGATIVE_INFINITY;
  #looking = false;

  /** Throws as `readCertificate` does. */
  static async create(paths: CertificatePaths, options: CertificateWatchOptions): Promise<CertificateWatch> {
    const seen = await versionOf(paths);
    const certificate = await readCertificate(paths, (options.nowMs ?? Date.now)());
    return new CertificateWatch(paths, options, certificate, seen);
  }

  private constructor(
    paths: CertificatePaths,
    options: CertificateWatchOptions,
    certificate: Certificate,
    seen: string,
  ) {
    this.#paths = paths;
    this.#options = options;
    this.#nowMs = options.nowMs ?? Date.now;
    this.#certificate = certificate;
    this.#seen = seen;
    this.#warnBeforeExpiry();
    this.#timer = setInterval(() => void this.look(), options.pollMs ?? POLL_MS);
    this.#timer.unref();
  }

  get certificate(): Certificate {
    return this.#certificate;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Takes renewed files over, and warns when the certificate in force ends soon. */
  async look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const version = await versionOf(this.#paths);
      if (version !== this.#seen) {
        // Whatever comes of it is told once for each version of the files.
        this.#seen = version;
        this.#certificate = await readCertificate(this.#paths, this.#nowMs());
        this.#warnedAtMs = Number.NEGATIVE_INFINITY;
        this.#options.onRenewed(this.#certificate);
        this.#options.logger.info({ notAfter: day(this.#certificate.notAfterMs) }, 'TLS certificate renewed');
      }
    } catch (thrown) {
      const reason = VisavisError.from(thrown).message;
      this.#options.logger.error({ reason }, 'the new TLS certificate cannot be used; the old one stays in force');
    } finally {
      this.#looking = false;
    }
    this.#warnBeforeExpiry();
  }

  #warnBeforeExpiry(): void {
    const nowMs = this.#nowMs();
    const remainingMs = this.#certificate.notAfterMs - nowMs;
    if (remainingMs > EXPIRY_WARNING_MS || nowMs - this.#warnedAtMs < WARN_EVERY_MS) return;
    this.#warnedAtMs = nowMs;
    const fields = { notAfter: day(this.#certificate.notAfterMs), daysLeft: Math.floor(remainingMs / 86_400_000) };
    if (remainingMs > 0) this.#options.logger.warn(fields, 'the TLS certificate expires soon');
    else this.#options.logger.error(fields, 'the TLS certificate has expired; browsers refuse this service');
  }
}

async function versionOf(paths: CertificatePaths): Promise<string> {
  const versions = [paths.certPath, paths.keyPath].map(async (path) => {
    const found = await stat(path).catch(() => null);
    return found === null ? 'none' : `${found.dev}:${found.ino}:${found.size}:${found.mtimeMs}`;
  });
  return (await Promise.all(versions)).join(' ');
}

async function read(variable: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    const reasons: Record<string, string> = {
      ENOENT: 'there is no such file',
      EACCES: 'this user may not read it',
      EISDIR: 'expected a file, found a folder',
    };
    throw problem(variable, `${path}: ${reasons[code ?? ''] ?? message}`);
  }
}

function parse<T>(variable: string, expected: string, work: () => T): T {
  try {
    return work();
  } catch {
    // OpenSSL's own message says nothing that helps, and might quote the file.
    throw problem(variable, `expected a file with ${expected}`);
  }
}

function problem(variable: string, message: string): VisavisError {
  return new VisavisError('bad-request', `${variable}: ${message}`, { field: variable });
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
