/** Kinds that few write and many read: Events, Leases, addresses of Services, revisions, component statuses. */
import assert from 'node:assert/strict';
import { call, createGlobal, mergePatch, refusal } from '../src/calls.ts';
import type { PromiseContext } from '../src/context.ts';
import { area } from '../src/promise.ts';
import { until } from '../src/until.ts';
import type { WatchedObject } from '../src/watch.ts';

const promise = area('other kinds');

interface List {
  items: WatchedObject[];
}

promise(
  'an event of one group is seen in the other',
  async (context) => {
    const { namespace } = context;
    const regarding = { apiVersion: 'v1', kind: 'Pod', name: 'p', namespace, uid: '42' };
    const time = '2026-01-02T03:04:05Z';
    await context.create('v1', 'events', {
      metadata: { name: 'core' },
      involvedObject: regarding,
      reason: 'Happened',
      message: 'it happened',
      type: 'Normal',
      source: { component: 'promise' },
      firstTimestamp: time,
      lastTimestamp: time,
      count: 3,
    });
    const asNew = await context.get<Record<string, unknown>>('events.k8s.io/v1', 'events', 'core');
    assert.deepEqual(
      [asNew['note'], asNew['regarding'], asNew['deprecatedCount'], asNew['deprecatedSource']],
      ['it happened', regarding, 3, { component: 'promise' }],
    );
    await context.create('events.k8s.io/v1', 'events', {
      metadata: { name: 'new' },
      regarding,
      reason: 'Happened',
      action: 'Promise',
      note: 'it happened again',
      type: 'Warning',
      eventTime: '2026-01-02T03:04:05.000006Z',
      reportingController: 'example.com/promise',
      reportingInstance: 'promise-1',
    });
    const asCore = await context.get<Record<string, unknown>>('v1', 'events', 'new');
    assert.deepEqual(
      [asCore['message'], asCore['involvedObject'], asCore['reportingComponent'], asCore['eventTime']],
      ['it happened again', regarding, 'example.com/promise', '2026-01-02T03:04:05.000006Z'],
    );
    const events = context.path('v1', 'events');
    const named = async (selector: string): Promise<string[]> => {
      const list = await call<List>(context, 200, 'GET', `${events}?fieldSelector=${encodeURIComponent(selector)}`);
      return list.items.map(({ metadata }) => metadata.name);
    };
    assert.deepEqual(await named('involvedObject.uid=42'), ['core', 'new']);
    assert.deepEqual(await named('type=Warning'), ['new']);
    assert.deepEqual(await named('reason=Happened,source=promise'), ['core']);
    assert.deepEqual(await named('involvedObject.name=other'), []);
    await call(context, 200, 'DELETE', context.path('events.k8s.io/v1', 'events'));
    assert.deepEqual((await call<List>(context, 200, 'GET', events)).items, []);
  },
  {
    codename:
      '[sig-instrumentation] Events API should ensure that an event can be fetched, patched, deleted, and listed [Conformance]',
  },
);

promise('an event must be about something in its namespace, and new ones say who did what', async (context) => {
  const bad = { metadata: { name: 'bad' }, involvedObject: { kind: 'Pod', name: 'p', namespace: 'other' } };
  assert.match(
    await refusal(context, 'POST', context.path('v1', 'events'), { body: bad }),
    /^422 Invalid: .*involvedObject\.namespace: Invalid value: "other": does not match event\.namespace/,
  );
  const answer = await context.http.request('POST', context.path('events.k8s.io/v1', 'events'), {
    body: { metadata: { name: 'bad' }, regarding: { kind: 'Pod', name: 'p', namespace: context.namespace } },
  });
  assert.equal(answer.status, 422);
  assert.match(answer.text(), /eventTime: Required value/);
});

promise(
  'kubectl events and kubectl get events show what happened to an object',
  async (context) => {
    const { namespace } = context;
    await context.create('v1', 'events', {
      metadata: { name: 'shown' },
      involvedObject: { apiVersion: 'v1', kind: 'Pod', name: 'p', namespace },
      reason: 'Happened',
      message: 'it happened',
      type: 'Normal',
      lastTimestamp: new Date().toISOString().replace(/\.\d+/, ''),
      firstTimestamp: new Date().toISOString().replace(/\.\d+/, ''),
      count: 1,
    });
    const table = /^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n\S+ +Normal +Happened +[Pp]od\/p +it happened\n$/;
    assert.match(await context.kubectl.run(['get', 'events', '--field-selector=reason=Happened']), table);
    assert.match(await context.kubectl.run(['events', '--for=pod/p']), table);
  },
  { needs: ['kubectl'] },
);

