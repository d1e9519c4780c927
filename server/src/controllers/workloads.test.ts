import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { resources } from '@typernetes/openapi/client';
import type { Deployment } from '@typernetes/openapi/types/apps/v1';
import { startDeploymentController } from './deployment/deployment-controller.ts';
import { startEndpointsController } from './endpoint/endpoints-controller.ts';
import { startEndpointSliceController } from './endpointslice/endpointslice-controller.ts';
import { startReplicaSetController } from './replicaset/replica-set-controller.ts';
import { type Harness, runPods, startHarness } from './testing/harness.ts';

let harness: Harness;
let stopPods: () => void;

beforeEach(async () => {
  harness = await startHarness([
    startDeploymentController,
    startReplicaSetController,
    startEndpointSliceController,
    startEndpointsController,
  ]);
  stopPods = runPods(harness.server);
});

afterEach(async () => {
  stopPods();
  await harness.stop();
});

function deployment(image: string, spec: Partial<Deployment['spec']> = {}): Deployment {
  return {
    metadata: { name: 'web', namespace: 'default', generation: 1, labels: { app: 'web' } },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image }] } },
      ...spec,
    },
  };
}

const current = (): Deployment =>
  harness.server.get(resources.deployments, 'default', 'web') ?? assert.fail('no deployment');

async function change(edit: (spec: NonNullable<Deployment['spec']>) => void): Promise<void> {
  const object = structuredClone(current());
  if (object.spec) edit(object.spec);
  await harness.server
    .client()
    .resource(resources.deployments)
    .patch('default', 'web', { spec: object.spec }, { type: 'merge' });
}

function complete(replicas: number): Promise<Deployment> {
  return harness.server.waitFor(
    () => {
      const object = current();
      const { status = {} } = object;
      const done =
        status.updatedReplicas === replicas &&
        status.replicas === replicas &&
        status.availableReplicas === replicas &&
        status.observedGeneration === object.metadata?.generation &&
        status.conditions?.some((condition) => condition.reason === 'NewReplicaSetAvailable');
      return done ? object : undefined;
    },
    `a complete rollout of ${replicas}`,
    60_000,
  );
}

