/** What may be asked of lists and watches, and what comes: resource versions, pages, initial events, fields. */
import assert from 'node:assert/strict';
import { call, createGlobal, mergePatch, refusal, type StatusBody } from '../src/calls.ts';
import type { PromiseContext } from '../src/context.ts';
import { area } from '../src/promise.ts';
import { type WatchedObject, watchEvents } from '../src/watch.ts';

const promise = area('list options');

interface List {
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
  items: WatchedObject[];
}

const names = ({ items }: List): string[] => items.map(({ metadata }) => metadata.name);

const made = (name: string): object => ({ metadata: { name, labels: { listed: 'yes' } } });

/** Of the ConfigMaps that this promise makes. */
function list(context: PromiseContext, query: string): Promise<List> {
  return call(context, 200, 'GET', `${context.path('v1', 'configmaps')}?labelSelector=listed&${query}`);
}

promise('resourceVersion and resourceVersionMatch say how old a list may be', async (context) => {
  await context.create('v1', 'configmaps', made('one'));
  const { resourceVersion } = (await list(context, '')).metadata;
  await context.create('v1', 'configmaps', made('two'));
  const exactly = await list(context, `resourceVersion=${resourceVersion}&resourceVersionMatch=Exact`);
  assert.deepEqual([names(exactly), exactly.metadata.resourceVersion], [['one'], resourceVersion]);
  assert.deepEqual(names(await list(context, '')), ['one', 'two']);
  for (const query of [
    `resourceVersion=${resourceVersion}`,
    `resourceVersion=${resourceVersion}&resourceVersionMatch=NotOlderThan`,
  ]) {
    const newer = await list(context, query);
    assert.ok(BigInt(newer.metadata.resourceVersion) >= BigInt(resourceVersion), query);
    assert.ok(names(newer).includes('one'));
  }
  const limited = await list(context, `resourceVersion=${resourceVersion}&resourceVersionMatch=Exact&limit=1`);
  assert.deepEqual(names(limited), ['one']);
  assert.ok(Array.isArray((await list(context, 'resourceVersion=0')).items));
});

