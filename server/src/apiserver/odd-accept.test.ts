/** What the paths beside the resources, and logs, answer to Accept headers; true of a real kube-apiserver as well. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTarget, type Target } from './testing/target.ts';

let target: Target;
before(async () => {
  target = await startTarget();
});
after(() => target.stop());

const v2Type = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
const json = 'application/json';
const yaml = 'application/yaml';
const log = '/api/v1/namespaces/default/pods/missing/log';

const cases: [path: string, accept: string, status: number, contentType: string | undefined][] = [
  ['/openapi/v2', '*/*', 200, json],
  ['/openapi/v2', 'application/json;q=0', 200, json],
  ['/openapi/v2', `${v2Type}, */*;q=0.1`, 200, v2Type],
  ['/openapi/v2', 'APPLICATION/JSON', 406, undefined],
  ['/openapi/v2', 'text/html', 406, undefined],
  ['/openapi/v2', yaml, 406, undefined],
  ['/openapi/v2', 'garbage', 406, undefined],
  ['/openapi/v2/', json, 404, 'text/plain; charset=utf-8'],
  ['/openapi/v3', json, 200, 'text/plain; charset=utf-8'],
  ['/openapi/v3', 'text/html', 200, 'text/plain; charset=utf-8'],
  ['/openapi/v3/', json, 404, undefined],
  ['/openapi/v3/api/v1', '*/json', 200, json],
  ['/openapi/v3/api/v1', 'text/html', 406, undefined],
  ['/openapi/v3/api/v1', 'garbage', 200, undefined],
  ['/openapi/v3/nope', 'text/html', 404, undefined],
  ['/openapi/v3/api/v1?hash=old', json, 301, json],
  ['/version', 'application/*', 406, json],
  ['/version', yaml, 406, yaml],
  ['/version', 'text/html, */*', 200, json],
  ['/openid/v1/jwks', json, 406, json],
  ['/openid/v1/jwks', 'application/jwk-set+json', 200, 'application/jwk-set+json'],
  ['/api', 'application/*', 406, json],
  ['/apis', 'application/*', 200, json],
  ['/apis/apps', 'application/*', 200, json],
  ['/apis/apps/v1', 'application/*', 406, json],
  [log, '*/*', 404, json],
  [log, 'text/plain', 406, json],
  [log, `text/plain, ${yaml}`, 404, yaml],
  [log, 'application/json;as=Table;v=v1;g=meta.k8s.io', 406, json],
];

for (const [path, accept, status, contentType] of cases) {
  test(`${path}, Accept: ${accept}`, async () => {
    const answer = await target.admin.call('GET', path, { headers: { accept } });
    assert.deepEqual([answer.status, answer.headers['content-type']], [status, contentType]);
  });
}

test('Accept: pretty=1 indents answers and Statuses', async () => {
  const headers = { accept: 'application/json;pretty=1' };
  for (const path of ['/api/v1/namespaces', '/api/v1/namespaces/default', '/api/v1/namespaces/missing', '/apis/apps'])
    assert.match((await target.admin.call('GET', path, { headers })).text, /^\{\n {2}"/, path);
});
