/** Kinds that upstream tells its users to leave: texts for `Warning` headers. */

interface Deprecation {
  kinds: readonly string[];
  /** Minor versions of Kubernetes 1. */
  since: number;
  until: number;
  replacement?: string;
}

const devices = ['DeviceClass', 'ResourceClaim', 'ResourceClaimTemplate', 'ResourceSlice'];

/** Versions that are served only where somebody asks for them. */
const versions: Readonly<Record<string, Deprecation>> = {
  'admissionregistration.k8s.io/v1alpha1': {
    kinds: ['MutatingAdmissionPolicy', 'MutatingAdmissionPolicyBinding'],
    since: 35,
    until: 38,
  },
  'certificates.k8s.io/v1alpha1': { kinds: ['ClusterTrustBundle'], since: 34, until: 37 },
  'coordination.k8s.io/v1alpha2': { kinds: ['LeaseCandidate'], since: 35, until: 38 },
  'coordination.k8s.io/v1beta1': { kinds: ['LeaseCandidate'], since: 36, until: 39 },
  'networking.k8s.io/v1beta1': { kinds: ['IPAddress', 'ServiceCIDR'], since: 34, until: 37 },
  'resource.k8s.io/v1alpha3': { kinds: ['DeviceTaintRule'], since: 36, until: 39 },
  'resource.k8s.io/v1beta1': { kinds: devices, since: 35, until: 38 },
  'resource.k8s.io/v1beta2': { kinds: devices, since: 36, until: 39 },
  'storage.k8s.io/v1beta1': {
    kinds: ['VolumeAttributesClass'],
    since: 34,
    until: 37,
    replacement: 'storage.k8s.io/v1',
  },
};

export function deprecationWarning(apiVersion: string, kind: string): string | undefined {
  if (apiVersion === 'v1' && kind === 'Endpoints')
    return 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice';
  if (apiVersion === 'v1' && kind === 'ComponentStatus') return 'v1 ComponentStatus is deprecated in v1.19+';
  const found = versions[apiVersion];
  if (!found?.kinds.includes(kind)) return undefined;
  const { since, until, replacement } = found;
  const instead = replacement === undefined ? '' : `; use ${replacement} ${kind}`;
  return `${apiVersion} ${kind} is deprecated in v1.${since}+, unavailable in v1.${until}+${instead}`;
}
