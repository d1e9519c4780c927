/** ResourceQuota and LimitRange: what a namespace may have, and what its pods get. */
import assert from 'node:assert/strict';
import { call, mergePatch, refusal } from '../src/calls.ts';
import type { PromiseContext } from '../src/context.ts';
import { area } from '../src/promise.ts';

const promise = area('quotas');

interface Quota {
  hard?: Record<string, string>;
  used?: Record<string, string>;
}

/** Creates a quota and waits until its controller has counted. */
async function limit(context: PromiseContext, hard: Record<string, string>, more: object = {}): Promise<void> {
  await context.create('v1', 'resourcequotas', { metadata: { name: 'quota' }, spec: { hard, ...more } });
  await counted(context, (used) => Object.keys(hard).every((key) => used[key] !== undefined));
}

async function counted(context: PromiseContext, what: (used: Record<string, string>) => boolean): Promise<void> {
  await context.waitForObject('v1', 'resourcequotas', 'quota', (object) => {
    const { used } = (object?.status ?? {}) as Quota;
    return used !== undefined && what(used);
  });
}

const pod = (name: string, resources: object = {}, more: object = {}): object => ({
  metadata: { name },
  spec: { schedulerName: 'nobody', containers: [{ name: 'c', image: 'example.invalid/i', resources }], ...more },
});

promise(
  'a quota counts objects and refuses what would go beyond',
  async (context) => {
    await limit(context, { 'count/secrets': '2', services: '1', 'services.nodeports': '0' });
    const body = (name: string): object => ({ metadata: { name } });
    for (const name of ['one', 'two']) await context.create('v1', 'secrets', body(name));
    assert.equal(
      await refusal(context, 'POST', context.path('v1', 'secrets'), { body: body('beyond') }),
      '403 Forbidden: secrets "beyond" is forbidden: exceeded quota: quota, requested: count/secrets=1, used: count/secrets=2, limited: count/secrets=2',
    );
    const service = (type: string): object => ({ metadata: { name: 's' }, spec: { type, ports: [{ port: 80 }] } });
    assert.match(
      await refusal(context, 'POST', context.path('v1', 'services'), { body: service('NodePort') }),
      /^403 Forbidden: .*exceeded quota: quota, requested: services\.nodeports=1, used: services\.nodeports=0, limited: services\.nodeports=0$/,
    );
    await context.create('v1', 'services', service('ClusterIP'));
    await call(context, 200, 'DELETE', context.path('v1', 'secrets', 'one'));
    await counted(context, (used) => used['count/secrets'] === '1');
    await context.create('v1', 'secrets', body('again'));
  },
  {
    codename:
      '[sig-api-machinery] ResourceQuota should create a ResourceQuota and capture the life of a secret. [Conformance]',
  },
);

promise(
  'a quota of cpu and memory counts requests and limits, and wants them named',
  async (context) => {
    await limit(context, { pods: '5', 'requests.cpu': '1', 'limits.memory': '1Gi' });
    const pods = context.path('v1', 'pods');
    assert.equal(
      await refusal(context, 'POST', pods, { body: pod('silent') }),
      '403 Forbidden: pods "silent" is forbidden: failed quota: quota: must specify limits.memory for: c; requests.cpu for: c',
    );
    const resources = (cpu: string, memory: string): object => ({ requests: { cpu }, limits: { memory } });
    await context.create('v1', 'pods', pod('fits', resources('600m', '512Mi')));
    assert.equal(
      await refusal(context, 'POST', pods, { body: pod('large', resources('500m', '256Mi')) }),
      '403 Forbidden: pods "large" is forbidden: exceeded quota: quota, requested: requests.cpu=500m, used: requests.cpu=600m, limited: requests.cpu=1',
    );
    await counted(
      context,
      (used) => used['pods'] === '1' && used['requests.cpu'] === '600m' && used['limits.memory'] === '512Mi',
    );
    await call(context, 200, 'DELETE', `${pods}/fits`, { body: { gracePeriodSeconds: 0 } });
    await counted(context, (used) => used['pods'] === '0' && used['requests.cpu'] === '0');
  },
  {
    codename:
      '[sig-api-machinery] ResourceQuota should create a ResourceQuota and capture the life of a pod. [Conformance]',
  },
);

