/** Headers and certificates that try to be somebody else. Who the server takes one for is what SelfSubjectReview says. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createCertificateAuthority, issueCertificate, type KeyPair } from '../../certificates/index.ts';
import { type CallOptions, TestClient } from '../testing/client.ts';
import { reason } from '../testing/grants.ts';
import { startTarget, type Target } from '../testing/target.ts';

type Headers = [string, string][];
const review = '/apis/authentication.k8s.io/v1/selfsubjectreviews';

let target: Target;
const clients = new Map<string, TestClient>();
before(async () => {
  target = await startTarget(async (directory) => {
    const file = path.join(directory, 'tokens.csv');
    await writeFile(file, 'tok-joe,joe,uid-joe,"dev,ops"\ntok-ann,ann,uid-ann\n');
    return { options: { tokenAuthFile: file }, flags: { 'token-auth-file': file } };
  });
  const { ca, frontProxyCA, frontProxyClient } = target.certificates;
  const client = (name: string, pair: KeyPair): void =>
    void clients.set(
      name,
      new TestClient(target.url, { ca: ca.certificate, cert: pair.certificate, key: pair.key }, {}),
    );
  const issue = (issuer: KeyPair, commonName: string, more: Partial<Parameters<typeof issueCertificate>[0]> = {}) =>
    issueCertificate({
      ca: issuer,
      subject: { commonName, organizations: ['system:masters'] },
      usages: ['clientAuth'],
      ...more,
    });
  clients.set('admin', target.admin);
  clients.set('nobody', target.anonymous);
  clients.set('jane', await target.user('jane', 'dev'));
  client('front proxy', frontProxyClient);
  client('other proxy', await issue(frontProxyCA, 'other-proxy'));
  client('strange CA', await issue(await createCertificateAuthority({ commonName: 'kubernetes' }), 'root'));
  client('server certificate', await issue(ca, 'root', { usages: ['serverAuth'] }));
  client('expired', await issue(ca, 'root', { now: new Date(Date.now() - 5 * 365 * 86_400_000) }));
});
after(async () => {
  for (const each of clients.values()) each.close();
  await target.stop();
});

/** `name [groups] uid extra`, or the status of a refusal. */
async function whoIs(client: string, headers: CallOptions['headers'] = []): Promise<string> {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const answer = await clients.get(client)!.call('POST', review, { body, headers });
  if (answer.status !== 201) return `${answer.status} ${reason(answer)}`;
  interface User {
    username: string;
    uid?: string;
    groups?: string[];
    extra?: Record<string, string[]>;
  }
  const { username, uid, groups = [], extra = {} } = answer.json<{ status: { userInfo: User } }>().status.userInfo;
  delete extra['authentication.kubernetes.io/credential-id'];
  const shownExtra = Object.keys(extra).length === 0 ? '' : ` ${JSON.stringify(extra)}`;
  return `${username} [${groups.join(' ')}]${uid === undefined ? '' : ` ${uid}`}${shownExtra}`;
}

const joe = 'joe [dev ops system:authenticated] uid-joe';
const jane = 'jane [dev system:authenticated]';
const root = 'root [system:authenticated]';
const unauthorized = '401 Unauthorized: Unauthorized';
const nobody =
  '403 Forbidden: selfsubjectreviews.authentication.k8s.io is forbidden: User "system:anonymous" cannot create resource "selfsubjectreviews" in API group "authentication.k8s.io" at the cluster scope';

function bearer(...values: string[]): Headers {
  return values.map((value) => ['Authorization', value]);
}

function proxied(...groups: string[]): Headers {
  return [['X-Remote-User', 'root'], ...groups.map((group): [string, string] => ['X-Remote-Group', group])];
}

function table(rows: readonly [title: string, client: string, headers: Headers, expected: string][]): void {
  for (const [title, client, headers, expected] of rows) {
    test(`${client}: ${title}`, async () => assert.equal(await whoIs(client, headers), expected));
  }
}