promise(
  'a Lease is written by who holds it, and only by what it may say',
  async (context) => {
    const leases = context.path('coordination.k8s.io/v1', 'leases');
    const spec = {
      holderIdentity: 'one',
      leaseDurationSeconds: 15,
      acquireTime: '2026-01-02T03:04:05.000006Z',
      renewTime: '2026-01-02T03:04:05.000007Z',
      leaseTransitions: 0,
    };
    const made = await context.create('coordination.k8s.io/v1', 'leases', { metadata: { name: 'held' }, spec });
    assert.deepEqual(made.spec, spec);
    const taken = { ...made, spec: { ...spec, holderIdentity: 'two', leaseTransitions: 1 } };
    await call(context, 200, 'PUT', `${leases}/held`, { body: taken });
    assert.match(await refusal(context, 'PUT', `${leases}/held`, { body: made }), /^409 Conflict: /);
    assert.match(
      await refusal(context, 'PATCH', `${leases}/held`, {
        body: { spec: { leaseDurationSeconds: 0 } },
        headers: mergePatch,
      }),
      /^422 Invalid: .*spec\.leaseDurationSeconds: Invalid value: 0: must be greater than 0/,
    );
    await call(context, 200, 'DELETE', leases);
    assert.deepEqual((await call<List>(context, 200, 'GET', leases)).items, []);
  },
  { codename: '[sig-node] Lease lease API should be available [Conformance]' },
);

interface IdentityLease extends WatchedObject {
  spec?: { holderIdentity?: string; leaseDurationSeconds?: number; renewTime?: string };
}

promise('each API server keeps a Lease in kube-system, and renews it', async (context) => {
  const selector = encodeURIComponent('apiserver.kubernetes.io/identity=kube-apiserver');
  const path = `/apis/coordination.k8s.io/v1/namespaces/kube-system/leases?labelSelector=${selector}`;
  const list = async (): Promise<IdentityLease[]> =>
    (await call<{ items: IdentityLease[] }>(context, 200, 'GET', path)).items;
  // A server that has just started makes it in the background.
  await until(context, async () => (await list()).length > 0);
  const before = await list();
  for (const { metadata, spec } of before) {
    assert.match(metadata.name, /^apiserver-[a-z2-7]{26}$/);
    assert.ok(metadata.labels?.['kubernetes.io/hostname'], metadata.name);
    assert.ok(spec?.holderIdentity?.startsWith(`${metadata.name}_`), spec?.holderIdentity);
    assert.equal(spec?.leaseDurationSeconds, 3600);
  }
  const renewals = new Map(before.map(({ metadata, spec }) => [metadata.name, spec?.renewTime]));
  await until(context, async () =>
    (await list()).some(({ metadata, spec }) => {
      const then = renewals.get(metadata.name);
      return then !== undefined && then !== spec?.renewTime;
    }),
  );
});

promise('component statuses are listed, and refuse to be written', async (context) => {
  const path = '/api/v1/componentstatuses';
  const response = await context.http.request('GET', path);
  assert.equal(response.status, 200);
  assert.match(String(response.headers['warning']), /v1 ComponentStatus is deprecated in v1\.19\+/);
  const { items, ...list } = response.json<{ kind: string; items: WatchedObject[] }>();
  assert.equal(list.kind, 'ComponentStatusList');
  const names = items.map(({ metadata }) => metadata.name).filter((name) => !name.startsWith('etcd-'));
  assert.deepEqual(new Set(names), new Set(['controller-manager', 'scheduler']));
  for (const { metadata, ...item } of items) {
    const { conditions } = item as { conditions?: { type: string }[] };
    assert.equal(conditions?.[0]?.type, 'Healthy', metadata.name);
  }
  assert.match(await refusal(context, 'POST', path, { body: { metadata: { name: 'x' } } }), /^405 MethodNotAllowed: /);
});

interface Addressed extends WatchedObject {
  spec: { parentRef: object };
}