promise('options that do not go together are 422 and name the field', async (context) => {
  const path = context.path('v1', 'configmaps');
  const { resourceVersion } = (await list(context, '')).metadata;
  const needed = 'resourceVersionMatch is forbidden unless resourceVersion is provided';
  const initial = 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan';
  for (const [query, field, message] of [
    ['resourceVersionMatch=Exact', 'resourceVersionMatch', `Forbidden: ${needed}`],
    ['resourceVersionMatch=NotOlderThan', 'resourceVersionMatch', `Forbidden: ${needed}`],
    [
      'resourceVersion=0&resourceVersionMatch=Exact',
      'resourceVersionMatch',
      'Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    ],
    [
      `resourceVersion=${resourceVersion}&resourceVersionMatch=Other`,
      'resourceVersionMatch',
      'Unsupported value: "Other": supported values: "Exact", "NotOlderThan", ""',
    ],
    ['sendInitialEvents=true', 'sendInitialEvents', 'Forbidden: sendInitialEvents is forbidden for list'],
    ['watch=1&sendInitialEvents=true', 'resourceVersionMatch', `Forbidden: ${initial}`],
    ['watch=1&sendInitialEvents=false', 'resourceVersionMatch', `Forbidden: ${initial}`],
    [
      'watch=1&resourceVersionMatch=NotOlderThan',
      'resourceVersionMatch',
      'Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    ],
    [
      'watch=1&continue=abc',
      'resourceVersionMatch',
      'Forbidden: resourceVersionMatch is forbidden when continue is provided',
    ],
  ] as const) {
    const answer = await context.http.request('GET', `${path}?${query}`, { signal: context.signal });
    assert.equal(answer.status, 422, `${query}: ${answer.text()}`);
    const causes = answer.json<StatusBody>().details?.causes ?? [];
    assert.deepEqual([causes[0]?.field, causes[0]?.message], [field, message], query);
  }
});

const token = (content: object): string =>
  encodeURIComponent(Buffer.from(JSON.stringify(content)).toString('base64url'));

promise('a continue token that is no token, or was tampered with, is refused', async (context) => {
  const path = context.path('v1', 'configmaps');
  const { resourceVersion } = (await list(context, '')).metadata;
  const rv = Number(resourceVersion);
  const v = 'meta.k8s.io/v1';
  const bad = /^400 BadRequest: invalid continue token: continue key is not valid/;
  assert.match(await refusal(context, 'GET', `${path}?continue=nonsense`), bad);
  assert.match(await refusal(context, 'GET', `${path}?continue=${token({ v, rv, start: '../../secrets/x\0' })}`), bad);
  assert.match(await refusal(context, 'GET', `${path}?continue=${token({ v, rv: 0, start: 'a\0' })}`), bad);
  assert.match(await refusal(context, 'GET', `${path}?continue=${token({ v: 'other', rv, start: 'a\0' })}`), bad);
  assert.equal(
    await refusal(context, 'GET', `${path}?continue=${token({ v, rv, start: 'a\0' })}&resourceVersion=${rv}`),
    '400 BadRequest: specifying resource version is not allowed when using continue',
  );
});

/** Clusters forget after minutes, or when there is much to forget; nobody can ask them to. */
const nothingForgotten = 'the cluster still knows its first version';

promise(
  'a token that is too old is 410, and gives another to go on without consistency',
  async (context) => {
    for (const name of ['a', 'b', 'c', 'd']) await context.create('v1', 'configmaps', made(name));
    const path = context.path('v1', 'configmaps');
    const old = token({ v: 'meta.k8s.io/v1', rv: 1, start: 'b\0' });
    const answer = await context.http.request('GET', `${path}?labelSelector=listed&limit=1&continue=${old}`);
    if (answer.status === 200) context.skip(nothingForgotten);
    assert.equal(answer.status, 410, answer.text());
    const { reason, message, metadata } = answer.json<StatusBody & { metadata: { continue: string } }>();
    assert.equal(reason, 'Expired');
    assert.match(message ?? '', /^The provided continue parameter is too old to display a consistent list result\./);
    const rest = await list(context, `continue=${encodeURIComponent(metadata.continue)}`);
    assert.deepEqual(names(rest), ['c', 'd']);
    assert.match(rest.metadata.resourceVersion, /^[1-9]/);
  },
  {
    codename:
      '[sig-api-machinery] Servers with support for API chunking should support continue listing from the last key if the original version has been compacted away, though the list is inconsistent [Slow] [Conformance]',
  },
);

promise(
  'pages hold as many as asked, tell what remains, and stay as of the first while objects change',
  async (context) => {
    const all = Array.from({ length: 9 }, (_, index) => `page-${index}`);
    for (const name of all) await context.create('v1', 'configmaps', { metadata: { name } });
    const path = context.path('v1', 'configmaps');
    const field = encodeURIComponent('metadata.name!=kube-root-ca.crt');
    const whole = await call<List>(context, 200, 'GET', path);
    const first = await call<List>(context, 200, 'GET', `${path}?limit=4`);
    assert.deepEqual(
      [first.items.length, first.metadata.remainingItemCount],
      [4, whole.items.length - 4],
      'without selectors what remains is counted',
    );
    const selected = await call<List>(context, 200, 'GET', `${path}?limit=4&fieldSelector=${field}`);
    assert.equal(selected.metadata.remainingItemCount, undefined, 'with selectors it is not');
    await call(context, 200, 'DELETE', `${path}/page-8`);
    const body = { data: { changed: 'yes' } };
    await call(context, 200, 'PATCH', `${path}/page-7`, { body, headers: mergePatch });
    await context.create('v1', 'configmaps', { metadata: { name: 'page-9' } });
    const next = encodeURIComponent(first.metadata.continue ?? '');
    const rest = await call<List>(context, 200, 'GET', `${path}?continue=${next}`);
    assert.deepEqual([...names(first), ...names(rest)], names(whole));
    assert.equal(rest.metadata.resourceVersion, first.metadata.resourceVersion);
    const seventh = rest.items.find(({ metadata }) => metadata.name === 'page-7') as { data?: object } | undefined;
    assert.equal(seventh?.data, undefined);
  },
  {
    codename:
      '[sig-api-machinery] Servers with support for API chunking should return chunks of results for list calls [Conformance]',
  },
);

promise('initial events end with a bookmark that says so, and go on from there', async (context) => {
  await context.create('v1', 'configmaps', made('before'));
  const query = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
  const path = `${context.path('v1', 'configmaps')}?labelSelector=listed&${query}`;
  const seen: string[] = [];
  let end = 0n;
  for await (const { type, object } of watchEvents(context.http, path, context.signal)) {
    const { annotations, resourceVersion } = object.metadata as WatchedObject['metadata'] & { annotations?: object };
    if (type === 'BOOKMARK') {
      assert.deepEqual(annotations, { 'k8s.io/initial-events-end': 'true' });
      assert.equal(object.kind, 'ConfigMap');
      end = BigInt(resourceVersion);
      await context.create('v1', 'configmaps', made('after'));
      continue;
    }
    seen.push(`${type} ${object.metadata.name}`);
    if (seen.length === 2) {
      assert.ok(BigInt(resourceVersion) > end && end > 0n);
      break;
    }
  }
  assert.deepEqual(seen, ['ADDED before', 'ADDED after']);
});

promise(
  'a watch without a version begins with what is there, one from 0 as well, one from a version does not',
  async (context) => {
    await context.create('v1', 'configmaps', made('there'));
    const { resourceVersion } = (await list(context, '')).metadata;
    const first = async (query: string): Promise<string> => {
      const path = `${context.path('v1', 'configmaps')}?labelSelector=listed&watch=1&${query}`;
      for await (const { type, object } of watchEvents(context.http, path, context.signal))
        return `${type} ${object.metadata.name}`;
      return 'nothing';
    };
    assert.equal(await first(''), 'ADDED there');
    const from = first(`resourceVersion=${resourceVersion}`);
    await context.create('v1', 'configmaps', made('new'));
    assert.equal(await from, 'ADDED new');
  },
);

promise('a watch from a version that is forgotten is told by an event: 410', async (context) => {
  const path = `${context.path('v1', 'configmaps')}?watch=1&resourceVersion=1`;
  for await (const { type, object } of watchEvents(context.http, path, context.signal)) {
    const status = object as unknown as StatusBody;
    if (type === 'ADDED') context.skip(nothingForgotten);
    assert.deepEqual([type, status.code, status.reason], ['ERROR', 410, 'Expired']);
    return;
  }
  assert.fail('the watch ended without an event');
});

promise('objects are watched as metadata alone, and one by one', async (context) => {
  const path = context.path('v1', 'configmaps');
  await context.create('v1', 'configmaps', { ...made('single'), data: { key: 'value' } });
  await context.create('v1', 'configmaps', made('other'));
  const accept = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
  const stream = await context.http.open('GET', `${path}?watch=1&fieldSelector=metadata.name%3Dsingle`, {
    headers: { accept },
    signal: context.signal,
  });
  for await (const chunk of stream) {
    const event = JSON.parse(String(chunk).split('\n')[0] ?? '') as { object: WatchedObject & { data?: object } };
    assert.deepEqual([event.object.kind, event.object.metadata.name], ['PartialObjectMetadata', 'single']);
    assert.equal(event.object.data, undefined);
    break;
  }
  stream.destroy();
});

promise('fields that select, for each kind that has some', async (context) => {
  const selectable: Record<string, string[]> = {
    '/api/v1/pods': (
      'spec.nodeName spec.restartPolicy spec.schedulerName spec.serviceAccountName spec.hostNetwork ' +
      'status.phase status.podIP status.podIPs status.nominatedNodeName metadata.namespace'
    ).split(' '),
    '/api/v1/nodes': ['spec.unschedulable', 'metadata.name'],
    '/api/v1/namespaces': ['status.phase', 'metadata.name'],
    '/api/v1/secrets': ['type'],
    '/api/v1/services': ['spec.clusterIP', 'spec.type'],
    '/api/v1/replicationcontrollers': ['status.replicas'],
    '/api/v1/events': ['involvedObject.kind', 'involvedObject.fieldPath', 'reportingComponent', 'reason', 'type'],
    '/apis/events.k8s.io/v1/events': ['regarding.kind', 'reportingController', 'reason', 'type'],
    '/apis/batch/v1/jobs': ['status.successful'],
    '/apis/certificates.k8s.io/v1/certificatesigningrequests': ['spec.signerName'],
  };
  for (const [path, fields] of Object.entries(selectable))
    for (const field of fields)
      await call(context, 200, 'GET', `${path}?fieldSelector=${encodeURIComponent(`${field}=x`)}`);
  for (const [path, field] of [
    ['/api/v1/pods', 'spec.hostname'],
    ['/api/v1/nodes', 'spec.podCIDR'],
    ['/api/v1/namespaces', 'name'],
    ['/api/v1/namespaces', 'metadata.namespace'],
    ['/api/v1/events', 'count'],
    ['/apis/events.k8s.io/v1/events', 'involvedObject.kind'],
  ])
    assert.equal(
      await refusal(context, 'GET', `${path}?fieldSelector=${field}%3Dx`),
      `400 BadRequest: field label not supported: ${field}`,
    );
  assert.equal(
    await refusal(context, 'GET', '/apis/apps/v1/deployments?fieldSelector=status.replicas%3D1'),
    '400 BadRequest: "status.replicas" is not a known field selector: only "metadata.name", "metadata.namespace"',
  );
});

promise('fields select what has them, in lists and in watches', async (context) => {
  const path = context.path('v1', 'pods');
  const node = context.namespace;
  await createGlobal(context, '/api/v1/nodes', { metadata: { name: node } });
  const containers = [{ name: 'c', image: 'example.invalid/i' }];
  const pod = (name: string, spec: object): object => ({ metadata: { name }, spec: { containers, ...spec } });
  const query = `fieldSelector=${encodeURIComponent(`spec.nodeName=${node},status.phase!=Failed,spec.restartPolicy=Never`)}`;
  const { metadata } = await call<List>(context, 200, 'GET', `${path}?${query}`);
  await context.create('v1', 'pods', pod('other', { nodeName: node }));
  await context.create('v1', 'pods', pod('wanted', { nodeName: node, restartPolicy: 'Never' }));
  assert.deepEqual(names(await call<List>(context, 200, 'GET', `${path}?${query}`)), ['wanted']);
  const body = { status: { phase: 'Failed' } };
  await call(context, 200, 'PATCH', `${path}/wanted/status`, { body, headers: mergePatch });
  const seen: string[] = [];
  const watch = `${path}?${query}&watch=1&resourceVersion=${metadata.resourceVersion}`;
  for await (const { type, object } of watchEvents(context.http, watch, context.signal)) {
    seen.push(`${type} ${object.metadata.name}`);
    if (type === 'DELETED') break;
  }
  assert.deepEqual(
    seen.filter((each) => !each.startsWith('MODIFIED')),
    ['ADDED wanted', 'DELETED wanted'],
  );
});
