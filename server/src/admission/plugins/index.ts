/** Every plugin of v1.36 by name, in the order they run. */
import type { AdmissionPlugin } from '../admission.ts';
import type { ConfigurableDependencies } from '../configurable.ts';
import type { PluginConfigurations } from '../configuration/admission-configuration.ts';
import { PluginInitializationError } from '../configuration/errors.ts';
import type { AdmissionDependencies } from '../dependencies.ts';
import { mutatingAdmissionPolicy, validatingAdmissionPolicy } from '../policies/index.ts';
import { mutatingAdmissionWebhook, validatingAdmissionWebhook } from '../webhooks/index.ts';
import { alwaysAdmit, alwaysDeny } from './always.ts';
import { alwaysPullImages } from './always-pull-images.ts';
import {
  certificateApproval,
  certificateSigning,
  certificateSubjectRestriction,
  clusterTrustBundleAttest,
} from './certificates.ts';
import { defaultIngressClass, defaultStorageClass } from './default-classes.ts';
import { denyServiceExternalIPs } from './deny-service-external-ips.ts';
import { eventRateLimit } from './event-rate-limit.ts';
import { imagePolicyWebhook } from './image-policy-webhook.ts';
import { jobValidation } from './job-validation.ts';
import { limitPodHardAntiAffinityTopology } from './limit-pod-hard-anti-affinity-topology.ts';
import { limitRanger } from './limit-ranger.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { namespaceAutoProvision, namespaceExists } from './namespaces.ts';
import { nodeDeclaredFeatureValidator } from './node-declared-feature-validator.ts';
import { nodeRestriction } from './node-restriction.ts';
import { ownerReferencesPermissionEnforcement } from './owner-references-permission-enforcement.ts';
import { podGroupProtection } from './pod-group-protection.ts';
import { podGroupWorkloadExists } from './pod-group-workload-exists.ts';
import { podNodeSelector } from './pod-node-selector.ts';
import { podResizeValidator } from './pod-resize-validator.ts';
import { podSecurity } from './pod-security/index.ts';
import { podTolerationRestriction } from './pod-toleration-restriction.ts';
import { podTopologyLabels } from './pod-topology-labels.ts';
import { priority } from './priority.ts';
import { resourceQuota } from './resource-quota.ts';
import { runtimeClass } from './runtime-class.ts';
import { serviceAccount } from './service-account.ts';
import { persistentVolumeClaimResize, storageObjectInUseProtection } from './storage.ts';
import { taintNodesByCondition } from './taint-nodes-by-condition.ts';
import { defaultTolerationSeconds, extendedResourceToleration } from './tolerations.ts';

/** Undefined where what the plugin works with is not there, or its feature is off. */
type Factory = (dependencies: AdmissionDependencies, configuration: string | undefined) => AdmissionPlugin | undefined;
type Entry = readonly [name: string, state: 'on' | 'off', factory: Factory];

/** What is configured by objects. */
function configurable(
  make: (dependencies: ConfigurableDependencies, configuration: string | undefined) => AdmissionPlugin,
): Factory {
  return (given, configuration) => {
    const { source, clients, objects } = given;
    if (source === undefined || clients === undefined || objects === undefined) return undefined;
    return make({ ...given, source, clients, objects }, configuration);
  };
}