describe('Deployment', () => {
  it('rolls out, scales, rolls over and keeps history', async () => {
    const { server } = harness;
    await server.client().resource(resources.deployments).create('default', deployment('web:1'));
    const first = await complete(3);
    assert.equal(first.metadata?.annotations?.['deployment.kubernetes.io/revision'], '1');
    const [replicaSet] = server.list(resources.replicaSets);
    const hash = replicaSet?.metadata?.labels?.['pod-template-hash'] ?? '';
    assert.match(hash, /^[bcdfghjklmnpqrstvwxz2456789]+$/);
    assert.equal(replicaSet?.metadata?.name, `web-${hash}`);
    assert.equal(replicaSet?.spec?.selector.matchLabels?.['pod-template-hash'], hash);
    assert.equal(server.list(resources.pods).length, 3);
    assert.match(server.list(resources.pods)[0]?.metadata?.name ?? '', new RegExp(`^web-${hash}-`));
    await server.waitFor(
      () => harness.events().some((event) => event.message === `Scaled up replica set web-${hash} from 0 to 3`),
      'scaling event',
    );
    await server.waitFor(
      () => harness.events().filter((event) => event.reason === 'SuccessfulCreate').length === 3,
      'creation events',
    );

    await change((spec) => (spec.replicas = 5));
    await complete(5);

    await change((spec) => {
      spec.template.spec = { containers: [{ name: 'web', image: 'web:2' }] };
    });
    await server.waitFor(() => server.list(resources.replicaSets).length === 2, 'a second replica set');
    const second = await complete(5);
    assert.equal(second.metadata?.annotations?.['deployment.kubernetes.io/revision'], '2');
    await server.waitFor(
      () =>
        server.list(resources.replicaSets).find((entry) => entry.metadata?.name === `web-${hash}`)?.spec?.replicas ===
        0,
      'the old one to shrink',
    );
    assert.ok(server.list(resources.pods).every((pod) => pod.spec?.containers[0]?.image === 'web:2'));

    // Rolling back to an old template brings its ReplicaSet back, as a new revision.
    await change((spec) => {
      spec.template.spec = { containers: [{ name: 'web', image: 'web:1' }] };
    });
    await server.waitFor(
      () => current().metadata?.annotations?.['deployment.kubernetes.io/revision'] === '3',
      'revision 3',
    );
    await complete(5);
    assert.equal(server.list(resources.replicaSets).length, 2);
    const old = server.list(resources.replicaSets).find((entry) => entry.metadata?.name === `web-${hash}`);
    assert.equal(old?.metadata?.annotations?.['deployment.kubernetes.io/revision-history'], '1');
  });

  it('never falls below the available minimum, nor exceeds the surge', async () => {
    const { server } = harness;
    await server
      .client()
      .resource(resources.deployments)
      .create('default', deployment('web:1', { replicas: 8 }));
    await complete(8);
    let most = 0;
    let fewest = 8;
    const stop = server.onChange(() => {
      const pods = server.list(resources.pods);
      most = Math.max(most, pods.length);
      fewest = Math.min(
        fewest,
        pods.filter((pod) => pod.status?.conditions?.some((condition) => condition.status === 'True')).length,
      );
    });
    await change((spec) => {
      spec.template.spec = { containers: [{ name: 'web', image: 'web:2' }] };
    });
    await server.waitFor(
      () => server.list(resources.pods).every((pod) => pod.spec?.containers[0]?.image === 'web:2'),
      'new pods',
      60_000,
    );
    await complete(8);
    stop();
    assert.ok(most <= 10, `${most} pods`);
    assert.ok(fewest >= 6, `${fewest} available pods`);
  });

  it('recreates: no new pod before the last old one is gone', async () => {
    const { server } = harness;
    await server
      .client()
      .resource(resources.deployments)
      .create('default', deployment('web:1', { strategy: { type: 'Recreate' } }));
    await complete(3);
    let mixed = false;
    const stop = server.onChange(() => {
      mixed ||= new Set(server.list(resources.pods).map((pod) => pod.spec?.containers[0]?.image)).size > 1;
    });
    await change((spec) => {
      spec.template.spec = { containers: [{ name: 'web', image: 'web:2' }] };
    });
    await server.waitFor(
      () =>
        server.list(resources.pods).length === 3 &&
        server.list(resources.pods).every((pod) => pod.spec?.containers[0]?.image === 'web:2'),
      'new pods',
      60_000,
    );
    await complete(3);
    stop();
    assert.equal(mixed, false);
  });

  it('pauses and resumes', async () => {
    const { server } = harness;
    await server.client().resource(resources.deployments).create('default', deployment('web:1'));
    await complete(3);
    await change((spec) => (spec.paused = true));
    await server.waitFor(
      () => current().status?.conditions?.some((condition) => condition.reason === 'DeploymentPaused'),
      'paused',
    );
    await change((spec) => {
      spec.replicas = 4;
      spec.template.spec = { containers: [{ name: 'web', image: 'web:2' }] };
    });
    await server.waitFor(() => server.list(resources.replicaSets)[0]?.spec?.replicas === 4, 'scaling while paused');
    assert.equal(server.list(resources.replicaSets).length, 1);
    await server
      .client()
      .resource(resources.deployments)
      .patch('default', 'web', { spec: { paused: null } }, { type: 'merge' });
    await complete(4);
    assert.equal(server.list(resources.replicaSets).length, 2);
  });
});

