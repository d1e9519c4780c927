/** Differences from kube-apiserver that are meant, each with its reason. The first cluster is ours. */
import type { Explanation } from './explanation.ts';

export const explained: readonly Explanation[] = [
  {
    reason: 'Descriptions are prose: ours are our own words. Names, types, formats and priorities are compared.',
    at: /^body(\[\d+\]\.object)?\.columnDefinitions\[\d+\]\.description$/,
  },
  {
    reason: "OpenShift's fork of kube-apiserver gives pods a certificate that Kubernetes does not know.",
    at: /volumes\[\d+\]\.projected\.sources\[3\]$/,
    second: /openshift-service-ca\.crt/,
  },
  {
    reason: "OpenShift's fork gives pods a certificate that Kubernetes does not know.",
    at: /fieldsV1\..*f:projected/,
    second: /openshift/,
  },
  {
    reason:
      'Upstream prints its internal Go object where it tells a wrong value; ours is printed as the client sent it.',
    at: /^body\.(message|details\.causes\[\d+\]\.message)$/,
    second: /(Invalid value: |Duplicate value: )(\[)?\{\\*"[A-Z]/,
  },
  {
    reason:
      'A field of a feature that is off is dropped when upstream has noted who set it; ours is dropped at decoding and leaves no trace.',
    label: /stopSignal|clusterTrustBundle|podCertificate|schedulingGroup/,
    at: /managedFields/,
  },
];
