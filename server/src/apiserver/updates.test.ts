/** What updates are told, kind by kind; true of a real kube-apiserver as well. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startTarget, type Target } from './testing/target.ts';

let target: Target;
before(async () => {
  target = await startTarget();
});
after(() => target.stop());

interface Answer {
  status: number;
  body: Body;
  text: string;
  warning: string | undefined;
}

async function send(method: string, path: string, body?: object, type = 'application/json'): Promise<Answer> {
  const answer = await target.admin.call(method.toUpperCase(), path, { body, contentType: type });
  const isJson = answer.text.startsWith('{');
  return {
    status: answer.status,
    body: (isJson ? JSON.parse(answer.text) : {}) as Body,
    text: answer.text,
    warning: answer.headers['warning'] as string | undefined,
  };
}

/** What the tests read of answers. */
interface Body {
  message: string;
  reason: string;
  details: { causes: { reason: string; message: string; field: string }[] };
  metadata: {
    labels?: object;
    finalizers?: string[];
    selfLink?: string;
    annotations: Record<string, string>;
  };
  spec: { podCIDRs?: string[] };
  endpoints: object[];
}

const namespaced = (root: string, resource: string): string => `${root}/namespaces/default/${resource}`;

interface Row {
  path: string;
  object: object;
  /** How often an update, and a write of the status, hear of a label and of a finalizer without domain. */
  labels: number;
  finalizers: number;
  statusLabels?: number;
}

const rows: readonly Row[] = [
  { path: namespaced('/api/v1', 'configmaps'), object: {}, labels: 4, finalizers: 2 },
  { path: namespaced('/api/v1', 'resourcequotas'), object: { spec: {} }, labels: 3, finalizers: 1, statusLabels: 3 },
  { path: namespaced('/api/v1', 'limitranges'), object: { spec: { limits: [] } }, labels: 3, finalizers: 1 },
  {
    path: '/api/v1/persistentvolumes',
    object: {
      spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/x' } },
    },
    labels: 4,
    finalizers: 2,
    statusLabels: 3,
  },
  {
    path: namespaced('/apis/batch/v1', 'cronjobs'),
    object: {
      spec: {
        schedule: '* * * * *',
        jobTemplate: {
          spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'b' }] } } },
        },
      },
    },
    labels: 3,
    finalizers: 1,
    statusLabels: 2,
  },
];

describe('a bad label and a plain finalizer', () => {
  for (const { path, object, labels, finalizers, statusLabels } of rows) {
    test(path, async () => {
      await send('post', path, { metadata: { name: 'x' }, ...object });
      const bad = { metadata: { name: 'x', labels: { a: 'b c' }, finalizers: ['plain'] }, ...object };
      const fieldsOf = ({ details }: Body) => details.causes.map(({ field }) => field);
      const refused = await send('put', `${path}/x`, bad);
      assert.equal(refused.status, 422);
      const fields = fieldsOf(refused.body);
      assert.equal(fields.filter((field) => field === 'metadata.labels').length, labels);
      assert.equal(fields.filter((field) => field === 'metadata.finalizers[0]').length, finalizers);
      if (statusLabels === undefined) return;
      const ofStatus = fieldsOf((await send('put', `${path}/x/status`, bad)).body);
      assert.equal(ofStatus.filter((field) => field === 'metadata.labels').length, statusLabels);
    });
  }
});

test('a prefix is checked again where the whole object is', async () => {
  const path = namespaced('/api/v1', 'secrets');
  await send('post', path, { metadata: { name: 'prefixed' } });
  const { body } = await send('put', `${path}/prefixed`, { metadata: { name: 'prefixed', generateName: 'Bad -' } });
  assert.equal(body.details.causes[0]?.field, 'metadata.generateName');
});

test('another uid is a conflict before a missing version is invalid', async () => {
  const path = namespaced('/apis/coordination.k8s.io/v1', 'leases');
  await send('post', path, { metadata: { name: 'x' }, spec: {} });
  const { status, body } = await send('put', `${path}/x`, { metadata: { name: 'x', uid: 'other' }, spec: {} });
  assert.equal(status, 409);
  assert.match(body.message, /UID in precondition: other/);
  const { body: unversioned } = await send('put', `${path}/x`, { metadata: { name: 'x' }, spec: {} });
  assert.match(unversioned.message, /must be specified for an update/);
});

test('the status of newer kinds leaves metadata alone', async () => {
  const path = '/apis/networking.k8s.io/v1/servicecidrs';
  await send('post', path, {
    metadata: { name: 'x', labels: { a: 'b' } },
    spec: { cidrs: ['10.77.0.0/24'] },
  });
  const { status, body } = await send('put', `${path}/x/status`, {
    metadata: { name: 'x', labels: { a: 'not a label' }, finalizers: ['plain'], selfLink: '/x' },
    spec: { cidrs: ['10.77.0.0/24'] },
  });
  assert.equal(status, 200);
  assert.deepEqual(body.metadata.labels, { a: 'b' });
  assert.equal(body.metadata.finalizers, undefined);
  assert.equal(body.metadata.selfLink, undefined);
});

