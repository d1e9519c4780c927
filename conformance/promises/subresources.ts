/** Parts of objects with a path and rights of their own: scale, status, finalize, binding, eviction, resize, logs. */
import assert from 'node:assert/strict';
import { call, createGlobal, mergePatch, refusal, type StatusBody, strategicMergePatch } from '../src/calls.ts';
import type { PromiseContext } from '../src/context.ts';
import { area } from '../src/promise.ts';
import { until } from '../src/until.ts';
import { type WatchedObject, waitForCollection } from '../src/watch.ts';

const promise = area('subresources');

const containers = [{ name: 'main', image: 'example.invalid/i' }];
const template = { metadata: { labels: { app: 'scaled' } }, spec: { nodeSelector: { absent: 'true' }, containers } };
const selector = { matchLabels: { app: 'scaled' } };

interface Scale extends WatchedObject {
  spec: { replicas?: number };
  status: { replicas: number; selector?: string };
}

/** A pod that no scheduler places; bound to a node that is not there it would be collected as an orphan. */
const idle = (name: string, more: object = {}): object => ({
  metadata: { name, labels: { app: name } },
  spec: { schedulerName: 'nobody', containers, ...more },
});

for (const [groupVersion, resource, codename, spec] of [
  [
    'apps/v1',
    'deployments',
    '[sig-apps] Deployment Deployment should have a working scale subresource [Conformance]',
    { selector, template },
  ],
  [
    'apps/v1',
    'replicasets',
    '[sig-apps] ReplicaSet Replicaset should have a working scale subresource [Conformance]',
    { selector, template },
  ],
  [
    'apps/v1',
    'statefulsets',
    '[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] should have a working scale subresource [Conformance]',
    { selector, template, serviceName: 'x' },
  ],
  ['v1', 'replicationcontrollers', undefined, { selector: selector.matchLabels, template }],
] as const) {
  promise(
    `${resource} are scaled without being read`,
    async (context) => {
      await context.create(groupVersion, resource, { metadata: { name: 'scaled' }, spec: { replicas: 0, ...spec } });
      const path = context.path(groupVersion, resource, 'scaled/scale');
      const scale = await call<Scale>(context, 200, 'GET', path);
      assert.deepEqual([scale.apiVersion, scale.kind, scale.metadata.name], ['autoscaling/v1', 'Scale', 'scaled']);
      assert.deepEqual([scale.spec, scale.status], [{}, { replicas: 0, selector: 'app=scaled' }]);
      const put = await call<Scale>(context, 200, 'PUT', path, {
        body: { metadata: { name: 'scaled' }, spec: { replicas: 2 } },
      });
      assert.equal(put.spec.replicas, 2);
      const body = { spec: { replicas: 1 } };
      assert.equal((await call<Scale>(context, 200, 'PATCH', path, { body, headers: mergePatch })).spec.replicas, 1);
      const whole = await context.get(groupVersion, resource, 'scaled');
      assert.equal((whole.spec as { replicas: number }).replicas, 1);
      assert.match(
        await refusal(context, 'PATCH', path, { body: { spec: { replicas: -1 } }, headers: mergePatch }),
        /^422 Invalid: .*spec\.replicas: Invalid value: -1: must be greater than or equal to 0/,
      );
      const stale = { ...scale, spec: { replicas: 5 } };
      assert.match(await refusal(context, 'PUT', path, { body: stale }), /^409 Conflict: /);
    },
    codename === undefined ? {} : { codename },
  );
}

