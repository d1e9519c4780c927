/** Service account tokens that should let nobody in: forged, confused, out of time, or of something that is gone. */
import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { compactVerify, decodeJwt, importPKCS8, importSPKI, SignJWT } from 'jose';
import { createSigningKeys } from '../../certificates/index.ts';
import type { TestClient } from '../testing/client.ts';
import { reason, until } from '../testing/grants.ts';
import { startTarget, type Target } from '../testing/target.ts';

interface Named {
  metadata: { name: string; uid: string };
}

let target: Target;
let admin: TestClient;
let account: Named;
before(async () => {
  target = await startTarget();
  admin = target.admin;
  await admin.post('/api/v1/namespaces', { metadata: { name: 'team' } });
  account = await created('/api/v1/namespaces/team/serviceaccounts', { metadata: { name: 'robot' } });
});
after(() => target.stop());

async function created(path: string, body: object): Promise<Named> {
  const answer = await admin.post(path, body);
  assert.equal(answer.status, 201, answer.text);
  return answer.json<Named>();
}

async function tokenFor(name: string, spec: object = {}): Promise<string> {
  const answer = await admin.post(`/api/v1/namespaces/team/serviceaccounts/${name}/token`, { spec });
  assert.equal(answer.status, 201, answer.text);
  return answer.json<{ status: { token: string } }>().status.token;
}

/** Whom a token is taken for, or the status. */
async function whoIs(token: string): Promise<string> {
  const client = target.bearer(token);
  const answer = await client.post('/apis/authentication.k8s.io/v1/selfsubjectreviews', {});
  client.close();
  if (answer.status !== 201) return `${answer.status} ${reason(answer)}`;
  return answer.json<{ status: { userInfo: { username: string } } }>().status.userInfo.username;
}

const robot = 'system:serviceaccount:team:robot';
const unauthorized = '401 Unauthorized: Unauthorized';
const issuer = 'https://kubernetes.default.svc';
const base64 = (part: object | string): string =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');

function claims(change: object = {}): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: issuer,
    sub: robot,
    aud: [issuer],
    exp: now + 600,
    iat: now,
    nbf: now,
    jti: randomUUID(),
    'kubernetes.io': { namespace: 'team', serviceaccount: { name: 'robot', uid: account.metadata.uid } },
    ...change,
  };
}

/** Signed with the cluster's own key: what only the issuer could make. */
async function signed(payload: Record<string, unknown>, header: object = {}, pem?: string): Promise<string> {
  const key = await importPKCS8(pem ?? target.certificates.serviceAccount.privateKey, 'ES256');
  return new SignJWT(payload).setProtectedHeader({ alg: 'ES256', ...header }).sign(key);
}

test('an issued token is good, and its signature that of the published key', async () => {
  const token = await tokenFor('robot');
  assert.equal(await whoIs(token), robot);
  await compactVerify(token, await importSPKI(target.certificates.serviceAccount.publicKey, 'ES256'));
});

test('a token of our own making with the right key is good: the others below differ in one thing', async () => {
  assert.equal(await whoIs(await signed(claims())), robot);
});

