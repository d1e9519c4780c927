/** Tokens of ServiceAccounts: bound ones, those that Secrets hold, and the keys that anyone may check them with. */
import assert from 'node:assert/strict';
import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import { call, createGlobal, refusal, type StatusBody } from '../src/calls.ts';
import type { PromiseContext } from '../src/context.ts';
import { whoIs } from '../src/identity.ts';
import { area } from '../src/promise.ts';
import { until } from '../src/until.ts';
import type { WatchedObject } from '../src/watch.ts';

const promise = area('tokens');

interface Claims {
  iss: string;
  sub: string;
  aud: string[];
  exp: number;
  iat: number;
  jti: string;
  'kubernetes.io': Record<string, unknown>;
}

interface Issued {
  status: { token: string; expirationTimestamp: string };
}

async function account(context: PromiseContext, name = 'robot'): Promise<WatchedObject> {
  return context.create('v1', 'serviceaccounts', { metadata: { name } });
}

async function issue(context: PromiseContext, spec: object = {}, name = 'robot'): Promise<Issued['status']> {
  const path = context.path('v1', 'serviceaccounts', `${name}/token`);
  return (await call<Issued>(context, 201, 'POST', path, { body: { spec } })).status;
}

function claimsOf(token: string): Claims {
  return JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Claims;
}

const pod = (name: string, nodeName?: string): object => ({
  metadata: { name },
  spec: {
    ...(nodeName === undefined ? { schedulerName: 'nobody' } : { nodeName }),
    serviceAccountName: 'robot',
    containers: [{ name: 'c', image: 'example.invalid/i' }],
  },
});

/** A token that was shown stays good in caches for some seconds: it should be one that was not. */
const refusedSoon = (context: PromiseContext, token: string): Promise<void> =>
  until(context, async () => (await whoIs(context, { token })) === undefined);

async function removeNow(context: PromiseContext, path: string): Promise<void> {
  await call(context, 200, 'DELETE', path, { body: { gracePeriodSeconds: 0 } });
}