promise(
  'a quota with scopes counts only the pods they name',
  async (context) => {
    await limit(context, { pods: '1' }, { scopes: ['BestEffort', 'NotTerminating'] });
    await context.create('v1', 'pods', pod('best-effort'));
    await counted(context, (used) => used['pods'] === '1');
    await context.create('v1', 'pods', pod('burstable', { requests: { cpu: '1m' } }));
    await context.create('v1', 'pods', pod('terminating', {}, { activeDeadlineSeconds: 100 }));
    const beyond = { body: pod('beyond') };
    assert.match(
      await refusal(context, 'POST', context.path('v1', 'pods'), beyond),
      /^403 Forbidden: .*exceeded quota: quota, requested: pods=1, used: pods=1, limited: pods=1$/,
    );
    await counted(context, (used) => used['pods'] === '1');
    const bad = { metadata: { name: 'bad' }, spec: { hard: { services: '1' }, scopes: ['BestEffort'] } };
    assert.match(
      await refusal(context, 'POST', context.path('v1', 'resourcequotas'), { body: bad }),
      /^422 Invalid: .*spec\.scopes: Invalid value: .*unsupported scope applied to resource/,
    );
  },
  {
    codename: '[sig-api-machinery] ResourceQuota should verify ResourceQuota with best effort scope. [Conformance]',
  },
);

promise('a quota counts the pods of a priority class', async (context) => {
  const matchExpressions = [{ scopeName: 'PriorityClass', operator: 'In', values: ['system-cluster-critical'] }];
  await limit(context, { pods: '0' }, { scopeSelector: { matchExpressions } });
  await context.create('v1', 'pods', pod('plain'));
  assert.match(
    await refusal(context, 'POST', context.path('v1', 'pods'), {
      body: pod('critical', {}, { priorityClassName: 'system-cluster-critical' }),
    }),
    /^403 Forbidden: .*exceeded quota: quota, requested: pods=1, used: pods=0, limited: pods=0$/,
  );
});

promise('a quota counts a pod from the moment it gets a deadline', async (context) => {
  await limit(context, { pods: '1' }, { scopes: ['Terminating'] });
  await context.create('v1', 'pods', pod('first'));
  await context.create('v1', 'pods', pod('second'));
  const deadline = { body: { spec: { activeDeadlineSeconds: 1000 } }, headers: mergePatch };
  await call(context, 200, 'PATCH', context.path('v1', 'pods', 'first'), deadline);
  assert.match(
    await refusal(context, 'PATCH', context.path('v1', 'pods', 'second'), deadline),
    /^403 Forbidden: .*exceeded quota: quota, requested: pods=1, used: pods=1, limited: pods=1$/,
  );
});

promise('a quota counts claims by the class of their volume’s attributes', async (context) => {
  const matchExpressions = [{ scopeName: 'VolumeAttributesClass', operator: 'In', values: ['gold'] }];
  const hard = { persistentvolumeclaims: '1', 'requests.storage': '5Gi' };
  await limit(context, hard, { scopeSelector: { matchExpressions } });
  const claim = (name: string, volumeAttributesClassName: string): object => ({
    metadata: { name },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: '',
      volumeAttributesClassName,
      resources: { requests: { storage: '1Gi' } },
    },
  });
  await context.create('v1', 'persistentvolumeclaims', claim('silver', 'silver'));
  await context.create('v1', 'persistentvolumeclaims', claim('gold', 'gold'));
  assert.match(
    await refusal(context, 'POST', context.path('v1', 'persistentvolumeclaims'), { body: claim('more', 'gold') }),
    /^403 Forbidden: .*exceeded quota: quota, requested: persistentvolumeclaims=1, used: persistentvolumeclaims=1, limited: persistentvolumeclaims=1$/,
  );
  await call(context, 200, 'DELETE', context.path('v1', 'persistentvolumeclaims', 'gold'));
  await counted(context, (used) => used['persistentvolumeclaims'] === '0' && used['requests.storage'] === '0');
});

