import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { beforeEach, describe, test } from 'node:test';
import { isBadRequest, isConflict, isInvalid, isNotFound } from '@typernetes/openapi/meta';
import { createLocalJWKSet, jwtVerify, SignJWT, UnsecuredJWT } from 'jose';
import { MemoryObjects } from '../../authorization/testing/memory-objects.ts';
import { createSigningKeys } from '../../certificates/index.ts';
import { type TokenRequest, tokenIssuer } from './token-request.ts';
import { ServiceAccountTokens } from './tokens.ts';

const issuer = 'https://kubernetes.default.svc.cluster.local';
const keys = await createSigningKeys();
const account = { metadata: { namespace: 'ns', name: 'sa', uid: 'sa-uid' } };
let now = new Date('2030-01-01T00:00:00Z');
let objects: MemoryObjects;
let tokens: ServiceAccountTokens;

beforeEach(() => {
  now = new Date('2030-01-01T00:00:00Z');
  objects = new MemoryObjects();
  objects.put('serviceaccounts', account);
  objects.put('pods', {
    metadata: { namespace: 'ns', name: 'pod', uid: 'pod-uid' },
    spec: { serviceAccountName: 'sa', nodeName: 'node-1' },
  } as object);
  objects.put('nodes', { metadata: { name: 'node-1', uid: 'node-uid' } });
  objects.put('secrets', { metadata: { namespace: 'ns', name: 'secret', uid: 'secret-uid' } });
  tokens = new ServiceAccountTokens({
    issuers: [issuer, 'https://old'],
    signingKey: keys.privateKey,
    registry: objects,
    now: () => now,
    newId: () => 'id-1',
  });
});

async function request(spec: TokenRequest['spec'] = {}, metadata: object = {}): Promise<TokenRequest> {
  const issue = tokenIssuer({ tokens, registry: objects });
  return issue(account, { metadata, spec }, { now, warn: () => undefined });
}

async function tokenFor(spec: TokenRequest['spec'] = {}): Promise<string> {
  return (await request(spec)).status?.token ?? '';
}

const podReference = { apiVersion: 'v1', kind: 'Pod', name: 'pod' };

test('a pod-bound token says who, where and for how long, and verifies through the published keys', async () => {
  const answer = await request({ expirationSeconds: 600, boundObjectRef: podReference });
  assert.equal(answer.status?.expirationTimestamp, '2030-01-01T00:10:00Z');
  const { payload, protectedHeader } = await jwtVerify(answer.status?.token ?? '', createLocalJWKSet(tokens.jwks()), {
    issuer,
    audience: issuer,
    currentDate: now,
  });
  assert.equal(protectedHeader.alg, 'ES256');
  assert.deepEqual(payload['kubernetes.io'], {
    namespace: 'ns',
    serviceaccount: { name: 'sa', uid: 'sa-uid' },
    pod: { name: 'pod', uid: 'pod-uid' },
    node: { name: 'node-1', uid: 'node-uid' },
  });
  const response = await tokens.authenticateToken(answer.status?.token ?? '', []);
  assert.deepEqual(response, {
    user: {
      name: 'system:serviceaccount:ns:sa',
      uid: 'sa-uid',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:ns'],
      extra: {
        'authentication.kubernetes.io/credential-id': ['JTI=id-1'],
        'authentication.kubernetes.io/pod-name': ['pod'],
        'authentication.kubernetes.io/pod-uid': ['pod-uid'],
        'authentication.kubernetes.io/node-name': ['node-1'],
        'authentication.kubernetes.io/node-uid': ['node-uid'],
      },
    },
    audiences: [issuer, 'https://old'],
  });
});

