/**
 * The controllers there are, under upstream's names. Not there yet: horizontalpodautoscaling, ephemeral volumes, attaching and expanding volumes, resource claims, podgroup protection, ttl.
 */

import { startBootstrapSigner, startTokenCleaner } from './bootstrap/bootstrap-controllers.ts';
import {
  startCertificateApprover,
  startCertificateCleaner,
  startCertificateSigner,
} from './certificates/certificate-controllers.ts';
import { startClusterRoleAggregationController } from './clusterroleaggregation/clusterrole-aggregation-controller.ts';
import type { StartController } from './context.ts';
import { startCronJobController } from './cronjob/cronjob-controller.ts';
import { startDaemonSetController } from './daemon/daemon-set-controller.ts';
import { startDeploymentController } from './deployment/deployment-controller.ts';
import { startDisruptionController } from './disruption/disruption-controller.ts';
import { startEndpointsController } from './endpoint/endpoints-controller.ts';
import { startEndpointSliceController } from './endpointslice/endpointslice-controller.ts';
import { startEndpointSliceMirroringController } from './endpointslicemirroring/endpointslicemirroring-controller.ts';
import { startGarbageCollector } from './garbagecollector/garbage-collector.ts';
import { startJobController } from './job/job-controller.ts';
import { startNamespaceController } from './namespace/namespace-controller.ts';
import { startNodeIpamController } from './nodeipam/node-ipam-controller.ts';
import { startNodeLifecycleController } from './nodelifecycle/node-lifecycle-controller.ts';
import { startPodGcController } from './podgc/podgc-controller.ts';
import { startReplicaSetController } from './replicaset/replica-set-controller.ts';
import { startReplicationController } from './replication/replication-controller.ts';
import { startResourceQuotaController } from './resourcequota/resource-quota-controller.ts';
import { startRootCaCertPublisher } from './root-ca-cert-publisher/root-ca-cert-publisher.ts';
import { startLegacyTokenCleaner } from './serviceaccount/legacy-token-cleaner.ts';
import { startServiceAccountController } from './serviceaccount/serviceaccount-controller.ts';
import { startServiceAccountTokenController } from './serviceaccount/token-controller.ts';
import { startServiceCidrsController } from './servicecidrs/service-cidrs-controller.ts';
import { startStatefulSetController } from './statefulset/stateful-set-controller.ts';
import { startTaintEvictionController } from './tainteviction/taint-eviction-controller.ts';
import { startTtlAfterFinishedController } from './ttlafterfinished/ttl-after-finished-controller.ts';
import { startValidatingAdmissionPolicyStatusController } from './validatingadmissionpolicystatus/policy-status-controller.ts';
import { startVolumeBinder } from './volume/binder.ts';
import { startAttributesClassProtection, startClaimProtection, startVolumeProtection } from './volume/protection.ts';