test('the status of a DaemonSet keeps its template generation', async () => {
  const path = namespaced('/apis/apps/v1', 'daemonsets');
  const set = {
    metadata: { name: 'x' },
    spec: {
      selector: { matchLabels: { a: 'b' } },
      template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'a', image: 'b' }] } },
    },
  };
  await send('post', path, set);
  const { body } = await send('put', `${path}/x/status`, set);
  assert.equal(body.metadata.annotations['deprecated.daemonset.template.generation'], '1');
});

test('names of IPAddresses are not made up, and say what is wrong with them', async () => {
  const made = await send('post', '/apis/networking.k8s.io/v1/ipaddresses', {
    metadata: { generateName: 'made-' },
    spec: { parentRef: { resource: 'services', name: 'x' } },
  });
  assert.match(made.body.message, /^IPAddress.networking.k8s.io "made-" is invalid/);
  const zeros = await send('post', '/apis/networking.k8s.io/v1/ipaddresses', {
    metadata: { name: '10.99.077.8' },
    spec: { parentRef: { resource: 'services', name: 'x' } },
  });
  assert.match(zeros.body.message, /must not have leading 0s$/);
});

test('topology cannot be written through v1', async () => {
  const path = namespaced('/apis/discovery.k8s.io/v1', 'endpointslices');
  const { status, body } = await send('post', path, {
    metadata: { name: 'x' },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.1.2.3'], deprecatedTopology: { 'kubernetes.io/hostname': 'n' } }],
  });
  assert.equal(status, 201);
  assert.deepEqual(body.endpoints, [{ addresses: ['10.1.2.3'], conditions: {} }]);
});

test('of two pod ranges of a Node the singular one counts, and it cannot be changed', async () => {
  const { body } = await send('post', '/api/v1/nodes', {
    metadata: { name: 'ranged' },
    spec: { podCIDR: '10.244.0.0/24', podCIDRs: ['10.244.1.0/24'] },
  });
  assert.deepEqual(body.spec.podCIDRs, ['10.244.0.0/24']);
  const changed = await send('patch', '/api/v1/nodes/ranged', { spec: { podCIDR: '10.244.9.0/24' } }, merge);
  assert.equal(changed.status, 422);
  assert.equal(changed.body.details.causes[0]?.field, 'spec.podCIDRs');
});

test('only load balancers have an ingress', async () => {
  const path = namespaced('/api/v1', 'services');
  await send('post', path, { metadata: { name: 'plain' }, spec: { ports: [{ port: 80 }] } });
  const ingress = { status: { loadBalancer: { ingress: [{ ip: 'x' }] } } };
  const { body } = await send('patch', `${path}/plain/status`, ingress, merge);
  assert.deepEqual(body.details.causes, [
    {
      reason: 'FieldValueForbidden',
      message: "Forbidden: may only be used when `spec.type` is 'LoadBalancer'",
      field: 'status.loadBalancer.ingress',
    },
  ]);
});

test('the last finalizer of a namespace leaves no empty list', async () => {
  await send('post', '/api/v1/namespaces', { metadata: { name: 'ending' } });
  const { body } = await send('put', '/api/v1/namespaces/ending/finalize', {
    metadata: { name: 'ending' },
    spec: { finalizers: [] },
  });
  assert.deepEqual(body.spec, {});
});

test('below an API group a path that leads nowhere is refused with a Status, elsewhere in plain text', async () => {
  for (const path of ['/api/v2', '/api/v2/namespaces/x/configmaps', '/apis/apps/v9', '/apis/apps/v9/deployments']) {
    const { status, body } = await send('get', path);
    assert.equal(status, 404);
    assert.equal(body.reason, 'NotFound', path);
  }
  for (const path of ['/apis/none.example.com/v1', '/apis/none.example.com/v1/things', '/apix']) {
    const { text } = await send('get', path);
    assert.equal(text, '404 page not found\n', path);
  }
});

test('options of an unknown kind, an object of another kind', async () => {
  const path = namespaced('/api/v1', 'configmaps');
  await send('post', path, { metadata: { name: 'kinds' } });
  const options = await send('delete', `${path}/kinds`, { kind: 'Nonsense', apiVersion: 'v1' });
  assert.match(options.body.message, /^no kind "Nonsense" is registered for version "v1" in scheme/);
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'kinds' }, data: { key: 'value' } };
  const other = await send('put', `${path}/kinds`, secret);
  assert.equal(
    other.body.message,
    'Secret in version "v1" cannot be handled as a ConfigMap: illegal base64 data at input byte 4',
  );
});