describe('a token dies', () => {
  const deaths: { how: string; spec: TokenRequest['spec']; act: () => void; says: RegExp }[] = [
    { how: 'by time', spec: {}, act: () => (now = new Date(now.getTime() + 3_662_000)), says: /has expired/ },
    {
      how: 'with its pod',
      spec: { boundObjectRef: podReference },
      act: () => objects.remove('pods', 'ns', 'pod'),
      says: /invalidated/,
    },
    {
      how: 'with its pod, even if another of that name is there',
      spec: { boundObjectRef: podReference },
      act: () => objects.put('pods', { metadata: { namespace: 'ns', name: 'pod', uid: 'other' } }),
      says: /pod UID \(other\) does not match service account pod ref claim \(pod-uid\)/,
    },
    {
      how: 'when its pod has been terminating for longer than the leeway',
      spec: { boundObjectRef: podReference },
      act: () =>
        objects.put('pods', {
          metadata: { namespace: 'ns', name: 'pod', uid: 'pod-uid', deletionTimestamp: '2029-12-31T23:58:00Z' },
        }),
      says: /invalidated/,
    },
    {
      how: 'with its secret',
      spec: { boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name: 'secret' } },
      act: () => objects.remove('secrets', 'ns', 'secret'),
      says: /invalidated/,
    },
    {
      how: 'with its node',
      spec: { boundObjectRef: { apiVersion: 'v1', kind: 'Node', name: 'node-1' } },
      act: () => objects.remove('nodes', '', 'node-1'),
      says: /invalidated/,
    },
    {
      how: 'with its service account',
      spec: {},
      act: () => objects.remove('serviceaccounts', 'ns', 'sa'),
      says: /not found/,
    },
    {
      how: 'when its service account is made anew',
      spec: {},
      act: () => objects.put('serviceaccounts', { metadata: { namespace: 'ns', name: 'sa', uid: 'new' } }),
      says: /service account UID \(new\) does not match claim \(sa-uid\)/,
    },
  ];
  for (const { how, spec, act, says } of deaths) {
    test(how, async () => {
      const token = await tokenFor(spec);
      assert.ok(await tokens.authenticateToken(token, []));
      act();
      await assert.rejects(tokens.authenticateToken(token, []), says);
    });
  }
  test('but not with the node its pod runs on, nor within the leeway', async () => {
    const token = await tokenFor({ boundObjectRef: podReference, expirationSeconds: 600 });
    objects.remove('nodes', '', 'node-1');
    now = new Date(now.getTime() + 630_000);
    assert.ok(await tokens.authenticateToken(token, []));
  });
});

describe('forgeries', () => {
  const claims = {
    'kubernetes.io': { namespace: 'ns', serviceaccount: { name: 'sa', uid: 'sa-uid' } },
    sub: 'system:serviceaccount:ns:sa',
    aud: [issuer],
    exp: 2_000_000_000,
  };
  test('another audience', async () => {
    const token = await tokenFor({ audiences: ['vault'] });
    await assert.rejects(
      tokens.authenticateToken(token, []),
      /token audiences \["vault"\] is invalid for the target audiences/,
    );
    assert.deepEqual((await tokens.authenticateToken(token, ['vault', 'x']))?.audiences, ['vault']);
  });
  test('another key under our issuer', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const token = await new SignJWT({ ...claims, iss: issuer }).setProtectedHeader({ alg: 'ES256' }).sign(privateKey);
    await assert.rejects(tokens.authenticateToken(token, []), /invalid signature/);
  });
  test('another key that names our key', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const kid = String(tokens.jwks().keys[0]?.['kid']);
    const token = await new SignJWT({ ...claims, iss: issuer })
      .setProtectedHeader({ alg: 'ES256', kid })
      .sign(privateKey);
    await assert.rejects(tokens.authenticateToken(token, []), /invalid signature/);
  });
  test('alg none', async () => {
    await assert.rejects(
      tokens.authenticateToken(new UnsecuredJWT({ ...claims, iss: issuer }).encode(), []),
      /invalid signature/,
    );
  });
  test('the public key used as an HMAC secret', async () => {
    const token = await new SignJWT({ ...claims, iss: issuer })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(keys.publicKey));
    await assert.rejects(tokens.authenticateToken(token, []), /invalid signature/);
  });
  test('a changed payload', async () => {
    const [header, payload, signature] = (await tokenFor()).split('.');
    const changed = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString()) as Record<string, unknown>;
    changed['sub'] = 'system:serviceaccount:kube-system:admin';
    const token = [header, Buffer.from(JSON.stringify(changed)).toString('base64url'), signature].join('.');
    await assert.rejects(tokens.authenticateToken(token, []), /invalid signature/);
  });
  for (const foreign of [
    '',
    'abc',
    'a.b.c',
    '{"iss":"x"}',
    `${Buffer.from('{}').toString('base64url')}.${Buffer.from('{"iss":"https://elsewhere"}').toString('base64url')}.x`,
  ]) {
    test(`not ours: ${foreign.slice(0, 20)}`, async () => {
      assert.equal(await tokens.authenticateToken(foreign, []), undefined);
    });
  }
});