const ordered: readonly Entry[] = [
  ['AlwaysAdmit', 'off', alwaysAdmit],
  ['NamespaceAutoProvision', 'off', namespaceAutoProvision],
  ['NamespaceLifecycle', 'on', namespaceLifecycle],
  ['NamespaceExists', 'off', namespaceExists],
  ['LimitPodHardAntiAffinityTopology', 'off', limitPodHardAntiAffinityTopology],
  ['LimitRanger', 'on', limitRanger],
  ['ServiceAccount', 'on', serviceAccount],
  ['NodeRestriction', 'off', nodeRestriction],
  ['TaintNodesByCondition', 'on', taintNodesByCondition],
  ['AlwaysPullImages', 'off', alwaysPullImages],
  ['ImagePolicyWebhook', 'off', imagePolicyWebhook],
  ['PodSecurity', 'on', podSecurity],
  ['PodNodeSelector', 'off', podNodeSelector],
  ['Priority', 'on', priority],
  ['DefaultTolerationSeconds', 'on', defaultTolerationSeconds],
  ['PodTolerationRestriction', 'off', podTolerationRestriction],
  ['EventRateLimit', 'off', eventRateLimit],
  ['ExtendedResourceToleration', 'off', extendedResourceToleration],
  ['DefaultStorageClass', 'on', defaultStorageClass],
  ['StorageObjectInUseProtection', 'on', storageObjectInUseProtection],
  ['PodGroupProtection', 'on', podGroupProtection],
  ['OwnerReferencesPermissionEnforcement', 'off', ownerReferencesPermissionEnforcement],
  ['PersistentVolumeClaimResize', 'on', persistentVolumeClaimResize],
  ['RuntimeClass', 'on', runtimeClass],
  ['CertificateApproval', 'on', certificateApproval],
  ['CertificateSigning', 'on', certificateSigning],
  ['ClusterTrustBundleAttest', 'on', clusterTrustBundleAttest],
  ['CertificateSubjectRestriction', 'on', certificateSubjectRestriction],
  ['DefaultIngressClass', 'on', defaultIngressClass],
  ['DenyServiceExternalIPs', 'off', denyServiceExternalIPs],
  ['PodTopologyLabels', 'on', podTopologyLabels],
  ['PodGroupWorkloadExists', 'on', podGroupWorkloadExists],
  ['NodeDeclaredFeatureValidator', 'on', nodeDeclaredFeatureValidator],
  ['JobValidation', 'on', jobValidation],
  ['PodResizeValidator', 'on', podResizeValidator],
  ['MutatingAdmissionPolicy', 'on', configurable(mutatingAdmissionPolicy)],
  ['MutatingAdmissionWebhook', 'on', configurable(mutatingAdmissionWebhook)],
  ['ValidatingAdmissionPolicy', 'on', configurable(validatingAdmissionPolicy)],
  ['ValidatingAdmissionWebhook', 'on', configurable(validatingAdmissionWebhook)],
  ['ResourceQuota', 'on', resourceQuota],
  ['AlwaysDeny', 'off', alwaysDeny],
];

export interface AdmissionSelection {
  /** --enable-admission-plugins: in addition to the default ones. */
  enable?: readonly string[];
  /** --disable-admission-plugins */
  disable?: readonly string[];
  /** What --admission-control-config-file says. */
  configurations?: PluginConfigurations;
}

/** The chosen plugins in running order. Throws on unknown names, contradictions, and what cannot be configured so. */
export function admissionPlugins(
  dependencies: AdmissionDependencies,
  { enable: enabled = [], disable: disabled = [], configurations }: AdmissionSelection = {},
): AdmissionPlugin[] {
  const names = new Set(ordered.map(([name]) => name));
  const errors = [
    ...enabled.flatMap((name) => (names.has(name) ? [] : [`enable-admission-plugins plugin "${name}" is unknown`])),
    ...disabled.flatMap((name) => (names.has(name) ? [] : [`disable-admission-plugins plugin "${name}" is unknown`])),
  ];
  const enable = new Set(enabled);
  const disable = new Set(disabled);
  const both = [...enable].filter((name) => disable.has(name)).sort();
  if (both.length > 0)
    errors.push(`[${both.join(' ')}] in enable-admission-plugins and disable-admission-plugins overlapped`);
  if (errors.length > 0) throw new Error(errors.length === 1 ? errors[0] : `[${errors.join(', ')}]`);
  return ordered.flatMap(([name, state, factory]) => {
    if (disable.has(name) || (state === 'off' && !enable.has(name))) return [];
    const configuration = configurations?.(name);
    try {
      return [factory(dependencies, configuration) ?? []].flat();
    } catch (error) {
      const what = error instanceof PluginInitializationError ? 'failed to initialize' : "couldn't init";
      throw new Error(`${what} admission plugin ${JSON.stringify(name)}: ${(error as Error).message}`, {
        cause: error,
      });
    }
  });
}
