import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { before, test } from 'node:test';
import { createCertificateAuthority, type KeyPair } from '../../../certificates/index.ts';
import { keyPairProblem } from './key-pair.ts';

let mine: KeyPair;
let other: KeyPair;
before(async () => {
  mine = await createCertificateAuthority({ commonName: 'mine' });
  other = await createCertificateAuthority({ commonName: 'other' });
});

const problem = (certificate: string, key: string): string | undefined =>
  keyPairProblem(Buffer.from(certificate), Buffer.from(key));

test('a key belongs to its certificate', () => {
  assert.equal(problem(mine.certificate, mine.key), undefined);
  assert.equal(problem(mine.certificate, other.key), 'tls: private key does not match public key');
  const edwards = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  assert.equal(problem(mine.certificate, edwards), 'tls: private key type does not match public key type');
});

test('what is no PEM, or of something else', () => {
  assert.equal(problem('a', mine.key), 'tls: failed to find any PEM data in certificate input');
  assert.equal(problem(mine.certificate, 'a'), 'tls: failed to find any PEM data in key input');
  assert.match(problem(mine.key, mine.key) ?? '', /PEM inputs may have been switched$/);
  assert.match(problem(mine.certificate, mine.certificate) ?? '', /^tls: found a certificate rather than a key/);
  const nonsense = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n';
  assert.equal(problem(mine.certificate, nonsense), 'tls: failed to parse private key');
});
