/** The resources that components of ours read and write, each with its type. */
import type {
  ControllerRevision,
  DaemonSet,
  Deployment,
  ReplicaSet,
  StatefulSet,
} from '@typernetes/openapi/types/apps/v1';
import type { CronJob, Job } from '@typernetes/openapi/types/batch/v1';
import type { Lease } from '@typernetes/openapi/types/coordination/v1';
import type {
  ConfigMap,
  Endpoints,
  Event,
  LimitRange,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  ReplicationController,
  ResourceQuota,
  Secret,
  Service,
  ServiceAccount,
} from '@typernetes/openapi/types/core/v1';
import type { EndpointSlice } from '@typernetes/openapi/types/discovery/v1';
import type { IPAddress, NetworkPolicy, ServiceCIDR } from '@typernetes/openapi/types/networking/v1';
import type { PodDisruptionBudget } from '@typernetes/openapi/types/policy/v1';
import type { ClusterRole } from '@typernetes/openapi/types/rbac/v1';
import type { PriorityClass } from '@typernetes/openapi/types/scheduling/v1';
import type { CSINode, StorageClass, VolumeAttributesClass } from '@typernetes/openapi/types/storage/v1';
import type { KubernetesObject } from '../meta/index.ts';
import type { ResourceType } from './resource-type.ts';

/** A resource whose kind and scope are known. */
export type KnownResource<T extends KubernetesObject> = ResourceType<T> & {
  readonly kind: string;
  readonly namespaced: boolean;
};

function define<T extends KubernetesObject>(
  group: string,
  version: string,
  resource: string,
  kind: string,
  namespaced: boolean,
): KnownResource<T> {
  return { group, version, resource, kind, namespaced };
}

export const pods = define<Pod>('', 'v1', 'pods', 'Pod', true);
export const nodes = define<Node>('', 'v1', 'nodes', 'Node', false);
export const namespaces = define<Namespace>('', 'v1', 'namespaces', 'Namespace', false);
export const services = define<Service>('', 'v1', 'services', 'Service', true);
export const endpoints = define<Endpoints>('', 'v1', 'endpoints', 'Endpoints', true);
export const events = define<Event>('', 'v1', 'events', 'Event', true);
export const configMaps = define<ConfigMap>('', 'v1', 'configmaps', 'ConfigMap', true);
export const secrets = define<Secret>('', 'v1', 'secrets', 'Secret', true);
export const serviceAccounts = define<ServiceAccount>('', 'v1', 'serviceaccounts', 'ServiceAccount', true);
export const replicationControllers = define<ReplicationController>(
  '',
  'v1',
  'replicationcontrollers',
  'ReplicationController',
  true,
);
export const persistentVolumes = define<PersistentVolume>('', 'v1', 'persistentvolumes', 'PersistentVolume', false);
export const persistentVolumeClaims = define<PersistentVolumeClaim>(
  '',
  'v1',
  'persistentvolumeclaims',
  'PersistentVolumeClaim',
  true,
);
export const resourceQuotas = define<ResourceQuota>('', 'v1', 'resourcequotas', 'ResourceQuota', true);
export const limitRanges = define<LimitRange>('', 'v1', 'limitranges', 'LimitRange', true);
export const deployments = define<Deployment>('apps', 'v1', 'deployments', 'Deployment', true);
export const replicaSets = define<ReplicaSet>('apps', 'v1', 'replicasets', 'ReplicaSet', true);
export const statefulSets = define<StatefulSet>('apps', 'v1', 'statefulsets', 'StatefulSet', true);
export const daemonSets = define<DaemonSet>('apps', 'v1', 'daemonsets', 'DaemonSet', true);
export const controllerRevisions = define<ControllerRevision>(
  'apps',
  'v1',
  'controllerrevisions',
  'ControllerRevision',
  true,
);
export const jobs = define<Job>('batch', 'v1', 'jobs', 'Job', true);
export const cronJobs = define<CronJob>('batch', 'v1', 'cronjobs', 'CronJob', true);
export const leases = define<Lease>('coordination.k8s.io', 'v1', 'leases', 'Lease', true);
export const endpointSlices = define<EndpointSlice>('discovery.k8s.io', 'v1', 'endpointslices', 'EndpointSlice', true);
export const podDisruptionBudgets = define<PodDisruptionBudget>(
  'policy',
  'v1',
  'poddisruptionbudgets',
  'PodDisruptionBudget',
  true,
);
export const priorityClasses = define<PriorityClass>(
  'scheduling.k8s.io',
  'v1',
  'priorityclasses',
  'PriorityClass',
  false,
);
export const clusterRoles = define<ClusterRole>(
  'rbac.authorization.k8s.io',
  'v1',
  'clusterroles',
  'ClusterRole',
  false,
);
export const storageClasses = define<StorageClass>('storage.k8s.io', 'v1', 'storageclasses', 'StorageClass', false);
export const volumeAttributesClasses = define<VolumeAttributesClass>(
  'storage.k8s.io',
  'v1',
  'volumeattributesclasses',
  'VolumeAttributesClass',
  false,
);
export const csiNodes = define<CSINode>('storage.k8s.io', 'v1', 'csinodes', 'CSINode', false);
export const serviceCIDRs = define<ServiceCIDR>('networking.k8s.io', 'v1', 'servicecidrs', 'ServiceCIDR', false);
export const ipAddresses = define<IPAddress>('networking.k8s.io', 'v1', 'ipaddresses', 'IPAddress', false);
export const networkPolicies = define<NetworkPolicy>(
  'networking.k8s.io',
  'v1',
  'networkpolicies',
  'NetworkPolicy',
  true,
);