test('a deprecated kind warns only where there is something to ask', async () => {
  const path = namespaced('/api/v1', 'endpoints');
  const listed = await send('get', path);
  assert.match(listed.warning ?? '', /deprecated/);
  const refused = await send('post', `${path}/x`, {});
  assert.equal(refused.status, 405);
  assert.equal(refused.warning, undefined);
});

const merge = 'application/merge-patch+json';

test('what an update may not change is told beside what is wrong with it', async () => {
  const rows: [string, object, object, string[]][] = [
    [
      '/apis/storage.k8s.io/v1/volumeattributesclasses',
      { driverName: 'example.com', parameters: { a: 'b' } },
      { driverName: null },
      ['driverName', 'driverName'],
    ],
    ['/apis/networking.k8s.io/v1/servicecidrs', { spec: { cidrs: ['10.78.0.0/24'] } }, { spec: null }, ['spec.cidrs']],
    [
      '/apis/networking.k8s.io/v1/servicecidrs',
      { spec: { cidrs: ['10.79.0.0/24'] } },
      { spec: { cidrs: ['10.80.0.0/24'] } },
      ['spec.cidrs[0]'],
    ],
    ['/apis/node.k8s.io/v1/runtimeclasses', { handler: 'a' }, { handler: '' }, ['handler', 'handler']],
  ];
  for (const [index, [path, object, change, fields]] of rows.entries()) {
    const name = `fixed-${index}`;
    assert.equal((await send('post', path, { metadata: { name }, ...object })).status, 201);
    const { body } = await send('patch', `${path}/${name}`, change, merge);
    assert.deepEqual(
      body.details.causes.map(({ field }) => field),
      fields,
      path,
    );
  }
});

test('a resource version that is no number is refused, whatever else is said', async () => {
  const path = namespaced('/api/v1', 'configmaps');
  await send('post', path, { metadata: { name: 'numbered' } });
  const { status, body } = await send('put', `${path}/numbered`, {
    metadata: { name: 'numbered', resourceVersion: 'x' },
  });
  assert.ok(status >= 400);
  assert.equal(body.message, 'strconv.ParseUint: parsing "x": invalid syntax');
});

test('unknown fields of a merge are told by key', async () => {
  const path = namespaced('/api/v1', 'configmaps');
  await send('post', path, { metadata: { name: 'merged' } });
  const change = { unknown: 1, spec: { unknown: 2 }, metadata: { unknown: 3 } };
  const { warning } = await send('patch', `${path}/merged`, change, merge);
  assert.deepEqual(
    [...(warning ?? '').matchAll(/unknown field \\"([a-z.]+)\\"/g)].map(([, field]) => field),
    ['metadata.unknown', 'spec', 'unknown'],
  );
});

test('rules that are taken away were taken away by somebody', async () => {
  const path = namespaced('/apis/rbac.authorization.k8s.io/v1', 'roles');
  const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];
  await send('post', path, { metadata: { name: 'emptied' }, rules });
  const { text } = await send('put', `${path}/emptied?fieldManager=emptier`, { metadata: { name: 'emptied' } });
  const { metadata } = JSON.parse(text) as { metadata: { managedFields: { manager: string; fieldsV1: object }[] } };
  assert.deepEqual(
    metadata.managedFields.map(({ manager, fieldsV1 }) => [manager, fieldsV1]),
    [['emptier', { 'f:rules': {} }]],
  );
});

test('a watch with initial events starts before it finds that its version has not come yet', async () => {
  const query = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=1';
  const { status, text } = await send('get', `/api/v1/configmaps?${query}&resourceVersion=99999999999`);
  assert.equal(status, 200);
  const event = JSON.parse(text) as { type: string; object: Body };
  assert.equal(event.type, 'ERROR');
  assert.match(event.object.message, /^Timeout: Too large resource version: 99999999999/);
});

