/** What is written: objects as a Deployment's controllers make them, with names that nobody acts on. */

/** The namespace's own ConfigMap stands for the ReplicaSet: a garbage collector lets pods of a living owner be. */
export interface Owner {
  name: string;
  uid: string;
}

const environment = Array.from({ length: 6 }, (_, index) => ({
  name: `VARIABLE_${index}`,
  value: 'some value of usual length',
}));
const resources = { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '500m', memory: '128Mi' } };
const probe = (path: string): object => ({ httpGet: { path, port: 8080 }, periodSeconds: 10, failureThreshold: 3 });

function container(image: string): object {
  return {
    name: 'main',
    image,
    ports: [{ name: 'http', containerPort: 8080 }],
    env: environment,
    resources,
    readinessProbe: probe('/ready'),
    livenessProbe: probe('/live'),
    volumeMounts: [{ name: 'settings', mountPath: '/etc/settings' }],
  };
}

/** Bound to no node and for a scheduler that does not exist, so nothing but the API server works on it. */
export function pod(name: string, owner: Owner): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      labels: { app: 'load', index: name, 'pod-template-hash': '6d4b75cb6d' },
      annotations: { 'example.com/restarted-at': '2026-01-01T00:00:00Z' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', ...owner, controller: true, blockOwnerDeletion: true }],
    },
    spec: {
      schedulerName: 'nobody',
      containers: [container('example.invalid/load:1')],
      volumes: [{ name: 'settings', configMap: { name: owner.name } }],
    },
  });
}

/** What a kubelet reports of a pod that runs since `at`. */
export function podStatus(index: number, at: string): string {
  const conditions = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'];
  const address = `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
  return JSON.stringify({
    status: {
      phase: 'Running',
      hostIP: '192.0.2.1',
      podIP: address,
      podIPs: [{ ip: address }],
      startTime: at,
      conditions: conditions.map((type) => ({ type, status: 'True', lastTransitionTime: at })),
      containerStatuses: [
        {
          name: 'main',
          image: 'example.invalid/load:1',
          imageID: 'example.invalid/load@sha256:3c9a4f8f8a1f4ec7cb1f4a7f3a7d1e0c6d9f4a7f3a7d1e0c6d9f4a7f3a7d1e0c',
          containerID: `containerd://${index.toString(16).padStart(64, 'a')}`,
          ready: true,
          started: true,
          restartCount: 0,
          state: { running: { startedAt: at } },
        },
      ],
    },
  });
}

/** An apply configuration; `change` makes it differ from the last one. */
export function deployment(name: string, change: number): string {
  const labels = { app: name };
  return JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [container(`example.invalid/load:${change}`)],
          volumes: [{ name: 'settings', configMap: { name: 'owner' } }],
        },
      },
    },
  });
}