/** In the order of starting: first what everything else waits for, last what watches everything. */
export const controllers: ReadonlyMap<string, StartController> = new Map([
  ['serviceaccount-token-controller', startServiceAccountTokenController],
  ['serviceaccount-controller', startServiceAccountController],
  ['clusterrole-aggregation-controller', startClusterRoleAggregationController],
  ['legacy-serviceaccount-token-cleaner-controller', startLegacyTokenCleaner],
  ['root-ca-certificate-publisher-controller', startRootCaCertPublisher],
  ['node-ipam-controller', startNodeIpamController],
  ['node-lifecycle-controller', startNodeLifecycleController],
  ['taint-eviction-controller', startTaintEvictionController],
  ['deployment-controller', startDeploymentController],
  ['replicaset-controller', startReplicaSetController],
  ['endpointslice-controller', startEndpointSliceController],
  ['endpoints-controller', startEndpointsController],
  ['replicationcontroller-controller', startReplicationController],
  ['job-controller', startJobController],
  ['ttl-after-finished-controller', startTtlAfterFinishedController],
  ['cronjob-controller', startCronJobController],
  ['statefulset-controller', startStatefulSetController],
  ['daemonset-controller', startDaemonSetController],
  ['disruption-controller', startDisruptionController],
  ['resourcequota-controller', startResourceQuotaController],
  ['persistentvolumeclaim-protection-controller', startClaimProtection],
  ['persistentvolume-protection-controller', startVolumeProtection],
  ['volumeattributesclass-protection-controller', startAttributesClassProtection],
  ['persistentvolume-binder-controller', startVolumeBinder],
  ['certificatesigningrequest-signing-controller', startCertificateSigner],
  ['certificatesigningrequest-approving-controller', startCertificateApprover],
  ['certificatesigningrequest-cleaner-controller', startCertificateCleaner],
  ['endpointslice-mirroring-controller', startEndpointSliceMirroringController],
  ['validatingadmissionpolicy-status-controller', startValidatingAdmissionPolicyStatusController],
  ['token-cleaner-controller', startTokenCleaner],
  ['bootstrap-signer-controller', startBootstrapSigner],
  ['service-cidr-controller', startServiceCidrsController],
  ['namespace-controller', startNamespaceController],
  ['pod-garbage-collector-controller', startPodGcController],
  ['garbage-collector-controller', startGarbageCollector],
]);

/** `*` does not mean these: they are for clusters that nodes join with bootstrap tokens. */
const disabledByDefault: ReadonlySet<string> = new Set(['token-cleaner-controller', 'bootstrap-signer-controller']);

/** Short names that `--controllers` takes as well. */
const aliases: Record<string, string> = {
  'serviceaccount-token': 'serviceaccount-token-controller',
  serviceaccount: 'serviceaccount-controller',
  'clusterrole-aggregation': 'clusterrole-aggregation-controller',
  'root-ca-cert-publisher': 'root-ca-certificate-publisher-controller',
  nodeipam: 'node-ipam-controller',
  nodelifecycle: 'node-lifecycle-controller',
  deployment: 'deployment-controller',
  replicaset: 'replicaset-controller',
  endpointslice: 'endpointslice-controller',
  endpoint: 'endpoints-controller',
  namespace: 'namespace-controller',
  podgc: 'pod-garbage-collector-controller',
  replicationcontroller: 'replicationcontroller-controller',
  job: 'job-controller',
  'ttl-after-finished': 'ttl-after-finished-controller',
  cronjob: 'cronjob-controller',
  statefulset: 'statefulset-controller',
  daemonset: 'daemonset-controller',
  disruption: 'disruption-controller',
  resourcequota: 'resourcequota-controller',
  'pvc-protection': 'persistentvolumeclaim-protection-controller',
  'pv-protection': 'persistentvolume-protection-controller',
  'persistentvolume-binder': 'persistentvolume-binder-controller',
  csrsigning: 'certificatesigningrequest-signing-controller',
  csrapproving: 'certificatesigningrequest-approving-controller',
  csrcleaner: 'certificatesigningrequest-cleaner-controller',
  endpointslicemirroring: 'endpointslice-mirroring-controller',
  tokencleaner: 'token-cleaner-controller',
  bootstrapsigner: 'bootstrap-signer-controller',
  garbagecollector: 'garbage-collector-controller',
};

/** `*` means all, `name` adds one, `-name` takes one out; the first mention of a name counts. Unknown names throw. */
export function selectControllers(selection: readonly string[]): string[] {
  const entries = selection.map((entry) => {
    const off = entry.startsWith('-');
    const name = off ? entry.slice(1) : entry;
    return { off, name: aliases[name] ?? name };
  });
  for (const { name } of entries) {
    if (name !== '*' && !controllers.has(name)) throw new Error(`"${name}" is not in the list of known controllers`);
  }
  const all = entries.some(({ name }) => name === '*');
  return [...controllers.keys()].filter((name) => {
    const first = entries.find((entry) => entry.name === name);
    return first ? !first.off : all && !disabledByDefault.has(name);
  });
}
