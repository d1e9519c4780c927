/** Pods and what makes them: valid, edge and invalid specs, updates, and their subresources. */
import type { Case, Changes, JsonObject } from '../case.ts';
import {
  autoscalers,
  autoscalersV1,
  cronJobs,
  daemonSets,
  deployments,
  disruptionBudgets,
  jobs,
  pods,
  replicaSets,
  replicationControllers,
  statefulSets,
} from '../kinds.ts';
import {
  bodies,
  create,
  get,
  item,
  list,
  objectOf,
  patch,
  put,
  remove,
  sub,
  table,
  update,
  updates,
  variants,
} from '../requests.ts';

const container = 'spec/containers/0';
const selectors: Record<string, Changes> = {
  'a selector that does not match': { 'spec/selector/matchLabels': { app: 'other' } },
  'an empty selector': { 'spec/selector': {} },
  'no selector': { 'spec/selector': undefined },
  'no template labels': { 'spec/template/metadata/labels': undefined },
  'negative replicas': { 'spec/replicas': -1 },
  'no containers': { 'spec/template/spec/containers': [] },
  'restart never': { 'spec/template/spec/restartPolicy': 'Never' },
  'a deadline': { 'spec/template/spec/activeDeadlineSeconds': 5 },
  'a long name': { 'metadata/name': 'a'.repeat(64) },
  'negative minReadySeconds': { 'spec/minReadySeconds': -1 },
  'a template name': { 'spec/template/metadata/name': 'named' },
  'a bad template label': { 'spec/template/metadata/labels': { app: 'web', 'a b': 'c' } },
};

const selectorUpdates: Record<string, Changes> = {
  'other replicas': { 'spec/replicas': 3 },
  'another image': { 'spec/template/spec/containers/0/image': 'example.com/main:2' },
  'another selector': { 'spec/selector/matchLabels': { app: 'web', more: 'x' } },
  'a label': { 'metadata/labels': { a: 'b' } },
  'an annotation': { 'metadata/annotations': { a: 'b' } },
};

const scale = (replicas: number | string, changes: object = {}) => ({
  apiVersion: 'autoscaling/v1',
  kind: 'Scale',
  metadata: { name: 'scaled', namespace: '$ns' },
  spec: { replicas },
  ...changes,
});

const scaled = [deployments, replicaSets, statefulSets, replicationControllers];

