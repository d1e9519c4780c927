/** --service-account-signing-endpoint: an API server, and a signer beside it, each with what is its own. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import type { ApiserverOptions } from '../../../apiserver/config.ts';
import { startTestServer, type TestServer } from '../../../apiserver/testing/test-server.ts';
import { MetricsRegistry } from '../../../metrics/index.ts';
import { temporaryDirectory } from '../../../storage/testing/directory.ts';
import { connectExternalSigner } from './signer.ts';
import { newSignerKey, type SignerState, startSigner } from './testing/signer-process.ts';

type Signer = Awaited<ReturnType<typeof startSigner>>;
interface TokenRequest {
  status: { token: string; expirationTimestamp: string };
  spec: { expirationSeconds: number };
}

const issuer = 'https://issuer.example';
const account = '/api/v1/namespaces/default/serviceaccounts/default';

/** Flags that put the signer in place of the keys in files. */
function flags(socket: string): Partial<ApiserverOptions> {
  return {
    serviceAccountSigningEndpoint: socket,
    serviceAccountKeyFile: [],
    serviceAccountSigningKeyFile: undefined,
    serviceAccountIssuer: [issuer],
  } as Partial<ApiserverOptions>;
}

async function newToken(api: TestServer, spec: object = {}) {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
  const answer = await api.call('POST', `${account}/token`, { body });
  return { answer, token: answer.status === 201 ? answer.json<TokenRequest>().status.token : '' };
}

const whoAmI = async (api: TestServer, token: string): Promise<number> =>
  (await api.call('GET', '/apis/authentication.k8s.io/v1', { token })).status;

const claimsOf = (token: string): Record<string, number> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as Record<string, number>;

