/** Built-in kinds, whose objects are Go structs upstream: what they always write is never new. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { schemaByName, schemaFor } from '../../catalogue/index.ts';
import type { GroupVersionKind, JsonObject, KubernetesObject } from '../../meta/object.ts';
import type { Schema } from '../schema.ts';
import { excludeFields } from './field-filter.ts';
import { FieldManager } from './field-manager.ts';
import { FieldSet } from './field-set.ts';
import { owners } from './testing/widget.ts';

function managerOf(gvk: GroupVersionKind, apiVersion: string): FieldManager {
  return new FieldManager({
    gvk,
    schema: schemaFor(gvk) as Schema,
    resolve: schemaByName,
    resetFields: { [apiVersion]: excludeFields(FieldSet.of(['status'])) },
    now: () => new Date('2024-01-01T00:00:00Z'),
    onError: (error) => {
      throw error;
    },
  });
}

const deployments = managerOf({ group: 'apps', version: 'v1', kind: 'Deployment' }, 'apps/v1');
const services = managerOf({ group: '', version: 'v1', kind: 'Service' }, 'v1');

const container = { name: 'c', image: 'i', ports: [{ containerPort: 80, protocol: 'TCP' }] };

function deployment(): JsonObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd', namespace: 'default', labels: { app: 'd' } },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'd' } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: 1 } },
      template: { metadata: { labels: { app: 'd' } }, spec: { containers: [container], securityContext: {} } },
    },
  };
}

const containerPath = '.spec.template.spec.containers[{"name":"c"}]';
const created = [
  '.metadata.labels',
  '.metadata.labels.app',
  '.spec.replicas',
  '.spec.selector',
  '.spec.strategy.rollingUpdate',
  '.spec.strategy.rollingUpdate.maxSurge',
  '.spec.strategy.rollingUpdate.maxUnavailable',
  '.spec.strategy.type',
  '.spec.template.metadata.labels',
  '.spec.template.metadata.labels.app',
  containerPath,
  `${containerPath}.image`,
  `${containerPath}.name`,
  `${containerPath}.ports`,
  `${containerPath}.ports[{"containerPort":80,"protocol":"TCP"}]`,
  `${containerPath}.ports[{"containerPort":80,"protocol":"TCP"}].containerPort`,
  `${containerPath}.ports[{"containerPort":80,"protocol":"TCP"}].protocol`,
  `${containerPath}.resources`,
  '.spec.template.spec.securityContext',
];

test('a create owns what upstream says it owns', () => {
  const result = deployments.update(undefined, deployment() as KubernetesObject, 'kubectl-create');
  assert.deepEqual(owners(result), { 'kubectl-create Update': created });
});

test('empty structs and nulls, written or not, make no difference', () => {
  const object = deployment();
  const spec = object['spec'] as JsonObject;
  const template = spec['template'] as JsonObject;
  Object.assign(object, { status: {} });
  Object.assign(template, { spec: { containers: [{ ...container, resources: {} }], securityContext: {} } });
  Object.assign(template['metadata'] as JsonObject, { creationTimestamp: null });
  const result = deployments.update(undefined, object as KubernetesObject, 'kubectl-create');
  assert.deepEqual(owners(result), { 'kubectl-create Update': created });
});

test('an applied configuration owns what it says, not what structs write', () => {
  const result = deployments.apply(undefined, deployment() as KubernetesObject, 'a');
  const structs = [
    '.metadata.labels',
    '.spec.strategy.rollingUpdate',
    '.spec.template.metadata.labels',
    `${containerPath}.ports`,
    `${containerPath}.resources`,
  ];
  assert.deepEqual(owners(result), { 'a Apply': created.filter((path) => !structs.includes(path)) });
});

test('ports of a Service are told apart by port and protocol', () => {
  const service = (ports: JsonObject[]): KubernetesObject =>
    ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's', namespace: 'default' },
      spec: { ports },
    }) as KubernetesObject;
  const live = services.apply(undefined, service([{ port: 53, name: 'tcp' }]), 'a');
  const both = services.apply(live, service([{ port: 53, protocol: 'UDP', name: 'udp' }]), 'b') as JsonObject;
  assert.deepEqual((both['spec'] as JsonObject)['ports'], [
    { port: 53, name: 'tcp' },
    { port: 53, protocol: 'UDP', name: 'udp' },
  ]);
  assert.throws(
    () => services.apply(both, service([{ port: 53, protocol: 'TCP', targetPort: 'x', name: 'other' }]), 'b'),
    {
      message: 'Apply failed with 1 conflict: conflict with "a": .spec.ports[port=53,protocol="TCP"].name',
    },
  );
});