promise(
  'the address of a Service is an IPAddress that refers to it',
  async (context) => {
    const made = await context.create<{ spec: { clusterIP: string } }>('v1', 'services', {
      metadata: { name: 'addressed' },
      spec: { ports: [{ port: 80 }] },
    });
    const { clusterIP } = made.spec;
    const addresses = '/apis/networking.k8s.io/v1/ipaddresses';
    const address = await call<Addressed>(context, 200, 'GET', `${addresses}/${clusterIP}`);
    assert.deepEqual(address.spec.parentRef, {
      resource: 'services',
      namespace: context.namespace,
      name: 'addressed',
    });
    assert.equal(address.metadata.labels?.['ipaddress.kubernetes.io/ip-family'], 'IPv4');
    assert.match(
      await refusal(context, 'POST', context.path('v1', 'services'), {
        body: { metadata: { name: 'second' }, spec: { clusterIP, ports: [{ port: 80 }] } },
      }),
      /^422 Invalid: .*spec\.clusterIPs?: Invalid value: .*provided IP is already allocated/,
    );
    await call(context, 200, 'DELETE', context.path('v1', 'services', 'addressed'));
    await until(context, async () => (await context.http.request('GET', `${addresses}/${clusterIP}`)).status === 404);
  },
  {
    codename: '[sig-network] ServiceCIDR and IPAddress API should support IPAddress API operations [Conformance]',
  },
);

promise('an IPAddress is written as addresses are, and says whose it is', async (context) => {
  const addresses = '/apis/networking.k8s.io/v1/ipaddresses';
  const parentRef = { resource: 'services', namespace: context.namespace, name: 'x' };
  const refuse = (name: string, spec: object): Promise<string> =>
    refusal(context, 'POST', addresses, { body: { metadata: { name }, spec } });
  assert.match(
    await refuse('192.168.001.1', { parentRef }),
    /^422 Invalid: .*metadata\.name: Invalid value: "192\.168\.001\.1": /,
  );
  assert.match(
    await refuse('2001:DB8::1', { parentRef }),
    /^422 Invalid: .*metadata\.name: Invalid value: "2001:DB8::1": must be in canonical form/,
  );
  assert.match(await refuse('192.0.2.9', {}), /^422 Invalid: .*spec\.parentRef: Required value/);
});

promise(
  'the range of Services is a ServiceCIDR that is Ready, and more may be added',
  async (context) => {
    const ranges = '/apis/networking.k8s.io/v1/servicecidrs';
    interface Range extends WatchedObject {
      spec: { cidrs: string[] };
      status: { conditions?: { type: string; status: string }[] };
    }
    const isReady = async (name: string): Promise<boolean> => {
      const { status } = await call<Range>(context, 200, 'GET', `${ranges}/${name}`);
      return (status.conditions ?? []).some(({ type, status: value }) => type === 'Ready' && value === 'True');
    };
    await until(context, () => isReady('kubernetes'));
    const name = context.namespace;
    await createGlobal(context, ranges, { metadata: { name }, spec: { cidrs: ['198.51.100.0/24'] } });
    await until(context, () => isReady(name));
    const path = `${ranges}/${name}`;
    assert.match(
      await refusal(context, 'PATCH', path, { body: { spec: { cidrs: ['198.51.101.0/24'] } }, headers: mergePatch }),
      /^422 Invalid: .*spec\.cidrs/,
    );
    const bad = { metadata: { name: `${name}-bad` }, spec: { cidrs: ['198.51.100.1/24'] } };
    assert.match(
      await refusal(context, 'POST', ranges, { body: bad }),
      /^422 Invalid: .*spec\.cidrs\[0\]: Invalid value: "198\.51\.100\.1\/24"/,
    );
    const service = await inRange(context, '198.51.100.7');
    assert.equal(service.spec?.['clusterIP'], '198.51.100.7');
    await call(context, 200, 'DELETE', path);
    const held = await call<Range>(context, 200, 'GET', path);
    assert.ok(held.metadata.deletionTimestamp, 'addresses of it are in use');
    await call(context, 200, 'DELETE', context.path('v1', 'services', 'addressed'));
    await until(context, async () => (await context.http.request('GET', path)).status === 404);
  },
  {
    codename: '[sig-network] ServiceCIDR and IPAddress API should support ServiceCIDR API operations [Conformance]',
  },
);

/** The allocator hears of a new range a little later. */
async function inRange(context: PromiseContext, clusterIP: string): Promise<WatchedObject> {
  let made: WatchedObject | undefined;
  await until(context, async () => {
    const body = { metadata: { name: 'addressed' }, spec: { clusterIP, ports: [{ port: 80 }] } };
    const answer = await context.http.request('POST', context.path('v1', 'services'), { body });
    if (answer.status === 201) made = answer.json<WatchedObject>();
    return made !== undefined;
  });
  return made!;
}

