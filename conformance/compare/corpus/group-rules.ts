/** Rules of kinds outside the core group that upstream's own tables of tests know and nothing else here asks for. */
import type { Case, Changes, Json, JsonObject, Step } from '../case.ts';
import {
  autoscalers,
  autoscalersV1,
  controllerRevisions,
  cronJobs,
  csiStorageCapacities,
  daemonSets,
  deployments,
  deviceClasses,
  endpointSlices,
  jobs,
  networkPolicies,
  replicaSets,
  resourceClaimTemplates,
  runtimeClasses,
  serviceCidrs,
  statefulSets,
  storageClasses,
  validatingPolicyBindings,
  validatingWebhooks,
  volumeAttachments,
} from '../kinds.ts';
import { create, get, objectOf, post, put, remove, sub, tableAccept, update, updates, variants } from '../requests.ts';

const attachErrors: JsonObject[] = [
  { message: 'x'.repeat(1025) },
  { message: 'x', errorCode: -1 },
  { message: 'x', errorCode: 1 },
];
const requirements: JsonObject[] = [
  { key: '', operator: 'In', values: ['a'] },
  { key: '()', operator: 'In', values: [] },
  { key: 'a', operator: 'Exists', values: ['a'] },
  { key: 'a', operator: 'New' },
];
const schedules = ['   ', '@every 5', '@every 1x', '@every .5h', '@every 0', 'TZ=0', 'TZ=0 * * * * *', ', * * * *'];
const zones = ['LOCAL', 'Local', 'europe/berlin', '+0100', 'PST', 'US/Pacific', 'Europe/', 'UTC'];
const wrongSelector: Changes = { 'spec/selector/matchLabels': { 'a b': 'c' }, 'spec/template/spec/containers': [] };
const metricsOf = (metrics: string): Changes => ({
  'metadata/annotations': { 'autoscaling.alpha.kubernetes.io/metrics': metrics },
});
const behavior = (text: string): Changes => ({
  'metadata/annotations': { 'autoscaling.alpha.kubernetes.io/behavior': text },
});
const annotated = (name: string, values: readonly string[]): Record<string, Changes> =>
  Object.fromEntries(values.map((value) => [`${name}=${value}`, { 'metadata/annotations': { [name]: value } }]));