describe('forged', () => {
  const hmac = (secret: string, header: object): string => {
    const input = `${base64(header)}.${base64(claims())}`;
    return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
  };
  const table: Record<string, () => Promise<string> | string> = {
    'alg none': () => `${base64({ alg: 'none' })}.${base64(claims())}.`,
    'alg None': () => `${base64({ alg: 'None', typ: 'JWT' })}.${base64(claims())}.`,
    'alg none with a signature': async () =>
      `${base64({ alg: 'none' })}.${base64(claims())}.${(await signed(claims())).split('.')[2]}`,
    'HMAC keyed with the public key': () => hmac(target.certificates.serviceAccount.publicKey, { alg: 'HS256' }),
    'HMAC keyed with the public key, trimmed': () =>
      hmac(target.certificates.serviceAccount.publicKey.trim(), { alg: 'HS256' }),
    'HMAC with an empty key': () => hmac('', { alg: 'HS256' }),
    'another key': async () => signed(claims(), {}, (await createSigningKeys()).privateKey),
    'another key that names ours': async () => {
      const ours = await tokenFor('robot');
      const { kid } = JSON.parse(Buffer.from(ours.split('.')[0]!, 'base64url').toString()) as { kid: string };
      return signed(claims(), { kid }, (await createSigningKeys()).privateKey);
    },
    'our key under another name': () => signed(claims(), { kid: 'nonsense' }),
    'a payload changed afterwards': async () => {
      const [header, , signature] = (await signed(claims())).split('.');
      return `${header}.${base64(claims({ sub: 'system:serviceaccount:kube-system:admin' }))}.${signature}`;
    },
    'no signature': async () => `${(await signed(claims())).split('.').slice(0, 2).join('.')}.`,
    'two parts': async () => (await signed(claims())).split('.').slice(0, 2).join('.'),
    'a key in the header': async () => {
      const other = await createSigningKeys();
      const jwk = { kty: 'EC', crv: 'P-256' };
      return signed(claims(), { jwk }, other.privateKey);
    },
  };
  for (const [title, token] of Object.entries(table)) {
    test(title, async () => assert.equal(await whoIs(await token()), unauthorized));
  }
});