promise(
  'status is written apart: what is in the other part is ignored',
  async (context) => {
    // Rolling back to nothing: paused, so that the controller leaves conditions of others alone.
    await context.create('apps/v1', 'deployments', {
      metadata: { name: 'told' },
      spec: { replicas: 0, paused: true, selector, template },
    });
    const path = context.path('apps/v1', 'deployments', 'told');
    const condition = { type: 'Odd', status: 'True', reason: 'Told', message: 'by the promise' };
    const body = { spec: { replicas: 7 }, status: { conditions: [condition] } };
    const written = await call(context, 200, 'PATCH', `${path}/status`, { body, headers: mergePatch });
    assert.equal((written.spec as { replicas: number }).replicas, 0);
    const conditions = (written.status as { conditions: { type: string }[] }).conditions;
    assert.ok(conditions.some(({ type }) => type === 'Odd'));
    const other = { status: { observedGeneration: 99 }, metadata: { labels: { color: 'blue' } } };
    const kept = await call(context, 200, 'PATCH', path, { body: other, headers: mergePatch });
    assert.notEqual((kept.status as { observedGeneration?: number }).observedGeneration, 99);
    assert.equal(kept.metadata.labels?.['color'], 'blue');
    const read = await call(context, 200, 'GET', `${path}/status`);
    assert.equal(read.kind, 'Deployment');
  },
  { codename: '[sig-apps] Deployment should validate Deployment Status endpoints [Conformance]' },
);

promise(
  'a pod’s status is patched, and the pod keeps its spec',
  async (context) => {
    await context.create('v1', 'pods', idle('told'));
    const path = context.path('v1', 'pods', 'told/status');
    const body = { status: { phase: 'Running', podIP: '10.9.8.7' }, spec: { activeDeadlineSeconds: 5 } };
    const pod = await call(context, 200, 'PATCH', path, { body, headers: strategicMergePatch });
    assert.deepEqual(
      [pod.status?.['phase'], pod.status?.['podIP'], pod.status?.['podIPs'], pod.spec?.['activeDeadlineSeconds']],
      ['Running', '10.9.8.7', [{ ip: '10.9.8.7' }], undefined],
    );
  },
  { codename: '[sig-node] Pods should patch a pod status [Conformance]' },
);

promise('a namespace is finalized apart, and goes when nothing holds it', async (context) => {
  const name = `${context.namespace}-held`;
  await createGlobal(context, '/api/v1/namespaces', { metadata: { name }, spec: { finalizers: ['kubernetes'] } });
  const path = `/api/v1/namespaces/${name}`;
  const held = await call<WatchedObject & { spec: { finalizers: string[] } }>(context, 200, 'GET', path);
  const added = { ...held, spec: { finalizers: ['kubernetes', 'example.com/hold'] } };
  await call(context, 200, 'PUT', path, { body: added });
  const unchanged = await call<typeof held>(context, 200, 'GET', path);
  assert.deepEqual(unchanged.spec.finalizers, ['kubernetes'], 'not by an update of the namespace');
  const finalized = await call<typeof held>(context, 200, 'PUT', `${path}/finalize`, { body: added });
  assert.deepEqual(finalized.spec.finalizers, ['kubernetes', 'example.com/hold']);
  await call(context, 200, 'DELETE', path);
  const terminating = await waitForCollection(context.http, '/api/v1/namespaces', context.signal, (namespaces) => {
    const found = namespaces.get(`/${name}`) as typeof held | undefined;
    return found?.spec.finalizers?.join() === 'example.com/hold' && found;
  });
  assert.equal(terminating.status?.['phase'], 'Terminating');
  assert.match(
    await refusal(context, 'POST', `${path}/configmaps`, { body: { metadata: { name: 'late' } } }),
    /^403 Forbidden: configmaps "late" is forbidden: unable to create new content in namespace .* because it is being terminated/,
  );
  await call(context, 200, 'PUT', `${path}/finalize`, { body: { ...terminating, spec: {} } });
  assert.equal((await context.http.request('GET', path)).status, 404);
});

promise('a pod is bound to a node once', async (context) => {
  await context.create('v1', 'pods', {
    metadata: { name: 'bound' },
    spec: { schedulerName: 'nobody', containers },
  });
  const path = context.path('v1', 'pods', 'bound/binding');
  const bind = (name: string): object => ({ metadata: { name: 'bound' }, target: { kind: 'Node', name } });
  const status = await call<StatusBody>(context, 201, 'POST', path, { body: bind('one') });
  assert.deepEqual([status.kind, status.status], ['Status', 'Success']);
  const pod = await context.get('v1', 'pods', 'bound');
  assert.equal(pod.spec?.['nodeName'], 'one');
  const conditions = pod.status?.['conditions'] as { type: string; status: string }[];
  assert.ok(conditions.some(({ type, status: value }) => type === 'PodScheduled' && value === 'True'));
  assert.equal(
    await refusal(context, 'POST', path, { body: bind('two') }),
    '409 Conflict: Operation cannot be fulfilled on pods/binding "bound": pod bound is already assigned to node "one"',
  );
});

