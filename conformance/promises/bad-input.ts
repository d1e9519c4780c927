/** What is wrong gets upstream's code and reason; the server stays up and stores nothing by halves. */
import assert from 'node:assert/strict';
import type { PromiseContext } from '../src/context.ts';
import { area } from '../src/promise.ts';

const promise = area('bad input');

interface Expected {
  what: string;
  method?: string;
  path(context: PromiseContext): string;
  body?: string | ((context: PromiseContext) => string);
  headers?: Record<string, string>;
  anonymous?: boolean;
  token?: string;
  code: number;
  reason?: string;
  message?: RegExp;
}

const configMaps = (context: PromiseContext): string => context.path('v1', 'configmaps');
const json = (value: unknown): string => JSON.stringify(value);
const named = (name: unknown, more: object = {}): string =>
  json({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, ...more });

const cases: readonly Expected[] = [
  {
    what: 'malformed JSON',
    path: configMaps,
    method: 'POST',
    body: '{"apiVersion":"v1",',
    code: 400,
    reason: 'BadRequest',
  },
  {
    what: 'malformed YAML',
    path: configMaps,
    method: 'POST',
    headers: { 'content-type': 'application/yaml' },
    body: 'apiVersion: v1\n  kind: [',
    code: 400,
    reason: 'BadRequest',
  },
  { what: 'an empty body', path: configMaps, method: 'POST', body: '', code: 400, reason: 'BadRequest' },
  { what: 'a JSON array as object', path: configMaps, method: 'POST', body: '[]', code: 400, reason: 'BadRequest' },
  {
    what: 'a number where a string belongs',
    path: configMaps,
    method: 'POST',
    body: named('typed', { data: { key: 5 } }),
    code: 400,
    reason: 'BadRequest',
  },
  {
    what: 'a string where a list belongs',
    path: (context) => context.path('v1', 'pods'),
    method: 'POST',
    body: json({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'typed' }, spec: { containers: 'none' } }),
    code: 400,
    reason: 'BadRequest',
  },
  {
    what: 'another kind than the path serves',
    path: configMaps,
    method: 'POST',
    body: json({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'other' } }),
    code: 400,
    reason: 'BadRequest',
  },
  {
    what: 'an unknown kind',
    path: configMaps,
    method: 'POST',
    body: json({ apiVersion: 'v1', kind: 'Nonsense', metadata: { name: 'other' } }),
    code: 400,
    reason: 'BadRequest',
  },
  {
    what: 'an object without kind',
    path: configMaps,
    method: 'POST',
    body: json({ metadata: { name: 'x' } }),
    code: 201,
  },
  { what: 'an unknown resource', path: (context) => context.path('v1', 'nonsenses'), code: 404, reason: 'NotFound' },
  { what: 'an unknown group', path: () => '/apis/nonsense.example.com/v1/things', code: 404 },
  { what: 'an unknown path', path: () => '/no/such/path', code: 404 },
  {
    what: 'a name with capitals',
    path: configMaps,
    method: 'POST',
    body: named('Capital'),
    code: 422,
    reason: 'Invalid',
    message: /metadata\.name: Invalid value: "Capital": a lowercase RFC 1123 subdomain/,
  },
  {
    what: 'no name at all',
    path: configMaps,
    method: 'POST',
    body: named(undefined),
    code: 422,
    reason: 'Invalid',
    message: /name or generateName is required/,
  },
  {
    what: 'a bad label value',
    path: configMaps,
    method: 'POST',
    body: json({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'labelled', labels: { key: 'not valid!' } } }),
    code: 422,
    reason: 'Invalid',
    message: /metadata\.labels: Invalid value: "not valid!"/,
  },
  {
    what: 'a namespace that is not the one of the path',
    path: configMaps,
    method: 'POST',
    body: json({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'elsewhere', namespace: 'elsewhere' } }),
    code: 400,
    reason: 'BadRequest',
    message: /the namespace of the provided object does not match the namespace sent on the request/,
  },
  {
    what: 'a namespace that is not there',
    path: () => '/api/v1/namespaces/no-such-namespace/configmaps',
    method: 'POST',
    body: named('lost'),
    code: 404,
    reason: 'NotFound',
    message: /namespaces "no-such-namespace" not found/,
  },
  {
    what: 'a label selector with bad syntax',
    path: (context) => `${configMaps(context)}?labelSelector=${encodeURIComponent('a in (')}`,
    code: 400,
    reason: 'BadRequest',
  },
  {
    what: 'a field selector on a field that cannot be selected',
    path: (context) => `${configMaps(context)}?fieldSelector=data.key%3Dvalue`,
    code: 400,
    reason: 'BadRequest',
    message: /"data\.key" is not a known field selector: only "metadata\.name", "metadata\.namespace"/,
  },
  {
    what: 'a resourceVersion that is no number',
    path: (context) => `${configMaps(context)}?resourceVersion=latest`,
    code: 400,
  },
  {
    what: 'a continue token that is none',
    path: (context) => `${configMaps(context)}?limit=1&continue=nonsense`,
    code: 400,
    reason: 'BadRequest',
  },
  {
    what: 'an unknown content type',
    path: configMaps,
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: named('typed'),
    code: 415,
    reason: 'UnsupportedMediaType',
  },
  {
    what: 'an unknown patch type',
    path: (context) => context.path('v1', 'configmaps', 'any'),
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: '{}',
    code: 415,
    reason: 'UnsupportedMediaType',
  },
  {
    what: 'an Accept that nothing fits',
    path: configMaps,
    headers: { accept: 'image/png' },
    code: 406,
    reason: 'NotAcceptable',
  },
  {
    what: 'a body over 3 MiB',
    path: configMaps,
    method: 'POST',
    body: () => named('huge', { data: { key: 'x'.repeat(3.5 * 1024 * 1024) } }),
    code: 413,
    reason: 'RequestEntityTooLarge',
  },
  {
    what: 'a verb that the resource has not',
    path: () => '/api/v1/componentstatuses',
    method: 'DELETE',
    code: 405,
    reason: 'MethodNotAllowed',
  },
  {
    what: 'no credentials',
    path: configMaps,
    anonymous: true,
    code: 403,
    reason: 'Forbidden',
    message: /User "system:anonymous" cannot list resource "configmaps" in API group ""/,
  },
  { what: 'a token that is none', path: configMaps, token: 'nonsense', code: 401, reason: 'Unauthorized' },
  {
    what: 'a JSON patch that does not apply',
    path: (context) => `/api/v1/namespaces/${context.namespace}`,
    method: 'PATCH',
    headers: { 'content-type': 'application/json-patch+json' },
    body: json([{ op: 'remove', path: '/metadata/annotations/absent' }]),
    code: 422,
    reason: 'Invalid',
  },
  {
    what: 'unknown fields under fieldValidation=Strict',
    path: (context) => `${configMaps(context)}?fieldValidation=Strict`,
    method: 'POST',
    body: named('strict', { nonsense: true }),
    code: 400,
    reason: 'BadRequest',
    message: /strict decoding error: unknown field "nonsense"/,
  },
  {
    what: 'a field given twice under fieldValidation=Strict',
    path: (context) => `${configMaps(context)}?fieldValidation=Strict`,
    method: 'POST',
    body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"strict"},"data":{"a":"1"},"data":{"b":"2"}}',
    code: 400,
    reason: 'BadRequest',
    message: /strict decoding error: .*duplicate field "data"/,
  },
  {
    what: 'unknown and duplicate fields under fieldValidation=Strict, in the order of the text',
    path: (context) => `${configMaps(context)}?fieldValidation=Strict`,
    method: 'POST',
    body: '{"nonsense":{"a":1,"a":2},"metadata":{"name":"strict"},"data":{"a":"1"},"data":{"b":"2"},"other":1}',
    code: 400,
    reason: 'BadRequest',
    message: /strict decoding error: unknown field "nonsense", duplicate field "data", unknown field "other"$/,
  },
  {
    what: 'a review as a Table, which it has no columns for',
    path: () => '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    method: 'POST',
    headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
    body: json({
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { nonResourceAttributes: { path: '/', verb: 'get' } },
    }),
    code: 406,
    reason: 'NotAcceptable',
  },
  {
    what: 'a pod without containers',
    path: (context) => context.path('v1', 'pods'),
    method: 'POST',
    body: json({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'empty' }, spec: { containers: [] } }),
    code: 422,
    reason: 'Invalid',
    message: /spec\.containers: Required value/,
  },
  {
    what: 'a deployment whose selector misses its template',
    path: (context) => context.path('apps/v1', 'deployments'),
    method: 'POST',
    body: json({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'missing' },
      spec: {
        selector: { matchLabels: { app: 'a' } },
        template: {
          metadata: { labels: { app: 'b' } },
          spec: { containers: [{ name: 'c', image: 'example.invalid/i' }] },
        },
      },
    }),
    code: 422,
    reason: 'Invalid',
    message: /`selector` does not match template `labels`/,
  },
  {
    what: 'a service with a port out of range',
    path: (context) => context.path('v1', 'services'),
    method: 'POST',
    body: json({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'out-of-range' },
      spec: { ports: [{ port: 70000 }] },
    }),
    code: 422,
    reason: 'Invalid',
    message: /spec\.ports\[0\]\.port: Invalid value: 70000: must be between 1 and 65535, inclusive/,
  },
];

