import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Logger } from '../src/log.js';
import { lanAddresses, makeSelfSigned, ownNames, selfSignedCertificate } from '../src/self-signed.js';
import { CertificateWatch, checkCertificate, readCertificate } from '../src/tls.js';
import { issue } from './support/certificates.js';

const DAY_MS = 86_400_000;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'visavis-tls-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Keeps what is logged, as "level message". */
function recorder() {
  const lines: string[] = [];
  const at = (level: string) => (_fields: object, message: string) => void lines.push(`${level} ${message}`);
  const logger = { info: at('info'), warn: at('warn'), error: at('error') } as unknown as Logger;
  return { lines, logger };
}

async function keep({ cert, key }: { cert: string; key: string }) {
  const paths = { certPath: join(folder, 'cert.pem'), keyPath: join(folder, 'key.pem') };
  await writeFile(`${paths.certPath}.new`, cert);
  await writeFile(`${paths.keyPath}.new`, key);
  await rename(`${paths.certPath}.new`, paths.certPath);
  await rename(`${paths.keyPath}.new`, paths.keyPath);
  return paths;
}

describe('a certificate is refused with the variable to correct', () => {
  it('when a file is missing, a folder or no PEM', async () => {
    const good = await issue();
    const paths = await keep(good);
    const now = Date.now();
    const missing = readCertificate({ ...paths, certPath: join(folder, 'none.pem') }, now);
    await expect(missing).rejects.toThrow(/^VISAVIS_TLS_CERT: .*none\.pem: there is no such file$/);
    const noFile = readCertificate({ ...paths, keyPath: folder }, now);
    await expect(noFile).rejects.toThrow(/^VISAVIS_TLS_KEY: .*expected a file, found a folder$/);
    expect(() => checkCertificate('hello', good.key, now)).toThrow(
      /^VISAVIS_TLS_CERT: expected a file with a PEM cert/,
    );
    expect(() => checkCertificate(good.cert, 'hello', now)).toThrow(
      /^VISAVIS_TLS_KEY: expected a file with a PEM priv/,
    );
    expect(() => checkCertificate(good.key, good.cert, now)).toThrow(/^VISAVIS_TLS_CERT: /);
  });

  it('when the key is encrypted, without telling any of it', async () => {
    const { cert, key } = await issue();
    const locked = createPrivateKey(key).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'x',
    });
    expect(() => checkCertificate(cert, String(locked), Date.now())).toThrow(/VISAVIS_TLS_KEY: the key is encrypted/);
  });

  it('when the key is of another one', async () => {
    const [one, other] = await Promise.all([issue(), issue()]);
    expect(() => checkCertificate(one.cert, other.key, Date.now())).toThrow(
      /VISAVIS_TLS_CERT, VISAVIS_TLS_KEY: the key/,
    );
  });

  it('when it has expired or is not valid yet', async () => {
    const { cert, key, x509 } = await issue();
    expect(() => checkCertificate(cert, key, x509.notAfter.getTime())).toThrow(/^VISAVIS_TLS_CERT: .*expired on 20/);
    expect(() => checkCertificate(cert, key, x509.notBefore.getTime() - 1)).toThrow(/not valid before 20.*clock/);
    expect(checkCertificate(cert, key, Date.now())).toMatchObject({ selfSigned: true });
  });

  it('and one that an authority signed is told from a self-signed one', async () => {
    const authority = await issue({ name: 'Authority', isAuthority: true });
    const { cert, key } = await issue({ authority });
    expect(checkCertificate(cert + authority.cert, key, Date.now()).selfSigned).toBe(false);
  });
});

