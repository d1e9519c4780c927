/** Objects of custom kinds: subresources, versions, and what each method does at each path. */
import type { Case, Step } from '../case.ts';
import { customResourceDefinitions } from '../kinds.ts';
import {
  apply,
  collection,
  create,
  get,
  item,
  list,
  made,
  objectOf,
  patch,
  post,
  put,
  remove,
  sub,
  table,
  tableAccept,
  update,
} from '../requests.ts';
import { definition, object, text, things, versionAt, whole, withRule } from './custom.ts';

const scaleOf = (name: string) => ({
  apiVersion: 'autoscaling/v1',
  kind: 'Scale',
  metadata: { name },
  spec: { replicas: 3 },
});

export const customPathCases: readonly Case[] = [
  {
    name: 'custom/subresources',
    steps: [
      ...made(customResourceDefinitions, 'x', {
        [`${versionAt}/schema/openAPIV3Schema`]: object({
          spec: object({ replicas: whole, text }),
          status: object({
            replicas: { ...whole, minimum: 0 },
            selector: text,
            phase: withRule(text, { rule: "self != 'Bad'", message: 'is bad' }),
          }),
        }),
        [`${versionAt}/subresources`]: {
          status: {},
          scale: {
            specReplicasPath: '.spec.replicas',
            statusReplicasPath: '.status.replicas',
            labelSelectorPath: '.status.selector',
          },
        },
      }),
      create(things, 'one', { spec: { replicas: 2, text: 'x' }, status: { phase: 'Dropped' } }),
      create(things, 'none'),
      create(things, 'negative', { spec: { replicas: -1 } }),
      sub('status', get(things, 'one')),
      sub(
        'status',
        patch('merge', things, 'one', { status: { phase: 'Good', replicas: 1, selector: 'a=b' }, spec: { text: 'y' } }),
      ),
      sub('status', patch('merge', things, 'one', { status: { phase: 'Bad' } })),
      sub('status', patch('merge', things, 'one', { status: { replicas: -1 } })),
      sub('status', patch('merge', things, 'one', { status: { replicas: 'x' } })),
      sub('status', patch('merge', things, 'one', { status: { unknown: 1 } }, { fieldValidation: 'Strict' })),
      sub('status', patch('merge', things, 'one', { metadata: { labels: { a: 'b' }, annotations: { c: 'd' } } })),
      sub(
        'status',
        put(
          things,
          'one',
          objectOf(things, 'one', { status: { phase: 'Put' }, 'metadata/resourceVersion': undefined }),
        ),
      ),
      patch('merge', things, 'one', { status: { phase: 'Ignored' } }),
      sub('scale', get(things, 'one')),
      sub('scale', get(things, 'none')),
      sub('scale', patch('merge', things, 'one', { spec: { replicas: 5 } })),
      sub('scale', patch('merge', things, 'one', { spec: { replicas: -5 } })),
      sub('scale', patch('merge', things, 'one', { spec: { replicas: 'x' } })),
      sub('scale', patch('merge', things, 'one', { metadata: { labels: { a: 'b' } } })),
      sub('scale', put(things, 'one', scaleOf('one'))),
      sub('scale', put(things, 'one', scaleOf('other'))),
      sub('scale', put(things, 'one', { metadata: { name: 'one', resourceVersion: '1' }, spec: { replicas: 3 } })),
      sub('scale', put(things, 'one', { kind: 'Nonsense', metadata: { name: 'one' } })),
      sub('scale', apply(things, 'one', { apiVersion: 'autoscaling/v1', kind: 'Scale', spec: { replicas: 4 } })),
      sub('scale', { ...get(things, 'one'), headers: { accept: 'application/vnd.kubernetes.protobuf' } }),
      sub('scale', { ...get(things, 'one'), headers: { accept: tableAccept } }),
      patch('merge', things, 'one', { spec: { replicas: null } }),
      sub('scale', get(things, 'one')),
      sub('scale', patch('merge', things, 'none', { spec: { replicas: 1 } })),
      get(things, 'one'),
    ],
  },
  {
    name: 'custom/versions',
    steps: [
      ...made(customResourceDefinitions, 'x', {
        'spec/versions': [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: object({ spec: object({ a: text, b: { type: 'string', default: 'one' }, c: text }) }),
            },
          },
          {
            name: 'v2',
            served: true,
            storage: false,
            deprecated: true,
            schema: {
              openAPIV3Schema: object({
                spec: object({ a: { ...text, maxLength: 3 }, b: text, c: { type: 'string', default: 'two' } }),
              }),
            },
            additionalPrinterColumns: [{ name: 'C', type: 'string', jsonPath: '.spec.c' }],
          },
          {
            name: 'v3alpha1',
            served: true,
            storage: false,
            deprecated: true,
            deprecationWarning: 'v3alpha1 "goes"',
            schema: {
              openAPIV3Schema: object({ spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }),
            },
          },
          { name: 'v4', served: false, storage: false, schema: { openAPIV3Schema: object({}) } },
        ],
      }),
      { method: 'GET', path: '/apis/$ns.example.com' },
      { method: 'GET', path: '/apis/$ns.example.com/v2' },
      { method: 'GET', path: '/apis/$ns.example.com/v4' },
      create(things, 'one', { spec: { a: 'abcdef' } }),
      ...['v2', 'v3alpha1', 'v4'].flatMap((version): Step[] => {
        const kind = { ...things, apiVersion: `$ns.example.com/${version}` };
        return [
          get(kind, 'one'),
          table(kind),
          create(kind, version, { spec: { a: 'abcdef', b: 'x', c: 'y' } }),
          create(kind, version, { spec: { a: 'a', b: 'x', c: 'y' } }),
          patch('merge', kind, 'one', { spec: { c: 'z' } }),
          apply(kind, 'one', { spec: { a: 'b' } }, { force: true }),
          get(things, 'one'),
        ];
      }),
      list(things),
      create(things, 'x', { apiVersion: '$ns.example.com/v2' }),
    ],
  },
  {
    name: 'custom/paths',
    steps: [
      ...definition(object({ a: text }), { 'spec/names/singular': 'thing' }),
      create(things, 'one', { spec: { a: 'x' } }),
      ...(
        [
          ['GET', '/apis/$ns.example.com/v1/things'],
          ['POST', '/apis/$ns.example.com/v1/things'],
          ['DELETE', '/apis/$ns.example.com/v1/things'],
          ['PUT', '/apis/$ns.example.com/v1/things'],
          ['GET', '/apis/$ns.example.com/v1/things/one'],
          ['GET', '/apis/$ns.example.com/v1/thing'],
          ['GET', '/apis/$ns.example.com/v1/nonsense'],
          ['GET', '/apis/$ns.example.com/v1/namespaces/$ns/nonsense'],
          ['GET', '/apis/$ns.example.com/v2/things'],
          ['GET', `${item(things, 'one')}/status`],
          ['GET', `${item(things, 'one')}/scale`],
          ['GET', `${item(things, 'one')}/nonsense`],
          ['GET', `${item(things, 'one')}/status/more`],
          ['POST', `${item(things, 'one')}/status`],
          ['DELETE', `${item(things, 'one')}/status`],
          ['POST', item(things, 'one')],
          ['PUT', collection(things)],
          ['PATCH', collection(things)],
          ['OPTIONS', collection(things)],
          ['HEAD', item(things, 'one')],
          ['GET', item(things, 'none')],
          ['GET', `/apis/$ns.example.com/v1/watch/namespaces/$ns/things/none?timeoutSeconds=1`],
          ['GET', `${collection(things)}/`],
        ] as const
      ).map(
        ([method, path]): Step => ({
          method,
          path,
          ...(method === 'POST' || method === 'PUT' || method === 'PATCH' ? { body: objectOf(things, 'one') } : {}),
        }),
      ),
      post(things, 'x'),
      post(things, '[]'),
      post(things, '{'),
      post(things, {}),
      post(things, 'metadata: {name: x}', {}, { headers: { 'content-type': 'application/yaml' } }),
      post(things, { kind: 5 }),
      patch('merge', things, 'one', { kind: null }),
      patch('merge', things, 'one', { apiVersion: 'a/b/c' }),
      {
        method: 'PATCH',
        path: collection(things),
        body: {},
        headers: { 'content-type': 'application/merge-patch+json' },
      },
      apply(things, 'one', { kind: undefined }),
      apply(things, 'one', { apiVersion: undefined }),
      ...['{', 'x'].map((body) => ({ ...remove(things, 'one'), body })),
      patch('json', things, 'one', [{ op: 'test', path: '/spec/a', value: 'y' }]),
      patch('json', things, 'one', [{ op: 'remove', path: '/spec/nonsense' }]),
      patch('json', things, 'one', { op: 'remove' }),
      patch('merge', things, 'one', 'x'),
      patch('merge', things, 'one', { metadata: { name: 'two' } }),
      patch('merge', things, 'one', { kind: 'Other' }),
      patch('merge', things, 'one', { apiVersion: 'x/v1' }),
      patch('merge', things, 'one', { metadata: { resourceVersion: '1' } }),
      patch('merge', things, 'none', { spec: {} }),
      patch('merge', things, 'one', { spec: { a: 5 } }),
      patch('merge', things, 'one', { metadata: { labels: { a: 5 } } }),
      patch('merge', things, 'one', { metadata: { uid: 'x' } }),
      update(things, 'none'),
      update(things, 'one', { 'metadata/resourceVersion': '1' }),
      update(things, 'one', { 'metadata/uid': 'x' }),
      remove(customResourceDefinitions, 'x'),
    ],
  },
];
