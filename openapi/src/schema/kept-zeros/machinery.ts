/** Not of Kubernetes’ own API but beside it: metadata, definitions of resources, aggregation, metrics. */
import type { KeptZeros } from './table.ts';

export const machineryKeptZeros: KeptZeros = {
  'k8s.io.apiextensions_apiserver.pkg.apis.apiextensions': {
    ConversionRequest: 'desiredAPIVersion uid',
    ConversionResponse: 'uid',
    CustomResourceColumnDefinition: 'JSONPath jsonPath name type',
    CustomResourceConversion: 'strategy',
    CustomResourceDefinitionCondition: 'status type',
    CustomResourceDefinitionNames: 'kind plural',
    CustomResourceDefinitionSpec: 'group scope',
    CustomResourceDefinitionVersion: 'deprecationWarning name served storage',
    CustomResourceSubresourceScale: 'labelSelectorPath specReplicasPath statusReplicasPath',
    JSONSchemaProps:
      '$ref maxItems maxLength maxProperties maximum minItems minLength minProperties minimum multipleOf ref x-kubernetes-list-type x-kubernetes-map-type x-kubernetes-preserve-unknown-fields xKubernetesListType xKubernetesMapType xKubernetesPreserveUnknownFields',
    SelectableField: 'jsonPath',
    ServiceReference: 'name namespace path port',
    ValidationRule: 'optionalOldSelf reason rule',
    WebhookClientConfig: 'url',
    'v1beta1.CustomResourceDefinitionSpec': 'group preserveUnknownFields scope',
  },
  'k8s.io.apimachinery.pkg.apis.meta': {
    APIGroup: 'name',
    APIResource: 'kind name namespaced singularName',
    APIResourceList: 'groupVersion',
    ApplyOptions: 'fieldManager force',
    Condition: 'message reason status type',
    DeleteOptions:
      'gracePeriodSeconds ignoreStoreReadErrorWithClusterBreakingPotential orphanDependents propagationPolicy',
    FieldSelectorRequirement: 'key operator',
    GroupKind: 'group kind',
    GroupResource: 'group resource',
    GroupVersion: 'group version',
    GroupVersionForDiscovery: 'groupVersion version',
    GroupVersionKind: 'group kind version',
    GroupVersionResource: 'group resource version',
    LabelSelectorRequirement: 'key operator',
    ListMeta: 'remainingItemCount',
    ListOptions: 'sendInitialEvents timeoutSeconds',
    ObjectMeta: 'deletionGracePeriodSeconds',
    OwnerReference: 'apiVersion blockOwnerDeletion controller kind name uid',
    PatchOptions: 'force',
    Preconditions: 'resourceVersion uid',
    ServerAddressByClientCIDR: 'clientCIDR serverAddress',
    ShardInfo: 'selector',
    WatchEvent: 'type',
  },
  'k8s.io.kube_aggregator.pkg.apis.apiregistration': {
    APIServiceCondition: 'status type',
    APIServiceSpec: 'groupPriorityMinimum versionPriority',
    ServiceReference: 'port',
  },
  'k8s.io.metrics.pkg.apis.custom_metrics': {
    MetricIdentifier: 'name',
    MetricValue: 'metricName window windowSeconds',
  },
  'k8s.io.metrics.pkg.apis.external_metrics': {
    ExternalMetricValue: 'metricName window',
  },
  'k8s.io.metrics.pkg.apis.metrics': {
    ContainerMetrics: 'name',
  },
};
