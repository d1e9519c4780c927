/**
 * Names of Go that show in its type errors and nowhere else: fields whose type is a named string or number
 * (`scheme` is a `v1.URIScheme`), and structs that are embedded in others, whose names stand in the path of their
 * fields (`livenessProbe.ProbeHandler.httpGet`). `[]=` names the type of a whole list. Taken from upstream's types.go, v1.36.2.
 */
const namedTypes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'io.k8s.api.admissionregistration.v1': {
    MatchResources: 'matchPolicy:v1.MatchPolicyType',
    MutatingAdmissionPolicySpec: 'failurePolicy:v1.FailurePolicyType reinvocationPolicy:v1.ReinvocationPolicyType',
    MutatingWebhook:
      'failurePolicy:v1.FailurePolicyType matchPolicy:v1.MatchPolicyType sideEffects:v1.SideEffectClass reinvocationPolicy:v1.ReinvocationPolicyType',
    Mutation: 'patchType:v1.PatchType',
    ParamRef: 'parameterNotFoundAction:v1.ParameterNotFoundActionType',
    Rule: 'scope:v1.ScopeType',
    RuleWithOperations: 'operations:v1.OperationType scope:v1.ScopeType',
    NamedRuleWithOperations: 'operations:v1.OperationType scope:v1.ScopeType',
    ValidatingAdmissionPolicyBindingSpec: 'validationActions:v1.ValidationAction',
    ValidatingAdmissionPolicySpec: 'failurePolicy:v1.FailurePolicyType',
    ValidatingWebhook:
      'failurePolicy:v1.FailurePolicyType matchPolicy:v1.MatchPolicyType sideEffects:v1.SideEffectClass',
    Validation: 'reason:v1.StatusReason',
  },
  'io.k8s.api.apps.v1': {
    DaemonSetCondition: 'type:v1.DaemonSetConditionType status:v1.ConditionStatus',
    DaemonSetUpdateStrategy: 'type:v1.DaemonSetUpdateStrategyType',
    DeploymentCondition: 'type:v1.DeploymentConditionType status:v1.ConditionStatus',
    DeploymentStrategy: 'type:v1.DeploymentStrategyType',
    ReplicaSetCondition: 'type:v1.ReplicaSetConditionType status:v1.ConditionStatus',
    StatefulSetCondition: 'type:v1.StatefulSetConditionType status:v1.ConditionStatus',
    StatefulSetPersistentVolumeClaimRetentionPolicy:
      'whenDeleted:v1.PersistentVolumeClaimRetentionPolicyType whenScaled:v1.PersistentVolumeClaimRetentionPolicyType',
    StatefulSetSpec: 'podManagementPolicy:v1.PodManagementPolicyType',
    StatefulSetUpdateStrategy: 'type:v1.StatefulSetUpdateStrategyType',
  },
  'io.k8s.api.authentication.v1': {
    BoundObjectReference: 'uid:types.UID',
  },
  'io.k8s.api.autoscaling.v1': {
    ContainerResourceMetricSource: 'name:v1.ResourceName',
    ContainerResourceMetricStatus: 'name:v1.ResourceName',
    HorizontalPodAutoscalerCondition: 'type:v1.HorizontalPodAutoscalerConditionType status:v1.ConditionStatus',
    MetricSpec: 'type:v1.MetricSourceType',
    MetricStatus: 'type:v1.MetricSourceType',
    ResourceMetricSource: 'name:v1.ResourceName',
    ResourceMetricStatus: 'name:v1.ResourceName',
  },
  'io.k8s.api.autoscaling.v2': {
    ContainerResourceMetricSource: 'name:v1.ResourceName',
    ContainerResourceMetricStatus: 'name:v1.ResourceName',
    HPAScalingPolicy: 'type:v2.HPAScalingPolicyType',
    HPAScalingRules: 'selectPolicy:v2.ScalingPolicySelect',
    HorizontalPodAutoscalerCondition: 'type:v2.HorizontalPodAutoscalerConditionType status:v1.ConditionStatus',
    MetricSpec: 'type:v2.MetricSourceType',
    MetricStatus: 'type:v2.MetricSourceType',
    MetricTarget: 'type:v2.MetricTargetType',
    ResourceMetricSource: 'name:v1.ResourceName',
    ResourceMetricStatus: 'name:v1.ResourceName',
  },
  'io.k8s.api.batch.v1': {
    CronJobSpec: 'concurrencyPolicy:v1.ConcurrencyPolicy',
    JobCondition: 'type:v1.JobConditionType status:v1.ConditionStatus',
    JobSpec: 'completionMode:v1.CompletionMode podReplacementPolicy:v1.PodReplacementPolicy',
    PodFailurePolicyOnExitCodesRequirement: 'operator:v1.PodFailurePolicyOnExitCodesOperator',
    PodFailurePolicyOnPodConditionsPattern: 'type:v1.PodConditionType status:v1.ConditionStatus',
    PodFailurePolicyRule: 'action:v1.PodFailurePolicyAction',
    UncountedTerminatedPods: 'succeeded:types.UID failed:types.UID',
  },
  'io.k8s.api.certificates.v1': {
    CertificateSigningRequestCondition: 'type:v1.RequestConditionType status:v1.ConditionStatus',
    CertificateSigningRequestSpec: 'usages:v1.KeyUsage extra:[]=v1.ExtraValue',
  },
  'io.k8s.api.coordination.v1': {
    // Of its betas and alphas.
    LeaseCandidateSpec: 'strategy:v1.CoordinatedLeaseStrategy',
    LeaseSpec: 'strategy:v1.CoordinatedLeaseStrategy',
  },
  'io.k8s.api.core.v1': {
    AppArmorProfile: 'type:v1.AppArmorProfileType',
    AttachedVolume: 'name:v1.UniqueVolumeName',
    AzureDiskVolumeSource: 'cachingMode:v1.AzureDataDiskCachingMode kind:v1.AzureDataDiskKind',
    Capabilities: 'add:v1.Capability drop:v1.Capability',
    ComponentCondition: 'type:v1.ComponentConditionType status:v1.ConditionStatus',
    ConfigMapNodeConfigSource: 'uid:types.UID',
    Container:
      'restartPolicy:v1.ContainerRestartPolicy terminationMessagePolicy:v1.TerminationMessagePolicy imagePullPolicy:v1.PullPolicy',
    ContainerPort: 'protocol:v1.Protocol',
    ContainerResizePolicy: 'resourceName:v1.ResourceName restartPolicy:v1.ResourceResizeRestartPolicy',
    ContainerRestartRule: 'action:v1.ContainerRestartRuleAction',
    ContainerRestartRuleOnExitCodes: 'operator:v1.ContainerRestartRuleOnExitCodesOperator',
    ContainerStatus: 'stopSignal:v1.Signal',
    EmptyDirVolumeSource: 'medium:v1.StorageMedium',
    EndpointPort: 'protocol:v1.Protocol',
    EphemeralContainer:
      'restartPolicy:v1.ContainerRestartPolicy terminationMessagePolicy:v1.TerminationMessagePolicy imagePullPolicy:v1.PullPolicy',
    HTTPGetAction: 'scheme:v1.URIScheme',
    HostPathVolumeSource: 'type:v1.HostPathType',
    ImageVolumeSource: 'pullPolicy:v1.PullPolicy',
    Lifecycle: 'stopSignal:v1.Signal',
    LimitRangeItem: 'type:v1.LimitType',
    LoadBalancerIngress: 'ipMode:v1.LoadBalancerIPMode',
    ModifyVolumeStatus: 'status:v1.PersistentVolumeClaimModifyVolumeStatus',
    NamespaceCondition: 'type:v1.NamespaceConditionType status:v1.ConditionStatus',
    NamespaceSpec: 'finalizers:v1.FinalizerName',
    NamespaceStatus: 'phase:v1.NamespacePhase',
    NodeAddress: 'type:v1.NodeAddressType',
    NodeCondition: 'type:v1.NodeConditionType status:v1.ConditionStatus',
    NodeSelectorRequirement: 'operator:v1.NodeSelectorOperator',
    NodeStatus: 'phase:v1.NodePhase volumesInUse:v1.UniqueVolumeName',
    ObjectReference: 'uid:types.UID',
    PersistentVolumeClaimCondition: 'type:v1.PersistentVolumeClaimConditionType status:v1.ConditionStatus',
    PersistentVolumeClaimSpec: 'accessModes:v1.PersistentVolumeAccessMode volumeMode:v1.PersistentVolumeMode',
    PersistentVolumeClaimStatus:
      'allocatedResourceStatuses:v1.ClaimResourceStatus phase:v1.PersistentVolumeClaimPhase accessModes:v1.PersistentVolumeAccessMode',
    PersistentVolumeSpec:
      'accessModes:v1.PersistentVolumeAccessMode persistentVolumeReclaimPolicy:v1.PersistentVolumeReclaimPolicy volumeMode:v1.PersistentVolumeMode',
    PersistentVolumeStatus: 'phase:v1.PersistentVolumePhase',
    PodCondition: 'type:v1.PodConditionType status:v1.ConditionStatus',
    PodOS: 'name:v1.OSName',
    PodReadinessGate: 'conditionType:v1.PodConditionType',
    PodSecurityContext:
      'supplementalGroupsPolicy:v1.SupplementalGroupsPolicy fsGroupChangePolicy:v1.PodFSGroupChangePolicy seLinuxChangePolicy:v1.PodSELinuxChangePolicy',
    PodSpec: 'restartPolicy:v1.RestartPolicy dnsPolicy:v1.DNSPolicy preemptionPolicy:v1.PreemptionPolicy',
    PodStatus: 'phase:v1.PodPhase qosClass:v1.PodQOSClass resize:v1.PodResizeStatus',
    PortStatus: 'protocol:v1.Protocol',
    Preconditions: 'uid:types.UID',
    ReplicationControllerCondition: 'type:v1.ReplicationControllerConditionType status:v1.ConditionStatus',
    ResourceHealth: 'resourceID:v1.ResourceID health:v1.ResourceHealthStatus',
    ResourceQuotaSpec: 'scopes:v1.ResourceQuotaScope',
    ResourceStatus: 'name:v1.ResourceName',
    ScopedResourceSelectorRequirement: 'scopeName:v1.ResourceQuotaScope operator:v1.ScopeSelectorOperator',
    SeccompProfile: 'type:v1.SeccompProfileType',
    Secret: 'type:v1.SecretType',
    SecurityContext: 'procMount:v1.ProcMountType',
    ServicePort: 'protocol:v1.Protocol',
    ServiceSpec:
      'type:v1.ServiceType sessionAffinity:v1.ServiceAffinity externalTrafficPolicy:v1.ServiceExternalTrafficPolicy ipFamilies:v1.IPFamily ipFamilyPolicy:v1.IPFamilyPolicy internalTrafficPolicy:v1.ServiceInternalTrafficPolicy',
    Taint: 'effect:v1.TaintEffect',
    Toleration: 'operator:v1.TolerationOperator effect:v1.TaintEffect',
    TopologySpreadConstraint:
      'whenUnsatisfiable:v1.UnsatisfiableConstraintAction nodeAffinityPolicy:v1.NodeInclusionPolicy nodeTaintsPolicy:v1.NodeInclusionPolicy',
    VolumeMount: 'recursiveReadOnly:v1.RecursiveReadOnlyMode mountPropagation:v1.MountPropagationMode',
    VolumeMountStatus: 'recursiveReadOnly:v1.RecursiveReadOnlyMode',
  },
  'io.k8s.api.discovery.v1': {
    EndpointPort: 'protocol:v1.Protocol',
    EndpointSlice: 'addressType:v1.AddressType',
  },
  'io.k8s.api.flowcontrol.v1': {
    FlowDistinguisherMethod: 'type:v1.FlowDistinguisherMethodType',
    FlowSchemaCondition: 'type:v1.FlowSchemaConditionType status:v1.ConditionStatus',
    LimitResponse: 'type:v1.LimitResponseType',
    PriorityLevelConfigurationCondition: 'type:v1.PriorityLevelConfigurationConditionType status:v1.ConditionStatus',
    PriorityLevelConfigurationSpec: 'type:v1.PriorityLevelEnablement',
    Subject: 'kind:v1.SubjectKind',
  },
  'io.k8s.api.networking.v1': {
    HTTPIngressPath: 'pathType:v1.PathType',
    IngressPortStatus: 'protocol:v1.Protocol',
    NetworkPolicyPort: 'protocol:v1.Protocol',
    NetworkPolicySpec: 'policyTypes:v1.PolicyType',
  },
  'io.k8s.api.policy.v1': {
    PodDisruptionBudgetSpec: 'unhealthyPodEvictionPolicy:v1.UnhealthyPodEvictionPolicyType',
  },
  'io.k8s.api.resource.v1': {
    // Of v1beta1, which has no ExactDeviceRequest.
    DeviceRequest: 'allocationMode:v1.DeviceAllocationMode',
    DeviceAllocationConfiguration: 'source:v1.AllocationConfigSource',
    DeviceConstraint: 'matchAttribute:v1.FullyQualifiedName distinctAttribute:v1.FullyQualifiedName',
    DeviceRequestAllocationResult: 'shareID:types.UID',
    DeviceSubRequest: 'allocationMode:v1.DeviceAllocationMode',
    DeviceTaint: 'effect:v1.DeviceTaintEffect',
    DeviceToleration: 'operator:v1.DeviceTolerationOperator effect:v1.DeviceTaintEffect',
    ExactDeviceRequest: 'allocationMode:v1.DeviceAllocationMode',
    NodeAllocatableResourceMapping: 'capacityKey:v1.QualifiedName',
    ResourceClaimConsumerReference: 'uid:types.UID',
  },
  'io.k8s.api.scheduling.v1': {
    PriorityClass: 'preemptionPolicy:v1.PreemptionPolicy',
  },
  'io.k8s.api.storage.v1': {
    CSIDriverSpec: 'volumeLifecycleModes:v1.VolumeLifecycleMode fsGroupPolicy:v1.FSGroupPolicy',
    StorageClass: 'reclaimPolicy:v1.PersistentVolumeReclaimPolicy volumeBindingMode:v1.VolumeBindingMode',
  },
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1': {
    ConversionRequest: 'uid:types.UID',
    ConversionResponse: 'uid:types.UID',
    CustomResourceConversion: 'strategy:v1.ConversionStrategyType',
    CustomResourceDefinitionCondition: 'type:v1.CustomResourceDefinitionConditionType status:v1.ConditionStatus',
    CustomResourceDefinitionSpec: 'scope:v1.ResourceScope',
    JSONSchemaProps: '$schema:v1.JSONSchemaURL enum:[]=[]v1.JSON x-kubernetes-validations:[]=v1.ValidationRules',
    ValidationRule: 'reason:v1.FieldValueErrorReason',
  },
  'io.k8s.apimachinery.pkg.apis.meta.v1': {
    Condition: 'status:v1.ConditionStatus',
    DeleteOptions: 'propagationPolicy:v1.DeletionPropagation',
    FieldSelectorRequirement: 'operator:v1.FieldSelectorOperator',
    LabelSelectorRequirement: 'operator:v1.LabelSelectorOperator',
    ListOptions: 'resourceVersionMatch:v1.ResourceVersionMatch',
    ManagedFieldsEntry: 'operation:v1.ManagedFieldsOperationType',
    ObjectMeta: 'uid:types.UID',
    OwnerReference: 'uid:types.UID',
    Preconditions: 'uid:types.UID',
    Status: 'reason:v1.StatusReason',
    StatusCause: 'reason:v1.CauseType',
    StatusDetails: 'uid:types.UID',
    TableOptions: 'includeObject:v1.IncludeObjectPolicy',
    TableRowCondition: 'type:v1.RowConditionType status:v1.ConditionStatus',
  },
  'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1': {
    APIServiceCondition: 'type:v1.APIServiceConditionType status:v1.ConditionStatus',
  },
};

