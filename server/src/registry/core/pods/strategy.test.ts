import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldErrorMessage } from '@typernetes/openapi/meta';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import type { StrategyContext } from '../../generic/strategy.ts';
import { podDeleteStrategy, podSelectableFields, podStrategy } from './strategy.ts';

const CONTEXT: StrategyContext = {
  user: { name: 'u', groups: [] },
  now: new Date('2026-01-01T00:00:00Z'),
  dryRun: false,
  subresource: '',
};

function pod(spec: Partial<Pod['spec']> = {}): Pod {
  return {
    metadata: { name: 'web', namespace: 'default' },
    spec: { containers: [{ name: 'a', image: 'nginx:1' }], ...spec },
  };
}

function created(object: Pod): Pod {
  podStrategy.default?.(object);
  podStrategy.prepareForCreate?.(object, CONTEXT);
  return object;
}

function errorsOf(object: Pod): string[] {
  return (podStrategy.validate?.(created(object), CONTEXT) ?? []).map(fieldErrorMessage);
}

test('a bare pod gets the defaults of upstream', () => {
  assert.deepEqual(created(pod()), {
    metadata: { name: 'web', namespace: 'default', generation: 1 },
    spec: {
      containers: [
        {
          name: 'a',
          image: 'nginx:1',
          imagePullPolicy: 'IfNotPresent',
          resources: {},
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
        },
      ],
      dnsPolicy: 'ClusterFirst',
      enableServiceLinks: true,
      restartPolicy: 'Always',
      schedulerName: 'default-scheduler',
      securityContext: {},
      terminationGracePeriodSeconds: 30,
    },
    status: { phase: 'Pending', qosClass: 'BestEffort' },
  });
  assert.deepEqual(errorsOf(pod()), []);
});

const PULL_POLICIES: readonly [image: string, policy: string][] = [
  ['nginx', 'Always'],
  ['nginx:latest', 'Always'],
  ['nginx:1.27', 'IfNotPresent'],
  ['localhost:5000/nginx', 'Always'],
  ['localhost:5000/nginx:2', 'IfNotPresent'],
  [`nginx@sha256:${'a'.repeat(64)}`, 'IfNotPresent'],
  [`nginx:latest@sha256:${'a'.repeat(64)}`, 'Always'],
  ['NotAnImage', 'IfNotPresent'],
];

for (const [image, policy] of PULL_POLICIES) {
  test(`${image} is pulled ${policy}`, () => {
    assert.equal(created(pod({ containers: [{ name: 'a', image }] })).spec?.containers[0]?.imagePullPolicy, policy);
  });
}

test('probes, ports, environment and resources of a container get their defaults', () => {
  const object = created(
    pod({
      hostNetwork: true,
      containers: [
        {
          name: 'a',
          image: 'x:1',
          ports: [{ containerPort: 80 }],
          livenessProbe: { httpGet: { port: 80 } },
          readinessProbe: { grpc: { port: 9 } },
          env: [{ name: 'N', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
          resources: { limits: { cpu: '1000m', memory: '64Mi' }, requests: { cpu: '0.5' } },
        },
      ],
    }),
  );
  const container = object.spec?.containers[0];
  assert.deepEqual(container?.ports, [{ containerPort: 80, hostPort: 80, protocol: 'TCP' }]);
  assert.deepEqual(container?.livenessProbe, {
    httpGet: { port: 80, path: '/', scheme: 'HTTP' },
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
  });
  assert.equal(container?.readinessProbe?.grpc?.service, '');
  assert.equal(container?.env?.[0]?.valueFrom?.fieldRef?.apiVersion, 'v1');
  assert.deepEqual(container?.resources, {
    limits: { cpu: '1', memory: '64Mi' },
    requests: { cpu: '500m', memory: '64Mi' },
  });
  assert.equal(object.status?.qosClass, 'Burstable');
});

test('volumes get modes, and a volume without a source is an emptyDir', () => {
  const object = created(
    pod({
      volumes: [
        { name: 'e' },
        { name: 's', secret: { secretName: 's' } },
        { name: 'p', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } },
        { name: 'h', hostPath: { path: '/h' } },
      ],
    }),
  );
  assert.deepEqual(object.spec?.volumes, [
    { name: 'e', emptyDir: {} },
    { name: 's', secret: { secretName: 's', defaultMode: 420 } },
    {
      name: 'p',
      projected: { defaultMode: 420, sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 3600 } }] },
    },
    { name: 'h', hostPath: { path: '/h', type: '' } },
  ]);
});