export const groupRuleCases: readonly Case[] = [
  {
    name: 'rules/workloads: selectors and figures of older versions',
    steps: [
      ...[deployments, replicaSets, statefulSets].flatMap((kind) =>
        variants(kind, { 'a wrong selector': wrongSelector }),
      ),
      ...variants(deployments, {
        'a surge that is no percentage': {
          'spec/strategy/rollingUpdate': { maxSurge: '20Percent', maxUnavailable: 0 },
        },
        ...annotated('deprecated.deployment.rollback.to', ['x', '+5', '-3', '', '99999999999999999999']),
      }),
      ...variants(daemonSets, annotated('deprecated.daemonset.template.generation', ['x', '+7', '-3', ''])),
    ],
  },
  {
    name: 'rules/jobs',
    steps: [
      ...variants(jobs, {
        'labels of the template': { 'spec/template/metadata/labels': { a: 'b' } },
        'labels of its own': { 'spec/template/metadata/labels': { a: 'b' }, 'metadata/labels': { a: 'b' } },
        'a mode of nonsense': { 'spec/completionMode': 'X', 'spec/backoffLimitPerIndex': 1 },
        'an index beyond integers': {
          'spec/completionMode': 'Indexed',
          'spec/completions': 3,
          'spec/successPolicy': { rules: [{ succeededIndexes: '99999999999999999999' }] },
        },
        'more than can be tracked': {
          'spec/completionMode': 'Indexed',
          'spec/completions': 100_001,
          'spec/parallelism': 10_001,
        },
        'wrong everywhere': {
          'spec/podReplacementPolicy': 'X',
          'spec/podFailurePolicy': { rules: [{ action: 'X' }] },
          'spec/template/spec/containers': [],
        },
      }),
      post(
        jobs,
        objectOf(jobs, 'x', {
          'metadata/name': undefined,
          'metadata/generateName': 'x-',
          'spec/template/metadata/labels': { a: 'b' },
        }),
      ),
      create(jobs, 'idle', { 'spec/suspend': true }, {}, { as: 'idle' }),
      ...['example.com/main:1', 'example.com/main:2'].map((image) =>
        put(
          jobs,
          'idle',
          objectOf(jobs, 'idle', {
            'spec/suspend': true,
            'spec/selector': { matchLabels: { 'batch.kubernetes.io/controller-uid': '{{idle.metadata.uid}}' } },
            'spec/template/metadata/labels': {
              'batch.kubernetes.io/controller-uid': '{{idle.metadata.uid}}',
              'batch.kubernetes.io/job-name': 'idle',
              'controller-uid': '{{idle.metadata.uid}}',
              'job-name': 'idle',
            },
            'spec/template/spec/containers/0/image': image,
            'spec/template/spec/containers/0/resources': { requests: { cpu: '1' } },
          }),
          { dryRun: 'All' },
          { label: image },
        ),
      ),
      ...updates(
        jobs,
        { 'no completions': { 'spec/completions': undefined, 'spec/parallelism': 2 } },
        { 'spec/completionMode': 'Indexed', 'spec/completions': 3 },
      ),
    ],
  },
  {
    name: 'rules/cronjobs',
    steps: variants(cronJobs, {
      ...Object.fromEntries(schedules.map((schedule) => [schedule, { 'spec/schedule': schedule }])),
      ...Object.fromEntries(zones.map((zone) => [zone, { 'spec/timeZone': zone }])),
    }),
  },
  {
    name: 'rules/autoscalers: annotations of v1',
    steps: [
      ...variants(autoscalersV1, {
        'no JSON': metricsOf('x'),
        'no metrics': metricsOf('[]'),
        'a bare one': metricsOf('[{"type":"Resource","resource":{"name":"memory"}}]'),
        'an object': metricsOf(
          '[{"type":"Object","object":{"target":{"kind":"Service","name":"s"},"metricName":"m"}}]',
        ),
        'two sources': metricsOf(
          '[{"type":"Pods","pods":{"metricName":"m"},"external":{"metricName":"m","targetValue":"5"}}]',
        ),
        'a container': metricsOf(
          '[{"type":"ContainerResource","containerResource":{"name":"cpu","container":"c","targetAverageUtilization":5}}]',
        ),
        'a rule without policies': behavior('{"ScaleUp":{"SelectPolicy":"Min"}}'),
        'rules in small letters': behavior('{"scaleDown":{"policies":[{"type":"Pods","value":1,"periodSeconds":5}]}}'),
        'a tolerance': behavior(
          '{"ScaleUp":{"Tolerance":"-1","Policies":[{"Type":"Pods","Value":1,"PeriodSeconds":5}]}}',
        ),
        'a target of three parts': { 'spec/scaleTargetRef/apiVersion': 'a/b/c' },
      }),
      create(autoscalers, 'both', {
        ...metricsOf('[]'),
        'spec/metrics': [
          { type: 'Pods', pods: { metric: { name: 'm' }, target: { type: 'AverageValue', averageValue: '5' } } },
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 5 } } },
        ],
        'spec/behavior': { scaleUp: { selectPolicy: 'Min' } },
      }),
      get(autoscalersV1, 'both', {}, { as: 'v1' }),
      sub(
        'status',
        update(autoscalers, 'both', {
          status: {
            currentReplicas: 1,
            desiredReplicas: 1,
            conditions: [{ type: 'A', status: 'True', reason: 'R' }],
            currentMetrics: [
              { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 5 } } },
              { type: 'Pods', pods: { metric: { name: 'm' }, current: { averageValue: '3' } } },
            ],
          },
        }),
      ),
      get(autoscalersV1, 'both', {}, { label: 'with status' }),
      remove(autoscalers, 'both'),
    ],
  },
  {
    name: 'rules/network: ranges in other forms',
    steps: [
      ...variants(serviceCidrs, {
        zeros: { 'spec/cidrs': ['192.168.007.0/24'] },
        capitals: { 'spec/cidrs': ['FD00:1234::/64'] },
        'one of each, wrong': { 'spec/cidrs': ['192.168.007.0/24', 'x'] },
        mapped: { 'spec/cidrs': ['::ffff:1.2.3.0/120'] },
      }),
      ...variants(networkPolicies, {
        zeros: { 'spec/ingress': [{ from: [{ ipBlock: { cidr: '001.002.003.000/0' } }] }] },
        'a long form': {
          'spec/egress': [{ to: [{ ipBlock: { cidr: 'FD00:0::/32', except: ['fd00:0:0::/48'] } }] }],
        },
      }),
    ],
  },
  {
    name: 'rules/labels of nodes that were renamed',
    steps: [
      ...variants(storageClasses, {
        zone: {
          allowedTopologies: [
            { matchLabelExpressions: [{ key: 'failure-domain.beta.kubernetes.io/zone', values: ['a'] }] },
          ],
        },
      }),
      ...variants(runtimeClasses, { arch: { scheduling: { nodeSelector: { 'beta.kubernetes.io/arch': 'x' } } } }),
    ],
  },
  {
    name: 'rules/attachments: status',
    steps: [
      create(volumeAttachments, 'one', {}, {}, { as: 'made' }),
      ...attachErrors.map((attachError) =>
        sub(
          'status',
          update(
            volumeAttachments,
            'one',
            {
              'metadata/resourceVersion': '{{made.metadata.resourceVersion}}',
              status: { attached: false, attachError },
            },
            { dryRun: 'All' },
          ),
        ),
      ),
    ],
  },
  {
    name: 'rules/templates, slices, services of webhooks, revisions, bindings',
    steps: [
      ...variants(resourceClaimTemplates, {
        'metadata that is not its own': {
          'spec/metadata': { name: 'a', namespace: 'b', uid: 'c', finalizers: ['a/b'], labels: { 'a b': '' } },
        },
      }),
      ...variants(endpointSlices, { 'a type of nonsense': { addressType: 'X', 'endpoints/0/addresses': ['x'] } }),
      ...variants(csiStorageCapacities, {
        'wrong twice': { storageClassName: '', nodeTopology: { matchLabels: { 'a b': 'c' } } },
        'a renamed label': { nodeTopology: { matchLabels: { 'beta.kubernetes.io/os': 'x' } } },
      }),
      ...variants(validatingWebhooks, {
        'no name': { 'webhooks/0/clientConfig': { service: { name: '', namespace: 'n' } } },
        'no namespace': { 'webhooks/0/clientConfig': { service: { name: 'n', namespace: '' } } },
      }),
      ...variants(networkPolicies, {
        'nothing to except from': { 'spec/ingress': [{ from: [{ ipBlock: { cidr: 'x', except: ['y'] } }] }] },
      }),
      ...updates(controllerRevisions, { 'null for absent': { data: { kept: null } } }, { data: { other: 1 } }),
      create(validatingPolicyBindings, 'selecting', {
        'spec/paramRef': {
          selector: {
            matchLabels: { b: 'c', a: 'd' },
            matchExpressions: [{ key: 'k', operator: 'In', values: ['x', 'y'] }],
          },
          parameterNotFoundAction: 'Deny',
        },
      }),
      get(validatingPolicyBindings, 'selecting', {}, { headers: { accept: tableAccept } }),
      ...variants(deviceClasses, { 'a long name': { 'metadata/name': 'a'.repeat(254) } }),
    ],
  },
  {
    name: 'rules/reviews: selectors',
    steps: requirements.flatMap((requirement) =>
      ['fieldSelector', 'labelSelector'].map((selector): Step => {
        const attributes: Json = { resource: 'pods', verb: 'list', [selector]: { requirements: [requirement] } };
        return {
          method: 'POST',
          path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
          body: { spec: { user: 'u', resourceAttributes: attributes } },
        };
      }),
    ),
  },
];
