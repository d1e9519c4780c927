/**
 * What field management costs per write: `node openapi/src/schema/typed/testing/benchmark.ts`. CPU time, parsing of the
 * new object not counted; parsing an object of the same size is printed for scale.
 */
import { schemaByName, schemaFor } from '../../../catalogue/index.ts';
import type { GroupVersionKind, KubernetesObject } from '../../../meta/object.ts';
import type { Schema } from '../../schema.ts';
import { excludeFields } from '../field-filter.ts';
import { FieldManager } from '../field-manager.ts';
import { FieldSet } from '../field-set.ts';
import type { PathStep } from '../path-element.ts';

const runs = 5000;

function managerOf(gvk: GroupVersionKind, apiVersion: string, reset: PathStep[], subresource?: string): FieldManager {
  return new FieldManager({
    gvk,
    schema: schemaFor(gvk) as Schema,
    resolve: schemaByName,
    resetFields: { [apiVersion]: excludeFields(FieldSet.of(reset)) },
    now: () => new Date(),
    ...(subresource === undefined ? {} : { subresource }),
    onError: (error) => {
      throw error;
    },
  });
}

const container = (name: string): object => ({
  name,
  image: 'registry.example.com/app:1.27',
  imagePullPolicy: 'IfNotPresent',
  resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '100m', memory: '100Mi' } },
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
  env: ['A', 'B', 'C'].map((variable) => ({ name: variable, value: 'x' })),
  ports: [80, 443].map((port) => ({ containerPort: port, name: `p${port}`, protocol: 'TCP' })),
  livenessProbe: { failureThreshold: 3, httpGet: { path: '/', port: 80, scheme: 'HTTP' }, periodSeconds: 10 },
  volumeMounts: ['/data', '/var/run/secrets'].map((mountPath) => ({ mountPath, name: 'data' })),
});

const podSpec = {
  containers: [container('app'), container('sidecar')],
  dnsPolicy: 'ClusterFirst',
  nodeName: 'node',
  restartPolicy: 'Always',
  schedulerName: 'default-scheduler',
  securityContext: {},
  serviceAccountName: 'default',
  terminationGracePeriodSeconds: 30,
  tolerations: [
    { effect: 'NoExecute', key: 'node.kubernetes.io/not-ready', operator: 'Exists', tolerationSeconds: 300 },
  ],
  volumes: [{ name: 'data', emptyDir: {} }],
};

const pod = (): KubernetesObject & { status?: unknown } => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web-7c5ddbdf54-abcde', namespace: 'default', labels: { app: 'web', tier: 'front' } },
  ...structuredClone({ spec: podSpec }),
});

const podStatus = (ready: string): object => ({
  phase: 'Running',
  podIP: '10.0.0.1',
  podIPs: [{ ip: '10.0.0.1' }],
  startTime: '2024-01-01T00:00:00Z',
  conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({
    type,
    status: type.includes('Ready') ? ready : 'True',
    lastTransitionTime: '2024-01-01T00:00:00Z',
  })),
  containerStatuses: ['app', 'sidecar'].map((name) => ({
    name,
    ready: ready === 'True',
    restartCount: 0,
    started: true,
  })),
});

function measure<T>(name: string, prepare: () => T, run: (value: T) => void): void {
  for (let index = 0; index < runs; index++) run(prepare());
  const best = [1, 2, 3, 4, 5].map(() => {
    const values = Array.from({ length: runs / 5 }, prepare);
    const before = process.cpuUsage();
    for (const value of values) run(value);
    const used = process.cpuUsage(before);
    return (used.user + used.system) / values.length;
  });
  process.stdout.write(
    `${name.padEnd(44)}${Math.min(...best)
      .toFixed(0)
      .padStart(6)} µs\n`,
  );
}

const pods: GroupVersionKind = { group: '', version: 'v1', kind: 'Pod' };
const main = managerOf(pods, 'v1', ['status']);
const status = managerOf(pods, 'v1', ['spec'], 'status');
const created = main.update(undefined, pod(), 'kube-controller-manager');
Object.assign(created.metadata ?? {}, { uid: 'u' });
const running = status.update(created, { ...structuredClone(created), status: podStatus('False') }, 'kubelet');
const text = JSON.stringify(running);
const ready = JSON.stringify({ ...running, status: podStatus('True') });
const labelled = JSON.stringify({
  ...running,
  metadata: { ...running.metadata, labels: { app: 'web', tier: 'back' } },
});
const parse = (json: string): KubernetesObject => JSON.parse(json) as KubernetesObject;
const live = parse(text);

process.stdout.write(`a pod of ${text.length} bytes, ${running.metadata?.managedFields?.length ?? 0} managers\n`);
measure('JSON.parse, for scale', () => text, parse);
measure('create', pod, (value) => main.update(undefined, value, 'kube-controller-manager'));
measure(
  'update, nothing changes',
  () => parse(text),
  (value) => main.update(live, value, 'kubectl-edit'),
);
measure(
  'update, a label changes',
  () => parse(labelled),
  (value) => main.update(live, value, 'kubectl-edit'),
);
measure(
  'status update, conditions change',
  () => parse(ready),
  (value) => status.update(live, value, 'kubelet'),
);

const deployments = managerOf({ group: 'apps', version: 'v1', kind: 'Deployment' }, 'apps/v1', ['status']);
const deployment = (replicas: number): KubernetesObject =>
  ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default', labels: { app: 'web' } },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [container('app')] } },
    },
  }) as KubernetesObject;
const applied = deployments.apply(undefined, deployment(1), 'owner');
measure(
  'apply a Deployment, first',
  () => deployment(1),
  (value) => deployments.apply(undefined, value, 'owner'),
);
measure(
  'apply a Deployment, replicas change',
  () => deployment(2),
  (value) => deployments.apply(applied, value, 'owner'),
);
measure(
  'apply a Deployment, nothing changes',
  () => deployment(1),
  (value) => deployments.apply(applied, value, 'owner'),
);
