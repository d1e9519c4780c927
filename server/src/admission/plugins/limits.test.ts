import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { Pod, ResourceQuota } from '@typernetes/openapi/types/core/v1';
import { alwaysDeny } from '../../authorization/always.ts';
import { MemoryObjects } from '../../authorization/testing/memory-objects.ts';
import type { AdmissionDependencies } from '../dependencies.ts';
import { admit } from '../testing/attributes.ts';
import { limitRanger } from './limit-ranger.ts';
import { podResources, printList } from './resource-list.ts';
import { resourceQuota } from './resource-quota.ts';

let objects: MemoryObjects;
let dependencies: AdmissionDependencies;
beforeEach(() => {
  objects = new MemoryObjects();
  dependencies = { registry: objects, authorizer: alwaysDeny, now: () => new Date('2030-01-01T00:00:00Z') };
});

const container = (requests?: object, limits?: object, more: object = {}) => ({
  name: 'c',
  resources: { ...(requests ? { requests } : {}), ...(limits ? { limits } : {}) },
  ...more,
});
const pod = (...containers: object[]) => ({ metadata: { name: 'p' }, spec: { containers } });

test('what a pod needs: containers together, or the largest init step with sidecars', () => {
  const made = {
    spec: {
      containers: [container({ cpu: '100m' }), container({ cpu: '200m', memory: '1Gi' })],
      initContainers: [container({ cpu: '50m' }, undefined, { restartPolicy: 'Always' }), container({ cpu: '1' })],
      overhead: { memory: '64Mi' },
    },
  } as unknown as Pod;
  assert.equal(printList(podResources(made, 'requests', { overhead: true })), 'cpu=1050m,memory=1088Mi');
  assert.equal(printList(podResources(made, 'limits', { overhead: true })), '');
});

describe('LimitRanger', () => {
  const put = (...limits: object[]) =>
    objects.put('limitranges', { metadata: { namespace: 'ns', name: 'l' }, spec: { limits } } as object);
  const run = (object: object) => admit([limitRanger(dependencies)], { line: 'create pods', object });
  test('defaults, noted in an annotation', async () => {
    put({ type: 'Container', default: { cpu: '1' }, defaultRequest: { cpu: '100m', memory: '1Mi' } });
    const made = (await run(pod(container({ memory: '2Mi' })))).object as Pod;
    assert.deepEqual(made.spec?.containers[0]?.resources, {
      requests: { memory: '2Mi', cpu: '100m' },
      limits: { cpu: '1' },
    });
    assert.equal(
      made.metadata?.annotations?.['kubernetes.io/limit-ranger'],
      'LimitRanger plugin set: cpu request for container c; cpu limit for container c',
    );
  });
  const bounds: [object, object, RegExp | undefined][] = [
    [
      { type: 'Container', min: { cpu: '100m' } },
      pod(container({ cpu: '50m' })),
      /minimum cpu usage per Container is 100m, but request is 50m/,
    ],
    [
      { type: 'Container', min: { cpu: '100m' } },
      pod(container()),
      /minimum cpu usage per Container is 100m\. {2}No request is specified/,
    ],
    [
      { type: 'Container', max: { cpu: '1' } },
      pod(container({ cpu: '1' }, { cpu: '2' })),
      /maximum cpu usage per Container is 1, but limit is 2/,
    ],
    [
      { type: 'Container', max: { cpu: '1' } },
      pod(container({ cpu: '1' })),
      /maximum cpu usage per Container is 1\. {2}No limit is specified/,
    ],
    [{ type: 'Container', max: { cpu: '1' } }, pod(container({ cpu: '1' }, { cpu: '1000m' })), undefined],
    [
      { type: 'Pod', max: { memory: '1Gi' } },
      pod(container({}, { memory: '600Mi' }), container({}, { memory: '600Mi' })),
      /maximum memory usage per Pod is 1Gi, but limit is 1200Mi/,
    ],
    [
      { type: 'Pod', max: { 'hugepages-2Mi': '2Mi' } },
      {
        metadata: { name: 'p' },
        spec: {
          containers: [container({}, { 'hugepages-2Mi': '4Mi' })],
          resources: { limits: { 'hugepages-2Mi': '2Mi' } },
        },
      },
      /maximum hugepages-2Mi usage per Pod is 2Mi, but limit is 4Mi/,
    ],
    [
      { type: 'Container', maxLimitRequestRatio: { cpu: '2' } },
      pod(container({ cpu: '1' }, { cpu: '3' })),
      /cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000/,
    ],
  ];
  for (const [limit, object, says] of bounds) {
    test(says?.source ?? 'equal amounts in other words pass', async () => {
      put(limit);
      if (says === undefined) await run(object);
      else await assert.rejects(run(object), says);
    });
  }
  test('claims', async () => {
    put({ type: 'PersistentVolumeClaim', max: { storage: '1Gi' }, min: { storage: '1Mi' } });
    const claim = (storage: string) =>
      admit([limitRanger(dependencies)], {
        line: 'create persistentvolumeclaims',
        object: { spec: { resources: { requests: { storage } } } },
      });
    await claim('1Gi');
    await assert.rejects(claim('2Gi'), /maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 2Gi/);
    await assert.rejects(claim('1Ki'), /minimum storage usage/);
  });
});