test('a secret token is good while the secret holds it', async () => {
  const token = await tokens.issueForSecret({ namespace: 'ns', name: 'sa', uid: 'sa-uid' }, 'legacy');
  await assert.rejects(tokens.authenticateToken(token, []), /Token has been invalidated/);
  objects.put('secrets', {
    metadata: { namespace: 'ns', name: 'legacy' },
    data: { token: Buffer.from(token).toString('base64') },
  } as object);
  const response = await tokens.authenticateToken(token, []);
  assert.equal(response?.user.name, 'system:serviceaccount:ns:sa');
  assert.equal(response?.user.extra, undefined);
  objects.put('secrets', {
    metadata: { namespace: 'ns', name: 'legacy' },
    data: { token: Buffer.from('other').toString('base64') },
  } as object);
  await assert.rejects(tokens.authenticateToken(token, []), /does not match server's copy/);
});

test('without lookup, a secret token is good for ever', async () => {
  const lenient = new ServiceAccountTokens({
    issuers: [issuer],
    signingKey: keys.privateKey,
    registry: objects,
    lookup: false,
  });
  const token = await lenient.issueForSecret({ namespace: 'ns', name: 'gone', uid: 'gone-uid' }, 'none');
  assert.equal((await lenient.authenticateToken(token, []))?.user.uid, 'gone-uid');
});

describe('TokenRequest refuses', () => {
  const table: {
    why: string;
    spec?: TokenRequest['spec'];
    metadata?: object;
    check: (error: unknown) => boolean;
    says: RegExp;
  }[] = [
    {
      why: 'less than ten minutes',
      spec: { expirationSeconds: 599 },
      check: isInvalid,
      says: /spec\.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes/,
    },
    {
      why: 'more than 2^32 seconds',
      spec: { expirationSeconds: 2 ** 32 + 1 },
      check: isInvalid,
      says: /larger than 2\^32 seconds/,
    },
    {
      why: 'a pod that is not there',
      spec: { boundObjectRef: { ...podReference, name: 'none' } },
      check: isNotFound,
      says: /pods "none" not found/,
    },
    {
      why: 'a pod of another uid',
      spec: { boundObjectRef: { ...podReference, uid: 'x' } },
      check: isConflict,
      says: /the UID in the bound object reference \(x\)/,
    },
    {
      why: 'another kind',
      spec: { boundObjectRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' } },
      check: isBadRequest,
      says: /cannot bind token to object of type apps\/v1, Kind=Deployment/,
    },
    {
      why: 'another name',
      metadata: { name: 'x' },
      check: isInvalid,
      says: /must match the service account name if specified/,
    },
    { why: 'another uid', metadata: { uid: 'x' }, check: isConflict, says: /the UID in the token request \(x\)/ },
  ];
  for (const { why, spec, metadata, check, says } of table) {
    test(why, async () => {
      await assert.rejects(request(spec, metadata), (error) => check(error) && says.test((error as Error).message));
    });
  }
  test('a pod of another service account', async () => {
    objects.put('pods', {
      metadata: { namespace: 'ns', name: 'pod', uid: 'p' },
      spec: { serviceAccountName: 'other' },
    } as object);
    await assert.rejects(request({ boundObjectRef: podReference }), /pod running with different serviceaccount name/);
  });
});

test("the kubelet's 3607 seconds become a year with a warning, for pods and our own audience only", async () => {
  const expiry = async (spec: TokenRequest['spec']): Promise<unknown[]> => {
    const payload = JSON.parse(Buffer.from((await tokenFor(spec)).split('.')[1] ?? '', 'base64url').toString()) as {
      exp: number;
      'kubernetes.io': { warnafter?: number };
    };
    return [payload.exp - now.getTime() / 1000, (payload['kubernetes.io'].warnafter ?? 0) - now.getTime() / 1000 > 0];
  };
  assert.deepEqual(await expiry({ expirationSeconds: 3607, boundObjectRef: podReference }), [31_536_000, true]);
  assert.deepEqual(await expiry({ expirationSeconds: 3607 }), [3607, false]);
  assert.deepEqual(await expiry({ expirationSeconds: 3607, boundObjectRef: podReference, audiences: ['vault'] }), [
    3607,
    false,
  ]);
});

test('RSA keys sign RS256, discovery names what is served', async () => {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const rsa = new ServiceAccountTokens({
    issuers: [issuer],
    signingKey: privateKey,
    verificationKeys: [keys.publicKey],
    registry: objects,
  });
  const { token } = await rsa.issue({
    audiences: [issuer],
    expirationSeconds: 600,
    claims: { namespace: 'ns', serviceaccount: { name: 'sa', uid: 'sa-uid' } },
  });
  assert.ok(await rsa.authenticateToken(token, []));
  assert.deepEqual(rsa.openIdConfiguration('127.0.0.1:6443'), {
    issuer,
    jwks_uri: 'https://127.0.0.1:6443/openid/v1/jwks',
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256', 'RS256'],
  });
  assert.equal(rsa.jwks().keys.length, 2);
  assert.ok(rsa.jwks().keys.every((key) => key['d'] === undefined && key['kid'] !== undefined));
});