test('a pod whose limits equal its requests is Guaranteed', () => {
  const resources = { limits: { cpu: '1', memory: '1Gi' } };
  assert.equal(created(pod({ containers: [{ name: 'a', image: 'x:1', resources }] })).status?.qosClass, 'Guaranteed');
});

const REFUSALS: readonly [string, Partial<Pod['spec']>, string[]][] = [
  ['no containers', { containers: [] }, ['spec.containers: Required value']],
  ['no image', { containers: [{ name: 'a' }] }, ['spec.containers[0].image: Required value']],
  [
    'two of one name',
    {
      containers: [
        { name: 'a', image: 'x' },
        { name: 'a', image: 'x' },
      ],
    },
    ['spec.containers[1].name: Duplicate value: "a"'],
  ],
  [
    'a mount without its volume',
    { containers: [{ name: 'a', image: 'x', volumeMounts: [{ name: 'v', mountPath: '/v' }] }] },
    ['spec.containers[0].volumeMounts[0].name: Not found: "v"'],
  ],
  [
    'a restart policy of its own invention',
    { restartPolicy: 'Sometimes' },
    ['spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"'],
  ],
  [
    'more requested than allowed',
    { containers: [{ name: 'a', image: 'x', resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } }] },
    ['spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1'],
  ],
  [
    'a probe that does nothing',
    { containers: [{ name: 'a', image: 'x', livenessProbe: {} }] },
    ['spec.containers[0].livenessProbe: Required value: must specify a handler type'],
  ],
  [
    'two sources of one volume',
    { volumes: [{ name: 'v', emptyDir: {}, hostPath: { path: '/' } }] },
    ['spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type'],
  ],
  [
    'a toleration without key and operator',
    { tolerations: [{ effect: 'NoSchedule' }] },
    [
      'spec.tolerations[0].operator: Invalid value: "": operator must be Exists when `key` is empty, which means "match all values and all keys"',
    ],
  ],
  [
    'two containers on one host port',
    { containers: [1, 2].map((n) => ({ name: `c${n}`, image: 'x', ports: [{ containerPort: n, hostPort: 80 }] })) },
    ['spec.containers[1].ports[0].hostPort: Duplicate value: "TCP//80"'],
  ],
];

for (const [name, spec, messages] of REFUSALS) {
  test(`refuses a pod with ${name}`, () => assert.deepEqual(errorsOf(pod(spec)), messages));
}

function updated(change: (object: Pod) => void, subresource = ''): string[] {
  const old = created(pod());
  const object = structuredClone(old);
  change(object);
  podStrategy.prepareForUpdate?.(object, old, { ...CONTEXT, subresource });
  return (podStrategy.validateUpdate?.(object, old, { ...CONTEXT, subresource }) ?? []).map(fieldErrorMessage);
}

test('of a pod only few things change', () => {
  assert.deepEqual(
    updated((object) => Object.assign(object.spec?.containers[0] ?? {}, { image: 'nginx:2' })),
    [],
  );
  assert.deepEqual(
    updated((object) => Object.assign(object.spec ?? {}, { tolerations: [{ key: 'k', operator: 'Exists' }] })),
    [],
  );
  const [message = ''] = updated((object) => Object.assign(object.spec ?? {}, { nodeName: 'n1' }));
  assert.match(
    message,
    /^spec: Forbidden: pod updates may not change fields other than `spec.containers\[\*\].image`,/,
  );
  assert.deepEqual(
    updated((object) => object.spec?.containers.push({ name: 'b', image: 'x' })),
    [
      'spec.containers[1].terminationMessagePolicy: Required value',
      'spec.containers[1].imagePullPolicy: Required value',
      'spec.containers: Forbidden: pod updates may not add or remove containers',
    ],
  );
});