interface Embedded {
  name: string;
  /** The fields of the outer struct. */
  own: string;
  /** A struct that is embedded in the embedded one, which has all its fields but those of `outer`. */
  inner?: string;
  outer?: string;
}

/** By definition. */
const embedded: Readonly<Record<string, Embedded>> = {
  'io.k8s.api.core.v1.Volume': { name: 'VolumeSource', own: 'name' },
  'io.k8s.api.core.v1.EphemeralContainer': { name: 'EphemeralContainerCommon', own: 'targetContainerName' },
  'io.k8s.api.core.v1.Probe': {
    name: 'ProbeHandler',
    own: 'initialDelaySeconds timeoutSeconds periodSeconds successThreshold failureThreshold terminationGracePeriodSeconds',
  },
  'io.k8s.api.core.v1.PersistentVolumeSpec': {
    name: 'PersistentVolumeSource',
    own: 'capacity accessModes claimRef persistentVolumeReclaimPolicy storageClassName mountOptions volumeMode nodeAffinity volumeAttributesClassName',
  },
  'io.k8s.api.core.v1.PersistentVolumeClaim': { name: 'TypeMeta', own: 'metadata spec status' },
  'io.k8s.api.core.v1.ConfigMapEnvSource': { name: 'LocalObjectReference', own: 'optional' },
  'io.k8s.api.core.v1.ConfigMapKeySelector': { name: 'LocalObjectReference', own: 'key optional' },
  'io.k8s.api.core.v1.ConfigMapProjection': { name: 'LocalObjectReference', own: 'items optional' },
  'io.k8s.api.core.v1.ConfigMapVolumeSource': { name: 'LocalObjectReference', own: 'items defaultMode optional' },
  'io.k8s.api.core.v1.SecretEnvSource': { name: 'LocalObjectReference', own: 'optional' },
  'io.k8s.api.core.v1.SecretKeySelector': { name: 'LocalObjectReference', own: 'key optional' },
  'io.k8s.api.core.v1.SecretProjection': { name: 'LocalObjectReference', own: 'items optional' },
  'io.k8s.api.networking.v1.IngressRule': { name: 'IngressRuleValue', own: 'host' },
  'io.k8s.api.resource.v1.DeviceClaimConfiguration': { name: 'DeviceConfiguration', own: 'requests' },
  'io.k8s.api.resource.v1.DeviceAllocationConfiguration': { name: 'DeviceConfiguration', own: 'source requests' },
  'io.k8s.api.resource.v1.DeviceClassConfiguration': { name: 'DeviceConfiguration', own: '' },
  'io.k8s.api.admissionregistration.v1.RuleWithOperations': { name: 'Rule', own: 'operations' },
  'io.k8s.api.admissionregistration.v1.NamedRuleWithOperations': {
    name: 'RuleWithOperations',
    own: 'resourceNames',
    inner: 'Rule',
    outer: 'operations',
  },
};

