import assert from 'node:assert/strict';
import { test } from 'node:test';
import { notFound } from '@typernetes/openapi/meta';
import type { ConfigMap, Container, Pod, Secret, Service } from '@typernetes/openapi/types/core/v1';
import { containerEnvironment, type EnvironmentSources } from './environment.ts';
import { expand } from './expansion.ts';
import { serviceLinkVariables } from './service-links.ts';

test('expansion', () => {
  const values: Record<string, string> = { A: 'a', B: '$(A)', EMPTY: '' };
  const cases: [string, string][] = [
    ['$(A)', 'a'],
    ['$(A)$(A)-$(B)', 'aa-$(A)'],
    ['$(MISSING)', '$(MISSING)'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$a'],
    ['$(A', '$(A'],
    ['$A $ $', '$A $ $'],
    ['$(EMPTY)x', 'x'],
    ['$()', '$()'],
    ['$($(A))', '$($(A))'],
  ];
  for (const [input, expected] of cases)
    assert.equal(
      expand(input, (name) => values[name]),
      expected,
      input,
    );
});

const service = (name: string, namespace: string, clusterIP: string): Service => ({
  metadata: { name, namespace },
  spec: {
    clusterIP,
    ports: [
      { name: 'http', port: 80, protocol: 'TCP' },
      { name: 'dns-udp', port: 53, protocol: 'UDP' },
    ],
  },
});

test('service links: own namespace when enabled, kubernetes always, headless never', () => {
  const services = [
    service('my-web', 'a', '10.0.0.1'),
    service('kubernetes', 'default', '10.0.0.2'),
    service('other', 'b', '10.0.0.3'),
    service('none', 'a', 'None'),
  ];
  const linked = serviceLinkVariables(services, 'a', true);
  assert.equal(linked['MY_WEB_SERVICE_HOST'], '10.0.0.1');
  assert.equal(linked['MY_WEB_SERVICE_PORT_HTTP'], '80');
  assert.equal(linked['MY_WEB_PORT'], 'tcp://10.0.0.1:80');
  assert.equal(linked['MY_WEB_PORT_53_UDP_PROTO'], 'udp');
  assert.equal(linked['KUBERNETES_SERVICE_HOST'], '10.0.0.2');
  assert.equal(linked['OTHER_SERVICE_HOST'], undefined);
  assert.equal(linked['NONE_SERVICE_HOST'], undefined);
  assert.deepEqual(
    Object.keys(serviceLinkVariables(services, 'a', false)).filter((name) => !name.startsWith('KUBERNETES_')),
    [],
  );
});

const container: Container = { name: 'c', resources: { limits: { memory: '64Mi' }, requests: { cpu: '250m' } } };
const pod: Pod = {
  metadata: { name: 'p', namespace: 'a', uid: 'u', labels: { app: 'x' } },
  spec: { containers: [container], serviceAccountName: 'sa', nodeName: 'n' },
};
const sources = (over: Partial<EnvironmentSources> = {}): EnvironmentSources => ({
  configuration: {
    configMap: async (_, name): Promise<ConfigMap> => {
      if (name === 'missing') throw notFound({ group: '', resource: 'configmaps' }, name);
      return { data: { key: 'value', other: 'x' } };
    },
    secret: async (): Promise<Secret> => ({ data: { password: Buffer.from('s3cret').toString('base64') } }),
  },
  services: [],
  allocatable: { cpu: '4', memory: '8Gi' },
  podIPs: ['10.1.0.1', 'fd00::1'],
  hostIPs: ['192.168.0.1'],
  nodeName: 'n',
  ...over,
});
const environment = async (of: Partial<Container>, over: Partial<EnvironmentSources> = {}) =>
  Object.fromEntries(await containerEnvironment(pod, { ...container, ...of }, sources(over)));

test('values come from literals, fields, resources, config maps and secrets', async () => {
  const env = await environment({
    envFrom: [{ prefix: 'P_', configMapRef: { name: 'cm' } }, { secretRef: { name: 's' } }],
    env: [
      { name: 'GREETING', value: 'hello $(P_key) $(UNKNOWN)' },
      { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'LABEL', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
      { name: 'IPS', valueFrom: { fieldRef: { fieldPath: 'status.podIPs' } } },
      { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'requests.cpu', divisor: '1m' } } },
      { name: 'CPUS', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
      { name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
      { name: 'KEY', valueFrom: { configMapKeyRef: { name: 'cm', key: 'key' } } },
      { name: 'OPTIONAL', valueFrom: { configMapKeyRef: { name: 'missing', key: 'key', optional: true } } },
    ],
  });
  assert.deepEqual(env, {
    P_key: 'value',
    P_other: 'x',
    password: 's3cret',
    GREETING: 'hello value $(UNKNOWN)',
    NAME: 'p',
    LABEL: 'x',
    IPS: '10.1.0.1,fd00::1',
    CPU: '250',
    CPUS: '4',
    MEMORY: '64',
    KEY: 'value',
  });
});

test('what is missing and not optional keeps the container from starting', async () => {
  await assert.rejects(
    environment({ env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'missing', key: 'k' } } }] }),
    /configmaps "missing" not found/,
  );
  await assert.rejects(
    environment({ env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] }),
    /couldn't find key k in Secret a\/s/,
  );
});
