/**
 * Lists, maps, pointers and times that Go writes as null where they are absent: the fields without `omitempty`, and
 * times that are no pointers, which are structs and never empty. Taken from the struct tags of upstream's types.go,
 * v1.36.2. One entry serves all versions of a group. Fields that validation requires are left out: their null is never
 * seen, and nobody needs to be ready for it.
 */
const keptNulls: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'io.k8s.api.apiserverinternal': { StorageVersionCondition: 'lastTransitionTime' },
  'io.k8s.api.apps': {
    DaemonSetCondition: 'lastTransitionTime',
    DeploymentCondition: 'lastUpdateTime lastTransitionTime',
    ReplicaSetCondition: 'lastTransitionTime',
    StatefulSetCondition: 'lastTransitionTime',
    StatefulSetSpec: 'selector',
  },
  'io.k8s.api.authentication': {
    TokenRequestSpec: 'audiences boundObjectRef expirationSeconds',
    TokenRequestStatus: 'expirationTimestamp',
  },
  'io.k8s.api.authorization': {
    NonResourceRule: 'verbs',
    ResourceRule: 'verbs',
    SubjectRulesReviewStatus: 'resourceRules nonResourceRules',
  },
  'io.k8s.api.autoscaling': {
    HorizontalPodAutoscalerCondition: 'lastTransitionTime',
    HorizontalPodAutoscalerStatus: 'currentMetrics',
  },
  'io.k8s.api.batch': {
    JobCondition: 'lastProbeTime lastTransitionTime',
    PodFailurePolicy: 'rules',
  },
  'io.k8s.api.certificates': {
    CertificateSigningRequestCondition: 'lastUpdateTime lastTransitionTime',
  },
  'io.k8s.api.core': {
    AzureFilePersistentVolumeSource: 'secretNamespace',
    ContainerImage: 'names',
    ContainerStateRunning: 'startedAt',
    ContainerStateTerminated: 'startedAt finishedAt',
    Event: 'firstTimestamp lastTimestamp eventTime',
    EventSeries: 'lastObservedTime',
    GRPCAction: 'service',
    LimitRangeSpec: 'limits',
    NamespaceCondition: 'lastTransitionTime',
    NodeAllocatableResourceClaimStatus: 'resources',
    NodeCondition: 'lastHeartbeatTime lastTransitionTime',
    PersistentVolumeClaimCondition: 'lastProbeTime lastTransitionTime',
    PodCondition: 'lastProbeTime lastTransitionTime',
    PodExtendedResourceClaimStatus: 'requestMappings',
    ProjectedVolumeSource: 'sources',
    ReplicationControllerCondition: 'lastTransitionTime',
    TypedLocalObjectReference: 'apiGroup',
    TypedObjectReference: 'apiGroup',
  },
  'io.k8s.api.discovery': { EndpointSlice: 'endpoints ports' },
  'io.k8s.api.events': {
    Event: 'eventTime deprecatedFirstTimestamp deprecatedLastTimestamp',
    EventSeries: 'lastObservedTime',
  },
  'io.k8s.api.flowcontrol': {
    FlowSchemaCondition: 'lastTransitionTime',
    LimitedPriorityLevelConfiguration: 'nominalConcurrencyShares',
    PriorityLevelConfigurationCondition: 'lastTransitionTime',
    ResourcePolicyRule: 'namespaces',
  },
  'io.k8s.api.networking': {
    IngressClassParametersReference: 'scope',
  },
  'io.k8s.api.rbac': { ClusterRole: 'rules', Role: 'rules' },
  'io.k8s.api.resource': {
    AllocatedDeviceStatus: 'conditions',
    DeviceClaim: 'requests',
  },
  'io.k8s.api.storage': { CSINodeDriver: 'topologyKeys', CSINodeSpec: 'drivers', VolumeError: 'time' },
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions': {
    CustomResourceDefinitionCondition: 'lastTransitionTime',
    CustomResourceDefinitionStatus: 'conditions storedVersions',
  },
  'io.k8s.apimachinery.pkg.apis.meta': { Condition: 'lastTransitionTime' },
  'io.k8s.kube-aggregator.pkg.apis.apiregistration': { APIServiceCondition: 'lastTransitionTime' },
};

/** Required fields that Go leaves out when they are empty all the same: `omitempty`, from the same struct tags. */
const omittedRequired: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'io.k8s.api.admissionregistration': { ValidatingAdmissionPolicyBindingSpec: 'policyName validationActions' },
  'io.k8s.api.coordination': { LeaseCandidateSpec: 'strategy' },
  'io.k8s.api.core': {
    ContainerRestartRule: 'action',
    ContainerRestartRuleOnExitCodes: 'operator',
    ImageVolumeStatus: 'imageRef',
    PodCertificateProjection: 'keyType signerName',
  },
  'io.k8s.api.networking': { IPAddressSpec: 'parentRef', ParentReference: 'name resource' },
  'io.k8s.api.resource': {
    CapacityRequestPolicyRange: 'min',
    CounterSet: 'counters',
    DeviceCounterConsumption: 'counters',
  },
};

const none: ReadonlySet<string> = new Set();

/** Of a definition such as `io.k8s.api.core.v1.PodSpec`. */
export const keptNullsOf = (definition: string): ReadonlySet<string> => fieldsOf(keptNulls, definition);

export const omittedRequiredOf = (definition: string): ReadonlySet<string> => fieldsOf(omittedRequired, definition);

function fieldsOf(table: Readonly<Record<string, Readonly<Record<string, string>>>>, definition: string) {
  const [, group = '', name = ''] = /^(.*)\.[^.]+\.([^.]+)$/.exec(definition) ?? [];
  const fields = table[group]?.[name];
  return fields === undefined ? none : new Set(fields.split(' '));
}
