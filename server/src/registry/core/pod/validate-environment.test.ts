import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Kind, refusals } from '../../testing/rules.ts';
import { path } from '../../validation/index.ts';
import { validateFieldRef } from './validate-environment.ts';

const pods: Kind = {
  apiVersion: 'v1',
  kind: 'Pod',
  resource: 'pods',
  example: { spec: { containers: [{ name: 'main', image: 'example.com/main:1' }] } },
};

refusals('environments', pods, {
  names: [
    { 'spec/containers/0/env': [{}, { name: 'a=b' }] },
    'spec.containers[0].env[0].name: Required value',
    'spec.containers[0].env[1].name: Invalid value: "a=b": a valid environment variable name must consist only of printable ASCII characters other than \'=\'',
  ],
  'a field that is unknown': [
    { 'spec/containers/0/env': [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.nonsense' } } }] },
    'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.nonsense": error converting fieldPath: field label not supported: spec.nonsense',
  ],
  'a field that is not for environments': [
    { 'spec/containers/0/env': [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.labels' } } }] },
    'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "metadata.labels": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"',
  ],
  'no field': [
    { 'spec/containers/0/env': [{ name: 'A', valueFrom: { fieldRef: {} } }] },
    'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Required value',
  ],
  'a label': [
    { 'spec/containers/0/env': [{ name: 'A', valueFrom: { fieldRef: { fieldPath: "metadata.labels['a b']" } } }] },
    "spec.containers[0].env[0].valueFrom.fieldRef: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
  ],
  'an annotation': [
    { 'spec/containers/0/env': [{ name: 'A', valueFrom: { fieldRef: { fieldPath: "metadata.annotations['A b']" } } }] },
    "spec.containers[0].env[0].valueFrom.fieldRef: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
  ],
  'a key of what has none': [
    { 'spec/containers/0/env': [{ name: 'A', valueFrom: { fieldRef: { fieldPath: "spec.nodeName['a']" } } }] },
    "spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: \"spec.nodeName['a']\": error converting fieldPath: field label does not support subscript: spec.nodeName['a']",
  ],
  'another version': [
    {
      'spec/containers/0/env': [
        { name: 'A', valueFrom: { fieldRef: { apiVersion: 'v2', fieldPath: 'metadata.name' } } },
      ],
    },
    'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "metadata.name": error converting fieldPath: unsupported pod version: v2',
  ],
  'a resource that is unknown': [
    { 'spec/containers/0/env': [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.nonsense' } } }] },
    'spec.containers[0].env[0].valueFrom.resourceFieldRef.resource: Unsupported value: "limits.nonsense": supported values: "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"',
  ],
  'no resource': [
    { 'spec/containers/0/env': [{ name: 'A', valueFrom: { resourceFieldRef: {} } }] },
    'spec.containers[0].env[0].valueFrom.resourceFieldRef.resource: Required value',
  ],
  'a divisor of cpu': [
    {
      'spec/containers/0/env': [
        { name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '2' } } },
      ],
    },
    'spec.containers[0].env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor\'s values 1m and 1 are supported with the cpu resource',
  ],
  'a divisor of memory': [
    {
      'spec/containers/0/env': [
        { name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '2Mi' } } },
      ],
    },
    'spec.containers[0].env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.memory": only divisor\'s values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the memory resource',
  ],
  'a divisor of storage': [
    {
      'spec/containers/0/env': [
        { name: 'A', valueFrom: { resourceFieldRef: { resource: 'requests.ephemeral-storage', divisor: '1m' } } },
      ],
    },
    'spec.containers[0].env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "requests.ephemeral-storage": only divisor\'s values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the local ephemeral storage resource',
  ],
  'a divisor of huge pages': [
    {
      'spec/containers/0/env': [
        { name: 'A', valueFrom: { resourceFieldRef: { resource: 'requests.hugepages-2Mi', divisor: '1m' } } },
      ],
    },
    'spec.containers[0].env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "requests.hugepages-2Mi": only divisor\'s values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the hugepages resource',
  ],
  keys: [
    {
      'spec/containers/0/env': [
        { name: 'A', valueFrom: { configMapKeyRef: { name: 'A b', key: 'a b' } } },
        { name: 'B', valueFrom: { secretKeyRef: {} } },
      ],
    },
    "spec.containers[0].env[0].valueFrom.configMapKeyRef.key: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    "spec.containers[0].env[0].valueFrom.configMapKeyRef.name: Invalid value: \"A b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    'spec.containers[0].env[1].valueFrom.secretKeyRef.key: Required value',
    "spec.containers[0].env[1].valueFrom.secretKeyRef.name: Invalid value: \"\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ],
  'a file': [
    {
      'spec/containers/0/env': [
        { name: 'A', valueFrom: { fileKeyRef: { volumeName: 'A b', path: '../p', key: 'a=b' } } },
      ],
    },
    'spec.containers[0].env[0].valueFrom.fileKeyRef.key: Invalid value: "a=b": a valid environment variable name must consist only of printable ASCII characters other than \'=\'',
    'spec.containers[0].env[0].valueFrom.fileKeyRef.path: Invalid value: "../p": must not contain \'..\'',
    "spec.containers[0].env[0].valueFrom.fileKeyRef.volumeName: Invalid value: \"A b\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    'spec.containers[0].env[0].valueFrom.fileKeyRef.volumeName: Not found: "A b"',
  ],
  'an empty file': [
    { 'spec/containers/0/env': [{ name: 'A', valueFrom: { fileKeyRef: {} } }] },
    'spec.containers[0].env[0].valueFrom.fileKeyRef.key: Required value',
    'spec.containers[0].env[0].valueFrom.fileKeyRef.path: Required value',
    'spec.containers[0].env[0].valueFrom.fileKeyRef.volumeName: Not found: ""',
    'spec.containers[0].env[0].valueFrom.fileKeyRef.volumeName: Required value',
  ],
  'from nowhere': [
    { 'spec/containers/0/env': [{ name: 'A', valueFrom: {} }] },
    'spec.containers[0].env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
  ],
  'from two places': [
    {
      'spec/containers/0/env': [
        { name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' }, secretKeyRef: { name: 'a', key: 'b' } } },
      ],
    },
    'spec.containers[0].env[0].valueFrom: Invalid value: "": may not have more than one field specified at a time',
  ],
  'a value and a source': [
    { 'spec/containers/0/env': [{ name: 'A', value: 'b', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] },
    'spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
  ],
  'sources of many': [
    {
      'spec/containers/0/envFrom': [
        { prefix: 'a=', configMapRef: { name: 'A b' } },
        { secretRef: {} },
        {},
        { configMapRef: { name: 'a' }, secretRef: { name: 'b' } },
      ],
    },
    'spec.containers[0].envFrom: Invalid value: "": may not have more than one field specified at a time',
    'spec.containers[0].envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`',
    "spec.containers[0].envFrom[0].configMapRef.name: Invalid value: \"A b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    'spec.containers[0].envFrom[0].prefix: Invalid value: "a=": a valid environment variable name must consist only of printable ASCII characters other than \'=\'',
    'spec.containers[0].envFrom[1].secretRef.name: Required value',
  ],
});

test('a field path made to take long does not', () => {
  const before = process.cpuUsage().user;
  const errors = validateFieldRef({ apiVersion: 'v1', fieldPath: "['".repeat(200_000) }, [], path('fieldRef'));
  assert.equal(errors.length, 1);
  assert.ok(process.cpuUsage().user - before < 2_000_000);
});