describe('tokens of a signer behind a socket', () => {
  let signer: Signer;
  let api: TestServer;
  let healthy: SignerState;

  before(async () => {
    const socket = `@typernetes-${process.pid}.signer`;
    signer = await startSigner(socket);
    api = await startTestServer(flags(socket));
    await api.call('POST', '/api/v1/namespaces/default/serviceaccounts', { body: { metadata: { name: 'default' } } });
    healthy = { ...signer.state };
  });
  beforeEach(() => Object.assign(signer.state, healthy));
  after(async () => {
    await api.close();
    signer.stop();
  });

  test('are taken, and anybody can verify them with the published keys', async () => {
    const { token } = await newToken(api, { audiences: [issuer] });
    assert.equal(await whoAmI(api, token), 200);
    const keys = (await api.call('GET', '/openid/v1/jwks')).json<JSONWebKeySet>();
    const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(keys), { issuer });
    assert.equal(payload.sub, 'system:serviceaccount:default:default');
    assert.deepEqual(protectedHeader, { typ: 'JWT', alg: 'ES256', kid: 'key-1' });
    const [header, payloadText, signature = ''] = token.split('.');
    const forged = [header, payloadText, `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`].join('.');
    assert.equal(await whoAmI(api, forged), 401);
  });

  test('live no longer than the signer supports', async () => {
    const { answer } = await newToken(api, { expirationSeconds: 100_000 });
    assert.equal(answer.json<TokenRequest>().spec.expirationSeconds, 86_400);
    assert.deepEqual(answer.warnings, ['requested expiration of 100000 seconds shortened to 86400 seconds']);
  });

  test('of pods are extended to that', async () => {
    const pod = { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    assert.equal((await api.call('POST', '/api/v1/namespaces/default/pods', { body: pod })).status, 201);
    const boundObjectRef = { kind: 'Pod', apiVersion: 'v1', name: 'p' };
    const { token } = await newToken(api, { expirationSeconds: 3607, boundObjectRef });
    const { exp = 0, iat = 0 } = claimsOf(token);
    assert.equal(exp - iat, 86_400);
  });

  test('under a new key are taken as soon as the signer knows it, without waiting for the next refresh', async () => {
    const next = newSignerKey('key-2');
    signer.state.keys = [...healthy.keys, next];
    signer.signWith(next);
    const { token } = await newToken(api);
    assert.equal(await whoAmI(api, token), 200);
    const { keys } = (await api.call('GET', '/openid/v1/jwks')).json<{ keys: { kid: string; use: string }[] }>();
    assert.deepEqual(
      keys.map(({ kid }) => kid),
      ['key-1', 'key-2'],
    );
  });

  test('under a key that only verifies are not handed out, but taken; nobody else is told of it', async () => {
    const old = newSignerKey('old', true);
    signer.signWith(old);
    // The signer itself has not told of it yet.
    const { token } = await newToken(api);
    assert.notEqual(token, '');
    signer.state.keys = [...healthy.keys, old];
    assert.equal(await whoAmI(api, token), 200);
    const { answer } = await newToken(api);
    assert.equal(answer.status, 500);
    assert.match(
      answer.text,
      /failed to generate token: while validating header: key used for signing JWT \(kid: old\) is excluded from OIDC discovery docs/,
    );
    assert.doesNotMatch((await api.call('GET', '/openid/v1/jwks')).text, /"old"/);
  });

  test('the documents may be remembered until the keys are fetched again', async () => {
    const { headers, text } = await api.call('GET', '/.well-known/openid-configuration');
    const maxAge = Number(/^public, max-age=(\d+)$/.exec(headers['cache-control'] ?? '')?.[1]);
    assert.ok(maxAge > 500 && maxAge < 600, String(headers['cache-control']));
    assert.deepEqual((JSON.parse(text) as Record<string, unknown>)['id_token_signing_alg_values_supported'], ['ES256']);
  });

  for (const { what, state, says } of [
    {
      what: 'another type',
      state: { header: { typ: 'at+jwt', alg: 'ES256', kid: 'key-1' } },
      says: /header: bad type/,
    },
    { what: 'no key id', state: { header: { typ: 'JWT', alg: 'ES256' } }, says: /header: key id missing/ },
    {
      what: 'a long key id',
      state: { header: { typ: 'JWT', alg: 'ES256', kid: 'x'.repeat(1025) } },
      says: /header: key id longer than 1 kb/,
    },
    {
      what: 'an algorithm that is not ours',
      state: { header: { typ: 'JWT', alg: 'none', kid: 'key-1' } },
      says: /header: bad signing algorithm \\"none\\"/,
    },
    {
      what: 'a field too many',
      state: { header: { typ: 'JWT', alg: 'ES256', kid: 'key-1', jku: 'https://x' } },
      says: /while parsing header JSON: json: unknown field \\"jku\\"/,
    },
    {
      what: 'no signature',
      state: { signature: () => '' },
      says: /failed to generate token: empty signature returned/,
    },
    {
      what: 'an error',
      state: { failure: 'the vault is locked' },
      says: /while signing jwt: rpc error: code = Internal desc = the vault is locked/,
    },
  ]) {
    test(`a signer that answers ${what}`, async () => {
      Object.assign(signer.state, state);
      const { answer } = await newToken(api);
      assert.equal(answer.status, 500);
      assert.match(answer.text, says);
    });
  }

  test('metrics count calls by how they ended', async () => {
    const { text } = await api.call('GET', '/metrics');
    assert.match(text, /^apiserver_externaljwt_sign_request_total\{code="OK"\} [1-9]/m);
    assert.match(text, /^apiserver_externaljwt_sign_request_total\{code="Internal"\} 1$/m);
    assert.match(text, /^apiserver_externaljwt_sign_request_total\{code="unknown-non-grpc"\} [1-9]/m);
    assert.match(text, /^apiserver_externaljwt_fetch_keys_request_total\{code="OK"\} [1-9]/m);
    assert.match(text, /^apiserver_externaljwt_fetch_keys_data_timestamp 1\.7e\+09$/m);
    assert.match(text, /^apiserver_externaljwt_fetch_keys_success_timestamp 1\.\d+e\+09$/m);
    assert.match(
      text,
      /^apiserver_externaljwt_request_duration_seconds_count\{code="OK",method="\/v1\.ExternalJWTSigner\/Metadata"\} 1$/m,
    );
  });
});

