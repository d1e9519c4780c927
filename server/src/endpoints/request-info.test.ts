import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestInfoError, resolveRequestInfo } from './request-info.ts';

type Row = [
  method: string,
  url: string,
  verb: string,
  group: string,
  version: string,
  namespace: string,
  resource: string,
  subresource: string,
  name: string,
];

/** As upstream's request info resolver reads them. */
const rows: Row[] = [
  ['GET', '/api/v1/namespaces', 'list', '', 'v1', '', 'namespaces', '', ''],
  ['GET', '/api/v1/namespaces/other', 'get', '', 'v1', 'other', 'namespaces', '', 'other'],
  ['PUT', '/api/v1/namespaces/other/finalize', 'update', '', 'v1', 'other', 'namespaces', 'finalize', 'other'],
  ['GET', '/api/v1/namespaces/other/pods', 'list', '', 'v1', 'other', 'pods', '', ''],
  ['GET', '/api/v1/namespaces/other/pods/foo', 'get', '', 'v1', 'other', 'pods', '', 'foo'],
  ['HEAD', '/api/v1/namespaces/other/pods/foo', 'get', '', 'v1', 'other', 'pods', '', 'foo'],
  ['GET', '/api/v1/pods?watch=true', 'watch', '', 'v1', '', 'pods', '', ''],
  ['GET', '/api/v1/pods?watch=false', 'list', '', 'v1', '', 'pods', '', ''],
  ['GET', '/api/v1/watch/namespaces/other/pods', 'watch', '', 'v1', 'other', 'pods', '', ''],
  ['GET', '/api/v1/proxy/namespaces/other/pods/foo/x', 'proxy', '', 'v1', 'other', 'pods', '', 'foo'],
  ['GET', '/api/v1/namespaces/other/pods/foo/log', 'get', '', 'v1', 'other', 'pods', 'log', 'foo'],
  ['POST', '/apis/apps/v1/namespaces/other/deployments', 'create', 'apps', 'v1', 'other', 'deployments', '', ''],
  [
    'DELETE',
    '/apis/apps/v1/namespaces/other/deployments',
    'deletecollection',
    'apps',
    'v1',
    'other',
    'deployments',
    '',
    '',
  ],
  ['DELETE', '/api/v1/nodes/foo', 'delete', '', 'v1', '', 'nodes', '', 'foo'],
  ['GET', '/api/v1/pods?fieldSelector=metadata.name%3Dfoo', 'list', '', 'v1', '', 'pods', '', 'foo'],
  ['GET', '/api/v1/pods?fieldSelector=metadata.name%3Dfoo%2Fbar', 'list', '', 'v1', '', 'pods', '', ''],
];

for (const [method, url, verb, group, version, namespace, resource, subresource, name] of rows) {
  test(`${method} ${url}`, () => {
    const [path = '', search = ''] = url.split('?');
    const info = resolveRequestInfo(method, path, new URLSearchParams(search));
    assert.equal(info.isResourceRequest, true);
    assert.deepEqual(
      [info.verb, info.apiGroup, info.apiVersion, info.namespace, info.resource, info.subresource, info.name],
      [verb, group, version, namespace, resource, subresource, name],
    );
  });
}

for (const path of ['/', '/healthz', '/api', '/api/v1', '/apis/apps', '/apis/apps/v1', '/nowhere/at/all']) {
  test(`${path} is no resource`, () => {
    assert.equal(resolveRequestInfo('GET', path, new URLSearchParams()).isResourceRequest, false);
  });
}

test('a watch of nothing is an error', () => {
  assert.throws(() => resolveRequestInfo('GET', '/api/v1/watch', new URLSearchParams()), RequestInfoError);
});
