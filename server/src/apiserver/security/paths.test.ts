/**
 * Paths that try to be read as one thing and served as another. Jane may read configmaps in namespace team and nothing
 * else; whatever she spells, she gets there or is told what she really asked for. The messages are kube-apiserver's.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TestClient } from '../testing/client.ts';
import { grant, reason } from '../testing/grants.ts';
import { startTarget, type Target } from '../testing/target.ts';

let target: Target;
let jane: TestClient;
before(async () => {
  target = await startTarget();
  const { admin } = target;
  await admin.post('/api/v1/namespaces', { metadata: { name: 'team' } });
  await admin.post('/api/v1/namespaces/team/configmaps', { metadata: { name: 'c' } });
  await admin.post('/api/v1/namespaces/team/secrets', { metadata: { name: 's' } });
  jane = await target.user('jane', 'dev');
  await grant(admin, { user: 'jane', namespace: 'team' }, [
    { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] },
  ]);
});
after(() => target.stop());

/** What Jane asked for, and what she is told she cannot do; of paths outside the API the path is told. */
const refused: readonly [request: string, cannot: string][] = [
  ['GET /api/v1/namespaces/team/configmaps/../secrets/s', 'get configmaps/secrets in team'],
  ['GET /api/v1/namespaces/team/configmaps/%2e%2e/secrets/s', 'get configmaps/secrets in team'],
  ['GET /api/v1/namespaces/team/configmaps/..%2fsecrets%2fs', 'get configmaps/secrets in team'],
  ['GET /api/v1/namespaces/team//configmaps/c', 'get /c in team'],
  ['GET //api/v1/namespaces/team/secrets', 'list secrets in team'],
  ['GET /api//v1/namespaces/team/secrets', 'get v1/team'],
  ['GET /api/v1//namespaces/team/secrets', 'get /team'],
  ['GET /api/v1/namespaces//secrets', 'list secrets'],
  ['GET /api/v1/namespaces//configmaps', 'list configmaps'],
  ['GET /api/v1/namespaces/team/secrets/', 'list secrets in team'],
  ['GET /api/v1/namespaces/team/secrets//', 'list secrets in team'],
  ['GET /api/v1/./namespaces/team/secrets', 'get ./team'],
  ['GET /./api/v1/namespaces/team/secrets', 'get path /./api/v1/namespaces/team/secrets'],
  ['GET /version/../api/v1/namespaces/team/secrets', 'get path /version/../api/v1/namespaces/team/secrets'],
  ['GET /version/%2e%2e/api/v1/secrets', 'get path /version/../api/v1/secrets'],
  ['GET /healthz/../api/v1/secrets', 'get path /healthz/../api/v1/secrets'],
  ['GET /healthz%2f..%2fapi/v1/secrets', 'get path /healthz/../api/v1/secrets'],
  ['GET /api/v1/namespaces/TEAM/configmaps', 'list configmaps in TEAM'],
  ['GET /API/v1/namespaces/team/configmaps', 'get path /API/v1/namespaces/team/configmaps'],
  ['GET /api/v1/Namespaces/team/configmaps', 'get Namespaces/configmaps'],
  ['GET /api/v1/namespaces/team/ConfigMaps', 'list ConfigMaps in team'],
  ['GET /api/v1/namespaces/team/secret%73', 'list secrets in team'],
  ['GET /%61pi/v1/secrets', 'list secrets'],
  ['GET /api/v1/namespaces/team/configmaps;secrets', 'list configmaps;secrets in team'],
  ['GET /api/v1/namespaces/team/secrets%3fx', 'list secrets?x in team'],
  ['GET /api/v1/namespaces/team/secrets#x', 'list secrets#x in team'],
  ['GET /api/v1/namespaces/team/configmaps/c/status', 'get configmaps/status in team'],
  ['GET /api/v1/namespaces/team/configmaps?watch=1', 'watch configmaps in team'],
  ['GET /api/v1/watch/namespaces/team/configmaps', 'watch configmaps in team'],
  ['GET /api/v1/watch/../namespaces/team/secrets', 'watch ../team'],
  ['GET /api/v1/namespaces/team/secrets?fieldSelector=metadata.name%3Ds', 'list secrets in team'],
  ['GET /apis/v1/namespaces/team/configmaps', 'get team of v1'],
  ['GET /apis/apps/v1/nonsense', 'list nonsense of apps'],
  ['GET /api/v1/namespaces/team/status', 'get namespaces/status in team'],
  ['GET /api/v1/namespaces/team/finalize', 'get namespaces/finalize in team'],
  ['GET /api/v1/namespaces/team/pods/p/exec?command=x', 'get pods/exec in team'],
  ['GET /api/v1/namespaces/team/pods/p/proxy/../../configmaps', 'get pods/proxy in team'],
  ['GET /api/v1/namespaces/team/pods/p/proxy/%2e%2e/%2e%2e/configmaps', 'get pods/proxy in team'],
  ['GET /api/v1/namespaces/team/pods/p/proxy?path=../../../configmaps', 'get pods/proxy in team'],
  ['GET /api/v1/namespaces/team/pods/x%2fproxy', 'get pods/proxy in team'],
  [
    'GET /api/v1/namespaces/team/services/x/proxy?path=/api/v1/namespaces/team/configmaps',
    'get services/proxy in team',
  ],
  ['GET /api/v1/proxy/namespaces/team/services/x', 'proxy services in team'],
  ['GET /api/v1/nodes/n/proxy/', 'get nodes/proxy'],
  ['POST /api/v1/namespaces/team/configmaps', 'create configmaps in team'],
  ['POST /api/v1/namespaces/team/configmaps/c', 'create configmaps in team'],
  ['PUT /api/v1/namespaces/team/configmaps/c', 'update configmaps in team'],
  ['PATCH /api/v1/namespaces/team/configmaps/c', 'patch configmaps in team'],
  ['DELETE /api/v1/namespaces/team/configmaps/c', 'delete configmaps in team'],
  ['DELETE /api/v1/namespaces/team/configmaps', 'deletecollection configmaps in team'],
  ['OPTIONS /api/v1/namespaces/team/configmaps/c', ' configmaps in team'],
  ['TRACE /api/v1/namespaces/team/configmaps/c', ' configmaps in team'],
  ['PROPFIND /api/v1/namespaces/team/configmaps', ' configmaps in team'],
  ['POST /healthz', 'post path /healthz'],
  ['OPTIONS /api', 'options path /api'],
  ...[
    '/',
    '/healthz/etcd',
    '/livez/ping',
    '/readyz/ping',
    '/metrics',
    '/metrics/slis',
    '/logs/',
    '/statusz',
    '/flagz',
  ].map((path): [string, string] => [`GET ${path}`, `get path ${path}`]),
  ...['/openid/v1/jwks', '/debug/pprof/', '/debug/flags/v', '/swagger.json', '/ui', '/nonsense'].map(
    (path): [string, string] => [`GET ${path}`, `get path ${path}`],
  ),
];