async function evictable(context: PromiseContext, name: string, minAvailable: number): Promise<void> {
  await context.create('v1', 'pods', { ...idle(name), metadata: { name, labels: { app: 'guarded' } } });
  const ready = { type: 'Ready', status: 'True' };
  const body = { status: { phase: 'Running', conditions: [ready] } };
  const path = context.path('v1', 'pods', `${name}/status`);
  await call(context, 200, 'PATCH', path, { body, headers: strategicMergePatch });
  await context.create('policy/v1', 'poddisruptionbudgets', {
    metadata: { name: 'guard' },
    spec: { minAvailable, selector: { matchLabels: { app: 'guarded' } } },
  });
  await context.waitForObject('policy/v1', 'poddisruptionbudgets', 'guard', (budget) => {
    const status = budget?.status as { observedGeneration?: number; currentHealthy?: number } | undefined;
    return status?.observedGeneration === 1 && status.currentHealthy === 1;
  });
}

const eviction = (name: string): object => ({
  apiVersion: 'policy/v1',
  kind: 'Eviction',
  metadata: { name },
});

promise(
  'an eviction that a disruption budget forbids is 429 until the budget allows it',
  async (context) => {
    await evictable(context, 'guarded', 1);
    const path = context.path('v1', 'pods', 'guarded/eviction');
    const answer = await context.http.request('POST', path, { body: eviction('guarded') });
    const { reason, message, details } = answer.json<StatusBody>();
    assert.deepEqual(
      [answer.status, reason, message, details?.causes],
      [
        429,
        'TooManyRequests',
        "Cannot evict pod as it would violate the pod's disruption budget.",
        [
          {
            reason: 'DisruptionBudget',
            message: 'The disruption budget guard needs 1 healthy pods and has 1 currently',
          },
        ],
      ],
    );
    await context.get('v1', 'pods', 'guarded');
    const dry = await context.http.request('POST', `${path}?dryRun=All`, { body: eviction('guarded') });
    assert.equal(dry.status, 429);
    const budget = context.path('policy/v1', 'poddisruptionbudgets', 'guard');
    await call(context, 200, 'PATCH', budget, { body: { spec: { minAvailable: 0 } }, headers: mergePatch });
    await context.waitForObject(
      'policy/v1',
      'poddisruptionbudgets',
      'guard',
      (object) => (object?.status as { disruptionsAllowed?: number } | undefined)?.disruptionsAllowed === 1,
    );
    const done = await call<StatusBody>(context, 201, 'POST', path, { body: eviction('guarded') });
    assert.deepEqual([done.kind, done.status], ['Status', 'Success']);
    const pod = await context.http.request('GET', context.path('v1', 'pods', 'guarded'));
    if (pod.status === 200) assert.ok(pod.json<WatchedObject>().metadata.deletionTimestamp);
  },
  {
    codename:
      '[sig-apps] DisruptionController should block an eviction until the PDB is updated to allow it [Conformance]',
  },
);

promise('an eviction names the pod of its path, which must be there', async (context) => {
  await context.create('v1', 'pods', idle('other'));
  const path = context.path('v1', 'pods', 'other/eviction');
  assert.match(
    await refusal(context, 'POST', path, { body: eviction('else') }),
    /^400 BadRequest: name in URL does not match name in Eviction object/,
  );
  const none = context.path('v1', 'pods', 'none/eviction');
  assert.equal(await refusal(context, 'POST', none, { body: eviction('none') }), '404 NotFound: pods "none" not found');
});