promise('a quota counts the devices that claims ask for, by class', async (context) => {
  const devices = 'gold.deviceclass.resource.k8s.io/devices';
  await limit(context, { [devices]: '2' });
  const claim = (name: string, count: number): object => ({
    metadata: { name },
    spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'gold', count } }] } },
  });
  await context.create('resource.k8s.io/v1', 'resourceclaims', claim('one', 2));
  const path = context.path('resource.k8s.io/v1', 'resourceclaims');
  assert.match(
    await refusal(context, 'POST', path, { body: claim('two', 1) }),
    /^403 Forbidden: .*exceeded quota: quota, requested: gold\.deviceclass\.resource\.k8s\.io\/devices=1, used: .*=2, limited: .*=2$/,
  );
  await call(context, 200, 'DELETE', `${path}/one`);
  await counted(context, (used) => used[devices] === '0');
});

promise(
  'a quota is changed, and its status apart from it',
  async (context) => {
    await limit(context, { 'count/secrets': '1' });
    const path = context.path('v1', 'resourcequotas', 'quota');
    const more = { spec: { hard: { 'count/secrets': '2' } }, status: { used: { 'count/secrets': '99' } } };
    const patched = await call(context, 200, 'PATCH', path, { body: more, headers: mergePatch });
    assert.deepEqual(patched.spec, more.spec);
    assert.notEqual((patched.status as Quota).used?.['count/secrets'], '99');
    await context.waitForObject(
      'v1',
      'resourcequotas',
      'quota',
      (object) => ((object?.status ?? {}) as Quota).hard?.['count/secrets'] === '2',
    );
    const bad = { body: { spec: { hard: { 'count/secrets': '-1', nonsense: '1' } } }, headers: mergePatch };
    const answer = await refusal(context, 'PATCH', path, bad);
    assert.match(answer, /spec\.hard\[count\/secrets\]: Invalid value: "-1": must be greater than or equal to 0/);
    assert.match(answer, /spec\.hard\[nonsense\]: Invalid value: "nonsense": must be a standard resource for quota/);
  },
  { codename: '[sig-api-machinery] ResourceQuota should be able to update and delete ResourceQuota. [Conformance]' },
);

promise(
  'a LimitRange gives containers defaults, and bounds what they ask',
  async (context) => {
    await context.create('v1', 'limitranges', {
      metadata: { name: 'range' },
      spec: {
        limits: [
          {
            type: 'Container',
            min: { cpu: '50m' },
            max: { cpu: '500m' },
            defaultRequest: { cpu: '100m', memory: '64Mi' },
            default: { cpu: '300m', memory: '128Mi' },
            maxLimitRequestRatio: { cpu: '4' },
          },
          { type: 'Pod', max: { memory: '1Gi' } },
        ],
      },
    });
    const pods = context.path('v1', 'pods');
    interface Limited {
      spec: { containers: { resources: object }[] };
      metadata: { annotations?: Record<string, string> };
    }
    // The plugin may not have heard of the range yet.
    let index = 0;
    let made: Limited;
    do {
      made = await call<Limited>(context, 201, 'POST', pods, { body: pod(`defaulted-${index++}`) });
    } while (Object.keys(made.spec.containers[0]?.resources ?? {}).length === 0);
    assert.deepEqual(made.spec.containers[0]?.resources, {
      requests: { cpu: '100m', memory: '64Mi' },
      limits: { cpu: '300m', memory: '128Mi' },
    });
    assert.match(
      made.metadata.annotations?.['kubernetes.io/limit-ranger'] ?? '',
      /^LimitRanger plugin set: cpu, memory request for container c; cpu, memory limit for container c$/,
    );
    const refuse = async (resources: object): Promise<string> =>
      refusal(context, 'POST', pods, { body: pod('beyond', resources) });
    assert.match(
      await refuse({ requests: { cpu: '10m' } }),
      /^403 Forbidden: .*minimum cpu usage per Container is 50m, but request is 10m/,
    );
    assert.match(await refuse({ limits: { cpu: '2' } }), /maximum cpu usage per Container is 500m, but limit is 2/);
    assert.match(
      await refuse({ requests: { cpu: '60m' }, limits: { cpu: '500m' } }),
      /cpu max limit to request ratio per Container is 4, but provided ratio is 8\.333333/,
    );
    assert.match(await refuse({ limits: { memory: '2Gi' } }), /maximum memory usage per Pod is 1Gi, but limit is 2Gi/);
  },
  {
    codename:
      '[sig-scheduling] LimitRange should create a LimitRange with defaults and ensure pod has those defaults applied. [Conformance]',
  },
);