/** `verb resource[/subresource] [of group] [in namespace]` or `verb path …`, as the message says it. */
function sentence(user: string, cannot: string): string {
  const path = /^(\S+) path (.*)$/.exec(cannot);
  if (path !== null) return `User "${user}" cannot ${path[1]} path "${path[2]}"`;
  const [, verb = '', resource = '', group = '', namespace = ''] =
    /^(\S*) (\S+)(?: of (\S+))?(?: in (\S+))?$/.exec(cannot) ?? [];
  const scope = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  return `User "${user}" cannot ${verb} resource "${resource}" in API group "${group}" ${scope}`;
}

describe('refused, whoever asks', () => {
  for (const [request, cannot] of refused) {
    test(request, async () => {
      const [method = '', path = ''] = request.split(' ');
      for (const [name, client] of [
        ['jane', jane],
        ['system:anonymous', target.anonymous],
      ] as const) {
        const answer = await client.call(method, path);
        assert.equal(answer.status, 403, answer.text);
        assert.ok(reason(answer).includes(sentence(name, cannot)), reason(answer));
      }
    });
  }
});

describe('other spellings of what Jane may read', () => {
  for (const path of [
    '/api/v1/namespaces/team/configmaps/c',
    '/api/v1/namespaces/team%2Fconfigmaps/c',
    '/api/v1/namespaces/team/configmaps%2fc',
    '/api/v1/namespaces/team/configmaps?fieldSelector=metadata.name%3Dc',
  ]) {
    test(path, async () => {
      assert.equal((await jane.get(path)).status, 200);
      const { status, text } = await target.anonymous.get(path);
      assert.equal(status, 403, text);
    });
  }
});