describe('signed by the issuer, but not for this', () => {
  const now = Math.floor(Date.now() / 1000);
  const kubernetes = (part: object): object => ({
    'kubernetes.io': { namespace: 'team', serviceaccount: { name: 'robot', uid: account.metadata.uid }, ...part },
  });
  const table: Record<string, () => object> = {
    'another issuer': () => ({ iss: 'https://elsewhere.example.com' }),
    'no issuer': () => ({ iss: undefined }),
    'another audience': () => ({ aud: ['vault'] }),
    'the audience in capitals': () => ({ aud: [issuer.toUpperCase()] }),
    expired: () => ({ exp: now - 120 }),
    'not valid yet': () => ({ nbf: now + 3600 }),
    'issued in the future': () => ({ iat: now + 3600 }),
    'no Kubernetes claims': () => ({ 'kubernetes.io': undefined }),
    'another uid': () => kubernetes({ serviceaccount: { name: 'robot', uid: randomUUID() } }),
    'no uid': () => kubernetes({ serviceaccount: { name: 'robot' } }),
    'an account that does not exist': () =>
      kubernetes({ serviceaccount: { name: 'nobody', uid: account.metadata.uid } }),
    'another namespace': () => kubernetes({ namespace: 'default' }),
    'a pod that does not exist': () => kubernetes({ pod: { name: 'p', uid: randomUUID() } }),
    'a secret that does not exist': () => kubernetes({ secret: { name: 's', uid: randomUUID() } }),
    'a node that does not exist': () => kubernetes({ node: { name: 'n', uid: randomUUID() } }),
  };
  for (const [title, change] of Object.entries(table)) {
    test(title, async () => assert.equal(await whoIs(await signed(claims(change()))), unauthorized));
  }
  test('another audience is good for those who ask for it, by TokenReview', async () => {
    const token = await tokenFor('robot', { audiences: ['vault'] });
    assert.equal(await whoIs(token), unauthorized);
    const answer = await admin.post('/apis/authentication.k8s.io/v1/tokenreviews', {
      spec: { token, audiences: ['vault', 'other'] },
    });
    const { status } = answer.json<{ status: { authenticated?: boolean; audiences?: string[] } }>();
    assert.deepEqual([status.authenticated, status.audiences], [true, ['vault']]);
  });
  test('TokenReview says what is wrong', async () => {
    const token = await tokenFor('robot', { audiences: ['vault'] });
    const answer = await admin.post('/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token } });
    const { status } = answer.json<{ status: object }>();
    const error = `[invalid bearer token, token audiences ["vault"] is invalid for the target audiences ["${issuer}"]]`;
    assert.deepEqual(status, { user: {}, error });
  });
});

/** Accepted tokens are remembered for ten seconds: a token shown after its object has gone must not be among them. */
describe('of what is gone', () => {
  const pod = {
    metadata: { name: 'p' },
    spec: { serviceAccountName: 'robot', automountServiceAccountToken: false, containers: [{ name: 'c', image: 'i' }] },
  };
  test('a service account', async () => {
    const accounts = '/api/v1/namespaces/team/serviceaccounts';
    await created(accounts, { metadata: { name: 'brief' } });
    const token = await tokenFor('brief');
    assert.equal((await admin.delete(`${accounts}/brief`)).status, 200);
    await created(accounts, { metadata: { name: 'brief' } });
    await until(async () => (await whoIs(token)) === unauthorized, 15_000);
  });
  for (const [kind, path, body] of [
    ['Pod', '/api/v1/namespaces/team/pods', pod],
    ['Secret', '/api/v1/namespaces/team/secrets', { metadata: { name: 'p' } }],
    ['Node', '/api/v1/nodes', { metadata: { name: 'p' } }],
  ] as const) {
    test(`a ${kind}, and its namesake is another`, async () => {
      const object = await created(path, body);
      const boundObjectRef = { kind, apiVersion: 'v1', name: 'p', uid: object.metadata.uid };
      const token = await tokenFor('robot', { boundObjectRef });
      const bound = decodeJwt<{ 'kubernetes.io': Record<string, unknown> }>(token)['kubernetes.io'];
      assert.deepEqual(bound[kind.toLowerCase()], { name: 'p', uid: object.metadata.uid });
      assert.equal((await admin.delete(`${path}/p`, { gracePeriodSeconds: 0 })).status, 200);
      await until(async () => (await admin.get(`${path}/p`)).status === 404);
      await created(path, body);
      await until(async () => (await whoIs(token)) === unauthorized, 15_000);
    });
  }
});

describe('a token that a Secret holds', () => {
  const secrets = '/api/v1/namespaces/team/secrets';
  const prefix = 'kubernetes.io/serviceaccount';

  function legacy(secret: string, change: object = {}): Promise<string> {
    return signed({
      iss: 'kubernetes/serviceaccount',
      [`${prefix}/namespace`]: 'team',
      [`${prefix}/secret.name`]: secret,
      [`${prefix}/service-account.name`]: 'robot',
      [`${prefix}/service-account.uid`]: account.metadata.uid,
      sub: robot,
      ...change,
    });
  }

  async function hold(name: string, token: string, labels: Record<string, string> = {}): Promise<void> {
    await created(secrets, {
      metadata: { name, labels, annotations: { 'kubernetes.io/service-account.name': 'robot' } },
      type: 'kubernetes.io/service-account-token',
      data: { token: Buffer.from(token).toString('base64') },
    });
  }

  test('is good, and the day of its use noted', async () => {
    const token = await legacy('kept');
    await hold('kept', token);
    const today = (): string => new Date().toISOString().slice(0, 10);
    const before = today();
    await until(async () => (await whoIs(token)) === robot);
    await until(async () => {
      const { metadata } = (await admin.get(`${secrets}/kept`)).json<{
        metadata: { labels?: Record<string, string> };
      }>();
      // A day may end in between.
      return [before, today()].includes(metadata.labels?.['kubernetes.io/legacy-token-last-used'] ?? '');
    });
    const tracking = await admin.get(
      '/api/v1/namespaces/kube-system/configmaps/kube-apiserver-legacy-service-account-token-tracking',
    );
    assert.match(tracking.json<{ data: { since: string } }>().data.since, /^\d{4}-\d\d-\d\d$/);
  });
  test('is no longer good when the Secret is gone', async () => {
    const token = await legacy('brief');
    await hold('brief', token);
    await until(async () => (await whoIs(token)) === robot);
    await admin.delete(`${secrets}/brief`);
    await until(async () => (await whoIs(token)) === unauthorized, 15_000);
  });

  const refused: Record<string, (name: string) => Promise<void | string>> = {
    'without its Secret': () => legacy('none'),
    'of another Secret': async (name) => hold(name, await legacy('kept')),
    'of another account': async (name) =>
      hold(name, await legacy(name, { [`${prefix}/service-account.name`]: 'other' })),
    'of another uid': async (name) =>
      hold(name, await legacy(name, { [`${prefix}/service-account.uid`]: randomUUID() })),
    'of another subject': async (name) => hold(name, await legacy(name, { sub: 'system:serviceaccount:team:other' })),
    'that is marked invalid': async (name) =>
      hold(name, await legacy(name), { 'kubernetes.io/legacy-token-invalid-since': '2020-01-01' }),
  };
  for (const [index, [title, make]] of Object.entries(refused).entries()) {
    test(`refused: one ${title}`, async () => {
      const made = await make(`refused-${index}`);
      const read = async (): Promise<string> => {
        const { data } = (await admin.get(`${secrets}/refused-${index}`)).json<{ data: { token: string } }>();
        return Buffer.from(data.token, 'base64').toString();
      };
      assert.equal(await whoIs(made ?? (await read())), unauthorized);
    });
  }
});

describe('asking for a token', () => {
  const table: [title: string, body: object, status: number, message: RegExp][] = [
    ['too short', { spec: { expirationSeconds: 599 } }, 422, /may not specify a duration less than 10 minutes/],
    [
      'too long',
      { spec: { expirationSeconds: 2 ** 32 + 1 } },
      422,
      /may not specify a duration larger than 2\^32 seconds/,
    ],
    [
      'for another name',
      { metadata: { name: 'other' } },
      422,
      /metadata.name: Invalid value: "other": must match the service account name if specified/,
    ],
    [
      'for another namespace',
      { metadata: { namespace: 'other' } },
      400,
      /the namespace of the provided object does not match the namespace sent on the request/,
    ],
    [
      'for another uid',
      { metadata: { uid: 'x' } },
      409,
      /the UID in the token request \(x\) does not match the UID of the service account/,
    ],
    [
      'bound to nothing there',
      { spec: { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'none' } } },
      404,
      /pods "none" not found/,
    ],
    [
      'bound to a kind that cannot be',
      { spec: { boundObjectRef: { kind: 'ConfigMap', apiVersion: 'v1', name: 'x' } } },
      400,
      /cannot bind token to object of type \/v1, Kind=ConfigMap/,
    ],
    [
      'bound to a group that cannot be',
      { spec: { boundObjectRef: { kind: 'Pod', apiVersion: 'apps/v1', name: 'x' } } },
      400,
      /cannot bind token to object of type apps\/v1, Kind=Pod/,
    ],
  ];
  for (const [title, body, status, message] of table) {
    test(title, async () => {
      const answer = await admin.post('/api/v1/namespaces/team/serviceaccounts/robot/token', body);
      assert.equal(answer.status, status, answer.text);
      assert.match(reason(answer), message);
    });
  }
  test('bound to a pod of another account', async () => {
    await created('/api/v1/namespaces/team/serviceaccounts', { metadata: { name: 'second' } });
    const spec = { serviceAccountName: 'second', containers: [{ name: 'c', image: 'i' }] };
    await created('/api/v1/namespaces/team/pods', { metadata: { name: 'seconds' }, spec });
    const body = { spec: { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'seconds' } } };
    const answer = await admin.post('/api/v1/namespaces/team/serviceaccounts/robot/token', body);
    assert.equal(answer.status, 400);
    assert.match(
      reason(answer),
      /cannot bind token for serviceaccount "robot" to pod running with different serviceaccount name/,
    );
  });
  test('bound to an object of another uid', async () => {
    await created('/api/v1/namespaces/team/secrets', { metadata: { name: 'known' } });
    const body = { spec: { boundObjectRef: { kind: 'Secret', apiVersion: 'v1', name: 'known', uid: 'x' } } };
    const answer = await admin.post('/api/v1/namespaces/team/serviceaccounts/robot/token', body);
    assert.equal(answer.status, 409);
    assert.match(reason(answer), /the UID in the bound object reference \(x\) does not match the UID in record/);
  });
  test('of an account that is not there', async () => {
    const answer = await admin.post('/api/v1/namespaces/team/serviceaccounts/none/token', {});
    assert.equal(`${answer.status} ${reason(answer)}`, '404 NotFound: serviceaccounts "none" not found');
  });
});