promise(
  'ephemeral containers are added to a pod, and nothing else by that way',
  async (context) => {
    await context.create('v1', 'pods', idle('debugged'));
    const pod = context.path('v1', 'pods', 'debugged');
    const ephemeralContainers = [{ name: 'debugger', image: 'example.invalid/d', targetContainerName: 'main' }];
    const body = { spec: { ephemeralContainers } };
    assert.match(
      await refusal(context, 'PATCH', pod, { body, headers: strategicMergePatch }),
      /^422 Invalid: .*spec: Forbidden: pod updates may not change fields other than/,
    );
    interface WithEphemeral extends WatchedObject {
      spec: { ephemeralContainers: { name: string; terminationMessagePath: string; imagePullPolicy: string }[] };
    }
    const added = await call<WithEphemeral>(context, 200, 'PATCH', `${pod}/ephemeralcontainers`, {
      body,
      headers: strategicMergePatch,
    });
    assert.deepEqual(
      added.spec.ephemeralContainers.map(({ name, terminationMessagePath }) => [name, terminationMessagePath]),
      [['debugger', '/dev/termination-log']],
    );
    const gone = { body: { spec: { ephemeralContainers: [] } }, headers: mergePatch };
    assert.match(
      await refusal(context, 'PATCH', `${pod}/ephemeralcontainers`, gone),
      /^422 Invalid: .*spec\.ephemeralContainers: Forbidden: existing ephemeral containers "debugger" may not be removed/,
    );
    assert.match(
      await refusal(context, 'POST', context.path('v1', 'pods'), { body: idle('early', { ephemeralContainers }) }),
      /^422 Invalid: .*spec\.ephemeralContainers: Forbidden: cannot be set on create/,
    );
  },
  {
    codename:
      '[sig-node] Ephemeral Containers [NodeConformance] should update the ephemeral containers in an existing pod [Conformance]',
  },
);

promise('resources of a pod’s containers are changed by resize, and by nothing else', async (context) => {
  const resources = (cpu: string): object => ({
    requests: { cpu, memory: '16Mi' },
    limits: { cpu: '1', memory: '32Mi' },
  });
  const sized = (cpu: string): object => ({ spec: { containers: [{ name: 'main', resources: resources(cpu) }] } });
  const nodeName = context.namespace;
  await createGlobal(context, '/api/v1/nodes', { metadata: { name: nodeName } });
  const room = { cpu: '4', memory: '1Gi', pods: '10' };
  await call(context, 200, 'PATCH', `/api/v1/nodes/${nodeName}/status`, {
    body: { status: { capacity: room, allocatable: room } },
    headers: mergePatch,
  });
  await context.create(
    'v1',
    'pods',
    idle('sized', { nodeName, containers: [{ ...containers[0], resources: resources('100m') }] }),
  );
  const pod = context.path('v1', 'pods', 'sized');
  const headers = strategicMergePatch;
  assert.match(
    await refusal(context, 'PATCH', pod, { body: sized('200m'), headers }),
    /^422 Invalid: .*spec: Forbidden: pod updates may not change fields/,
  );
  interface Sized extends WatchedObject {
    metadata: WatchedObject['metadata'] & {
      generation: number;
      managedFields?: { manager: string; subresource?: string; fieldsV1: object }[];
    };
    spec: { containers: { image: string; resources: { requests: { cpu: string } } }[] };
  }
  const resized = await call<Sized>(context, 200, 'PATCH', `${pod}/resize`, { body: sized('200m'), headers });
  assert.deepEqual([resized.spec.containers[0]?.resources.requests.cpu, resized.metadata.generation], ['200m', 2]);
  const image = { spec: { containers: [{ name: 'main', image: 'example.invalid/other' }] } };
  const other = await call<Sized>(context, 200, 'PATCH', `${pod}/resize?fieldManager=resizer`, {
    body: image,
    headers,
  });
  assert.equal(other.spec.containers[0]?.image, containers[0]?.image, 'what else is asked is ignored');
  const owns = (other.metadata.managedFields ?? []).find(
    ({ manager, subresource }) => manager === 'resizer' && subresource === 'resize',
  );
  assert.match(JSON.stringify(owns), /"f:image":\{\}/, 'and owned nevertheless');
  const burst = { spec: { containers: [{ name: 'main', resources: { requests: { cpu: '1', memory: '32Mi' } } }] } };
  assert.match(
    await refusal(context, 'PATCH', `${pod}/resize`, { body: burst, headers }),
    /^422 Invalid: .*Pod QOS Class may not change as a result of resizing/,
  );
});

