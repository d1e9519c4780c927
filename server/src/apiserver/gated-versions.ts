/** Group versions all of whose kinds are behind feature gates: --runtime-config alone does not serve them. */
import type { Served } from '@typernetes/openapi/catalogue';
import type { FeatureGate, FeatureGates } from './feature-gates.ts';

const gates: Readonly<Record<string, readonly FeatureGate[]>> = {
  'certificates.k8s.io/v1alpha1': ['ClusterTrustBundle'],
  // Upstream asks kind by kind; here either brings both.
  'certificates.k8s.io/v1beta1': ['ClusterTrustBundle', 'PodCertificateRequest'],
  'scheduling.k8s.io/v1alpha2': ['GenericWorkload'],
  'storagemigration.k8s.io/v1beta1': ['StorageVersionMigrator'],
};

export const servedWithGates =
  (isServed: Served, featureGates: Pick<FeatureGates, 'enabled'>): Served =>
  (groupVersion) => {
    const needed = gates[`${groupVersion.group}/${groupVersion.version}`];
    return isServed(groupVersion) && (needed?.some((gate) => featureGates.enabled(gate)) ?? true);
  };
