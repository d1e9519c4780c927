/** One small valid object of every kind that is stored, and where it lives. Nothing here takes part in the cluster. */
import type { Json, JsonObject, Kind } from './case.ts';

const podSpec: JsonObject = { containers: [{ name: 'main', image: 'example.com/main:1' }] };
const selector: JsonObject = { matchLabels: { app: 'web' } };
const template: JsonObject = { metadata: { labels: { app: 'web' } }, spec: podSpec };
const noRules: JsonObject[] = [
  { apiGroups: ['none.example.com'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['nothings'] },
];
const webhook: JsonObject = {
  name: 'none.example.com',
  clientConfig: { url: 'https://127.0.0.1:1/none' },
  rules: noRules,
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
};

export const namespaced = (apiVersion: string, kind: string, resource: string, example: JsonObject): Kind => ({
  apiVersion,
  kind,
  resource,
  namespaced: true,
  example,
});
export const cluster = (apiVersion: string, kind: string, resource: string, example: JsonObject): Kind => ({
  apiVersion,
  kind,
  resource,
  namespaced: false,
  example,
});
const named = (name: string): Json => ({ name });

export const pods = namespaced('v1', 'Pod', 'pods', { spec: podSpec });
export const services = namespaced('v1', 'Service', 'services', {
  spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
});
export const configMaps = namespaced('v1', 'ConfigMap', 'configmaps', { data: { key: 'value' } });
export const secrets = namespaced('v1', 'Secret', 'secrets', { data: { key: 'dmFsdWU=' } });
export const serviceAccounts = namespaced('v1', 'ServiceAccount', 'serviceaccounts', {});
export const endpoints = namespaced('v1', 'Endpoints', 'endpoints', {
  subsets: [{ addresses: [{ ip: '10.1.2.3' }], ports: [{ port: 80 }] }],
});
export const coreEvents = namespaced('v1', 'Event', 'events', {
  involvedObject: { apiVersion: 'v1', kind: 'Pod', name: 'main', namespace: '$ns' },
  reason: 'Started',
  message: 'It has started',
  type: 'Normal',
  firstTimestamp: '2026-01-02T03:04:05Z',
  lastTimestamp: '2026-01-02T03:04:05Z',
  count: 1,
  source: { component: 'compare' },
});
export const limitRanges = namespaced('v1', 'LimitRange', 'limitranges', {
  spec: { limits: [{ type: 'Container', max: { cpu: '4' } }] },
});
export const resourceQuotas = namespaced('v1', 'ResourceQuota', 'resourcequotas', { spec: { hard: { pods: '100' } } });
export const replicationControllers = namespaced('v1', 'ReplicationController', 'replicationcontrollers', {
  spec: { replicas: 1, selector: { app: 'web' }, template },
});
export const podTemplates = namespaced('v1', 'PodTemplate', 'podtemplates', { template });
export const persistentVolumeClaims = namespaced('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims', {
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
});
export const persistentVolumes = cluster('v1', 'PersistentVolume', 'persistentvolumes', {
  spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/tmp/data' } },
});
export const nodes = cluster('v1', 'Node', 'nodes', { spec: { unschedulable: true } });
export const namespaces = cluster('v1', 'Namespace', 'namespaces', {});

export const deployments = namespaced('apps/v1', 'Deployment', 'deployments', { spec: { selector, template } });
export const replicaSets = namespaced('apps/v1', 'ReplicaSet', 'replicasets', { spec: { selector, template } });
export const daemonSets = namespaced('apps/v1', 'DaemonSet', 'daemonsets', { spec: { selector, template } });
export const statefulSets = namespaced('apps/v1', 'StatefulSet', 'statefulsets', {
  spec: { selector, serviceName: 'web', template },
});
export const controllerRevisions = namespaced('apps/v1', 'ControllerRevision', 'controllerrevisions', {
  revision: 1,
  data: { some: 'data' },
});

export const jobs = namespaced('batch/v1', 'Job', 'jobs', {
  spec: { template: { spec: { ...podSpec, restartPolicy: 'Never' } } },
});
export const cronJobs = namespaced('batch/v1', 'CronJob', 'cronjobs', {
  spec: {
    schedule: '*/5 * * * *',
    jobTemplate: { spec: { template: { spec: { ...podSpec, restartPolicy: 'Never' } } } },
  },
});
export const autoscalersV1 = namespaced('autoscaling/v1', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers', {
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    maxReplicas: 3,
    targetCPUUtilizationPercentage: 70,
  },
});
export const autoscalers = namespaced('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers', {
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    maxReplicas: 3,
    metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } }],
  },
});
export const disruptionBudgets = namespaced('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets', {
  spec: { minAvailable: 1, selector },
});

