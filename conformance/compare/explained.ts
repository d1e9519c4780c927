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
  {
    reason: "Upstream answers 500 to what is the client's mistake; ours answers 4xx.",
    first: /^4\d\d$/,
    second: /^500$/,
  },
  {
    reason: "Upstream answers 500 to what is the client's mistake: the rest of that answer.",
    case: /^(objects\/(lists|patches|updates)|pods\/binding)/,
    request: /resourceVersion=x|\/binding$|pods\/one(\?|$)|configmaps\/updated/,
    at: /^body\.(message|reason|code|details.*|status)$/,
    second: /strconv|500|InternalError|absent|target\.(name|kind)|internal error/,
  },
  {
    reason:
      'A create with a resourceVersion is refused with 400, also as a dry run; upstream answers 500, or takes the dry run.',
    label: /^a resource version$/,
  },
  {
    reason:
      'go-restful refuses unknown media types in plain text before Kubernetes sees the request; ours are a Status that lists them.',
    at: /^(body|contentType)$/,
    second: /406: Not Acceptable|415: Unsupported Media Type|text\/plain/,
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
    reason: 'Of a patch whose result is no object of the kind, upstream prints the whole object as Go keeps it.',
    at: /^(status|body\.(message|reason|code|details(\..*)?))$/,
    case: /^objects\/patches/,
    label: /"(kind|apiVersion)":|"labels","value":5|"containers":5/,
  },
  {
    reason:
      'Flow control and the availability of aggregated APIs are watched by parts of kube-apiserver that write when they please.',
    case: /flowschemas|prioritylevelconfigurations|apiservices/,
    at: /managedFields|conditions|labels\.patched|body\[\d+\]$/,
  },
  {
    reason: 'Conditions of custom resource definitions are written by parts of the server that write when they please.',
    case: /customresourcedefinitions/,
    at: /managedFields|conditions|body\[\d+\]/,
  },
  {
    reason:
      'Upstream keeps the template generation of DaemonSets in a field that its Tables and metadata-only answers do not convert.',
    case: /daemonsets/,
    at: /metadata\.annotations$/,
    second: /^absent$/,
  },
  {
    reason: 'kube-apiserver writes null for the rows of an empty Table of kinds without columns of their own.',
    at: /^body\.rows$/,
    first: /^\[\]$/,
    second: /^null$/,
  },
  {
    reason:
      'A node port outside the range is refused in a dry run too; upstream looks at the range only when it allocates.',
    label: /^a node port outside$/,
  },
  {
    reason: 'The revision of the record is the cluster’s own.',
    at: /message$/,
    first: /ResourceVersion in record/,
  },
];
