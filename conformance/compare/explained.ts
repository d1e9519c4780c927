/** Differences from kube-apiserver that are meant, each with its reason. The first cluster is ours. */
import type { Explanation } from './explanation.ts';

/** Requests that upstream answers with 500 although the client is wrong: ours are 4xx. */
const answered500: readonly Explanation[] = (
  [
    // The version is parsed only in the storage.
    { case: /^objects\/(lists|watches)/, request: /[?&]resourceVersion=x(&|$)/ },
    { case: /^generic\/.*mutatingadmissionpolicies/, request: /&resourceVersion=%7B%7B/ },
    { label: /^a (resource )?version of nonsense(, of the status)?$/ },
    // A patch that cannot be computed.
    { case: /^objects\/patches/, request: /^PATCH .*\/pods\/one$/ },
    { case: /^writes\/.*: strictness, patches, owners of fields$/, request: /^PATCH .*\?dryRun=All$/ },
    { case: /^pods\/binding/, request: /\/pods\/one\/binding$/, label: /^\{"target":/ },
    // The lookup of the class fails without a status.
    { case: /^sweep\/v1 pods/, label: /^spec\/runtimeClassName = ""$/ },
  ] satisfies Partial<Explanation>[]
).map((which) => ({
  reason: "Upstream answers 500 to what is the client's mistake; ours answers 4xx.",
  secondStatus: 500,
  at: /^(status|body\.(code|reason|message|details.*))$/,
  ...which,
}));

export const explained: readonly Explanation[] = [
  {
    reason: "What a patch leaves alone Go's decoder meets in the order of its types, ours by name.",
    case: /^versions\//,
    request: /^PATCH /,
    at: /^warnings\[\d+\]$/,
    first: /unknown field/,
    second: /unknown field/,
  },
  {
    reason: 'Descriptions are prose: ours are our own words. Names, types, formats and priorities are compared.',
    at: /^body((\[\d+\])?\.object)?\.columnDefinitions\[\d+\]\.description$/,
  },
  {
    reason: "OpenShift's fork of kube-apiserver gives pods a certificate that Kubernetes does not know.",
    at: /volumes\[\d+\]\.projected\.sources\[3\]$/,
    second: /openshift-service-ca\.crt/,
  },
  {
    reason:
      "OpenShift's fork gives pods a certificate that Kubernetes does not know; here a message quotes such a pod.",
    at: /message$/,
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
    second: /((Invalid|Duplicate|Unsupported) value: )(\[)?\{\\*"[A-Z]/,
  },
  {
    reason:
      'A field of a feature that is off is dropped when upstream has noted who set it; ours is dropped at decoding and leaves no trace.',
    label: /stopSignal|clusterTrustBundle|podCertificate|schedulingGroup/,
    at: /managedFields/,
  },
  ...answered500,
  {
    reason:
      'A create with a resourceVersion is refused with 400, also as a dry run; upstream answers 500, or takes the dry run.',
    label: /^a resource version$/,
  },
  {
    reason: 'Parsers of YAML and JSON word what is broken in their own way.',
    label: /^(broken YAML|docker with broken JSON|duplicates in YAML)$/,
    at: /message$|^warnings/,
  },
  {
    reason: 'The difference that upstream appends is one of its internal Go objects.',
    at: /message$/,
    first: /(Forbidden|immutable)/,
    second: /\\n@@ -/,
  },
  {
    reason:
      'A deleted definition goes when its finalizer is taken off, which each server does in its own time: the second DELETE finds it or not.',
    case: /customresourcedefinitions: life of an object$/,
    request: /^DELETE/,
    label: /^again$/,
  },
  {
    reason:
      'A definition says that it is terminating, and then that it is done; who wrote the second owns its time only where a second has turned in between.',
    case: /^definitions\/deleted twice while others hold it$/,
    at: /k:\{"type":"Terminating"\}\.f:lastTransitionTime$/,
  },
  {
    reason: 'Ours decodes an empty list or map as none; upstream prints the one that was sent.',
    case: /every field changed$/,
    label: /removed$/,
    at: /message$/,
    first: /value: null/,
    second: /value: (\{\}|\[\])/,
  },
  {
    reason:
      'Upstream keeps the template generation of DaemonSets in a field that its Tables and metadata-only answers do not convert.',
    case: /daemonsets/,
    at: /metadata\.annotations$/,
    second: /^absent$/,
  },
  {
    reason: 'kube-apiserver writes null for what an empty list holds, as a Table or as metadata only, of some kinds.',
    at: /^body\.(rows|items)$/,
    first: /^\[\]$/,
    second: /^null$/,
  },
  {
    reason: 'kube-apiserver breaks the connection off when a custom resource comes as protobuf; ours answers 400.',
    case: /^custom\//,
    label: /^application\/vnd\.kubernetes\.protobuf$/,
    secondStatus: 0,
  },
  {
    reason: 'The message names a line of the source.',
    case: /^custom\/subresources$/,
    at: /message$/,
    second: /customresource_handler\.go/,
  },
  {
    reason: 'A dry run of an update that creates keeps upstream the version that was sent, though nothing has it.',
    case: /: what is not there$/,
    label: /^with a version$/,
    at: /^body\.metadata\.resourceVersion$/,
    first: /^absent$/,
  },
  {
    reason: 'The revision of the record is the cluster’s own.',
    at: /message$/,
    first: /ResourceVersion in record/,
  },
];
