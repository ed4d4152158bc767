import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A certificate and its key, both in PEM. */
export interface Certificate {
  readonly commonName: string;
  readonly cert: Buffer;
  readonly key: Buffer;
}

const DAY_MS = 86_400_000;
const oids = {
  ecdsaWithSha256: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
  commonName: [0x55, 0x04, 0x03],
  subjectAltName: [0x55, 0x1d, 0x11],
  basicConstraints: [0x55, 0x1d, 0x13],
};

/** Who a certificate is for, and who vouches for it. */
export interface CertificateOptions {
  /** Default: `localhost`. */
  readonly commonName?: string;
  /** Signs it. Default: it signs itself, and is an authority that may sign others. */
  readonly issuer?: Certificate;
}

/**
 * A certificate for `localhost` and 127.0.0.1, for the next month. Node can
 * read certificates but not make them, and a machine may have no openssl; the
 * few structures of RFC 5280 that it takes are written here.
 */
export function makeCertificate({ commonName = 'localhost', issuer }: CertificateOptions = {}): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const algorithm = sequence(tlv(0x06, oids.ecdsaWithSha256));
  const now = Date.now();
  const toBeSigned = sequence(
    tlv(0xa0, tlv(0x02, [2])), // version 3
    tlv(0x02, [1, ...randomBytes(8)]),
    algorithm,
    distinguishedName(issuer?.commonName ?? commonName),
    sequence(time(now - DAY_MS), time(now + 30 * DAY_MS)),
    distinguishedName(commonName),
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(
      0xa3,
      sequence(
        extension(oids.basicConstraints, issuer === undefined ? sequence(tlv(0x01, [0xff])) : sequence()),
        extension(oids.subjectAltName, sequence(tlv(0x82, Buffer.from('localhost')), tlv(0x87, [127, 0, 0, 1]))),
      ),
    ),
  );
  const signature = sign('sha256', toBeSigned, issuer === undefined ? privateKey : issuer.key);
  const der = sequence(toBeSigned, algorithm, tlv(0x03, [0, ...signature]));
  const base64 = der.toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
  return {
    commonName,
    cert: Buffer.from(`-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`),
    key: Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  };
}

/** One DER value: tag, length, content. */
function tlv(tag: number, content: Iterable<number>): Buffer {
  const bytes = Buffer.from([...content]);
  const { length } = bytes;
  const prefix = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...prefix]), bytes]);
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return tlv(0x30, Buffer.concat(parts));
}

function distinguishedName(commonName: string): Buffer {
  return sequence(tlv(0x31, sequence(tlv(0x06, oids.commonName), tlv(0x0c, Buffer.from(commonName)))));
}

function extension(oid: readonly number[], value: Uint8Array): Buffer {
  return sequence(tlv(0x06, oid), tlv(0x04, value));
}

/** A UTCTime, which serves until 2049. */
function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/[-:T]/g, '').slice(2, 14);
  return tlv(0x17, Buffer.from(`${digits}Z`));
}