promise(
  'the data of a ControllerRevision never changes, its number may',
  async (context) => {
    const revisions = context.path('apps/v1', 'controllerrevisions');
    await context.create('apps/v1', 'controllerrevisions', {
      metadata: { name: 'first', labels: { app: 'x' } },
      data: { spec: { any: ['thing', 1] } },
      revision: 1,
    });
    const read = await context.get<{ data: object; revision: number }>('apps/v1', 'controllerrevisions', 'first');
    assert.deepEqual([read.data, read.revision], [{ spec: { any: ['thing', 1] } }, 1]);
    const patch = (body: object) => ({ body, headers: mergePatch });
    const moved = await call<{ revision: number }>(context, 200, 'PATCH', `${revisions}/first`, patch({ revision: 3 }));
    assert.equal(moved.revision, 3);
    assert.match(
      await refusal(context, 'PATCH', `${revisions}/first`, patch({ data: { spec: { any: 'other' } } })),
      /^422 Invalid: .*data: Invalid value: .*: field is immutable/,
    );
    assert.match(
      await refusal(context, 'PATCH', `${revisions}/first`, patch({ revision: -1 })),
      /^422 Invalid: .*revision: Invalid value: -1: must be greater than or equal to 0/,
    );
    assert.match(
      await refusal(context, 'POST', revisions, { body: { metadata: { name: 'none' }, revision: 1 } }),
      /^422 Invalid: .*data: Required value: data is mandatory/,
    );
    await call(context, 200, 'DELETE', `${revisions}?labelSelector=app%3Dx`);
    assert.deepEqual((await call<List>(context, 200, 'GET', `${revisions}?labelSelector=app%3Dx`)).items, []);
  },
  {
    codename:
      '[sig-apps] ControllerRevision [Serial] should manage the lifecycle of a ControllerRevision [Conformance]',
  },
);

promise('a Secret or ConfigMap that is immutable stays as it is', async (context) => {
  for (const [resource, value] of [
    ['configmaps', 'plain'],
    ['secrets', Buffer.from('plain').toString('base64')],
  ] as const) {
    await context.create('v1', resource, { metadata: { name: 'fixed' }, immutable: true, data: { key: value } });
    const path = context.path('v1', resource, 'fixed');
    const patch = (body: object) => ({ body, headers: mergePatch });
    assert.match(
      await refusal(context, 'PATCH', path, patch({ data: { key: null } })),
      /^422 Invalid: .*data: Forbidden: field is immutable when `immutable` is set/,
    );
    assert.match(
      await refusal(context, 'PATCH', path, patch({ immutable: false })),
      /^422 Invalid: .*immutable: Forbidden: field is immutable when `immutable` is set/,
    );
    await call(context, 200, 'PATCH', path, patch({ metadata: { labels: { color: 'blue' } } }));
  }
});

promise('a PriorityClass gives pods its number, and the system’s are taken', async (context) => {
  const classes = '/apis/scheduling.k8s.io/v1/priorityclasses';
  const name = context.namespace;
  await createGlobal(context, classes, { metadata: { name }, value: 1234, preemptionPolicy: 'Never' });
  const pod = (priorityClassName: string): object => ({
    metadata: { name: 'ranked' },
    spec: { schedulerName: 'nobody', priorityClassName, containers: [{ name: 'c', image: 'example.invalid/i' }] },
  });
  let made: WatchedObject | undefined;
  await until(context, async () => {
    const answer = await context.http.request('POST', context.path('v1', 'pods'), { body: pod(name) });
    if (answer.status === 201) made = answer.json<WatchedObject>();
    return made !== undefined;
  });
  assert.deepEqual([made?.spec?.['priority'], made?.spec?.['preemptionPolicy']], [1234, 'Never']);
  assert.match(
    await refusal(context, 'POST', context.path('v1', 'pods'), { body: pod('no-such-class') }),
    /^403 Forbidden: pods "ranked" is forbidden: no PriorityClass with name no-such-class was found$/,
  );
  assert.match(
    await refusal(context, 'PATCH', `${classes}/${name}`, { body: { value: 5 }, headers: mergePatch }),
    /^422 Invalid: .*value: Forbidden: may not be changed in an update/,
  );
  const system = { metadata: { name: `system-${name}` }, value: 1 };
  assert.match(
    await refusal(context, 'POST', classes, { body: system }),
    /^422 Invalid: .*metadata\.name: Forbidden: priority class names with 'system-' prefix are reserved/,
  );
});
