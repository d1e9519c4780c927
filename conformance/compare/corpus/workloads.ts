/** What makes pods: valid, edge and invalid specs, updates, status and scale. */
import type { Case, Changes } from '../case.ts';
import {
  cronJobs,
  daemonSets,
  deployments,
  jobs,
  replicaSets,
  replicationControllers,
  statefulSets,
} from '../kinds.ts';
import { create, get, list, patch, put, remove, sub, table, updates, variants } from '../requests.ts';

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
];
