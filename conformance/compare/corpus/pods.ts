/** Pods: valid, edge and invalid containers and specs, updates, binding and eviction. */
import type { Case, JsonObject } from '../case.ts';
import { disruptionBudgets, pods } from '../kinds.ts';
import { bodies, create, get, item, patch, remove, sub, table, variants } from '../requests.ts';

const container = 'spec/containers/0';

const digests = ['sha256', 'sha384', 'sha512'].map((name, index) => `${name}:${'a'.repeat(64 + 32 * index)}`);
/** What container tools make of these tells the default pull policy. */
const images: readonly string[] = `a a/b a:latest A a: a:b a@b /a a//b a/ a___b a__b.c/d a--b/c_d:latest
  localhost/a localhost/A localhost:5000/a example.com/A Example/a [::1]:5000/a example.com:x/a index.docker.io/a https://example.com/a`
  .split(/\s+/)
  .concat(`a:${'b'.repeat(129)}`, `a:latest@md5:${'0'.repeat(32)}`)
  .concat(
    digests.flatMap((digest) => [
      `a@${digest}`,
      `a:latest@${digest}`,
      `a:latest@${digest}a`,
      `a:latest@${digest.slice(0, -1)}A`,
    ]),
  )
  .concat(
    [63, 64, 65, 247, 248, 255, 256].flatMap((length) => ['a'.repeat(length), `example.com/${'a'.repeat(length)}`]),
  );