test('an empty list may be left out and filled in again', () => {
  assert.deepEqual(
    updated((object) => Object.assign(object.spec ?? {}, { volumes: [], imagePullSecrets: [] })),
    [],
  );
});

test('a zero is not absence', () => {
  for (const securityContext of [{ runAsUser: 0 }, { allowPrivilegeEscalation: false }]) {
    const [message = ''] = updated((object) => Object.assign(object.spec?.containers[0] ?? {}, { securityContext }));
    assert.match(message, /^spec: Forbidden: pod updates may not change fields other than/);
  }
  assert.match(
    updated((object) => Object.assign(object.spec ?? {}, { automountServiceAccountToken: false }))[0] ?? '',
    /Forbidden/,
  );
});

test('a new generation for a new spec, none for a binding', () => {
  const old = created(pod());
  const object = structuredClone(old);
  Object.assign(object.spec?.containers[0] ?? {}, { image: 'nginx:2' });
  podStrategy.prepareForUpdate?.(object, old, CONTEXT);
  assert.equal(object.metadata?.generation, 2);
  const bound = structuredClone(old);
  Object.assign(bound.spec ?? {}, { nodeName: 'n1' });
  podStrategy.prepareForUpdate?.(bound, old, { ...CONTEXT, subresource: 'binding' });
  assert.equal(bound.metadata?.generation, 1);
  assert.deepEqual(podStrategy.validateUpdate?.(bound, old, { ...CONTEXT, subresource: 'binding' }), []);
});

test('ephemeral containers are added and never taken away', () => {
  const container = { name: 'debug', image: 'x', imagePullPolicy: 'Always', terminationMessagePolicy: 'File' };
  assert.deepEqual(
    updated((object) => Object.assign(object.spec ?? {}, { ephemeralContainers: [container] }), 'ephemeralcontainers'),
    [],
  );
});

test('grace is for pods that a node runs', () => {
  const grace = (spec: Partial<Pod['spec']>, phase: string, requested?: number): number | undefined =>
    podDeleteStrategy.gracePeriodSeconds?.({ ...created(pod(spec)), status: { phase } }, requested);
  assert.equal(grace({}, 'Pending'), 0);
  assert.equal(grace({ nodeName: 'n' }, 'Running'), 30);
  assert.equal(grace({ nodeName: 'n' }, 'Running', 5), 5);
  assert.equal(grace({ nodeName: 'n' }, 'Running', 0), 0);
  assert.equal(grace({ nodeName: 'n' }, 'Running', -5), 1);
  assert.equal(grace({ nodeName: 'n' }, 'Succeeded', 5), 0);
});

test('fields to select pods by', () => {
  const object = created(pod({ nodeName: 'n1', hostNetwork: true }));
  const fields = Object.fromEntries(Object.entries(podSelectableFields).map(([field, read]) => [field, read(object)]));
  assert.deepEqual(fields, {
    'spec.nodeName': 'n1',
    'spec.host': 'n1',
    'spec.restartPolicy': 'Always',
    'spec.schedulerName': 'default-scheduler',
    'spec.serviceAccountName': '',
    'spec.hostNetwork': 'true',
    'status.phase': 'Pending',
    'status.podIP': '',
    'status.podIPs': '',
    'status.nominatedNodeName': '',
  });
});

test('an empty list of claims is none, but for those who may have none', () => {
  const resources = { claims: [] };
  const object = created(pod({ containers: [{ name: 'a', image: 'nginx:1', resources: { claims: [] } }] }));
  assert.deepEqual(object.spec?.containers[0]?.resources, {});
  assert.deepEqual(errorsOf(pod({ resources })), [
    'spec.resources.claims: Forbidden: claims may not be set for Resources at pod-level',
  ]);
  const debug = { name: 'd', image: 'nginx:1', resources };
  assert.ok(
    errorsOf(pod({ ephemeralContainers: [debug] })).includes(
      'spec.ephemeralContainers[0].resources: Forbidden: cannot be set for an Ephemeral Container',
    ),
  );
});
