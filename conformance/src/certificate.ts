/** Certificates: self-signed ones for webhooks in this process, and requests for the cluster's signers. */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';

export interface SelfSigned {
  /** PEM. */
  certificate: string;
  key: string;
}

type Der = Buffer<ArrayBuffer>;

function der(tag: number, ...content: Buffer[]): Der {
  const body = Buffer.concat(content);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const length = Buffer.from(body.length.toString(16).padStart(body.length > 0xff ? 4 : 2, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, body]);
}

const sequence = (...content: Buffer[]): Der => der(0x30, ...content);
const oid = (hex: string): Der => der(0x06, Buffer.from(hex, 'hex'));
const utcTime = (time: Date): Der =>
  der(0x17, Buffer.from(`${time.toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`));

const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'));
const commonName = (text: string): Der => sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(text)))));
const extension = (id: string, ...value: Buffer[]): Der => sequence(oid(id), der(0x04, ...value));

/** Valid for a day, for clocks that are up to an hour apart. @param random so many bytes. */
export function selfSigned(host: string, now = new Date(), random: (size: number) => Buffer = randomBytes): SelfSigned {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const serial = random(8);
  // Positive, and no zeros in front: DER has one way to write a number.
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const name = commonName('conformance webhook');
  const subjectAltName = sequence(isIP(host) === 0 ? der(0x82, Buffer.from(host)) : der(0x87, addressBytes(host)));
  const extensions = der(
    0xa3,
    sequence(
      extension('551d11', subjectAltName),
      // It is its own authority.
      extension('551d13', sequence(der(0x01, Buffer.from([0xff])))),
      extension('551d25', sequence(oid('2b06010505070301'))),
    ),
  );
  const day = 86_400_000;
  const validity = sequence(utcTime(new Date(now.getTime() - day / 24)), utcTime(new Date(now.getTime() + day)));
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    ecdsaWithSha256,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    extensions,
  );
  const signature = sign('sha256', body, privateKey);
  const whole = sequence(body, ecdsaWithSha256, der(0x03, Buffer.from([0]), signature));
  return {
    certificate: pem('CERTIFICATE', whole),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}

/** A request for a certificate of that subject (PKCS #10) and its key. PEM. */
export function signingRequest(user: string, organizations: readonly string[] = []): { request: string; key: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const part = (id: string, text: string): Der => der(0x31, sequence(oid(id), der(0x0c, Buffer.from(text))));
  const subject = sequence(...organizations.map((name) => part('55040a', name)), part('550403', user));
  const body = sequence(
    der(0x02, Buffer.from([0])),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa0),
  );
  const signature = sign('sha256', body, privateKey);
  const whole = sequence(body, ecdsaWithSha256, der(0x03, Buffer.from([0]), signature));
  return {
    request: pem('CERTIFICATE REQUEST', whole),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}

function pem(label: string, bytes: Buffer): string {
  const base64 = bytes.toString('base64').replaceAll(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`;
}

function addressBytes(address: string): Der {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail = ''] = address.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const missing = 8 - groups(head).length - groups(tail).length;
  const all = [
    ...groups(head),
    ...(address.includes('::') ? Array.from({ length: missing }, () => '0') : []),
    ...groups(tail),
  ];
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}