describe('the Authorization header', () => {
  table([
    ['a good token', 'nobody', bearer('Bearer tok-joe'), joe],
    ['the scheme in any case', 'nobody', bearer('bEARER tok-joe'), joe],
    ['what follows the token does not count', 'nobody', bearer('Bearer tok-joe x'), joe],
    ['two spaces make an empty token', 'nobody', bearer('Bearer  tok-joe'), nobody],
    ['a tab is no space', 'nobody', bearer('Bearer\ttok-joe'), nobody],
    ['no token', 'nobody', bearer('Bearer '), nobody],
    ['no scheme', 'nobody', bearer('tok-joe'), nobody],
    ['another scheme', 'nobody', bearer('Basic dTpw'), nobody],
    ['an unknown token', 'nobody', bearer('Bearer nope'), unauthorized],
    ['a token in capitals', 'nobody', bearer('Bearer TOK-JOE'), unauthorized],
    ['a list is one token', 'nobody', bearer('Bearer tok-joe, Bearer tok-ann'), unauthorized],
    ['twice: the first counts', 'nobody', bearer('Bearer tok-joe', 'Bearer tok-ann'), joe],
    ['twice: a good one does not mend a bad one', 'nobody', bearer('Bearer nope', 'Bearer tok-joe'), unauthorized],
    ['twice: nor an empty one', 'nobody', bearer('', 'Bearer tok-joe'), nobody],
    ['twice: nor another scheme', 'nobody', bearer('Basic x', 'Bearer tok-joe'), nobody],
    ['a certificate goes before a token', 'jane', bearer('Bearer tok-joe'), jane],
    ['a certificate goes before a bad token', 'jane', bearer('Bearer nope'), jane],
    ['another header', 'nobody', [['Proxy-Authorization', 'Bearer tok-joe']], nobody],
    ['a long token', 'nobody', bearer(`Bearer ${'x'.repeat(60_000)}`), unauthorized],
    ['a long header besides', 'nobody', [['X-Long', 'x'.repeat(200_000)]], nobody],
  ]);
});

describe('the headers of a front proxy', () => {
  table([
    ['without its certificate', 'nobody', proxied('system:masters'), nobody],
    ['with a user’s certificate', 'jane', proxied('system:masters'), jane],
    ['with a user’s token', 'nobody', [...bearer('Bearer tok-joe'), ...proxied('system:masters')], joe],
    ['with another certificate of its CA', 'other proxy', proxied(), unauthorized],
    ['with a certificate of a strange CA', 'strange CA', proxied(), unauthorized],
    ['its certificate alone is no user', 'front proxy', [], unauthorized],
    [
      'no name, only groups',
      'front proxy',
      [
        ['X-Remote-User', ''],
        ['X-Remote-Group', 'system:masters'],
      ],
      unauthorized,
    ],
    ['a name', 'front proxy', proxied(), root],
    ['the first of two names', 'front proxy', [...proxied(), ['X-Remote-User', 'other']], root],
    ['groups, each a header', 'front proxy', proxied('a', 'b,c'), 'root [a b,c system:authenticated]'],
    [
      'uid and extra',
      'front proxy',
      [...proxied(), ['X-Remote-Uid', '7'], ['X-Remote-Extra-Acme.com%2Fx', '1'], ['x-remote-extra-acme.com%2Fx', '2']],
      `${root} 7 {"acme.com/x":["1","2"]}`,
    ],
    ['a token besides', 'front proxy', bearer('Bearer tok-joe'), joe],
    ['a bad token besides a name', 'front proxy', [...proxied(), ...bearer('Bearer nope')], root],
    ['as nobody', 'front proxy', [['X-Remote-User', 'system:anonymous']], nobody],
    [
      'impersonating on',
      'front proxy',
      [...proxied('system:masters'), ['Impersonate-User', 'bob']],
      'bob [system:authenticated]',
    ],
  ]);
});

describe('client certificates', () => {
  table([
    ['of a strange CA of the same name', 'strange CA', [], unauthorized],
    ['that is for servers', 'server certificate', [], unauthorized],
    ['that has ended', 'expired', [], unauthorized],
    ['a good token beside a bad certificate', 'strange CA', bearer('Bearer tok-joe'), joe],
  ]);
});

/** `Name=value` pairs to headers, `Impersonate-` understood. */
function as(...pairs: string[]): Headers {
  return pairs.map((pair) => {
    const equals = pair.indexOf('=');
    return [`Impersonate-${pair.slice(0, equals)}`, pair.slice(equals + 1)];
  });
}

function cannot(mode: string, client = 'jane'): string {
  return `403 Forbidden: selfsubjectreviews.authentication.k8s.io is forbidden: User "${client}" cannot impersonate-on:${mode}:create resource "selfsubjectreviews" in API group "authentication.k8s.io" at the cluster scope`;
}

function nameless(groups: string, uid = '', extra = 'map[string][]string(nil)'): string {
  return `400 BadRequest: requested &user.DefaultInfo{Name:"", UID:"${uid}", Groups:${groups}, Extra:${extra}} without impersonating a user name`;
}