describe('a server does not start with', () => {
  const start = async (state: Partial<SignerState>, more: Partial<ApiserverOptions> = {}): Promise<void> => {
    const { path: directory, remove } = temporaryDirectory();
    const socket = path.join(directory, 'signer.sock');
    const signer = await startSigner(socket, state);
    try {
      const api = await startTestServer({ ...flags(socket), ...more });
      await api.close();
    } finally {
      signer.stop();
      remove();
    }
  };
  for (const { what, state = {}, options = {}, says } of [
    {
      what: 'both a signer and a signing key',
      options: { serviceAccountSigningKeyFile: '/k' },
      says: /^service-account-signing-key-file and service-account-signing-endpoint are mutually exclusive and cannot be set at the same time$/,
    },
    {
      what: 'both a signer and keys',
      options: { serviceAccountKeyFile: ['/k'] },
      says: /`--service-account-key-file` with `--service-account-signing-endpoint` \(They are mutually exclusive\)/,
    },
    {
      what: 'a bad name of a socket',
      options: { serviceAccountSigningEndpoint: '@a/b' },
      says: /^invalid value "@a\/b" passed for `--service-account-signing-endpoint`, when prefixed with @ must be a valid abstract socket name$/,
    },
    {
      what: 'a longer life than the signer supports',
      options: { serviceAccountMaxTokenExpirationSeconds: 90_000 },
      says: /supported by service-account-signing-endpoint: 25h0m0s > 24h0m0s$/,
    },
    {
      what: 'a signer of very short lives',
      state: { maxTokenExpirationSeconds: 599 },
      says: /^max token life supported by external-jwt-signer \(599s\) is less than acceptable \(min 600s\)$/,
    },
    {
      what: 'a signer without keys',
      state: { keys: [] },
      says: /^while setting up external-jwt-signer: while initially filling key cache: while performing initial cache fill: while fetching token verification keys: found no keys$/,
    },
    { what: 'no refresh hint', state: { refreshHintSeconds: 0 }, says: /found invalid refresh hint \(0s\)$/ },
    { what: 'a time past all years', state: { dataTimestamp: 1e15 }, says: /invalid data timestamp$/ },
    { what: 'a key without id', state: { keys: [newSignerKey('')] }, says: /found invalid public key id ""$/ },
    { what: 'a life of less than an hour', options: { serviceAccountMaxTokenExpirationSeconds: 3599 }, says: /1 hour/ },
  ]) {
    test(what, async () => {
      await assert.rejects(start(state, options as Partial<ApiserverOptions>), ({ message }: Error) => {
        assert.match(message, says);
        return true;
      });
    });
  }
});

test('a signer that nobody has started is waited for, and its keys are kept while it is away', async () => {
  const { path: directory, remove } = temporaryDirectory();
  const socket = path.join(directory, 'signer.sock');
  const registry = new MetricsRegistry();
  const errors: string[] = [];
  const connect = (keySyncTimeoutMs: number) =>
    connectExternalSigner({
      socket,
      metrics: new MetricsRegistry(),
      report: (error) => errors.push(error.message),
      keySyncTimeoutMs,
    });
  try {
    await assert.rejects(connect(100), /fetching token verification keys: .*rpc error: code = DeadlineExceeded/);
    const connecting = connectExternalSigner({
      socket,
      metrics: registry,
      report: (error) => errors.push(error.message),
    });
    const signer = await startSigner(socket, { refreshHintSeconds: 1 });
    const connected = await connecting;
    try {
      const [key] = await connected.keys.find('key-1');
      assert.equal(key?.algorithm, 'ES256');
      while (signer.state.fetches < 2) await delay(20);
      signer.state.failure = 'away';
      while (errors.length === 0) await delay(20);
      assert.match(errors[0] ?? '', /rpc error: code = Internal desc = away/);
      assert.deepEqual(await connected.keys.find('key-1'), await connected.keys.find(undefined));
      assert.deepEqual(await connected.keys.find('unknown'), []);
      assert.equal(connected.keys.maxAgeSeconds(), 0);
      assert.equal(connected.keys.published().length, 1);
    } finally {
      connected.close();
      signer.stop();
    }
  } finally {
    remove();
  }
});