export const podCases: readonly Case[] = [
  {
    name: 'pods/images: default pull policies',
    steps: variants(
      pods,
      Object.fromEntries(
        images.map((reference) => [
          reference,
          { [`${container}/image`]: reference, 'spec/volumes': [{ name: 'data', image: { reference } }] },
        ]),
      ),
    ),
  },
  {
    name: 'pods/containers',
    steps: variants(pods, {
      'two of one name': { 'spec/containers/1': { name: 'main', image: 'x' } },
      'an image of :latest': { [`${container}/image`]: 'example.com/main:latest' },
      'an image with a digest': { [`${container}/image`]: `example.com/main@sha256:${'a'.repeat(64)}` },
      'spaces around the image': { [`${container}/image`]: ' x ' },
      'two ports of one number': { [`${container}/ports`]: [{ containerPort: 80 }, { containerPort: 80 }] },
      'two ports of one name': {
        [`${container}/ports`]: [
          { name: 'a', containerPort: 80 },
          { name: 'a', containerPort: 81 },
        ],
      },
      'port 0': { [`${container}/ports`]: [{ containerPort: 0 }] },
      'port 65536': { [`${container}/ports`]: [{ containerPort: 65_536 }] },
      'a host port twice': {
        [`${container}/ports`]: [
          { containerPort: 80, hostPort: 8080 },
          { containerPort: 81, hostPort: 8080 },
        ],
      },
      'host network': { 'spec/hostNetwork': true, [`${container}/ports`]: [{ containerPort: 80 }] },
      'host network, other host port': {
        'spec/hostNetwork': true,
        [`${container}/ports`]: [{ containerPort: 80, hostPort: 81 }],
      },
      'requests above limits': { [`${container}/resources`]: { limits: { cpu: '1' }, requests: { cpu: '2' } } },
      'limits only': { [`${container}/resources`]: { limits: { cpu: '1', memory: '1Gi' } } },
      'odd quantities': {
        [`${container}/resources`]: { limits: { cpu: '0.1000', memory: '1e3', 'example.com/gpu': '1' } },
      },
      'fractions of an extended resource': { [`${container}/resources`]: { limits: { 'example.com/gpu': '1.5' } } },
      'an extended resource without limit': { [`${container}/resources`]: { requests: { 'example.com/gpu': '1' } } },
      'huge pages alone': { [`${container}/resources`]: { limits: { 'hugepages-2Mi': '2Mi' } } },
      'fractional bytes': { [`${container}/resources`]: { limits: { memory: '100m' } } },
      'an environment twice': {
        [`${container}/env`]: [
          { name: 'A', value: '1' },
          { name: 'A', value: '2' },
        ],
      },
      'an environment with an equals sign': { [`${container}/env`]: [{ name: 'A=B', value: '1' }] },
      'an environment from two places': {
        [`${container}/env`]: [{ name: 'A', value: '1', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
      },
      'an environment from an unknown field': {
        [`${container}/env`]: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.nonsense' } } }],
      },
      'an environment from a resource': {
        [`${container}/env`]: [
          { name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } },
          { name: 'B', valueFrom: { resourceFieldRef: { resource: 'limits.nonsense' } } },
        ],
      },
      probes: {
        [`${container}/livenessProbe`]: { httpGet: { port: 80 }, periodSeconds: 3 },
        [`${container}/readinessProbe`]: { tcpSocket: { port: 'http' }, successThreshold: 2 },
        [`${container}/startupProbe`]: { exec: { command: ['true'] } },
      },
      'a probe without handler': { [`${container}/livenessProbe`]: {} },
      'a probe with two handlers': {
        [`${container}/livenessProbe`]: { exec: { command: ['a'] }, tcpSocket: { port: 1 } },
      },
      'a liveness probe that must succeed twice': {
        [`${container}/livenessProbe`]: { exec: { command: ['a'] }, successThreshold: 2 },
      },
      'lifecycle hooks': {
        [`${container}/lifecycle`]: { postStart: { exec: { command: ['a'] } }, preStop: { sleep: { seconds: 3 } } },
      },
      'a sleep longer than the grace period': {
        [`${container}/lifecycle`]: { preStop: { sleep: { seconds: 31 } } },
      },
      'privileged, without escalation': {
        [`${container}/securityContext`]: { privileged: true, allowPrivilegeEscalation: false },
      },
      'user -1': { [`${container}/securityContext`]: { runAsUser: -1 } },
      'resize policies': {
        [`${container}/resizePolicy`]: [{ resourceName: 'cpu', restartPolicy: 'NotRequired' }],
      },
      'an init container': { 'spec/initContainers': [{ name: 'init', image: 'x' }] },
      'a sidecar': {
        'spec/initContainers': [
          { name: 'side', image: 'x', restartPolicy: 'Always', readinessProbe: { exec: { command: ['a'] } } },
        ],
      },
      'an init container with a probe': {
        'spec/initContainers': [{ name: 'init', image: 'x', livenessProbe: { exec: { command: ['a'] } } }],
      },
      'an ephemeral container': { 'spec/ephemeralContainers': [{ name: 'debug', image: 'x' }] },
    }),
  },
  {
    name: 'pods/specs',
    steps: variants(pods, {
      'on a node': { 'spec/nodeName': 'somewhere' },
      'on no node': { 'spec/nodeName': 'Not A Node' },
      'a deprecated label': { 'spec/nodeSelector': { 'beta.kubernetes.io/os': 'linux' } },
      'both account names': { 'spec/serviceAccountName': 'a', 'spec/serviceAccount': 'b' },
      'an account that is not there': { 'spec/serviceAccountName': 'absent' },
      'no token': { 'spec/automountServiceAccountToken': false },
      'dns None': { 'spec/dnsPolicy': 'None' },
      'dns None with servers': { 'spec/dnsPolicy': 'None', 'spec/dnsConfig': { nameservers: ['10.1.1.1'] } },
      'four name servers': { 'spec/dnsConfig': { nameservers: ['1.1.1.1', '1.1.1.2', '1.1.1.3', '1.1.1.4'] } },
      'host aliases': {
        'spec/hostAliases': [
          { ip: '10.1.1.1', hostnames: ['a'] },
          { ip: '10.1.1.1', hostnames: ['b'] },
        ],
      },
      tolerations: {
        'spec/tolerations': [
          { operator: 'Exists' },
          { key: 'a', operator: 'Exists', value: 'b' },
          { key: 'a', effect: 'NoSchedule', tolerationSeconds: 3 },
        ],
      },
      spread: {
        'spec/topologySpreadConstraints': [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }],
      },
      'anti-affinity': {
        'spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution': [
          { labelSelector: { matchLabels: { a: 'b' } }, topologyKey: 'zone', matchLabelKeys: ['a'] },
        ],
      },
      'scheduling gates': { 'spec/schedulingGates': [{ name: 'example.com/gate' }] },
      'gates on a node': { 'spec/schedulingGates': [{ name: 'a' }], 'spec/nodeName': 'n' },
      'a priority of its own': { 'spec/priority': 5 },
      'a priority class': { 'spec/priorityClassName': 'system-node-critical' },
      'a priority class that is not there': { 'spec/priorityClassName': 'absent' },
      'a runtime class that is not there': { 'spec/runtimeClassName': 'absent' },
      'an overhead': { 'spec/overhead': { cpu: '1' } },
      'a hostname': { 'spec/hostname': 'web', 'spec/subdomain': 'svc', 'spec/setHostnameAsFQDN': true },
      'a bad hostname': { 'spec/hostname': 'a.b' },
      'host users off': { 'spec/hostUsers': false },
      'host users off on the host network': { 'spec/hostUsers': false, 'spec/hostNetwork': true },
      'shared processes': { 'spec/shareProcessNamespace': true, 'spec/hostPID': true },
      windows: { 'spec/os': { name: 'windows' } },
      'windows with Linux options': { 'spec/os': { name: 'windows' }, 'spec/securityContext': { fsGroup: 1 } },
      'pod resources': { 'spec/resources': { limits: { cpu: '1' }, requests: { memory: '1Gi' } } },
      'a readiness gate': { 'spec/readinessGates': [{ conditionType: 'example.com/ready' }] },
      'a negative grace period': { 'spec/terminationGracePeriodSeconds': -1 },
      'pull secrets': { 'spec/imagePullSecrets': [{ name: 'a' }, { name: 'a' }, {}] },
      sysctls: {
        'spec/securityContext': {
          sysctls: [
            { name: 'kernel.shm_rmid_forced', value: '1' },
            { name: 'A b', value: '' },
          ],
        },
      },
      'volumes of all common kinds': {
        'spec/volumes': [
          { name: 'empty', emptyDir: { medium: 'Memory', sizeLimit: '1Gi' } },
          { name: 'host', hostPath: { path: '/tmp' } },
          { name: 'config', configMap: { name: 'c', items: [{ key: 'a', path: 'b' }] } },
          { name: 'secret', secret: { secretName: 's', defaultMode: 256 } },
          { name: 'claim', persistentVolumeClaim: { claimName: 'p' } },
          { name: 'down', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
          { name: 'all', projected: { sources: [{ secret: { name: 's' } }, { configMap: { name: 'c' } }] } },
          { name: 'image', image: { reference: 'example.com/data:1' } },
          { name: 'nothing' },
        ],
      },
      mounts: {
        'spec/volumes': [{ name: 'v', emptyDir: {} }],
        [`${container}/volumeMounts`]: [
          { name: 'v', mountPath: '/a' },
          { name: 'v', mountPath: '/a' },
          { name: 'w', mountPath: '/b' },
          { name: 'v', mountPath: '/c', subPath: '../x' },
          { name: 'v', mountPath: '' },
        ],
      },
    }),
  },
  {
    name: 'pods/updates',
    steps: [
      create(pods, 'one', {}, {}, { as: 'made' }),
      ...bodies(
        { spec: { containers: [{ name: 'main', image: 'example.com/main:2' }] } },
        { spec: { containers: [{ name: 'main', command: ['x'] }] } },
        { spec: { activeDeadlineSeconds: 100 } },
        { spec: { activeDeadlineSeconds: 200 } },
        { spec: { activeDeadlineSeconds: null } },
        { spec: { terminationGracePeriodSeconds: 1 } },
        { spec: { tolerations: [{ key: 'a', operator: 'Exists' }] } },
        { spec: { nodeName: 'n' } },
        { spec: { priority: 5 } },
        { spec: { hostname: 'x' } },
        { spec: { nodeSelector: { a: 'b' } } },
        { spec: { schedulingGates: [{ name: 'a' }] } },
        { status: { phase: 'Running' } },
      ).map((body) => patch('strategic', pods, 'one', body, {}, { label: JSON.stringify(body) })),
      sub('status', patch('merge', pods, 'one', { status: { phase: 'Running', podIP: '10.1.2.3' } })),
      sub('status', patch('merge', pods, 'one', { status: { podIPs: [{ ip: 'x' }] } })),
      sub('status', patch('merge', pods, 'one', { status: { conditions: [{ type: 'Ready', status: 'True' }] } })),
      sub('status', patch('merge', pods, 'one', { spec: { nodeName: 'n' } })),
      sub('status', get(pods, 'one')),
      sub(
        'resize',
        patch('strategic', pods, 'one', {
          spec: { containers: [{ name: 'main', resources: { limits: { cpu: '1' } } }] },
        }),
      ),
      sub(
        'ephemeralcontainers',
        patch('strategic', pods, 'one', { spec: { ephemeralContainers: [{ name: 'debug', image: 'x' }] } }),
      ),
      sub(
        'ephemeralcontainers',
        patch('strategic', pods, 'one', { spec: { ephemeralContainers: [{ name: 'debug', image: 'y' }] } }),
      ),
      table(pods),
      get(pods, 'one'),
      sub('log', get(pods, 'one')),
      sub('exec', get(pods, 'one')),
      sub('log', get(pods, 'one', { tailLines: -1 })),
    ],
  },
  {
    name: 'pods/binding and eviction',
    steps: [
      create(pods, 'one', { 'metadata/labels': { app: 'web' } }),
      ...bodies(
        { target: { kind: 'Node', name: '' } },
        { target: { kind: 'Pod', name: 'x' } },
        { target: { name: 'somewhere' }, metadata: { name: 'other' } },
        { target: { name: 'somewhere' } },
        { target: { name: 'elsewhere' } },
      ).map((body) => ({
        method: 'POST' as const,
        path: `${item(pods, 'one')}/binding`,
        body: { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'one' }, ...(body as JsonObject) },
        label: JSON.stringify(body),
      })),
      get(pods, 'one'),
      {
        method: 'POST',
        path: '/api/v1/namespaces/$ns/bindings',
        body: { metadata: { name: 'absent' }, target: { name: 'n' } },
      },
      { method: 'GET', path: `${item(pods, 'one')}/binding` },
      create(disruptionBudgets, 'guard', { 'spec/minAvailable': 1 }),
      ...bodies(
        { metadata: { name: 'one' } },
        { metadata: { name: 'other' } },
        { deleteOptions: { dryRun: ['All'] } },
        {},
      ).map((body) => ({
        method: 'POST' as const,
        path: `${item(pods, 'one')}/eviction`,
        body: { apiVersion: 'policy/v1', kind: 'Eviction', ...(body as JsonObject) },
        label: JSON.stringify(body),
      })),
      { method: 'POST', path: `${item(pods, 'absent')}/eviction`, body: { metadata: { name: 'absent' } } },
      remove(pods, 'one', { gracePeriodSeconds: 5 }),
      get(pods, 'one'),
      remove(pods, 'one', { gracePeriodSeconds: 0 }),
      get(pods, 'one'),
    ],
  },
];