describe('impersonation', () => {
  const account = 'system:serviceaccount:team:default';
  const noGroups = '[]string(nil)';
  const rows: [Headers, admin: string, jane: string][] = [
    [as('User=bob'), 'bob [system:authenticated]', cannot('user-info')],
    [as('USER=bob', 'group=g'), 'bob [g system:authenticated]', cannot('user-info')],
    [as('User=bob', 'User=eve'), 'bob [system:authenticated]', cannot('user-info')],
    [as('User=bob', 'Group=a', 'Group=b, c'), 'bob [a b, c system:authenticated]', cannot('user-info')],
    [as('User=bob', 'Group='), 'bob [ system:authenticated]', cannot('user-info')],
    [as('User=bob', 'Group=system:masters'), 'bob [system:masters system:authenticated]', cannot('user-info')],
    [as('User=bob', 'Uid=1', 'Uid=2'), 'bob [system:authenticated] 1', cannot('user-info')],
    [
      as('User=bob', 'Extra-A%2Fp=x', 'extra-a%2fp=y'),
      'bob [system:authenticated] {"a/p":["x","y"]}',
      cannot('user-info'),
    ],
    [as('User=bob', 'Extra-%zz=x'), 'bob [system:authenticated] {"%zz":["x"]}', cannot('user-info')],
    [as('User=bob', 'Extra-=x'), 'bob [system:authenticated] {"":["x"]}', cannot('user-info')],
    [as('User=bob', 'Foo=x'), 'bob [system:authenticated]', cannot('user-info')],
    [as('User=system:admin'), 'system:admin [system:authenticated]', cannot('user-info')],
    [
      as(`User=${account}`),
      `${account} [system:serviceaccounts system:serviceaccounts:team system:authenticated]`,
      cannot('serviceaccount'),
    ],
    [
      as(`User=${account}`, 'Group=g'),
      `${account} [g system:authenticated]`,
      '403 Forbidden: serviceaccounts "default" is forbidden: User "jane" cannot impersonate resource "serviceaccounts" in API group "" in the namespace "team"',
    ],
    [as(`User=${account}:x`), `${account}:x [system:authenticated]`, cannot('user-info')],
    [as('User=system:serviceaccount:team:'), 'system:serviceaccount:team: [system:authenticated]', cannot('user-info')],
    [
      as('User=system:node:node-a', 'Group=system:nodes'),
      'system:node:node-a [system:nodes system:authenticated]',
      '403 Forbidden: users "system:node:node-a" is forbidden: User "jane" cannot impersonate resource "users" in API group "" at the cluster scope',
    ],
    [as('User=system:anonymous'), nobody, cannot('user-info')],
    [
      as('User=system:anonymous', 'Group=system:authenticated'),
      'system:anonymous [system:authenticated system:unauthenticated]',
      cannot('user-info'),
    ],
    [as('User=bob', 'Group=system:unauthenticated'), nobody.replace('system:anonymous', 'bob'), cannot('user-info')],
    [as('Group=system:masters'), nameless('[]string{"system:masters"}'), nameless('[]string{"system:masters"}')],
    [
      as('User=', 'Group=system:masters'),
      nameless('[]string{"system:masters"}'),
      nameless('[]string{"system:masters"}'),
    ],
    [as('Uid=1'), nameless(noGroups, '1'), nameless(noGroups, '1')],
    [
      as('Extra-Scopes=x'),
      nameless(noGroups, '', 'map[string][]string{"scopes":[]string{"x"}}'),
      nameless(noGroups, '', 'map[string][]string{"scopes":[]string{"x"}}'),
    ],
    [as('Foo=x'), 'kubernetes-admin [system:masters system:authenticated]', jane],
    [as('User='), 'kubernetes-admin [system:masters system:authenticated]', jane],
  ];
  for (const [headers, admin, refused] of rows) {
    test(headers.map((header) => header.join(': ')).join(', '), async () => {
      assert.equal(await whoIs('admin', headers), admin);
      assert.equal(await whoIs('jane', headers), refused);
      const without = refused === jane ? nobody : refused.replace('"jane"', '"system:anonymous"');
      assert.equal(await whoIs('nobody', headers), without);
    });
  }
  test('no header is lost among thousands', async () => {
    const headers: Headers = Array.from({ length: 3000 }, (_, index): [string, string] => [`X-${index}`, '1']);
    assert.equal(await whoIs('admin', [...headers, ...as('User=bob')]), 'bob [system:authenticated]');
  });
});