export const workloadCases: readonly Case[] = [
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
  ...[deployments, replicaSets, statefulSets].map((kind) => ({
    name: `workloads/${kind.resource}: specs`,
    steps: [...variants(kind, selectors), ...updates(kind, selectorUpdates), table(kind)],
  })),
  {
    name: 'workloads/daemonsets: specs',
    steps: [
      ...variants(daemonSets, {
        ...selectors,
        'on delete': { 'spec/updateStrategy/type': 'OnDelete' },
        'both bounds': { 'spec/updateStrategy/rollingUpdate': { maxSurge: 1, maxUnavailable: 1 } },
        'no bounds': { 'spec/updateStrategy/rollingUpdate': { maxSurge: 0, maxUnavailable: 0 } },
      }),
      ...updates(daemonSets, selectorUpdates),
      table(daemonSets),
    ],
  },
  {
    name: 'workloads/deployments: strategies',
    steps: [
      ...variants(deployments, {
        recreate: { 'spec/strategy': { type: 'Recreate' } },
        'recreate with bounds': { 'spec/strategy': { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } },
        'both bounds 0': { 'spec/strategy/rollingUpdate': { maxSurge: 0, maxUnavailable: '0%' } },
        'more than everything': { 'spec/strategy/rollingUpdate': { maxUnavailable: '101%' } },
        'a bound of nonsense': { 'spec/strategy/rollingUpdate': { maxSurge: 'many' } },
        'a deadline before ready': { 'spec/minReadySeconds': 10, 'spec/progressDeadlineSeconds': 5 },
        paused: { 'spec/paused': true },
        'history of 0': { 'spec/revisionHistoryLimit': 0 },
        'a dotted name': { 'metadata/name': 'a.b' },
      }),
      create(deployments, 'one'),
      sub('status', patch('merge', deployments, 'one', { status: { replicas: 1, readyReplicas: 2 } })),
      sub(
        'status',
        patch('merge', deployments, 'one', {
          status: { replicas: 2, readyReplicas: 2, availableReplicas: 1, updatedReplicas: 2 },
        }),
      ),
      sub('status', patch('merge', deployments, 'one', { status: { replicas: -1 } })),
      sub(
        'status',
        patch('merge', deployments, 'one', { status: { conditions: [{ type: 'Available', status: 'True' }] } }),
      ),
      table(deployments),
    ],
  },
  {
    name: 'workloads/statefulsets: more',
    steps: [
      ...variants(statefulSets, {
        'no service': { 'spec/serviceName': undefined },
        parallel: { 'spec/podManagementPolicy': 'Parallel' },
        'a policy of nonsense': { 'spec/podManagementPolicy': 'Nonsense' },
        'a partition': { 'spec/updateStrategy': { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } },
        'a negative partition': { 'spec/updateStrategy': { type: 'RollingUpdate', rollingUpdate: { partition: -2 } } },
        'on delete with bounds': { 'spec/updateStrategy': { type: 'OnDelete', rollingUpdate: { partition: 1 } } },
        claims: {
          'spec/volumeClaimTemplates': [
            {
              metadata: { name: 'data' },
              spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
            },
          ],
        },
        'claims deleted': { 'spec/persistentVolumeClaimRetentionPolicy': { whenDeleted: 'Delete' } },
        'claims nonsense': { 'spec/persistentVolumeClaimRetentionPolicy': { whenScaled: 'Nonsense' } },
        'ordinals from 3': { 'spec/ordinals': { start: 3 } },
        'ordinals from -3': { 'spec/ordinals': { start: -3 } },
      }),
      ...updates(statefulSets, {
        'another service': { 'spec/serviceName': 'other' },
        'another policy': { 'spec/podManagementPolicy': 'Parallel' },
        'another history': { 'spec/revisionHistoryLimit': 3 },
      }),
    ],
  },
  ...scaled.map((kind) => ({
    name: `workloads/${kind.resource}: scale`,
    steps: [
      create(kind, 'scaled'),
      sub('scale', get(kind, 'scaled')),
      sub('scale', put(kind, 'scaled', scale(4))),
      sub('scale', put(kind, 'scaled', scale(-1), {}, { label: 'negative' })),
      sub('scale', put(kind, 'scaled', scale('x'), {}, { label: 'no number' })),
      sub(
        'scale',
        put(kind, 'scaled', scale(4, { metadata: { name: 'other', namespace: '$ns' } }), {}, { label: 'another name' }),
      ),
      sub('scale', put(kind, 'scaled', scale(4, { kind: 'Nonsense' }), {}, { label: 'another kind' })),
      sub('scale', patch('merge', kind, 'scaled', { spec: { replicas: 2 } })),
      sub('scale', patch('merge', kind, 'scaled', { spec: { replicas: 3 } }, { dryRun: 'All' })),
      sub('scale', get(kind, 'scaled', {}, { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } })),
      sub('scale', get(kind, 'absent')),
      get(kind, 'scaled'),
    ],
  })),
  {
    name: 'workloads/replicationcontrollers: specs',
    steps: [
      ...variants(replicationControllers, {
        'no selector': { 'spec/selector': undefined },
        'another selector': { 'spec/selector': { app: 'other' } },
        'no template': { 'spec/template': undefined },
        'negative replicas': { 'spec/replicas': -1 },
      }),
      ...updates(replicationControllers, { 'another selector': { 'spec/selector': { app: 'web', b: 'c' } } }),
      table(replicationControllers),
      list(replicationControllers, { fieldSelector: 'status.replicas=0' }),
    ],
  },
  {
    name: 'workloads/jobs',
    steps: [
      ...variants(jobs, {
        'restart always': { 'spec/template/spec/restartPolicy': 'Always' },
        'no restart policy': { 'spec/template/spec/restartPolicy': undefined },
        'negative parallelism': { 'spec/parallelism': -1 },
        'indexed without completions': { 'spec/completionMode': 'Indexed' },
        indexed: { 'spec/completionMode': 'Indexed', 'spec/completions': 3, 'spec/parallelism': 2 },
        'too many indexes': {
          'spec/completionMode': 'Indexed',
          'spec/completions': 100_001,
          'spec/parallelism': 100_001,
        },
        'a mode of nonsense': { 'spec/completionMode': 'Nonsense' },
        'a selector': { 'spec/selector': { matchLabels: { a: 'b' } } },
        'a manual selector': {
          'spec/manualSelector': true,
          'spec/selector': { matchLabels: { a: 'b' } },
          'spec/template/metadata': { labels: { a: 'b' } },
        },
        'a back-off per index': { 'spec/backoffLimitPerIndex': 1 },
        'a failure policy': {
          'spec/podFailurePolicy': { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [1, 2] } }] },
        },
        'a failure policy with 0': {
          'spec/podFailurePolicy': { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [0] } }] },
        },
        'a success policy': {
          'spec/completionMode': 'Indexed',
          'spec/completions': 3,
          'spec/successPolicy': { rules: [{ succeededIndexes: '0-1' }] },
        },
        'managed by another': { 'spec/managedBy': 'example.com/controller' },
        suspended: { 'spec/suspend': true },
        'a negative deadline': { 'spec/activeDeadlineSeconds': -1 },
        'a time to live': { 'spec/ttlSecondsAfterFinished': 5 },
        'a long name': { 'metadata/name': 'a'.repeat(70) },
        'a replacement policy of nonsense': { 'spec/podReplacementPolicy': 'Nonsense' },
      }),
      create(jobs, 'one'),
      patch('merge', jobs, 'one', { spec: { parallelism: 3 } }),
      patch('merge', jobs, 'one', { spec: { completions: 3 } }),
      patch('merge', jobs, 'one', { spec: { suspend: true } }),
      patch('merge', jobs, 'one', { spec: { backoffLimit: 3 } }),
      patch('merge', jobs, 'one', { spec: { completionMode: 'Indexed' } }),
      sub('status', patch('merge', jobs, 'one', { status: { active: -1 } })),
      sub('status', patch('merge', jobs, 'one', { status: { conditions: [{ type: 'Complete', status: 'True' }] } })),
      table(jobs),
      remove(jobs, 'one'),
      get(jobs, 'one'),
    ],
  },
  {
    name: 'workloads/cronjobs',
    steps: [
      ...variants(cronJobs, {
        '@daily': { 'spec/schedule': '@daily' },
        'a schedule of nonsense': { 'spec/schedule': 'now and then' },
        'six fields': { 'spec/schedule': '* * * * * *' },
        'minute 60': { 'spec/schedule': '60 * * * *' },
        'a time zone in the schedule': { 'spec/schedule': 'TZ=UTC * * * * *' },
        'a time zone': { 'spec/timeZone': 'Europe/Berlin' },
        'a time zone of nonsense': { 'spec/timeZone': 'Nowhere/Land' },
        'an empty time zone': { 'spec/timeZone': '' },
        'local time': { 'spec/timeZone': 'Local' },
        'a policy of nonsense': { 'spec/concurrencyPolicy': 'Nonsense' },
        'a negative history': { 'spec/successfulJobsHistoryLimit': -1 },
        'a negative deadline': { 'spec/startingDeadlineSeconds': -1 },
        'a long name': { 'metadata/name': 'a'.repeat(53) },
        'no schedule': { 'spec/schedule': undefined },
      }),
      ...updates(cronJobs, { suspended: { 'spec/suspend': true }, 'another schedule': { 'spec/schedule': '@hourly' } }),
      table(cronJobs),
    ],
  },
  ...[autoscalers, autoscalersV1].map((kind) => ({
    name: `workloads/${kind.apiVersion} ${kind.resource}`,
    steps: [
      ...variants(kind, {
        'no maximum': { 'spec/maxReplicas': undefined },
        'minimum 0': { 'spec/minReplicas': 0 },
        'minimum above maximum': { 'spec/minReplicas': 5 },
        'no target': { 'spec/scaleTargetRef': {} },
        'a target kind of nonsense': { 'spec/scaleTargetRef/kind': 'a/b' },
      }),
      ...updates(kind, { 'another maximum': { 'spec/maxReplicas': 10 } }),
      table(kind),
      get(kind === autoscalers ? autoscalersV1 : autoscalers, 'updated', {}, { label: 'in the other version' }),
    ],
  })),
  {
    name: 'workloads/autoscalers: metrics and behaviour',
    steps: variants(autoscalers, {
      'no metrics': { 'spec/metrics': undefined },
      'a metric type of nonsense': { 'spec/metrics': [{ type: 'Nonsense' }] },
      'a metric without its source': { 'spec/metrics': [{ type: 'Pods' }] },
      'two targets': { 'spec/metrics/0/resource/target/averageValue': '5' },
      'an average of 0': { 'spec/metrics/0/resource/target/averageUtilization': 0 },
      pods: {
        'spec/metrics': [
          { type: 'Pods', pods: { metric: { name: 'm' }, target: { type: 'AverageValue', averageValue: '5' } } },
        ],
      },
      external: {
        'spec/metrics': [
          { type: 'External', external: { metric: { name: 'm' }, target: { type: 'Value', value: '5' } } },
        ],
      },
      'an object': {
        'spec/metrics': [
          {
            type: 'Object',
            object: {
              describedObject: { kind: 'Service', name: 's' },
              metric: { name: 'm' },
              target: { type: 'Value', value: '-5' },
            },
          },
        ],
      },
      'a container': {
        'spec/metrics': [
          {
            type: 'ContainerResource',
            containerResource: { name: 'cpu', container: '', target: { type: 'Utilization', averageUtilization: 5 } },
          },
        ],
      },
      behaviour: { 'spec/behavior': { scaleDown: { policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] } } },
      'behaviour of nonsense': {
        'spec/behavior': {
          scaleUp: {
            selectPolicy: 'Nonsense',
            stabilizationWindowSeconds: 3601,
            policies: [{ type: 'X', value: 0, periodSeconds: 0 }],
          },
        },
      },
    }),
  },
  {
    name: 'workloads/disruption budgets',
    steps: [
      ...variants(disruptionBudgets, {
        both: { 'spec/maxUnavailable': 1 },
        neither: { 'spec/minAvailable': undefined },
        'a percentage': { 'spec/minAvailable': '50%' },
        'above 100%': { 'spec/minAvailable': '150%' },
        negative: { 'spec/minAvailable': -1 },
        'a policy': { 'spec/unhealthyPodEvictionPolicy': 'AlwaysAllow' },
        'a policy of nonsense': { 'spec/unhealthyPodEvictionPolicy': 'Nonsense' },
        'an empty selector': { 'spec/selector': {} },
        'a bad selector': { 'spec/selector': { matchExpressions: [{ key: 'a', operator: 'In' }] } },
      }),
      create(disruptionBudgets, 'one'),
      update(disruptionBudgets, 'one', {}, {}, { label: 'without a version' }),
      sub('status', patch('merge', disruptionBudgets, 'one', { status: { disruptionsAllowed: -1 } })),
      table(disruptionBudgets),
      put(disruptionBudgets, 'one', objectOf(disruptionBudgets, 'one', { 'spec/minAvailable': 2 })),
    ],
  },
];
