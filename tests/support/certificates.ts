import 'reflect-metadata';
import {
  BasicConstraintsExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;

export interface Issued {
  cert: string;
  key: string;
  x509: X509Certificate;
  keys: CryptoKeyPair;
}

export interface CertificateWish {
  name?: string;
  notBeforeMs?: number;
  notAfterMs?: number;
  /** Signs it; without one it signs itself. */
  authority?: Issued;
  isAuthority?: boolean;
}

/** A P-256 certificate for localhost and 127.0.0.1, by default for a day from now. */
export async function issue(wish: CertificateWish = {}): Promise<Issued> {
  const keys = (await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as CryptoKeyPair;
  const name = `CN=${wish.name ?? 'localhost'}`;
  const x509 = await X509CertificateGenerator.create({
    subject: name,
    issuer: wish.authority?.x509.subject ?? name,
    notBefore: new Date(wish.notBeforeMs ?? Date.now() - DAY_MS),
    notAfter: new Date(wish.notAfterMs ?? Date.now() + 90 * DAY_MS),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: (wish.authority ?? { keys }).keys.privateKey,
    extensions: [
      new BasicConstraintsExtension(wish.isAuthority === true, undefined, true),
      new SubjectAlternativeNameExtension([
        { type: 'dns', value: 'localhost' },
        { type: 'ip', value: '127.0.0.1' },
      ]),
    ],
  });
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { cert: `${x509.toString('pem')}\n`, key: `${PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n`, x509, keys };
}