promise(
  'a token names its account, its audience and its end, and is taken for that account',
  async (context) => {
    const { metadata } = await account(context);
    const { token, expirationTimestamp } = await issue(context, { expirationSeconds: 600 });
    const claims = claimsOf(token);
    assert.equal(claims.sub, `system:serviceaccount:${context.namespace}:robot`);
    assert.equal(claims.exp - claims.iat, 600);
    assert.equal(Date.parse(expirationTimestamp) / 1000, claims.exp);
    assert.deepEqual(claims['kubernetes.io'], {
      namespace: context.namespace,
      serviceaccount: { name: 'robot', uid: metadata.uid },
    });
    assert.deepEqual(await whoIs(context, { token }), {
      username: claims.sub,
      uid: metadata.uid,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${context.namespace}`, 'system:authenticated'],
      extra: { 'authentication.kubernetes.io/credential-id': [`JTI=${claims.jti}`] },
    });
  },
  {
    codename:
      '[sig-auth] ServiceAccounts should create a serviceAccountToken and ensure a successful TokenReview [Conformance]',
  },
);

promise(
  'a token for another audience is not for the API server, and TokenReview knows for whom it is',
  async (context) => {
    await account(context);
    const { token } = await issue(context, { audiences: ['vault', 'bank'] });
    assert.deepEqual(claimsOf(token).aud, ['vault', 'bank']);
    assert.equal(await whoIs(context, { token }), undefined);
    const review = async (spec: object): Promise<{ authenticated?: boolean; audiences?: string[]; error?: string }> => {
      const path = '/apis/authentication.k8s.io/v1/tokenreviews';
      const { status } = await call<{ status: object }>(context, 201, 'POST', path, { body: { spec } });
      return status;
    };
    const good = await review({ token, audiences: ['bank', 'other'] });
    assert.deepEqual([good.authenticated, good.audiences], [true, ['bank']]);
    const bad = await review({ token });
    assert.deepEqual([bad.authenticated, bad.audiences], [undefined, undefined]);
    assert.match(bad.error ?? '', /token audiences \["vault" "bank"\] is invalid for the target audiences/);
    const nonsense = await review({ token: 'nonsense' });
    assert.equal(nonsense.authenticated, undefined);
  },
);

promise('a token bound to a pod says so, and is no longer good when the pod is gone', async (context) => {
  await account(context);
  const { metadata } = await context.create('v1', 'pods', pod('bearer'));
  const boundObjectRef = { kind: 'Pod', apiVersion: 'v1', name: 'bearer' };
  const { token } = await issue(context, { boundObjectRef });
  const later = await issue(context, { boundObjectRef });
  assert.deepEqual(claimsOf(token)['kubernetes.io']['pod'], { name: 'bearer', uid: metadata.uid });
  const extra = (await whoIs(context, { token }))?.extra ?? {};
  assert.deepEqual(extra['authentication.kubernetes.io/pod-name'], ['bearer']);
  assert.deepEqual(extra['authentication.kubernetes.io/pod-uid'], [metadata.uid]);
  await removeNow(context, context.path('v1', 'pods', 'bearer'));
  await refusedSoon(context, later.token);
});

promise('a token of a pod on a node names the node, and one bound to a node ends with it', async (context) => {
  await account(context);
  const name = context.namespace;
  const node = await createGlobal(context, '/api/v1/nodes', { metadata: { name } });
  const ofNode = { name, uid: node.metadata.uid };
  await context.create('v1', 'pods', pod('bearer', name));
  const onIt = await issue(context, { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'bearer' } });
  assert.deepEqual(claimsOf(onIt.token)['kubernetes.io']['node'], ofNode);
  const extra = (await whoIs(context, { token: onIt.token }))?.extra ?? {};
  assert.deepEqual(extra['authentication.kubernetes.io/node-name'], [name]);
  assert.deepEqual(extra['authentication.kubernetes.io/node-uid'], [ofNode.uid]);
  const boundObjectRef = { kind: 'Node', apiVersion: 'v1', ...ofNode };
  const { token } = await issue(context, { boundObjectRef });
  const later = await issue(context, { boundObjectRef });
  assert.deepEqual(claimsOf(token)['kubernetes.io']['node'], ofNode);
  assert.ok(await whoIs(context, { token }));
  await removeNow(context, `/api/v1/nodes/${name}`);
  await refusedSoon(context, later.token);
});

promise('a token bound to a Secret is no longer good when the Secret is gone', async (context) => {
  await account(context);
  await context.create('v1', 'secrets', { metadata: { name: 'bearer' } });
  const boundObjectRef = { kind: 'Secret', apiVersion: 'v1', name: 'bearer' };
  const { token } = await issue(context, { boundObjectRef });
  const later = await issue(context, { boundObjectRef });
  assert.ok(await whoIs(context, { token }));
  await removeNow(context, context.path('v1', 'secrets', 'bearer'));
  await refusedSoon(context, later.token);
});

promise('what a request for a token may not ask is refused with the reason', async (context) => {
  await account(context);
  await context.create('v1', 'serviceaccounts', { metadata: { name: 'other' } });
  await context.create('v1', 'pods', pod('bearer'));
  const bound = (kind: string, name: string, more: object = {}): object => ({
    spec: { boundObjectRef: { kind, apiVersion: 'v1', name, ...more } },
  });
  const table: [object, RegExp, string?][] = [
    [
      { spec: { expirationSeconds: 599 } },
      /^422 Invalid: .*spec\.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes$/,
    ],
    [
      { spec: { expirationSeconds: 2 ** 32 + 1 } },
      /^422 Invalid: .*may not specify a duration larger than 2\^32 seconds$/,
    ],
    [
      { metadata: { name: 'else' } },
      /^422 Invalid: .*metadata\.name: Invalid value: "else": must match the service account name if specified$/,
    ],
    [
      { metadata: { namespace: 'else' } },
      /^400 BadRequest: the namespace of the provided object does not match the namespace sent on the request$/,
    ],
    [bound('Pod', 'none'), /^404 NotFound: pods "none" not found$/],
    [bound('ConfigMap', 'x'), /^400 BadRequest: cannot bind token to object of type \/v1, Kind=ConfigMap$/],
    [
      bound('Pod', 'bearer', { uid: 'x' }),
      /^409 Conflict: .*the UID in the bound object reference \(x\) does not match the UID in record/,
    ],
    [
      bound('Pod', 'bearer'),
      /^400 BadRequest: cannot bind token for serviceaccount "other" to pod running with different serviceaccount name\.?$/,
      'other',
    ],
    [{}, /^404 NotFound: serviceaccounts "nobody" not found$/, 'nobody'],
  ];
  for (const [body, message, name = 'robot'] of table)
    assert.match(
      await refusal(context, 'POST', context.path('v1', 'serviceaccounts', `${name}/token`), { body }),
      message,
    );
});

promise(
  'anyone with an account can check tokens by the published keys',
  async (context) => {
    await account(context);
    const { token } = await issue(context);
    const discovery = await context.http.request('GET', '/.well-known/openid-configuration', { token });
    assert.equal(discovery.status, 200, discovery.text());
    assert.equal(discovery.headers['content-type'], 'application/json');
    const configuration = discovery.json<Record<string, string | string[]>>();
    assert.equal(configuration['issuer'], claimsOf(token).iss);
    assert.deepEqual(configuration['response_types_supported'], ['id_token']);
    assert.deepEqual(configuration['subject_types_supported'], ['public']);
    const jwks = await context.http.request('GET', new URL(String(configuration['jwks_uri'])).pathname, { token });
    assert.equal(jwks.headers['content-type'], 'application/jwk-set+json');
    const { keys } = jwks.json<{ keys: (JsonWebKey & { kid: string; alg: string })[] }>();
    const [header = '', payload = '', signature = ''] = token.split('.');
    const { kid, alg } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string; alg: string };
    assert.ok(configuration['id_token_signing_alg_values_supported']?.includes(alg));
    const jwk = keys.find((key) => key.kid === kid);
    assert.ok(jwk, 'the key of the token is published');
    assert.equal('d' in jwk, false, 'and only its public half');
    const key = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' as const };
    assert.ok(verify('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url')));
  },
  {
    codename:
      '[sig-auth] ServiceAccounts ServiceAccountIssuerDiscovery should support OIDC discovery of service account issuer [Conformance]',
  },
);

/** The data of a Secret of type service-account-token, once a controller has filled it. */
async function held(context: PromiseContext, name: string): Promise<(key: string) => string> {
  await context.create('v1', 'secrets', {
    metadata: { name, annotations: { 'kubernetes.io/service-account.name': 'robot' } },
    type: 'kubernetes.io/service-account-token',
  });
  const data = await context.waitForObject('v1', 'secrets', name, (secret) => {
    const filled = (secret as { data?: Record<string, string> } | undefined)?.data;
    return filled?.['token'] !== undefined && filled;
  });
  return (key) => Buffer.from(data[key] ?? '', 'base64').toString();
}

promise('a Secret of type service-account-token is filled, and its token good until it is gone', async (context) => {
  await account(context);
  const kept = await held(context, 'kept');
  assert.equal(kept('namespace'), context.namespace);
  assert.match(kept('ca.crt'), /^-----BEGIN CERTIFICATE-----/);
  const token = kept('token');
  await until(context, async () => (await whoIs(context, { token })) !== undefined);
  assert.equal((await whoIs(context, { token }))?.username, `system:serviceaccount:${context.namespace}:robot`);
  const brief = await held(context, 'brief');
  await removeNow(context, context.path('v1', 'secrets', 'brief'));
  await refusedSoon(context, brief('token'));
});

promise('a Secret of type service-account-token must name its account', async (context) => {
  const body = { metadata: { name: 'of-none' }, type: 'kubernetes.io/service-account-token' };
  const answer = await context.http.request('POST', context.path('v1', 'secrets'), { body });
  assert.equal(answer.status, 422);
  assert.deepEqual(answer.json<StatusBody>().details?.causes, [
    {
      reason: 'FieldValueRequired',
      message: 'Required value',
      field: 'metadata.annotations[kubernetes.io/service-account.name]',
    },
  ]);
});

promise(
  'kubectl create token gives a token with the audience, end and bound object that were asked for',
  async (context) => {
    await account(context);
    await context.create('v1', 'secrets', { metadata: { name: 'bearer' } });
    const token = (
      await context.kubectl.run(
        'create token robot --audience=vault --duration=20m --bound-object-kind=Secret --bound-object-name=bearer'.split(
          ' ',
        ),
      )
    ).trim();
    const claims = claimsOf(token);
    assert.deepEqual(claims.aud, ['vault']);
    assert.equal(claims.exp - claims.iat, 1200);
    assert.equal((claims['kubernetes.io']['secret'] as { name: string }).name, 'bearer');
    const plain = (await context.kubectl.run(['create', 'token', 'robot'])).trim();
    assert.equal(
      (await whoIs(context, { token: plain }))?.username,
      `system:serviceaccount:${context.namespace}:robot`,
    );
    assert.match(
      await context.kubectl.fails(['create', 'token', 'robot', '--duration=10s']),
      /may not specify a duration less than 10 minutes/,
    );
    assert.match(
      await context.kubectl.fails(['create', 'token', 'nobody']),
      /^error: failed to create token: serviceaccounts "nobody" not found/,
    );
  },
  { needs: ['kubectl'] },
);

promise(
  'a pod gets a token volume, unless the pod or its account opts out',
  async (context) => {
    await account(context);
    await context.create('v1', 'serviceaccounts', { metadata: { name: 'quiet' }, automountServiceAccountToken: false });
    const volumes = async (name: string, spec: object): Promise<string[]> => {
      const containers = [{ name: 'c', image: 'example.invalid/i' }];
      const body = { metadata: { name }, spec: { schedulerName: 'nobody', containers, ...spec } };
      const made = await context.create<{
        spec: { volumes?: { projected?: object }[]; containers: { volumeMounts?: { mountPath: string }[] }[] };
      }>('v1', 'pods', body);
      assert.equal(made.spec.volumes?.length ?? 0, made.spec.containers[0]?.volumeMounts?.length ?? 0);
      return (made.spec.containers[0]?.volumeMounts ?? []).map(({ mountPath }) => mountPath);
    };
    const mounted = ['/var/run/secrets/kubernetes.io/serviceaccount'];
    assert.deepEqual(await volumes('loud', { serviceAccountName: 'robot' }), mounted);
    assert.deepEqual(
      await volumes('opt-out', { serviceAccountName: 'robot', automountServiceAccountToken: false }),
      [],
    );
    assert.deepEqual(await volumes('quiet', { serviceAccountName: 'quiet' }), []);
    assert.deepEqual(
      await volumes('opt-in', { serviceAccountName: 'quiet', automountServiceAccountToken: true }),
      mounted,
    );
    const body = pod('orphan') as { spec: object };
    assert.equal(
      await refusal(context, 'POST', context.path('v1', 'pods'), {
        body: { ...body, spec: { ...body.spec, serviceAccountName: 'nobody' } },
      }),
      `403 Forbidden: pods "orphan" is forbidden: error looking up service account ${context.namespace}/nobody: serviceaccount "nobody" not found`,
    );
  },
  { codename: '[sig-auth] ServiceAccounts should allow opting out of API token automount [Conformance]' },
);