describe('ResourceQuota', () => {
  const put = (hard: object, used: object, spec: object = {}) =>
    objects.put('resourcequotas', {
      metadata: { namespace: 'ns', name: 'q' },
      spec: { hard, ...spec },
      status: { hard, used },
    } as object);
  const run = (object: object, line = 'create pods', more: object = {}) =>
    admit([resourceQuota(dependencies)], { line, object, ...more });
  const used = async () =>
    (await objects.get<ResourceQuota>({ group: '', resource: 'resourcequotas' }, 'ns', 'q'))?.status?.used;

  test('charges until it is full, then says what was asked and what is left', async () => {
    put({ pods: '2', 'requests.cpu': '1' }, { pods: '0', 'requests.cpu': '0' });
    await run(pod(container({ cpu: '600m' })));
    assert.deepEqual(await used(), { pods: '1', 'requests.cpu': '600m' });
    await assert.rejects(
      run(pod(container({ cpu: '600m' }))),
      /pods "p" is forbidden: exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=600m, limited: requests.cpu=1/,
    );
    assert.deepEqual(await used(), { pods: '1', 'requests.cpu': '600m' });
  });
  test('dry run charges nothing', async () => {
    put({ pods: '1' }, { pods: '0' });
    await run(pod(container()), 'create pods', { dryRun: true });
    assert.deepEqual(await used(), { pods: '0' });
  });
  test('what is covered must be stated and counted', async () => {
    put({ 'limits.memory': '1Gi' }, { 'limits.memory': '0' });
    await assert.rejects(run(pod(container())), /failed quota: q: must specify limits.memory for: c/);
    const fresh = { metadata: { namespace: 'ns', name: 'q' }, spec: { hard: { pods: '0' } } };
    objects.put('resourcequotas', fresh);
    await run(pod(container()));
    objects.put('resourcequotas', Object.assign(fresh, { status: { hard: { pods: '0' } } }));
    await assert.rejects(run(pod(container())), /status unknown for quota: q, resources: pods/);
  });
  test('all that a quota limits of a kind must be counted, whatever the object uses', async () => {
    put({ 'services.nodeports': '1', services: '2', pods: '1' }, { services: '0', pods: '0' });
    await assert.rejects(
      run({ metadata: { name: 's' }, spec: { type: 'ClusterIP' } }, 'create services'),
      /status unknown for quota: q, resources: services,services.nodeports$/,
    );
    const line = 'update resourceclaims.resource.k8s.io';
    put({ 'count/resourceclaims.resource.k8s.io': '1' }, {});
    await assert.rejects(run({}, line, { oldObject: {} }), /status unknown/);
    put({ 'count/events.events.k8s.io': '0' }, { 'count/events.events.k8s.io': '0' });
    await run({}, 'create events.events.k8s.io');
  });
  test('what a status tells is counted, however little is left', async () => {
    const claim = { metadata: { name: 'c' }, spec: { resources: { requests: { storage: '1Gi' } } } };
    put({ 'requests.storage': '1Gi' }, { 'requests.storage': '1Gi' });
    const grown = { ...claim, status: { allocatedResources: { storage: '3Gi' } } };
    await run(grown, 'update persistentvolumeclaims/status', { oldObject: claim });
    assert.deepEqual(await used(), { 'requests.storage': '3Gi' });
  });
  test('scopes pick pods', async () => {
    put({ pods: '0' }, { pods: '0' }, { scopes: ['BestEffort'] });
    await assert.rejects(run(pod(container())), /exceeded quota/);
    await run(pod(container({ cpu: '1' })));
    put(
      { pods: '0' },
      { pods: '0' },
      { scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }] } },
    );
    await run(pod(container()));
    await assert.rejects(
      run({ ...pod(container()), spec: { containers: [], priorityClassName: 'high' } }),
      /exceeded quota/,
    );
  });
  test('scopes that name what no label can be', async () => {
    const matchExpressions = [{ scopeName: 'PriorityClass', operator: 'NotIn', values: ['a', 'b c'] }];
    put({ pods: '1' }, { pods: '0' }, { scopeSelector: { matchExpressions } });
    await assert.rejects(
      run(pod(container())),
      /^StatusError: error matching scopes of quota q, err: error on matching scope {PriorityClass NotIn \[a b c\]}: failed to parse and convert selector: values\[1\]\[PriorityClass\]: Invalid value: "b c": a valid label must/,
    );
    await run({}, 'create configmaps');
  });
  test('objects of any kind by count, services by port, claims by class; growth alone on update', async () => {
    put(
      { 'count/deployments.apps': '1', configmaps: '1', 'services.nodeports': '2' },
      { 'count/deployments.apps': '1', configmaps: '0', 'services.nodeports': '0' },
    );
    await assert.rejects(
      run({ metadata: { name: 'd' } }, 'create deployments.apps'),
      /requested: count\/deployments.apps=1, used: count\/deployments.apps=1, limited: count\/deployments.apps=1/,
    );
    await run({ metadata: { name: 'c' } }, 'create configmaps');
    const service = (ports: number) => ({
      metadata: { name: 's' },
      spec: { type: 'NodePort', ports: Array.from({ length: ports }, () => ({})) },
    });
    await run(service(1), 'create services');
    await run(service(2), 'update services', { oldObject: service(1) });
    assert.deepEqual(await used(), { 'count/deployments.apps': '1', configmaps: '1', 'services.nodeports': '2' });
    await assert.rejects(run(service(3), 'update services', { oldObject: service(2) }), /exceeded quota/);
  });
  test('a pod that gets a deadline comes under quotas for such pods', async () => {
    put({ pods: '1' }, { pods: '0' }, { scopes: ['Terminating'] });
    const before = pod(container());
    const after = { ...before, spec: { ...before.spec, activeDeadlineSeconds: 9 } };
    await run(before);
    await run(before, 'update pods', { oldObject: before });
    assert.deepEqual(await used(), { pods: '0' });
    await run(after, 'update pods', { oldObject: before });
    assert.deepEqual(await used(), { pods: '1' });
    await assert.rejects(run(after, 'update pods', { oldObject: before }), /exceeded quota/);
  });
  test('a claim counts for the class it has and for the one it is to have', async () => {
    const only = (operator: string, ...values: string[]) => ({
      scopeSelector: { matchExpressions: [{ scopeName: 'VolumeAttributesClass', operator, values }] },
    });
    const claim = (spec: object, status: object = {}) => ({
      metadata: { name: 'c' },
      spec: { resources: { requests: { storage: '1Gi' } }, ...spec },
      status,
    });
    const bare = claim({});
    const gold = claim({ volumeAttributesClassName: 'gold' });
    const leaving = claim({ volumeAttributesClassName: 'silver' }, { currentVolumeAttributesClassName: 'gold' });
    const charges = async (line: string, object: object, more: object = {}) => {
      await run(object, line, more);
      return (await used())?.['persistentvolumeclaims'];
    };
    const reset = (operator: string, ...values: string[]) =>
      put(
        { persistentvolumeclaims: '1', 'requests.storage': '5Gi' },
        { persistentvolumeclaims: '0', 'requests.storage': '0' },
        only(operator, ...values),
      );
    const create = 'create persistentvolumeclaims';
    reset('In', 'gold');
    assert.equal(await charges(create, bare), '0');
    assert.equal(await charges(create, claim({ volumeAttributesClassName: 'silver' })), '0');
    assert.equal(await charges(create, gold), '1');
    await assert.rejects(run(leaving, create), /exceeded quota: q, requested: persistentvolumeclaims=1/);
    reset('In', 'silver');
    assert.equal(await charges('update persistentvolumeclaims', leaving, { oldObject: gold }), '1');
    reset('In', 'gold');
    assert.equal(await charges('update persistentvolumeclaims/status', leaving, { oldObject: bare }), '1');
    for (const [operator, counted] of [
      ['Exists', '1'],
      ['DoesNotExist', '0'],
    ] as const) {
      reset(operator);
      assert.equal(await charges(create, gold), counted);
    }
    reset('NotIn', 'gold');
    assert.equal(await charges(create, gold), '0');
    assert.equal(await charges(create, leaving), '1');
  });
  test('a claim counts what it was given, if that is more than it asks for, in whole bytes', async () => {
    put({ 'requests.storage': '9Gi' }, { 'requests.storage': '0' });
    const claim = (storage: string, status: object = {}) => ({
      metadata: { name: 'c' },
      spec: { resources: { requests: { storage } } },
      status,
    });
    await run(claim('2Gi', { allocatedResources: { storage: '3Gi' } }), 'create persistentvolumeclaims');
    assert.deepEqual(await used(), { 'requests.storage': '3Gi' });
    put({ 'requests.storage': '9Gi' }, { 'requests.storage': '0' });
    await run(claim('500m'), 'create persistentvolumeclaims');
    assert.deepEqual(await used(), { 'requests.storage': '1' });
  });
  test('a claim of devices counts by class the most it may get', async () => {
    const gold = 'gold.deviceclass.resource.k8s.io/devices';
    const hard = { 'count/resourceclaims.resource.k8s.io': '3', [gold]: '40' };
    put(hard, { 'count/resourceclaims.resource.k8s.io': '0', [gold]: '0' });
    const exact = { deviceClassName: 'gold', allocationMode: 'ExactCount', count: 2 };
    const all = { deviceClassName: 'gold', allocationMode: 'All' };
    const claim = (...requests: object[]) => ({ metadata: { name: 'c' }, spec: { devices: { requests } } });
    await run(
      claim(
        { exactly: exact },
        { firstAvailable: [exact, { ...exact, count: 3 }, { ...exact, deviceClassName: 'tin' }] },
      ),
      'create resourceclaims.resource.k8s.io',
    );
    assert.deepEqual(await used(), { 'count/resourceclaims.resource.k8s.io': '1', [gold]: '5' });
    await run(claim({ exactly: all }), 'create resourceclaims.resource.k8s.io');
    await assert.rejects(
      run(claim({ exactly: { ...exact, count: 4 } }), 'create resourceclaims.resource.k8s.io'),
      /requested: gold\.deviceclass\.resource\.k8s\.io\/devices=4, used: .*=37, limited: .*=40/,
    );
  });
});
