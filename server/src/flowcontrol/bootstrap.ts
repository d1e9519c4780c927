/** The FlowSchemas and PriorityLevelConfigurations that every cluster starts with: upstream's facts. */
import type {
  FlowSchema,
  PolicyRulesWithSubjects,
  PriorityLevelConfiguration,
} from '@typernetes/openapi/types/flowcontrol/v1';

export const autoUpdateAnnotation = 'apf.kubernetes.io/autoupdate-spec';
const apiVersion = 'flowcontrol.apiserver.k8s.io/v1';
const annotations = { [autoUpdateAnnotation]: 'true' };

type Subjects = PolicyRulesWithSubjects['subjects'];
type Rules = Omit<PolicyRulesWithSubjects, 'subjects'>;

const groups = (...names: string[]): Subjects => names.map((name) => ({ kind: 'Group', group: { name } }));
const users = (...names: string[]): Subjects => names.map((name) => ({ kind: 'User', user: { name } }));
const kubeSystemServiceAccounts: Subjects = [
  { kind: 'ServiceAccount', serviceAccount: { name: '*', namespace: 'kube-system' } },
];
const everyone = groups('system:unauthenticated', 'system:authenticated');

function resourceRule(verbs: string[], apiGroups: string[], resources: string[], clusterScope: boolean) {
  return { verbs, apiGroups, resources, ...(clusterScope ? { clusterScope } : {}), namespaces: ['*'] };
}

const everything: Rules = {
  resourceRules: [resourceRule(['*'], ['*'], ['*'], true)],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
};

function schema(
  name: string,
  level: string,
  matchingPrecedence: number,
  distinguisher: 'ByUser' | 'ByNamespace' | undefined,
  subjects: Subjects,
  rules: Rules,
): FlowSchema {
  return {
    apiVersion,
    kind: 'FlowSchema',
    metadata: { name, annotations },
    spec: {
      priorityLevelConfiguration: { name: level },
      matchingPrecedence,
      ...(distinguisher === undefined ? {} : { distinguisherMethod: { type: distinguisher } }),
      rules: [{ subjects, ...rules }],
    },
  };
}

function limited(
  name: string,
  nominalConcurrencyShares: number,
  lendablePercent: number,
  queuing: { queues: number; handSize: number; queueLengthLimit: number } | undefined,
): PriorityLevelConfiguration {
  const limitResponse = queuing === undefined ? { type: 'Reject' } : { type: 'Queue', queuing };
  return {
    apiVersion,
    kind: 'PriorityLevelConfiguration',
    metadata: { name, annotations },
    spec: { type: 'Limited', limited: { nominalConcurrencyShares, limitResponse, lendablePercent } },
  };
}

const queuing = (queues: number, handSize: number) => ({ queues, handSize, queueLengthLimit: 50 });

export const exemptLevel: PriorityLevelConfiguration = {
  apiVersion,
  kind: 'PriorityLevelConfiguration',
  metadata: { name: 'exempt', annotations },
  spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
};
export const catchAllLevel = limited('catch-all', 5, 0, undefined);

/** Whatever operators do to these is undone. */
export const mandatoryLevels: readonly PriorityLevelConfiguration[] = [catchAllLevel, exemptLevel];

/** Operators may change or delete these. */
export const suggestedLevels: readonly PriorityLevelConfiguration[] = [
  limited('system', 30, 33, queuing(64, 6)),
  limited('node-high', 40, 25, queuing(64, 6)),
  limited('leader-election', 10, 0, queuing(16, 4)),
  limited('workload-high', 40, 50, queuing(128, 6)),
  limited('workload-low', 100, 90, queuing(128, 6)),
  limited('global-default', 20, 50, queuing(128, 6)),
];

export const exemptSchema = schema('exempt', 'exempt', 1, undefined, groups('system:masters'), everything);
export const catchAllSchema = schema('catch-all', 'catch-all', 10_000, 'ByUser', everyone, everything);

export const mandatorySchemas: readonly FlowSchema[] = [exemptSchema, catchAllSchema];

const controllerManager = 'system:kube-controller-manager';
const scheduler = 'system:kube-scheduler';
const leases = 'coordination.k8s.io';

export const suggestedSchemas: readonly FlowSchema[] = [
  schema('system-nodes', 'system', 500, 'ByUser', groups('system:nodes'), everything),
  schema('system-node-high', 'node-high', 400, 'ByUser', groups('system:nodes'), {
    resourceRules: [
      resourceRule(['*'], [''], ['nodes', 'nodes/status'], true),
      resourceRule(['*'], [leases], ['leases'], false),
    ],
  }),
  schema('probes', 'exempt', 2, undefined, everyone, {
    nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
  }),
  schema(
    'system-leader-election',
    'leader-election',
    100,
    'ByUser',
    [...users(controllerManager, scheduler), ...kubeSystemServiceAccounts],
    { resourceRules: [resourceRule(['get', 'create', 'update'], [leases], ['leases'], false)] },
  ),
  schema('kube-controller-manager', 'workload-high', 800, 'ByNamespace', users(controllerManager), everything),
  schema('kube-scheduler', 'workload-high', 800, 'ByNamespace', users(scheduler), everything),
  schema('kube-system-service-accounts', 'workload-high', 900, 'ByNamespace', kubeSystemServiceAccounts, everything),
  schema('service-accounts', 'workload-low', 9000, 'ByUser', groups('system:serviceaccounts'), everything),
  schema('global-default', 'global-default', 9900, 'ByUser', everyone, everything),
];