for (const expected of cases) {
  promise(
    `${expected.what}: ${expected.code}${expected.reason === undefined ? '' : ` ${expected.reason}`}`,
    async (context) => {
      const path = expected.path(context);
      const body = typeof expected.body === 'function' ? expected.body(context) : expected.body;
      const response = await context.http.request(expected.method ?? 'GET', path, {
        ...(body === undefined ? {} : { body }),
        ...(expected.headers === undefined ? {} : { headers: expected.headers }),
        ...(expected.anonymous === true ? { anonymous: true } : {}),
        ...(expected.token === undefined ? {} : { token: expected.token }),
        signal: context.signal,
      });
      const text = response.text();
      assert.equal(response.status, expected.code, text.slice(0, 500));
      if (expected.reason !== undefined) {
        const status = JSON.parse(text) as {
          kind: string;
          status: string;
          reason: string;
          message: string;
          code: number;
        };
        assert.equal(status.kind, 'Status');
        assert.equal(status.reason, expected.reason);
        assert.equal(status.code, expected.code);
        if (expected.message !== undefined) assert.match(status.message, expected.message);
      }
      if (expected.code >= 400 && expected.method === 'POST') {
        const left = await context.http.request('GET', configMaps(context));
        const names = left
          .json<{ items: { metadata: { name: string } }[] }>()
          .items.map(({ metadata }) => metadata.name);
        // Controllers publish authorities there.
        assert.deepEqual(
          names.filter((name) => !name.endsWith('.crt')),
          [],
          'a refused object was stored',
        );
      }
    },
  );
}
