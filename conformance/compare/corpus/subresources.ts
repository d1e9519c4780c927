/** Subresources of pods in depth, field selectors kind by kind, and Tables of objects whose status says something. */
import type { Case, Json, JsonObject, Kind, Step } from '../case.ts';
import {
  deployments,
  disruptionBudgets,
  jobs,
  nodes,
  persistentVolumeClaims,
  pods,
  replicaSets,
  secrets,
} from '../kinds.ts';
import { create, item, list, table } from '../requests.ts';

const merge = { 'content-type': 'application/merge-patch+json' };
const strategic = { 'content-type': 'application/strategic-merge-patch+json' };

const patch = (path: string, body: Json, headers: Record<string, string>): Step => ({
  method: 'PATCH',
  path: `${path}?dryRun=All`,
  body,
  headers,
  label: JSON.stringify(body),
});

const debug: JsonObject = { name: 'debug', image: 'busybox' };

const ephemeral = (
  [
    [debug],
    [{ ...debug, targetContainerName: 'main' }],
    [{ ...debug, targetContainerName: 'absent' }],
    [{ ...debug, name: 'main' }],
    [debug, debug],
    [{ ...debug, name: 'Bad Name' }],
    [{ name: 'debug' }],
    [{ ...debug, ports: [{ containerPort: 80 }] }],
    [{ ...debug, resources: { limits: { cpu: '1' } } }],
    [{ ...debug, livenessProbe: { exec: { command: ['true'] } } }],
    [{ ...debug, lifecycle: { preStop: { exec: { command: ['true'] } } } }],
    [{ ...debug, restartPolicy: 'Always' }],
    [{ ...debug, volumeMounts: [{ name: 'absent', mountPath: '/a' }] }],
    [{ ...debug, securityContext: { capabilities: { add: ['SYS_PTRACE'] } } }],
  ] as JsonObject[][]
).map((ephemeralContainers) =>
  patch(`${item(pods, 'one')}/ephemeralcontainers`, { spec: { ephemeralContainers } }, strategic),
);

const resized = (
  [
    { requests: { cpu: '200m' } },
    { requests: { cpu: '2' } },
    { limits: { cpu: '2', memory: '128Mi' } },
    { limits: { memory: '1Mi' } },
    { requests: { cpu: '-1' } },
    { requests: { 'ephemeral-storage': '1Gi' } },
    { requests: { 'example.com/thing': '1' } },
    { requests: null, limits: null },
  ] as JsonObject[]
).map((resources) =>
  patch(`${item(pods, 'one')}/resize`, { spec: { containers: [{ name: 'main', resources }] } }, strategic),
);

const statusOf = (kind: Kind, name: string, status: JsonObject): Step => ({
  method: 'PATCH',
  path: `${item(kind, name)}/status`,
  body: { status },
  headers: merge,
  label: 'a status',
});

const selected = (kind: Kind, selectors: readonly string[]): Step[] =>
  selectors.map((fieldSelector) => list(kind, { fieldSelector }, { label: fieldSelector }));

const container = 'spec/containers/0';

export const subresourceCases: Case[] = [
  {
    name: 'pods/ephemeral containers and resize',
    steps: [
      create(pods, 'one', {
        [`${container}/resources`]: { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '1', memory: '64Mi' } },
      }),
      ...ephemeral,
      ...resized,
      patch(`${item(pods, 'one')}/resize`, { spec: { nodeName: 'x' } }, merge),
      patch(`${item(pods, 'one')}/ephemeralcontainers`, { spec: { nodeName: 'x' } }, merge),
    ],
  },
  {
    name: 'pods/evictions and what guards them',
    steps: [
      create(pods, 'one', { 'metadata/labels': { app: 'web' } }),
      statusOf(pods, 'one', { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] }),
      create(disruptionBudgets, 'guard'),
      create(disruptionBudgets, 'other'),
      ...([{}, { gracePeriodSeconds: -1 }, { preconditions: { uid: 'x' } }] as JsonObject[]).map((deleteOptions) => ({
        method: 'POST' as const,
        path: `${item(pods, 'one')}/eviction`,
        body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'one' }, deleteOptions },
        label: JSON.stringify(deleteOptions),
      })),
    ],
  },
  {
    name: 'objects/field selectors kind by kind',
    steps: [
      ...selected(pods, [
        'spec.restartPolicy=Always',
        'spec.schedulerName!=x',
        'spec.serviceAccountName=default',
        'spec.hostNetwork=false',
        'status.podIP=',
        'status.podIPs=x',
        'status.nominatedNodeName=',
        'status.phase!=Running,spec.nodeName=',
      ]),
      ...selected(secrets, ['type!=Opaque', 'immutable=true']),
      ...selected(jobs, ['status.successful=0', 'status.active=0']),
      ...selected(replicaSets, ['status.replicas=0', 'spec.replicas=1']),
      ...selected(deployments, ['spec.replicas=1', 'metadata.namespace=$ns']),
      ...selected(nodes, ['spec.unschedulable=maybe', 'status.x=1']),
      ...selected(persistentVolumeClaims, ['status.phase=Bound']),
    ],
  },
  {
    name: 'objects/tables of filled status',
    steps: [
      create(pods, 'one'),
      statusOf(pods, 'one', {
        phase: 'Running',
        podIP: '10.1.2.3',
        podIPs: [{ ip: '10.1.2.3' }],
        containerStatuses: [
          {
            name: 'main',
            image: 'i',
            imageID: 'i',
            ready: false,
            restartCount: 3,
            state: { waiting: { reason: 'CrashLoopBackOff' } },
          },
        ],
      }),
      table(pods),
      create(deployments, 'one'),
      statusOf(deployments, 'one', { replicas: 3, updatedReplicas: 2, readyReplicas: 1, availableReplicas: 1 }),
      table(deployments),
      create(replicaSets, 'one'),
      statusOf(replicaSets, 'one', { replicas: 3, readyReplicas: 1 }),
      table(replicaSets),
      create(persistentVolumeClaims, 'one'),
      statusOf(persistentVolumeClaims, 'one', {
        phase: 'Bound',
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '1Gi' },
      }),
      table(persistentVolumeClaims),
      create(disruptionBudgets, 'one'),
      statusOf(disruptionBudgets, 'one', {
        currentHealthy: 2,
        desiredHealthy: 1,
        disruptionsAllowed: 1,
        expectedPods: 2,
      }),
      table(disruptionBudgets),
    ],
  },
];
