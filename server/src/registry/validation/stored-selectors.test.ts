/** Values of labels that no selector may have today, where objects of earlier times still have them. */
import { type Kind, refusedUpdates } from '../testing/rules.ts';

const bad = { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['b c'] }] };
const template = {
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'main', image: 'example.com/main:1', terminationMessagePolicy: 'File' }] },
};

const rows: readonly Kind[] = [
  {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    resource: 'persistentvolumeclaims',
    example: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, selector: bad } },
  },
  {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    resource: 'poddisruptionbudgets',
    example: { spec: { selector: bad } },
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    resource: 'networkpolicies',
    example: { spec: { podSelector: bad, policyTypes: ['Ingress'] } },
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    resource: 'clusterroles',
    example: { aggregationRule: { clusterRoleSelectors: [bad] }, rules: [] },
  },
  {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSIStorageCapacity',
    resource: 'csistoragecapacities',
    example: { storageClassName: 'fast', nodeTopology: bad },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    resource: 'daemonsets',
    example: { spec: { selector: bad, template } },
  },
  {
    apiVersion: 'batch/v1',
    kind: 'Job',
    resource: 'jobs',
    example: {
      spec: {
        manualSelector: true,
        selector: bad,
        template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } },
      },
    },
  },
];

for (const row of rows) {
  refusedUpdates(`${row.kind}: what was stored`, row, {
    'another label': [{ 'metadata/labels': { a: 'b' } }],
  });
}

const message = `Invalid value: "b c": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`;

refusedUpdates(
  'what was right stays right',
  {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    resource: 'poddisruptionbudgets',
    example: { spec: { selector: { matchLabels: { app: 'web' } } } },
  },
  { 'a bad value': [{ 'spec/selector': bad }, `spec.selector.matchExpressions[0].values[0]: ${message}`] },
);