export const roles = namespaced('rbac.authorization.k8s.io/v1', 'Role', 'roles', {
  rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
});
export const clusterRoles = cluster('rbac.authorization.k8s.io/v1', 'ClusterRole', 'clusterroles', {
  rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
});
export const roleBindings = namespaced('rbac.authorization.k8s.io/v1', 'RoleBinding', 'rolebindings', {
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
  subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: '$ns' }],
});
export const clusterRoleBindings = cluster(
  'rbac.authorization.k8s.io/v1',
  'ClusterRoleBinding',
  'clusterrolebindings',
  {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'nothing' },
    subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'nobody' }],
  },
);

export const ingresses = namespaced('networking.k8s.io/v1', 'Ingress', 'ingresses', {
  spec: {
    rules: [
      {
        host: 'web.example.com',
        http: {
          paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }],
        },
      },
    ],
  },
});
export const ingressClasses = cluster('networking.k8s.io/v1', 'IngressClass', 'ingressclasses', {
  spec: { controller: 'example.com/ingress' },
});
export const networkPolicies = namespaced('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies', {
  spec: { podSelector: selector, ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 80 }] }] },
});
export const ipAddresses = cluster('networking.k8s.io/v1', 'IPAddress', 'ipaddresses', {
  metadata: named('10.99.$octets'),
  spec: { parentRef: { resource: 'services', namespace: '$ns', name: 'web' } },
});
export const serviceCidrs = cluster('networking.k8s.io/v1', 'ServiceCIDR', 'servicecidrs', {
  spec: { cidrs: ['10.99.0.0/24'] },
});
export const endpointSlices = namespaced('discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices', {
  addressType: 'IPv4',
  endpoints: [{ addresses: ['10.1.2.3'] }],
  ports: [{ name: 'http', port: 80 }],
});

export const storageClasses = cluster('storage.k8s.io/v1', 'StorageClass', 'storageclasses', {
  provisioner: 'example.com/disks',
});
export const csiDrivers = cluster('storage.k8s.io/v1', 'CSIDriver', 'csidrivers', { spec: {} });
export const csiNodes = cluster('storage.k8s.io/v1', 'CSINode', 'csinodes', {
  spec: { drivers: [{ name: 'example.com', nodeID: 'node', topologyKeys: ['example.com/zone'] }] },
});
export const csiStorageCapacities = namespaced('storage.k8s.io/v1', 'CSIStorageCapacity', 'csistoragecapacities', {
  storageClassName: 'fast',
  capacity: '10Gi',
});
export const volumeAttachments = cluster('storage.k8s.io/v1', 'VolumeAttachment', 'volumeattachments', {
  spec: { attacher: 'example.com', nodeName: 'node', source: { persistentVolumeName: 'volume' } },
});
export const volumeAttributesClasses = cluster(
  'storage.k8s.io/v1',
  'VolumeAttributesClass',
  'volumeattributesclasses',
  {
    driverName: 'example.com',
    parameters: { speed: 'fast' },
  },
);

