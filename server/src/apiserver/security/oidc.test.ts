/** Tokens of an OpenID Connect issuer, which this test runs, at a server configured by file or by flags. */
import assert from 'node:assert/strict';
import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { TestIssuer } from '../../authentication/testing/issuer.ts';
import { reason, until } from '../testing/grants.ts';
import { startTarget, type Target } from '../testing/target.ts';

const review = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
const unauthorized = '401 Unauthorized: Unauthorized';

interface User {
  username: string;
  uid?: string;
  groups?: string[];
  extra?: Record<string, string[]>;
}

async function whoIs(target: Target, token: string): Promise<User | string> {
  const client = target.bearer(token);
  const answer = await client.post(review, {});
  client.close();
  if (answer.status !== 201) return `${answer.status} ${reason(answer)}`;
  return answer.json<{ status: { userInfo: User } }>().status.userInfo;
}

/** What TokenReview says is wrong with a token. */
async function problem(target: Target, token: string): Promise<string> {
  const answer = await target.admin.post('/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token } });
  const { error = '' } = answer.json<{ status: { error?: string } }>().status;
  return error.replace(/^\[invalid bearer token, (.*)\]$/s, '$1');
}

describe('by --authentication-config', () => {
  let target: Target;
  let issuer: TestIssuer;
  let second: TestIssuer;
  let file: string;

  function configuration(name = "'mapped:' + claims.name"): object {
    const { url, ca } = issuer;
    const audiences = ['kubernetes', 'other'];
    return {
      apiVersion: 'apiserver.config.k8s.io/v1',
      kind: 'AuthenticationConfiguration',
      jwt: [
        {
          issuer: { url, certificateAuthority: ca, audiences, audienceMatchPolicy: 'MatchAny' },
          claimMappings: {
            username: { expression: name },
            groups: { expression: 'claims.?roles.orValue([])' },
            uid: { claim: 'sub' },
            extra: [{ key: 'example.com/tenant', valueExpression: "claims.?tenant.orValue('')" }],
          },
          claimValidationRules: [
            { expression: 'claims.exp - claims.iat <= 3600', message: 'it lives too long' },
            { claim: 'hd', requiredValue: 'example.com' },
          ],
          userValidationRules: [
            { expression: "!user.username.startsWith('mapped:system:')", message: 'reserved name' },
          ],
        },
        {
          issuer: {
            url: second.url,
            discoveryURL: `${second.url}/elsewhere`,
            certificateAuthority: second.ca,
            audiences: ['kubernetes'],
          },
          claimMappings: { username: { claim: 'email', prefix: 'mail:' }, groups: { claim: 'groups', prefix: 'g:' } },
        },
      ],
      anonymous: { enabled: true, conditions: [{ path: '/livez' }] },
    };
  }

  before(async () => {
    [issuer, second] = await Promise.all([TestIssuer.start(), TestIssuer.start()]);
    target = await startTarget(async (directory) => {
      file = path.join(directory, 'authentication.yaml');
      await writeFile(file, JSON.stringify(configuration()));
      return { options: { authenticationConfig: file }, flags: { 'authentication-config': file } };
    });
    const token = await issuer.token({ hd: 'example.com', name: 'x' });
    await until(async () => typeof (await whoIs(target, token)) !== 'string');
  });
  after(async () => {
    await target?.stop();
    await Promise.all([issuer?.stop(), second?.stop()]);
  });

  const good = { hd: 'example.com', name: 'joe' };

  test('claims become a user by expressions', async () => {
    const token = await issuer.token({ ...good, roles: ['a', 'b'], tenant: 't1', jti: 'id-1' });
    assert.deepEqual(await whoIs(target, token), {
      username: 'mapped:joe',
      uid: 'joe',
      groups: ['a', 'b', 'system:authenticated'],
      extra: { 'example.com/tenant': ['t1'], 'authentication.kubernetes.io/credential-id': ['JTI=id-1'] },
    });
  });
  test('claims that may be missing', async () => {
    const token = await issuer.token(good);
    assert.deepEqual(await whoIs(target, token), {
      username: 'mapped:joe',
      uid: 'joe',
      groups: ['system:authenticated'],
    });
  });
  test('any of the audiences will do', async () => {
    const token = await issuer.token({ ...good, aud: ['x', 'other'] });
    assert.equal(((await whoIs(target, token)) as User).username, 'mapped:joe');
  });
  test('a second issuer has rules of its own', async () => {
    const token = await second.token({ email: 'ann@example.com', email_verified: true, groups: 'one' });
    assert.deepEqual(await whoIs(target, token), {
      username: 'mail:ann@example.com',
      groups: ['g:one', 'system:authenticated'],
    });
  });

  const now = Math.floor(Date.now() / 1000);
  const refused: Record<string, [token: () => Promise<string>, says: RegExp]> = {
    'an audience of others': [
      () => issuer.token({ ...good, aud: 'vault' }),
      /^oidc: verify token: oidc: expected audience in \["kubernetes" "other"\] got \["vault"\]$/,
    ],
    'no audience': [() => issuer.token({ ...good, aud: [] }), /oidc: expected audience in/],
    expired: [
      () => issuer.token({ ...good, iat: now - 600, exp: now - 60 }),
      /^oidc: verify token: oidc: token is expired/,
    ],
    'a rule about claims': [
      () => issuer.token({ ...good, exp: now + 7200 }),
      /^oidc: error evaluating claim validation expression: validation expression 'claims.exp - claims.iat <= 3600' failed: it lives too long$/,
    ],
    'another value of a required claim': [
      () => issuer.token({ ...good, hd: 'x' }),
      /^oidc: required claim hd value does not match. Got = x, want = example.com$/,
    ],
    'no required claim': [() => issuer.token({ name: 'joe' }), /^oidc: required claim hd not present in ID token$/],
    'a rule about users': [
      () => issuer.token({ ...good, name: 'system:admin' }),
      /^oidc: error evaluating user info validation rule: validation expression .* failed: reserved name$/,
    ],
    'a claim that an expression needs': [
      () => issuer.token({ hd: 'example.com' }),
      /^oidc: error evaluating username claim expression: /,
    ],
    'a mail address that is not verified': [
      () => second.token({ email: 'ann@example.com', email_verified: false }),
      /^oidc: email not verified$/,
    ],
    'no mail address': [() => second.token({}), /^oidc: parse username claims "email": claim not present$/],
    'another’s signature': [
      async () => second.token({ ...good, iss: issuer.url }),
      /^oidc: verify token: failed to verify signature/,
    ],
    'a strange issuer': [() => issuer.token({ ...good, iss: 'https://strange.example.com' }), /^invalid bearer token$/],
  };
  for (const [title, [token, says]] of Object.entries(refused)) {
    test(`refused: ${title}`, async () => {
      const text = await token();
      assert.equal(await whoIs(target, text), unauthorized);
      assert.match(await problem(target, text), says);
    });
  }

  test('a new key of the issuer is found when a token names it, and the old one is gone', async () => {
    const old = await issuer.token({ ...good, name: 'old' });
    await issuer.rotate('second', 'ES256');
    const token = await issuer.token(good);
    await until(async () => typeof (await whoIs(target, token)) !== 'string');
    assert.equal(await whoIs(target, old), unauthorized);
  });

  test('without a name only the paths that are named', async () => {
    assert.equal((await target.anonymous.get('/livez')).status, 200);
    for (const refusedPath of ['/healthz', '/version', '/livez/ping', '/api']) {
      assert.equal((await target.anonymous.get(refusedPath)).status, 401, refusedPath);
    }
  });

  test('a changed file counts; one that is wrong does not', async () => {
    const replace = async (text: string): Promise<void> => {
      await writeFile(`${file}.new`, text);
      await rename(`${file}.new`, file);
    };
    await replace(JSON.stringify(configuration("'again:' + claims.name")));
    const renamed = async (): Promise<boolean> => {
      const user = await whoIs(target, await issuer.token({ ...good, jti: crypto.randomUUID() }));
      return typeof user !== 'string' && user.username === 'again:joe';
    };
    await until(renamed, target.reference ? 90_000 : 20_000);
    await replace('{"kind": "nonsense"}');
    assert.ok(await renamed());
  });
});

describe('by --oidc-* flags', () => {
  let target: Target;
  let issuer: TestIssuer;
  before(async () => {
    issuer = await TestIssuer.start();
    target = await startTarget(async (directory) => {
      const ca = path.join(directory, 'issuer-ca.crt');
      await writeFile(ca, issuer.ca);
      return {
        options: {
          oidcIssuerUrl: issuer.url,
          oidcClientId: 'kubernetes',
          oidcCaFile: ca,
          oidcGroupsClaim: 'roles',
          oidcGroupsPrefix: 'oidc:',
          oidcRequiredClaim: ['hd=example.com'],
        },
        flags: {
          'oidc-issuer-url': issuer.url,
          'oidc-client-id': 'kubernetes',
          'oidc-ca-file': ca,
          'oidc-groups-claim': 'roles',
          'oidc-groups-prefix': 'oidc:',
          'oidc-required-claim': 'hd=example.com',
        },
      };
    });
    const token = await issuer.token({ hd: 'example.com', sub: 'x' });
    await until(async () => typeof (await whoIs(target, token)) !== 'string');
  });
  after(async () => {
    await target?.stop();
    await issuer?.stop();
  });

  test('names are those of the issuer', async () => {
    const token = await issuer.token({ hd: 'example.com', roles: ['a', 'system:masters'] });
    assert.deepEqual(await whoIs(target, token), {
      username: `${issuer.url}#joe`,
      groups: ['oidc:a', 'oidc:system:masters', 'system:authenticated'],
    });
  });
  test('a required claim is required', async () => {
    assert.equal(await whoIs(target, await issuer.token({ hd: 'elsewhere' })), unauthorized);
  });
  test('other algorithms than the flag’s are refused', async () => {
    await issuer.rotate('elliptic', 'ES256');
    const token = await issuer.token({ hd: 'example.com' });
    assert.equal(await whoIs(target, token), unauthorized);
    assert.match(await problem(target, token), /^oidc: verify token: /);
  });
});
