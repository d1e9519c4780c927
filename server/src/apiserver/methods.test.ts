/** Which methods the paths beside the resources take; true of a real kube-apiserver as well. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTarget, type Target } from './testing/target.ts';

let target: Target;
before(async () => {
  target = await startTarget();
});
after(() => target.stop());

const answersAny = [
  '/',
  '/apis',
  '/apis/apps',
  '/livez',
  '/readyz/ping',
  '/metrics',
  '/openapi/v2',
  '/openapi/v3/apis/apps/v1',
];
const answersGet = ['/version', '/api', '/api/v1', '/apis/apps/v1', '/openid/v1/jwks'];

test('handlers that know no methods answer any of them', async () => {
  for (const path of answersAny)
    for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS'])
      assert.equal((await target.admin.call(method, path)).status, 200, `${method} ${path}`);
});

test('what is routed by method answers GET alone', async () => {
  for (const path of answersGet) {
    assert.equal((await target.admin.call('GET', path)).status, 200, path);
    for (const method of ['HEAD', 'POST', 'OPTIONS'])
      assert.equal((await target.admin.call(method, path)).status, 405, `${method} ${path}`);
  }
});

test('what is not there is not found, whatever the method', async () => {
  for (const path of ['/nothing', '/apis/none.example.com', '/apis/apps/v9'])
    for (const method of ['GET', 'HEAD', 'POST'])
      assert.equal((await target.admin.call(method, path)).status, 404, `${method} ${path}`);
});

test('a method that a resource does not take is refused without telling which it takes', async () => {
  for (const [method, path] of [
    ['PUT', '/api/v1/pods'],
    ['POST', '/api/v1/namespaces/default/pods/some'],
    ['DELETE', '/api/v1/nodes/some/status'],
    ['GET', '/apis/authorization.k8s.io/v1/subjectaccessreviews'],
  ] as const) {
    const { status, headers } = await target.admin.call(method, path);
    assert.deepEqual([status, headers['allow']], [405, undefined], `${method} ${path}`);
  }
});