describe('ReplicaSet', () => {
  it('adopts orphans that match, and releases pods that no longer do', async () => {
    const { server } = harness;
    const labels = { app: 'own' };
    server.put(resources.pods, {
      metadata: { name: 'orphan', namespace: 'default', labels },
      spec: { containers: [] },
    });
    await server
      .client()
      .resource(resources.replicaSets)
      .create('default', {
        metadata: { name: 'own', namespace: 'default' },
        spec: {
          replicas: 2,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: [] } },
        },
      });
    await server.waitFor(
      () => server.get(resources.replicaSets, 'default', 'own')?.status?.readyReplicas === 2,
      'two ready pods',
    );
    const orphan = server.get(resources.pods, 'default', 'orphan');
    assert.equal(orphan?.metadata?.ownerReferences?.[0]?.name, 'own');
    assert.equal(server.list(resources.pods).length, 2);
    await server
      .client()
      .resource(resources.pods)
      .patch('default', 'orphan', { metadata: { labels: { app: 'other' } } }, { type: 'merge' });
    await server.waitFor(() => server.list(resources.pods).length === 3, 'a replacement');
    await server.waitFor(
      () => server.get(resources.pods, 'default', 'orphan')?.metadata?.ownerReferences?.length === 0,
      'release',
    );
  });

  it('reports what it cannot create', async () => {
    const { server } = harness;
    server.intercept = ({ method, path }) =>
      method === 'POST' && path.endsWith('/pods')
        ? { code: 403, reason: 'Forbidden', message: 'exceeded quota' }
        : undefined;
    await server.client().resource(resources.deployments).create('default', deployment('web:1'));
    const failure = await server.waitFor(
      () => current().status?.conditions?.find((condition) => condition.type === 'ReplicaFailure'),
      'failure',
    );
    assert.equal(failure.reason, 'FailedCreate');
    assert.match(failure.message ?? '', /exceeded quota/);
    await server.waitFor(
      () =>
        harness
          .events()
          .some((event) => event.reason === 'FailedCreate' && event.message === 'Error creating: exceeded quota'),
      'event',
    );
  });
});

describe('Service', () => {
  it('has slices and endpoints of its ready pods', async () => {
    const { server } = harness;
    const services = server.client().resource(resources.services);
    await services.create('default', {
      metadata: { name: 'web', namespace: 'default', labels: { tier: 'front' } },
      spec: {
        clusterIP: '10.96.0.10',
        ipFamilies: ['IPv4'],
        selector: { app: 'web' },
        ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' }],
      },
    });
    await server.waitFor(() => server.list(resources.endpointSlices).length === 1, 'a placeholder slice');
    await server.client().resource(resources.deployments).create('default', deployment('web:1'));
    const slice = await server.waitFor(
      () =>
        server
          .list(resources.endpointSlices)
          .find(
            (entry) => entry.endpoints?.length === 3 && entry.endpoints.every((endpoint) => endpoint.conditions?.ready),
          ),
      'three endpoints',
    );
    assert.deepEqual(slice.ports, [{ name: 'http', port: 8080, protocol: 'TCP' }]);
    assert.equal(slice.addressType, 'IPv4');
    assert.equal(slice.metadata?.labels?.['kubernetes.io/service-name'], 'web');
    assert.equal(slice.metadata?.labels?.['endpointslice.kubernetes.io/managed-by'], 'endpointslice-controller.k8s.io');
    assert.equal(slice.metadata?.labels?.['tier'], 'front');
    assert.equal(slice.metadata?.ownerReferences?.[0]?.kind, 'Service');
    await server.waitFor(() => server.list(resources.endpointSlices).length === 1, 'the placeholder to go');
    const endpoints = await server.waitFor(() => {
      const found = server.get(resources.endpoints, 'default', 'web');
      return found?.subsets?.[0]?.addresses?.length === 3 ? found : undefined;
    }, 'endpoints');
    assert.deepEqual(endpoints.subsets?.[0]?.ports, [{ name: 'http', port: 8080, protocol: 'TCP' }]);
    const [pod] = server.list(resources.pods);
    server.put(resources.pods, {
      ...pod,
      status: { ...pod?.status, conditions: [{ type: 'Ready', status: 'False' }] },
    });
    await server.waitFor(
      () => server.get(resources.endpoints, 'default', 'web')?.subsets?.[0]?.notReadyAddresses?.length === 1,
      'one not ready',
    );
    await services.delete('default', 'web');
    await server.waitFor(() => server.list(resources.endpoints).length === 0, 'endpoints to go');
  });
});