promise('a bound pod is resized only as its node says it can', async (context) => {
  const nodeName = context.namespace;
  await createGlobal(context, '/api/v1/nodes', { metadata: { name: nodeName } });
  const status = `/api/v1/nodes/${nodeName}/status`;
  const room = { cpu: '4', memory: '1Gi', pods: '10' };
  const resources = (cpu: string): object => ({ requests: { cpu } });
  await call(context, 200, 'PATCH', status, {
    body: { status: { capacity: room, allocatable: room } },
    headers: mergePatch,
  });
  const feature = 'InPlacePodLevelResourcesVerticalScaling';
  await context.create('v1', 'pods', idle('whole', { nodeName, containers, resources: resources('1') }));
  const resize = context.path('v1', 'pods', 'whole/resize');
  const more = { body: { spec: { resources: resources('2') } }, headers: strategicMergePatch };
  const refused = await refusal(context, 'PATCH', resize, more);
  assert.match(refused, /^403 Forbidden: /);
  assert.ok(refused.endsWith(`pod update requires features ${feature} which are not available on node "${nodeName}"`));
  await call(context, 200, 'PATCH', status, { body: { status: { declaredFeatures: [feature] } }, headers: mergePatch });
  await until(context, async () => (await context.http.request('PATCH', resize, more)).status === 200);
});

promise('options of logs are checked before a node is asked', async (context) => {
  await context.create('v1', 'pods', {
    metadata: { name: 'silent' },
    spec: { schedulerName: 'nobody', containers: [...containers, { name: 'second', image: 'example.invalid/i' }] },
  });
  const log = context.path('v1', 'pods', 'silent/log');
  for (const [query, answer] of [
    ['', /^400 BadRequest: a container name must be specified for pod silent, choose one of: \[main second\]$/],
    ['?container=none', /^400 BadRequest: container none is not valid for pod silent$/],
    [
      '?container=main&tailLines=-1',
      /^422 Invalid: .*tailLines: Invalid value: -1: must be greater than or equal to 0$/,
    ],
    ['?container=main&limitBytes=0', /^422 Invalid: .*limitBytes: Invalid value: 0: must be greater than 0$/],
    ['?container=main&sinceSeconds=0', /^422 Invalid: .*sinceSeconds: Invalid value: 0: must be greater than 0$/],
    [
      '?container=main&sinceSeconds=5&sinceTime=2020-01-01T00:00:00Z',
      /^422 Invalid: .*at most one of `sinceTime` or `sinceSeconds` may be specified$/,
    ],
    ['?container=main&tailLines=many', /^400 BadRequest: /],
  ] as const)
    assert.match(await refusal(context, 'GET', log + query), answer, query);
  // Nothing runs it yet: nothing to read, and that is no error.
  const empty = await context.http.request('GET', `${log}?container=main`);
  assert.deepEqual([empty.status, empty.text()], [204, '']);
  assert.equal(
    await refusal(context, 'GET', context.path('v1', 'pods', 'none/log')),
    '404 NotFound: pods "none" not found',
  );
});

promise('exec into a pod that is nowhere is refused', async (context) => {
  await context.create('v1', 'pods', { metadata: { name: 'nowhere' }, spec: { schedulerName: 'nobody', containers } });
  const exec = context.path('v1', 'pods', 'nowhere/exec');
  assert.match(
    await refusal(context, 'POST', `${exec}?command=true&stdout=true`),
    /^400 BadRequest: pod nowhere does not have a host assigned$/,
  );
  assert.match(
    await refusal(context, 'POST', `${exec}?command=true&stdout=true&container=none`),
    /^400 BadRequest: container none is not valid for pod nowhere$/,
  );
});
