/**
 * Every plugin of v1.36 by name, in the order they run. Names without a factory are upstream's too: those that are on
 * by default belong to features that are off or are not there yet; the rest
 * are refused when asked for.
 */
import type { AdmissionPlugin } from '../admission.ts';
import type { ConfigurableDependencies } from '../configurable.ts';
import type { AdmissionDependencies } from '../dependencies.ts';
import { mutatingAdmissionPolicy, validatingAdmissionPolicy } from '../policies/index.ts';
import { mutatingAdmissionWebhook, validatingAdmissionWebhook } from '../webhooks/index.ts';
import { alwaysAdmit, alwaysDeny } from './always.ts';
import { alwaysPullImages } from './always-pull-images.ts';
import { certificateApproval, certificateSigning, certificateSubjectRestriction } from './certificates.ts';
import { defaultIngressClass, defaultStorageClass } from './default-classes.ts';
import { denyServiceExternalIPs } from './deny-service-external-ips.ts';
import { limitRanger } from './limit-ranger.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { namespaceAutoProvision, namespaceExists } from './namespaces.ts';
import { nodeRestriction } from './node-restriction.ts';
import { ownerReferencesPermissionEnforcement } from './owner-references-permission-enforcement.ts';
import { podResizeValidator } from './pod-resize-validator.ts';
import { podSecurity } from './pod-security/index.ts';
import { podTopologyLabels } from './pod-topology-labels.ts';
import { priority } from './priority.ts';
import { resourceQuota } from './resource-quota.ts';
import { runtimeClass } from './runtime-class.ts';
import { serviceAccount } from './service-account.ts';
import { persistentVolumeClaimResize, storageObjectInUseProtection } from './storage.ts';
import { taintNodesByCondition } from './taint-nodes-by-condition.ts';
import { defaultTolerationSeconds, extendedResourceToleration } from './tolerations.ts';

/** Undefined where what the plugin works with is not there. */
type Factory = (dependencies: AdmissionDependencies) => AdmissionPlugin | undefined;
/** `later`: on by default upstream, without effect here so far. `missing`: off by default and not there. */
type Entry =
  | readonly [name: string, state: 'on' | 'off', factory: Factory]
  | readonly [name: string, state: 'later' | 'missing'];

/** What is configured by objects. */
function configurable(make: (dependencies: ConfigurableDependencies) => AdmissionPlugin): Factory {
  return (given) => {
    const { source, clients, objects } = given;
    if (source === undefined || clients === undefined || objects === undefined) return undefined;
    return make({ ...given, source, clients, objects });
  };
}

const ordered: readonly Entry[] = [
  ['AlwaysAdmit', 'off', alwaysAdmit],
  ['NamespaceAutoProvision', 'off', namespaceAutoProvision],
  ['NamespaceLifecycle', 'on', namespaceLifecycle],
  ['NamespaceExists', 'off', namespaceExists],
  ['LimitPodHardAntiAffinityTopology', 'missing'],
  ['LimitRanger', 'on', limitRanger],
  ['ServiceAccount', 'on', serviceAccount],
  ['NodeRestriction', 'off', nodeRestriction],
  ['TaintNodesByCondition', 'on', taintNodesByCondition],
  ['AlwaysPullImages', 'off', alwaysPullImages],
  ['ImagePolicyWebhook', 'missing'],
  ['PodSecurity', 'on', podSecurity],
  ['PodNodeSelector', 'missing'],
  ['Priority', 'on', priority],
  ['DefaultTolerationSeconds', 'on', defaultTolerationSeconds],
  ['PodTolerationRestriction', 'missing'],
  ['EventRateLimit', 'missing'],
  ['ExtendedResourceToleration', 'off', extendedResourceToleration],
  ['DefaultStorageClass', 'on', defaultStorageClass],
  ['StorageObjectInUseProtection', 'on', storageObjectInUseProtection],
  ['PodGroupProtection', 'later'],
  ['OwnerReferencesPermissionEnforcement', 'off', ownerReferencesPermissionEnforcement],
  ['PersistentVolumeClaimResize', 'on', persistentVolumeClaimResize],
  ['RuntimeClass', 'on', runtimeClass],
  ['CertificateApproval', 'on', certificateApproval],
  ['CertificateSigning', 'on', certificateSigning],
  ['ClusterTrustBundleAttest', 'later'],
  ['CertificateSubjectRestriction', 'on', certificateSubjectRestriction],
  ['DefaultIngressClass', 'on', defaultIngressClass],
  ['DenyServiceExternalIPs', 'off', denyServiceExternalIPs],
  ['PodTopologyLabels', 'on', podTopologyLabels],
  ['PodGroupWorkloadExists', 'later'],
  ['NodeDeclaredFeatureValidator', 'later'],
  ['JobValidation', 'later'],
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
}

/** The chosen plugins in running order. Throws on unknown names, contradictions, and plugins that are not there. */
export function admissionPlugins(
  dependencies: AdmissionDependencies,
  selection: AdmissionSelection = {},
): AdmissionPlugin[] {
  const enable = new Set(selection.enable);
  const disable = new Set(selection.disable);
  const names = new Set(ordered.map(([name]) => name));
  for (const name of [...enable, ...disable]) {
    if (!names.has(name)) throw new Error(`unknown admission plugin ${JSON.stringify(name)}`);
  }
  const both = [...enable].filter((name) => disable.has(name));
  if (both.length > 0) throw new Error(`admission plugins both enabled and disabled: ${both.join(', ')}`);
  return ordered.flatMap((entry) => {
    const [name, state, factory] = entry;
    if (disable.has(name)) return [];
    if (factory === undefined) {
      if (state === 'missing' && enable.has(name)) throw new Error(`admission plugin ${name} is not implemented`);
      return [];
    }
    return state === 'on' || enable.has(name) ? [factory(dependencies) ?? []].flat() : [];
  });
}

/** Plugins that upstream runs by default and that do nothing here yet; for documentation and the curious. */
export function absentPlugins(): string[] {
  return ordered.flatMap(([name, state]) => (state === 'later' ? [name] : []));
}