export function goTypeNamesOf(definition: string): ReadonlyMap<string, string> {
  const dot = definition.lastIndexOf('.');
  const own = namedTypes[definition.slice(0, dot)]?.[definition.slice(dot + 1)];
  const fields = own ?? stableTypes(definition);
  if (fields === undefined) return new Map();
  return new Map(fields.split(' ').map((pair) => pair.split(':') as [string, string]));
}

/** Types of the stable version that its alphas and betas share with it. */
const sharedTypes =
  /^v1\.(OperationType|ScopeType|ConditionStatus|StatusReason|ReinvocationPolicyType|CoordinatedLeaseStrategy)$/;

/** As those of the stable version, whose types an alpha or beta has under its own version's name. */
function stableTypes(definition: string): string | undefined {
  const stable = stableDefinition(definition);
  const dot = stable.lastIndexOf('.');
  const version = definition.split('.').at(-2) ?? '';
  const fields = namedTypes[stable.slice(0, dot)]?.[stable.slice(dot + 1)];
  return fields?.replaceAll(/(?<=:)[^ ]+/g, (type) =>
    sharedTypes.test(type) ? type : type.replace(/^v1\./, `${version}.`),
  );
}

/** The same definition in v1, for one of an alpha or beta. */
export const stableDefinition = (definition: string): string =>
  definition.replace(/\.v\d+(?:alpha|beta)\d+(?=\.[^.]+$)/, '.v1');

/** The embedded struct that a field belongs to; undefined for the outer struct's own. */
export function embeddedStructOf(definition: string): ((field: string) => string | undefined) | undefined {
  const found = embedded[stableDefinition(definition)];
  if (found === undefined) return undefined;
  const own = new Set(found.own.split(' '));
  const outer = new Set(found.outer?.split(' '));
  return (field) => {
    if (own.has(field)) return undefined;
    return found.inner === undefined || outer.has(field) ? found.name : `${found.name}.${found.inner}`;
  };
}
