import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assert as always, infiniteStream, nat, property } from 'fast-check';
import { schemaByName, schemaFor } from '../../catalogue/index.ts';
import { parseApiVersion } from '../../meta/group-version.ts';
import type { JsonObject, JsonValue } from '../../meta/object.ts';
import { isObject } from '../json-value.ts';
import { compareTyped } from './compare.ts';
import { decodeFields, encodeFields } from './fields-v1.ts';
import { newFields } from './new-fields.ts';
import { type TypedNode, typedNode } from './typed-node.ts';
import { validateTyped } from './validate.ts';

const samples: JsonObject[] = [
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'a',
      labels: { b: '2', a: '1' },
      annotations: {},
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'rs', uid: 'u', controller: true }],
      finalizers: ['x/z', 'x/a'],
    },
    spec: {
      containers: [
        {
          name: 'c',
          image: 'i',
          ports: [{ containerPort: 80 }, { containerPort: 80, protocol: 'UDP' }, { containerPort: 80 }],
          resources: { limits: { memory: '1Gi', cpu: 1 }, requests: {} },
          env: [{ name: 'B', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }, { name: 'A' }, { name: 'B' }],
          livenessProbe: { httpGet: { port: 'http', path: '/' } },
        },
        { name: 'b', image: 'i', args: ['x'], securityContext: {} },
      ],
      nodeSelector: { z: '', a: '' },
      tolerations: [{ operator: 'Exists' }],
      volumes: [
        { name: 'v', emptyDir: {} },
        { name: 'p', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } },
      ],
      hostAliases: [{ ip: '1.1.1.1', hostnames: ['b', 'a'] }],
    },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd' },
    spec: {
      selector: { matchLabels: { a: 'b' } },
      template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
      strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: '50%' } },
    },
    status: {},
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's' },
    spec: { ports: [{ port: 80, targetPort: 8080 }, { port: 81 }], selector: {}, externalIPs: ['1.2.3.4'] },
  },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' }, data: { b: '', a: 'x' }, binaryData: {} },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'r' },
    rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }],
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'i' },
    spec: { rules: [{ host: 'a', http: { paths: [{ path: '/', pathType: 'Prefix', backend: {} }] } }] },
  },
];

function nodeOf(sample: JsonObject): TypedNode {
  const { group, version } = parseApiVersion(sample['apiVersion'] as string);
  const schema = schemaFor({ group, version, kind: sample['kind'] as string });
  assert.ok(schema);
  return typedNode(schema, schemaByName);
}

function compared(node: TypedNode, value: JsonObject): JsonObject {
  const { apiVersion, kind } = value as { apiVersion: string; kind: string };
  const { added, modified } = compareTyped(node, { apiVersion, kind, metadata: {} }, value);
  return encodeFields(added.union(modified));
}

/** The sample with some of its values replaced: what `choose` returns for a place, or undefined to go on below. */
function changed(value: JsonValue, choose: () => JsonValue | undefined): JsonValue {
  const chosen = choose();
  if (chosen !== undefined) return chosen;
  if (Array.isArray(value)) return value.map((item: JsonValue) => changed(item, choose));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, changed(member, choose)]));
}

describe('the fields of a new object', () => {
  for (const sample of samples) {
    const node = nodeOf(sample);
    test(`of ${sample['kind'] as string} are what a comparison with an empty one adds`, () => {
      const fields = newFields(node, sample);
      assert.ok(fields);
      assert.equal(JSON.stringify(encodeFields(fields)), JSON.stringify(compared(node, sample)));
      assert.ok(fields.equals(decodeFields(encodeFields(fields))));
    });

    test(`of ${sample['kind'] as string}, whatever is empty or null`, () => {
      let simple = 0;
      always(
        property(infiniteStream(nat(149)), (numbers) => {
          const choose = (): JsonValue | undefined => ([null, {}, []] as JsonValue[])[numbers.next().value ?? 0];
          const { apiVersion, kind } = sample as { apiVersion: string; kind: string };
          const whole = Object.entries(sample).map(([key, member]) => [key, changed(member, choose)]);
          const value: JsonObject = { ...(Object.fromEntries(whole) as JsonObject), apiVersion, kind };
          if (validateTyped(node, value, { allowDuplicates: true }).length > 0) return;
          const fields = newFields(node, value);
          if (fields === undefined) return;
          simple++;
          assert.equal(JSON.stringify(encodeFields(fields)), JSON.stringify(compared(node, value)));
        }),
        { numRuns: 400, seed: 7 },
      );
      assert.ok(simple > 50, `only ${simple} were simple`);
    });
  }

  test('are told apart whatever their names hold', () => {
    const configMap = (data: JsonObject): JsonObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: {}, data });
    const node = nodeOf(configMap({}));
    const large = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`key-${index}`, '']));
    for (const data of [{ a: '', b: '' }, { 'a;3 f:b': '' }, { 'a;\n3 f:b;': '' }, { 'a3 f:b': '' }, large, large]) {
      const value = configMap(data);
      assert.deepEqual(encodeFields(newFields(node, value)!), compared(node, value));
    }
  });

  test('are for the comparison to find where the value is not of its type', () => {
    const value: JsonObject = { ...samples[0], metadata: { finalizers: [null] } };
    assert.equal(newFields(nodeOf(samples[0]!), value), undefined);
  });
});
