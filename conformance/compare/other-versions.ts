/** The kinds at the versions that are off by default: a server has those that --runtime-config switches on. */
import { type Changes, changed, type JsonObject, type Kind } from './case.ts';
import {
  autoscalers,
  autoscalersV1,
  cluster,
  deviceClasses,
  ipAddresses,
  mutatingPolicies,
  mutatingPolicyBindings,
  namespaced,
  resourceClaims,
  resourceClaimTemplates,
  resourceSlices,
  serviceCidrs,
  volumeAttributesClasses,
} from './kinds.ts';

const at = (version: string, kind: Kind, changes: Changes = {}): Kind => ({
  ...kind,
  apiVersion: kind.apiVersion.replace(/[^/]+$/, version),
  example: changed(kind.example, changes),
});

const flat: JsonObject[] = [{ name: 'gpu', deviceClassName: 'gpu.example.com' }];
export const deviceClassesV1beta1 = at('v1beta1', deviceClasses);
export const resourceClaimsV1beta1 = at('v1beta1', resourceClaims, { 'spec/devices/requests': flat });
export const resourceClaimTemplatesV1beta1 = at('v1beta1', resourceClaimTemplates, {
  'spec/spec/devices/requests': flat,
});
export const resourceSlicesV1beta1 = at('v1beta1', resourceSlices, {
  'spec/devices': [
    { name: 'gpu-0', basic: { attributes: { model: { string: 'a' } }, capacity: { memory: { value: '1Gi' } } } },
  ],
});

export const taintRules = (version: string): Kind =>
  cluster(`resource.k8s.io/${version}`, 'DeviceTaintRule', 'devicetaintrules', {
    spec: {
      deviceSelector: { driver: 'example.com' },
      taint: { key: 'example.com/broken', value: 'yes', effect: 'NoSchedule', timeAdded: '2026-01-02T03:04:05Z' },
    },
  });
export const leaseCandidates = (version: string): Kind =>
  namespaced(`coordination.k8s.io/${version}`, 'LeaseCandidate', 'leasecandidates', {
    spec: {
      leaseName: 'lease',
      binaryVersion: '1.36.0',
      emulationVersion: '1.36.0',
      strategy: 'OldestEmulationVersion',
    },
  });

export const poolStatusRequests = cluster(
  'resource.k8s.io/v1alpha3',
  'ResourcePoolStatusRequest',
  'resourcepoolstatusrequests',
  { spec: { driver: 'example.com' } },
);
export const storageVersions = cluster('internal.apiserver.k8s.io/v1alpha1', 'StorageVersion', 'storageversions', {
  metadata: { name: '$ns.things' },
  spec: {},
  status: {},
});

export const otherVersions: readonly Kind[] = [
  deviceClassesV1beta1,
  resourceClaimsV1beta1,
  resourceClaimTemplatesV1beta1,
  resourceSlicesV1beta1,
  ...[deviceClasses, resourceClaims, resourceClaimTemplates, resourceSlices].map((kind) => at('v1beta2', kind)),
  taintRules('v1beta2'),
  taintRules('v1alpha3'),
  poolStatusRequests,
  at('v1beta1', mutatingPolicies),
  at('v1beta1', mutatingPolicyBindings),
  at('v1alpha1', mutatingPolicies),
  at('v1alpha1', mutatingPolicyBindings),
  leaseCandidates('v1beta1'),
  leaseCandidates('v1alpha2'),
  storageVersions,
  at('v1beta1', ipAddresses),
  at('v1beta1', serviceCidrs),
  at('v1beta1', volumeAttributesClasses),
  // It needs a feature gate as well.
  cluster('storagemigration.k8s.io/v1beta1', 'StorageVersionMigration', 'storageversionmigrations', {
    spec: { resource: { group: '', resource: 'configmaps' } },
  }),
];

/** Each with the same objects at another version. */
export const versionPairs: readonly (readonly [Kind, Kind])[] = [
  [autoscalersV1, autoscalers],
  [deviceClassesV1beta1, deviceClasses],
  [resourceClaimsV1beta1, resourceClaims],
  [resourceClaimTemplatesV1beta1, resourceClaimTemplates],
  [resourceSlicesV1beta1, resourceSlices],
  [resourceClaimsV1beta1, at('v1beta2', resourceClaims)],
  [resourceSlicesV1beta1, at('v1beta2', resourceSlices)],
  [at('v1beta2', resourceClaims), resourceClaims],
  [at('v1beta2', deviceClasses), deviceClasses],
  [taintRules('v1alpha3'), taintRules('v1beta2')],
  [at('v1beta1', mutatingPolicies), mutatingPolicies],
  [at('v1alpha1', mutatingPolicies), at('v1beta1', mutatingPolicies)],
  [leaseCandidates('v1alpha2'), leaseCandidates('v1beta1')],
  [at('v1beta1', ipAddresses), ipAddresses],
  [at('v1beta1', serviceCidrs), serviceCidrs],
  [at('v1beta1', volumeAttributesClasses), volumeAttributesClasses],
];