export const priorityClasses = cluster('scheduling.k8s.io/v1', 'PriorityClass', 'priorityclasses', { value: 1000 });
export const runtimeClasses = cluster('node.k8s.io/v1', 'RuntimeClass', 'runtimeclasses', { handler: 'runc' });
export const leases = namespaced('coordination.k8s.io/v1', 'Lease', 'leases', {
  spec: { holderIdentity: 'somebody', leaseDurationSeconds: 15 },
});
export const events = namespaced('events.k8s.io/v1', 'Event', 'events', {
  eventTime: '2026-01-02T03:04:05.000000Z',
  reportingController: 'example.com/compare',
  reportingInstance: 'compare-1',
  action: 'Starting',
  reason: 'Started',
  regarding: { apiVersion: 'v1', kind: 'Pod', name: 'main', namespace: '$ns' },
  note: 'It has started',
  type: 'Normal',
});
export const certificateSigningRequests = cluster(
  'certificates.k8s.io/v1',
  'CertificateSigningRequest',
  'certificatesigningrequests',
  {
    spec: {
      // CN=compare
      request:
        'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlITk1IUUNBUUF3RWpFUU1BNEdBMVVFQXd3SFkyOXRjR0Z5WlRCWk1CTUdCeXFHU000OUFnRUdDQ3FHU000OQpBd0VIQTBJQUJKVmJUbEJQeEhzdVNkRTRNNk9uTWdPd0hpUFJyZWZoaTArall4aFZTcmd2MC9VMlUxOHFpS1BnCkRFVXAzSmFjeDVDVWJ1OElXbitpaTBuNGl4MEhiU2FnQURBS0JnZ3Foa2pPUFFRREFnTkpBREJHQWlFQS9veWgKUnEzZHozVEZIc0tlRVFiZlRvdG5xSmFqRzRCdjErYTdDMW5ZblJRQ0lRRDJQeDVHOEx2SkdxNHdXSk5PL2h0SwpmdmFpelRxMlV2enRFNUFQRVhNOU5nPT0KLS0tLS1FTkQgQ0VSVElGSUNBVEUgUkVRVUVTVC0tLS0tCg==',
      signerName: 'example.com/signer',
      usages: ['client auth'],
    },
  },
);

export const flowSchemas = cluster('flowcontrol.apiserver.k8s.io/v1', 'FlowSchema', 'flowschemas', {
  spec: {
    priorityLevelConfiguration: { name: 'global-default' },
    rules: [
      {
        subjects: [{ kind: 'User', user: { name: 'nobody-at-all' } }],
        resourceRules: [
          { verbs: ['get'], apiGroups: ['none.example.com'], resources: ['nothings'], clusterScope: true },
        ],
      },
    ],
  },
});
export const priorityLevels = cluster(
  'flowcontrol.apiserver.k8s.io/v1',
  'PriorityLevelConfiguration',
  'prioritylevelconfigurations',
  { spec: { type: 'Limited', limited: { nominalConcurrencyShares: 1, limitResponse: { type: 'Reject' } } } },
);

export const validatingWebhooks = cluster(
  'admissionregistration.k8s.io/v1',
  'ValidatingWebhookConfiguration',
  'validatingwebhookconfigurations',
  { webhooks: [webhook] },
);
export const mutatingWebhooks = cluster(
  'admissionregistration.k8s.io/v1',
  'MutatingWebhookConfiguration',
  'mutatingwebhookconfigurations',
  { webhooks: [webhook] },
);
export const validatingPolicies = cluster(
  'admissionregistration.k8s.io/v1',
  'ValidatingAdmissionPolicy',
  'validatingadmissionpolicies',
  { spec: { matchConstraints: { resourceRules: noRules }, validations: [{ expression: 'true' }] } },
);
export const validatingPolicyBindings = cluster(
  'admissionregistration.k8s.io/v1',
  'ValidatingAdmissionPolicyBinding',
  'validatingadmissionpolicybindings',
  { spec: { policyName: 'none.example.com', validationActions: ['Deny'] } },
);
export const mutatingPolicies = cluster(
  'admissionregistration.k8s.io/v1',
  'MutatingAdmissionPolicy',
  'mutatingadmissionpolicies',
  {
    spec: {
      matchConstraints: { resourceRules: noRules },
      reinvocationPolicy: 'Never',
      mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: '[]' } }],
    },
  },
);
export const mutatingPolicyBindings = cluster(
  'admissionregistration.k8s.io/v1',
  'MutatingAdmissionPolicyBinding',
  'mutatingadmissionpolicybindings',
  { spec: { policyName: 'none.example.com' } },
);

