import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { before, test } from 'node:test';
import { subjectOf } from '../authentication/request/client-certificate.ts';
import { createCertificateAuthority, type KeyPair, loadX509 } from './authority.ts';
import { inspectRequest, signRequest } from './signing.ts';

let ca: KeyPair;
before(async () => {
  ca = await createCertificateAuthority({ commonName: 'ca' });
});

async function requestOf(subject: Record<string, string[]>): Promise<string> {
  const x509 = await loadX509();
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const attributes = Object.entries(subject).map(([type, values]) => ({
    [type]: values.map((utf8String) => ({ utf8String })),
  }));
  const name = new x509.Name(attributes);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({ name, keys, signingAlgorithm: algorithm });
  return request.toString('pem');
}

async function signed(subject: Record<string, string[]>): Promise<(attribute: string) => string[]> {
  const options = { usages: ['client auth'], lifeMs: 3_600_000, now: Date.now() };
  const pem = await signRequest(await requestOf(subject), ca, options);
  return subjectOf(new X509Certificate(pem));
}

/** DER of `system:masters` as a UTF8String, in the form in which names are written down. */
const hidden = `#0c0e${Buffer.from('system:masters').toString('hex')}`;

for (const organization of [hidden, 'a,b\\c+d="e"', ' #x', 'ünïcode', '#']) {
  test(`the organization ${organization} is signed as it was read`, async () => {
    const { organizations } = await inspectRequest(await requestOf({ O: [organization, 'dev'], CN: ['eve'] }));
    assert.deepEqual(organizations, [organization, 'dev']);
    const subject = await signed({ O: [organization, 'dev'], CN: ['eve'] });
    assert.deepEqual(subject('O'), [organization, 'dev']);
    assert.deepEqual(subject('CN'), ['eve']);
  });
}

test('of several common names the one that is judged by is signed', async () => {
  const subject = await signed({ CN: ['admin', 'eve'] });
  assert.deepEqual(subject('CN'), ['eve']);
});

test('attributes that upstream’s signer does not know are left out, a user’s uid above all', async () => {
  const uid = '1.3.6.1.4.1.57683.2';
  const subject = await signed({ CN: ['eve'], OU: ['unit'], C: ['CH'], '2.5.4.5': ['7'], [uid]: ['admin'] });
  assert.deepEqual(subject(uid), []);
  assert.deepEqual([subject('OU'), subject('C'), subject('serialNumber')], [['unit'], ['CH'], ['7']]);
});