describe('CertificateWatch', () => {
  it('takes a renewed certificate over, and keeps the old one when the new one is of no use', async () => {
    const { lines, logger } = recorder();
    const paths = await keep(await issue());
    const renewed: string[] = [];
    const watch = await CertificateWatch.create(paths, {
      logger,
      onRenewed: ({ context }) => void renewed.push(String(context.cert)),
    });
    await watch.look();
    expect(renewed).toEqual([]);
    const next = await issue();
    await keep(next);
    await watch.look();
    expect(renewed).toEqual([next.cert]);
    await keep({ cert: next.cert, key: (await issue()).key });
    await watch.look();
    await watch.look();
    expect(watch.certificate.context.cert).toBe(next.cert);
    expect(lines).toEqual([
      'info TLS certificate renewed',
      'error the new TLS certificate cannot be used; the old one stays in force',
    ]);
    await rm(paths.certPath);
    await watch.look();
    expect(watch.certificate.context.cert).toBe(next.cert);
    watch.close();
  });

  it('warns once a day from two weeks before the end, and says when it has come', async () => {
    const { lines, logger } = recorder();
    const endMs = Date.now() + 30 * DAY_MS;
    const paths = await keep(await issue({ notAfterMs: endMs }));
    let nowMs = Date.now();
    const watch = await CertificateWatch.create(paths, { logger, onRenewed: () => {}, nowMs: () => nowMs });
    const lookAt = async (ms: number) => {
      nowMs = ms;
      await watch.look();
    };
    await lookAt(endMs - 15 * DAY_MS);
    expect(lines).toEqual([]);
    await lookAt(endMs - 13.5 * DAY_MS);
    await lookAt(endMs - 13.4 * DAY_MS);
    expect(lines).toEqual(['warn the TLS certificate expires soon']);
    await lookAt(endMs - 12.4 * DAY_MS);
    await lookAt(endMs + DAY_MS);
    expect(lines.slice(1)).toEqual([
      'warn the TLS certificate expires soon',
      'error the TLS certificate has expired; browsers refuse this service',
    ]);
    await keep(await issue({ notAfterMs: endMs + 90 * DAY_MS }));
    await watch.look();
    expect(lines.at(-1)).toBe('info TLS certificate renewed');
    watch.close();
  });
});

describe('the self-signed certificate', () => {
  it('names this machine and all its addresses, for a year', async () => {
    const names = ownNames();
    expect(names.ip).toEqual(expect.arrayContaining(['127.0.0.1', '::1', ...lanAddresses()]));
    const { cert, key } = await makeSelfSigned(names, Date.now());
    const x509 = new X509Certificate(cert);
    for (const name of names.dns) expect(x509.checkHost(name), name).toBe(name);
    for (const ip of names.ip) expect(x509.checkIP(ip), ip).toBe(ip);
    const { notAfterMs, selfSigned } = checkCertificate(cert, key, Date.now());
    expect(selfSigned).toBe(true);
    expect((notAfterMs - Date.now()) / DAY_MS).toBeCloseTo(397, 0);
  });

  it('is kept for its owner alone and used again while it lasts', async () => {
    const { logger } = recorder();
    const cache = join(folder, 'dev-tls');
    const first = await selfSignedCertificate(logger, cache);
    expect((await stat(join(cache, 'key.pem'))).mode & 0o777).toBe(0o600);
    expect((await stat(cache)).mode & 0o777).toBe(0o700);
    expect((await selfSignedCertificate(logger, cache)).context.cert).toBe(first.context.cert);
    const later = await selfSignedCertificate(logger, cache, Date.now() + 390 * DAY_MS);
    expect(later.context.cert).not.toBe(first.context.cert);
    await writeFile(join(cache, 'key.pem'), 'broken');
    expect((await selfSignedCertificate(logger, cache)).notAfterMs).toBeGreaterThan(Date.now());
    expect(await readFile(join(cache, 'key.pem'), 'utf8')).toMatch(/BEGIN PRIVATE KEY/);
  });

  it('is made all the same where it cannot be kept', async () => {
    const { lines, logger } = recorder();
    await writeFile(join(folder, 'file'), '');
    const made = await selfSignedCertificate(logger, join(folder, 'file', 'dev-tls'));
    expect(made.notAfterMs).toBeGreaterThan(Date.now());
    expect(lines).toEqual(['warn the self-signed certificate could not be kept; the next start makes another one']);
  });
});