export const customResourceDefinitions = cluster(
  'apiextensions.k8s.io/v1',
  'CustomResourceDefinition',
  'customresourcedefinitions',
  {
    metadata: named('things.$ns.example.com'),
    spec: {
      group: '$ns.example.com',
      names: { kind: 'Thing', plural: 'things' },
      scope: 'Namespaced',
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object' } } } },
        },
      ],
    },
  },
);
export const apiServices = cluster('apiregistration.k8s.io/v1', 'APIService', 'apiservices', {
  metadata: named('v1.$ns.example.com'),
  spec: {
    group: '$ns.example.com',
    version: 'v1',
    groupPriorityMinimum: 10,
    versionPriority: 10,
    insecureSkipTLSVerify: true,
    service: { namespace: '$ns', name: 'none' },
  },
});

const exactly: JsonObject = { deviceClassName: 'gpu.example.com' };
export const deviceClasses = cluster('resource.k8s.io/v1', 'DeviceClass', 'deviceclasses', {
  spec: { selectors: [{ cel: { expression: 'device.driver == "example.com"' } }] },
});
export const resourceClaims = namespaced('resource.k8s.io/v1', 'ResourceClaim', 'resourceclaims', {
  spec: { devices: { requests: [{ name: 'gpu', exactly }] } },
});
export const resourceClaimTemplates = namespaced(
  'resource.k8s.io/v1',
  'ResourceClaimTemplate',
  'resourceclaimtemplates',
  {
    spec: { spec: { devices: { requests: [{ name: 'gpu', exactly }] } } },
  },
);
export const resourceSlices = cluster('resource.k8s.io/v1', 'ResourceSlice', 'resourceslices', {
  spec: {
    driver: 'example.com',
    nodeName: 'node',
    pool: { name: 'pool', generation: 1, resourceSliceCount: 1 },
    devices: [{ name: 'gpu-0', attributes: { model: { string: 'a' } }, capacity: { memory: { value: '1Gi' } } }],
  },
});

export const kinds: readonly Kind[] = [
  pods,
  services,
  configMaps,
  secrets,
  serviceAccounts,
  endpoints,
  coreEvents,
  limitRanges,
  resourceQuotas,
  replicationControllers,
  podTemplates,
  persistentVolumeClaims,
  persistentVolumes,
  nodes,
  namespaces,
  deployments,
  replicaSets,
  daemonSets,
  statefulSets,
  controllerRevisions,
  jobs,
  cronJobs,
  autoscalersV1,
  autoscalers,
  disruptionBudgets,
  roles,
  clusterRoles,
  roleBindings,
  clusterRoleBindings,
  ingresses,
  ingressClasses,
  networkPolicies,
  ipAddresses,
  serviceCidrs,
  endpointSlices,
  storageClasses,
  csiDrivers,
  csiNodes,
  csiStorageCapacities,
  volumeAttachments,
  volumeAttributesClasses,
  priorityClasses,
  runtimeClasses,
  leases,
  events,
  certificateSigningRequests,
  flowSchemas,
  priorityLevels,
  validatingWebhooks,
  mutatingWebhooks,
  validatingPolicies,
  validatingPolicyBindings,
  mutatingPolicies,
  mutatingPolicyBindings,
  customResourceDefinitions,
  apiServices,
  deviceClasses,
  resourceClaims,
  resourceClaimTemplates,
  resourceSlices,
];
