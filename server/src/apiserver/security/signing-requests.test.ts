/** CertificateSigningRequests: what may be asked, who asks, who decides; nothing is signed here. */
import assert from 'node:assert/strict';
import type { webcrypto } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { loadX509 } from '../../certificates/authority.ts';
import type { TestClient } from '../testing/client.ts';
import { grant, reason } from '../testing/grants.ts';
import { startTarget, type Target } from '../testing/target.ts';

const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const client = 'kubernetes.io/kube-apiserver-client';

let target: Target;
let admin: TestClient;
let good: string;
let pem: string;
before(async () => {
  target = await startTarget();
  admin = target.admin;
  pem = await request({ name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' });
  good = base64(pem);
});
after(() => target.stop());

const base64 = (text: string): string => Buffer.from(text).toString('base64');

async function request(
  algorithm: webcrypto.RsaHashedKeyGenParams | (webcrypto.EcKeyGenParams & { hash: string }),
): Promise<string> {
  const x509 = await loadX509();
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const made = await x509.Pkcs10CertificateRequestGenerator.create({
    name: 'CN=jane,O=dev',
    keys,
    signingAlgorithm: algorithm,
  });
  return made.toString('pem');
}

/** The same with one byte changed, counted from the end: the signature, or what it is of. */
function damaged(fromEnd: number): string {
  const der = Buffer.from(pem.replace(/-----.*?-----|\s/g, ''), 'base64');
  const at = der.length - fromEnd;
  der[at] = (der[at] ?? 0) ^ 1;
  return base64(`-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`);
}

function signingRequest(name: string, spec: object = {}): object {
  return {
    metadata: { name },
    spec: { request: good, signerName: client, usages: ['client auth'], ...spec },
  };
}

describe('what may be asked', () => {
  test('a request signed with its own key, elliptic or RSA', async () => {
    const rsa = await request({
      name: 'RSASSA-PKCS1-v1_5',
      hash: 'SHA-256',
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
    });
    for (const [name, text] of [
      ['elliptic', good],
      ['rsa', base64(rsa)],
    ] as const) {
      const answer = await admin.post(path, signingRequest(name, { request: text }));
      assert.equal(answer.status, 201, answer.text);
    }
  });
  const table: [title: string, spec: () => object, field: string, message: RegExp][] = [
    ['no PEM', () => ({ request: base64('hello') }), 'spec.request', /PEM block type must be CERTIFICATE REQUEST/],
    [
      'a certificate',
      () => ({ request: base64(target.certificates.admin.certificate) }),
      'spec.request',
      /PEM block type must be CERTIFICATE REQUEST/,
    ],
    [
      'no ASN.1',
      () => ({ request: base64('-----BEGIN CERTIFICATE REQUEST-----\naGVsbG8=\n-----END CERTIFICATE REQUEST-----\n') }),
      'spec.request',
      /asn1: /,
    ],
    ['another signature', () => ({ request: damaged(1) }), 'spec.request', /x509: ECDSA verification failure/],
    ['no usages', () => ({ usages: [] }), 'spec.usages', /Required value/],
    ['an unknown usage', () => ({ usages: ['magic'] }), 'spec.usages[0]', /Unsupported value: "magic"/],
    ['a usage twice', () => ({ usages: ['client auth', 'client auth'] }), 'spec.usages[1]', /Duplicate value/],
    [
      'the legacy signer',
      () => ({ signerName: 'kubernetes.io/legacy-unknown' }),
      'spec.signerName',
      /the legacy signerName is not allowed via this API version/,
    ],
    [
      'a signer without a domain',
      () => ({ signerName: 'mine' }),
      'spec.signerName',
      /must be a fully qualified domain and path of the form 'example.com\/signer-name'/,
    ],
    [
      'too short a life',
      () => ({ expirationSeconds: 599 }),
      'spec.expirationSeconds',
      /may not specify a duration less than 600 seconds/,
    ],
  ];
  for (const [title, spec, field, message] of table) {
    test(`refused: ${title}`, async () => {
      const answer = await admin.post(path, signingRequest('refused', spec()));
      assert.equal(answer.status, 422, answer.text);
      const { details } = answer.json();
      assert.deepEqual(
        details?.causes?.map((cause) => cause.field),
        [field],
        answer.text,
      );
      assert.match(reason(answer), message);
    });
  }
});

describe('who asks', () => {
  test('is who is authenticated, whatever the request says', async () => {
    const jane = await target.user('jane', 'dev');
    await grant(admin, { user: 'jane' }, [
      { apiGroups: ['certificates.k8s.io'], resources: ['certificatesigningrequests'], verbs: ['create', 'get'] },
    ]);
    const claim = { username: 'root', groups: ['system:masters'], uid: 'x', extra: { a: ['b'] } };
    const answer = await jane.post(path, signingRequest('of-jane', claim));
    assert.equal(answer.status, 201, answer.text);
    const { spec } = answer.json<{ spec: { username: string; groups: string[]; uid?: string } }>();
    assert.deepEqual([spec.username, spec.groups, spec.uid], ['jane', ['dev', 'system:authenticated'], undefined]);
  });
  test('may not ask to become a master', async () => {
    const x509 = await loadX509();
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
    const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const made = await x509.Pkcs10CertificateRequestGenerator.create({
      name: 'CN=x,O=system:masters',
      keys,
      signingAlgorithm: algorithm,
    });
    const answer = await admin.post(path, signingRequest('masters', { request: base64(made.toString('pem')) }));
    assert.equal(answer.status, 403, answer.text);
    assert.match(
      reason(answer),
      /use of kubernetes.io\/kube-apiserver-client signer with system:masters group is not allowed/,
    );
  });
});

describe('who decides', () => {
  const approved = { type: 'Approved', status: 'True', reason: 'Because', message: 'it is so' };
  const approve = async (who: TestClient, name: string, conditions: object[]) => {
    const current = (await admin.get(`${path}/${name}`)).json<Record<string, unknown>>();
    return who.call('PUT', `${path}/${name}/approval`, { body: { ...current, status: { conditions } } });
  };
  before(async () => {
    for (const name of ['open', 'both']) assert.equal((await admin.post(path, signingRequest(name))).status, 201);
  });
  test('takes approve on the signer besides update of the approval', async () => {
    const clerk = await target.user('clerk');
    await grant(admin, { user: 'clerk' }, [
      { apiGroups: ['certificates.k8s.io'], resources: ['certificatesigningrequests/approval'], verbs: ['update'] },
    ]);
    const refused = await approve(clerk, 'open', [approved]);
    assert.equal(refused.status, 403, refused.text);
    assert.match(
      reason(refused),
      /user not permitted to approve requests with signerName "kubernetes.io\/kube-apiserver-client"/,
    );
    await grant(admin, { user: 'clerk' }, [
      {
        apiGroups: ['certificates.k8s.io'],
        resources: ['signers'],
        resourceNames: ['kubernetes.io/*'],
        verbs: ['approve'],
      },
    ]);
    const answer = await approve(clerk, 'open', [approved]);
    assert.equal(answer.status, 200, answer.text);
  });
  test('cannot say both', async () => {
    const answer = await approve(admin, 'both', [approved, { ...approved, type: 'Denied' }]);
    assert.equal(answer.status, 422, answer.text);
    assert.match(reason(answer), /Approved and Denied conditions are mutually exclusive/);
  });
  test('cannot take it back', async () => {
    const answer = await approve(admin, 'open', []);
    assert.equal(answer.status, 422, answer.text);
    assert.match(reason(answer), /updates may not remove a condition of type "Approved"/);
  });
  test('does not issue: a status must hold certificates', async () => {
    const current = (await admin.get(`${path}/open`)).json<{ status: object }>();
    const put = (certificate: string) =>
      admin.call('PUT', `${path}/open/status`, {
        body: { ...current, status: { ...current.status, certificate: base64(certificate) } },
      });
    const refused = await put('hello');
    assert.equal(refused.status, 422, refused.text);
    assert.match(
      reason(refused),
      /status.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block/,
    );
    const other = await put(pem);
    assert.match(reason(other), /only CERTIFICATE PEM blocks are allowed, found "CERTIFICATE REQUEST"/);
    const answer = await put(target.certificates.admin.certificate);
    assert.equal(answer.status, 200, answer.text);
  });
});