describe('paths without a resource', () => {
  const open = ['/healthz', '/livez', '/readyz', '/version', '/version/'];
  const known = [
    '/api',
    '/api/',
    '/api/v1',
    '/apis',
    '/apis/',
    '/apis/apps',
    '/apis/apps/v1',
    '/openapi/v2',
    '/openapi/v3',
  ];
  for (const path of open) {
    test(`${path} is for everyone`, async () => assert.equal((await target.anonymous.get(path)).status, 200));
  }
  for (const path of known) {
    test(`${path} is for everyone with a name`, async () => {
      assert.equal((await target.anonymous.get(path)).status, 403);
      assert.equal((await jane.get(path)).status, 200);
    });
  }
});

describe('even an administrator reaches nothing by a crooked path', () => {
  for (const path of [
    '//api/v1/namespaces/team/secrets',
    '/api//v1/namespaces/team/secrets',
    '/api/v1//namespaces/team/secrets',
    '/api/v1/./namespaces/team/secrets',
    '/./api/v1/namespaces/team/secrets',
    '/version/../api/v1/secrets',
    '/healthz%2f..%2fapi/v1/secrets',
    '/API/v1/secrets',
    '/api/V1/secrets',
    '/api/v1/namespaces/team/Secrets',
    '/api/v1/namespaces/team/configmaps/..%2fsecrets%2fs',
    '/api/v1/namespaces/team/secrets%00',
  ]) {
    test(path, async () => assert.equal((await target.admin.get(path)).status, 404));
  }
});

/** With all rights in a namespace, the namespace itself is not one of the things in it. */
describe('the administrator of a namespace', () => {
  let owner: TestClient;
  before(async () => {
    const everything = { apiGroups: ['*'], resources: ['*'], verbs: ['*'] };
    await grant(target.admin, { user: 'owner', namespace: 'team' }, [everything]);
    owner = await target.user('owner');
  });
  for (const request of [
    'GET /api/v1/namespaces/team/namespaces',
    'GET /api/v1/namespaces/team/namespaces?watch=1',
    'GET /api/v1/watch/namespaces/team/namespaces',
    'POST /api/v1/namespaces/team/namespaces',
    'DELETE /api/v1/namespaces/team/namespaces',
    'GET /api/v1/namespaces/team/namespaces/default',
    'DELETE /api/v1/namespaces/team/namespaces/default',
    'GET /api/v1/namespaces/team/namespaces/default/status',
    'GET /api/v1/namespaces/team/nodes',
    'GET /api/v1/namespaces/team%2Fnamespaces',
  ]) {
    test(`finds nothing at ${request}`, async () => {
      const [method = '', path = ''] = request.split(' ');
      const answer = await owner.call(method, path);
      assert.equal(answer.status, 404, answer.text);
    });
  }
  test('reads its own namespace', async () => {
    assert.equal((await owner.get('/api/v1/namespaces/team')).status, 200);
    assert.equal((await owner.get('/api/v1/namespaces/default')).status, 403);
  });
});
