import { randomUUID, X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from './cache.js';
import type { Logger } from './log.js';
import { type Certificate, checkCertificate, EXPIRY_WARNING_MS } from './tls.js';

/** Apple's systems refuse certificates of more than 398 days (support.apple.com/HT211025). */
const VALID_MS = 397 * 86_400_000;
/** Tolerates the clocks of phones. */
const BACKDATED_MS = 3_600_000;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** IP addresses of this machine that others on its networks can reach; link-local ones, which need a zone, are left out. */
export function lanAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  const reachable = all.filter((entry) => !entry.internal && !/^(fe80:|169\.254\.)/i.test(entry.address));
  return [...new Set(reachable.map((entry) => entry.address))];
}

/** What a certificate for this machine has to name. */
export function ownNames(): { dns: string[]; ip: string[] } {
  const name = hostname().toLowerCase();
  const valid = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name);
  const dns = ['localhost', ...(valid && name !== 'localhost' ? [name, `${name}.local`] : [])];
  return { dns, ip: ['127.0.0.1', '::1', ...lanAddresses()] };
}

/** A fresh P-256 key and a certificate of its own for `names`, as PEM. */
export async function makeSelfSigned(
  names: { dns: readonly string[]; ip: readonly string[] },
  nowMs: number,
): Promise<{ cert: string; key: string }> {
  // Loaded when it is needed: a service with a certificate of its own, or none, does without.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Visavis on this machine',
    notBefore: new Date(nowMs - BACKDATED_MS),
    notAfter: new Date(nowMs + VALID_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        ...names.dns.map((value) => ({ type: 'dns', value }) as const),
        ...names.ip.map((value) => ({ type: 'ip', value }) as const),
      ]),
    ],
  });
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { cert: `${certificate.toString('pem')}\n`, key: `${x509.PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n` };
}

/**
 * The certificate of `--dev-tls`: the one in the cache (mode 0600) while it names all of this machine's addresses and lasts
 * another two weeks, so that a phone that was told to trust it goes on doing so; else a new one. A cache that cannot be
 * written costs a warning, not the start.
 */
export async function selfSignedCertificate(
  logger: Logger,
  folder: string = join(cacheFolder(), 'dev-tls'),
  nowMs: number = Date.now(),
): Promise<Certificate> {
  const names = ownNames();
  const kept = await readKept(folder, names, nowMs);
  if (kept !== undefined) return kept;
  const { cert, key } = await makeSelfSigned(names, nowMs);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writePrivately(join(folder, 'key.pem'), key);
    await writePrivately(join(folder, 'cert.pem'), cert);
  } catch (thrown) {
    const reason = (thrown as NodeJS.ErrnoException).code ?? String(thrown);
    logger.warn({ folder, reason }, 'the self-signed certificate could not be kept; the next start makes another one');
  }
  return checkCertificate(cert, key, nowMs);
}

async function readKept(folder: string, names: { dns: string[]; ip: string[] }, nowMs: number) {
  try {
    const [cert, key] = await Promise.all(['cert.pem', 'key.pem'].map((name) => readFile(join(folder, name), 'utf8')));
    const certificate = checkCertificate(cert!, key!, nowMs);
    const x509 = new X509Certificate(cert!);
    const complete = names.dns.every((name) => x509.checkHost(name)) && names.ip.every((ip) => x509.checkIP(ip));
    return complete && certificate.notAfterMs - nowMs > EXPIRY_WARNING_MS ? certificate : undefined;
  } catch {
    // None, or one that is of no use any more.
    return undefined;
  }
}

/** Never readable by others, not even for a moment; a reader sees the old file or the whole new one. */
async function writePrivately(path: string, text: string): Promise<void> {
  const unfinished = `${path}.${randomUUID()}`;
  try {
    await writeFile(unfinished, text, { mode: 0o600, flag: 'wx' });
    await rename(unfinished, path);
  } catch (thrown) {
    await rm(unfinished, { force: true }).catch(() => {});
    throw thrown;
  }
}