test('the phase of a volume that does not change keeps its time', async () => {
  const path = '/api/v1/persistentvolumes';
  const spec = { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/x' } };
  const made = await send('post', path, { metadata: { name: 'timed' }, spec });
  const { text } = await send('put', `${path}/timed/status`, { metadata: { name: 'timed' }, spec });
  const timeOf = (answer: string) => (JSON.parse(answer) as { status: { lastPhaseTransitionTime: string } }).status;
  assert.deepEqual(timeOf(text), timeOf(made.text));
});

test('definitions and APIServices are never asked for as a Table of their status', async () => {
  const answer = await target.admin.call('GET', '/apis/apiregistration.k8s.io/v1/apiservices/v1.apps/status', {
    headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' },
  });
  assert.equal(answer.json<{ kind: string }>().kind, 'APIService');
});

test('an autoscaler without a target gets one, and its maker owns it', async () => {
  const path = namespaced('/apis/autoscaling/v1', 'horizontalpodautoscalers');
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
  const { text } = await send('post', path, { metadata: { name: 'x' }, spec: { maxReplicas: 3, scaleTargetRef } });
  const { metadata } = JSON.parse(text) as { metadata: { managedFields: { fieldsV1: { 'f:spec': object } }[] } };
  assert.deepEqual(Object.keys(metadata.managedFields[0]?.fieldsV1['f:spec'] ?? {}).sort(), [
    'f:maxReplicas',
    'f:minReplicas',
    'f:scaleTargetRef',
    'f:targetCPUUtilizationPercentage',
  ]);
});

test('devices are chosen by expressions that compile, and described by one value each', async () => {
  const classes = '/apis/resource.k8s.io/v1/deviceclasses';
  const { body } = await send('post', classes, {
    metadata: { name: 'x' },
    spec: { selectors: [{ cel: { expression: 'other' } }] },
  });
  assert.deepEqual(
    body.details.causes.map(({ field }) => field),
    ['spec.selectors[0].cel.expression'],
  );
  const slice = await send('post', '/apis/resource.k8s.io/v1/resourceslices', {
    metadata: { name: 'x' },
    spec: {
      driver: 'example.com',
      nodeName: 'n',
      pool: { name: 'p', resourceSliceCount: 1 },
      devices: [{ name: 'd', attributes: { none: {}, version: { version: 'x' }, model: { string: 'a' } } }],
    },
  });
  assert.deepEqual(
    slice.body.details.causes.map(({ field }) => field),
    ['spec.devices[0].attributes[none]', 'spec.devices[0].attributes[version].version'],
  );
});

test('a Service is made by a write of its status, without addresses; a patch and the status of other kinds make none', async () => {
  const path = `${namespaced('/api/v1', 'services')}/by-status`;
  const spec = { ports: [{ port: 80 }] };
  const empty = await send('put', `${path}/status`, { metadata: { name: 'by-status' } });
  assert.equal(empty.body.message, 'Service "by-status" is invalid: spec.ports: Required value');
  const other = await send('put', path, { metadata: { name: 'by-status', uid: 'other' }, spec });
  assert.match(other.body.message, /Precondition failed: UID in precondition: other, UID in object meta: $/);
  assert.equal((await send('patch', `${path}/status`, { status: {} }, 'application/merge-patch+json')).status, 404);
  const made = await send('put', `${path}/status`, { metadata: { name: 'by-status' }, spec });
  assert.equal(made.status, 201);
  assert.equal('clusterIP' in made.body.spec, false);
  const quota = `${namespaced('/api/v1', 'resourcequotas')}/by-status/status`;
  assert.equal((await send('put', quota, { metadata: { name: 'by-status' } })).status, 404);
});

test('an applied status makes a ValidatingAdmissionPolicy', async () => {
  const root = '/apis/admissionregistration.k8s.io/v1';
  const policy = {
    apiVersion: root.slice('/apis/'.length),
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'by-status' },
    spec: {
      validations: [{ expression: 'true' }],
      matchConstraints: {
        resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['x'] }],
      },
    },
  };
  const path = `${root}/validatingadmissionpolicies/by-status`;
  const applied = await send('patch', `${path}/status?fieldManager=a`, policy, 'application/apply-patch+yaml');
  assert.deepEqual([applied.status, applied.body.message], [201, undefined]);
});

test('integers that are too wide for their field', async () => {
  const path = `${namespaced('/api/v1', 'replicationcontrollers')}/wide`;
  const head = '"apiVersion":"v1","kind":"ReplicationController","metadata":{"name":"wide"}';
  const wide = async (method: string, at: string, text: string, contentType: string): Promise<string> =>
    (JSON.parse((await target.admin.call(method, at, { body: text, contentType })).text) as Body).message;
  assert.match(
    await wide(
      'PATCH',
      `${path}?fieldManager=a`,
      `{${head},"spec":{"replicas":2147483648}}`,
      'application/apply-patch+yaml',
    ),
    /spec\.replicas: Invalid value: -2147483648: must be greater than or equal to 0/,
  );
  const template = (user: string): string =>
    `"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}],"securityContext":{"runAsUser":${user}}}}`;
  assert.equal(
    await wide(
      'POST',
      namespaced('/api/v1', 'replicationcontrollers'),
      `{${head},"spec":{"selector":{"a":"b"},${template('9223372036854775807')}}}`,
      'application/json',
    ),
    'ReplicationController "wide" is invalid: spec.template.spec.securityContext.runAsUser: Invalid value: 9223372036854775807: must be between 0 and 2147483647, inclusive',
  );
});
