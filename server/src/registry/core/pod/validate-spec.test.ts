import { type Kind, refusals } from '../../testing/rules.ts';

const pods: Kind = {
  apiVersion: 'v1',
  kind: 'Pod',
  resource: 'pods',
  example: { spec: { containers: [{ name: 'main', image: 'example.com/main:1' }] } },
};

refusals('the spec of a pod', pods, {
  'no containers': [{ 'spec/containers': [] }, 'spec.containers: Required value'],
  'a claim twice': [
    {
      'spec/resourceClaims': [
        { name: 'a', resourceClaimName: 'x' },
        { name: 'a', resourceClaimName: 'x' },
      ],
    },
    'spec.resourceClaims[1].name: Duplicate value: "a"',
  ],
  'a claim without name': [
    { 'spec/resourceClaims': [{ resourceClaimName: 'x' }] },
    'spec.resourceClaims[0].name: Required value',
  ],
  'a claim from two places': [
    { 'spec/resourceClaims': [{ name: 'a', resourceClaimName: 'x', resourceClaimTemplateName: 'y' }] },
    'spec.resourceClaims[0]: Invalid value: {…}: at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified',
  ],
  'a claim from nowhere': [
    { 'spec/resourceClaims': [{ name: 'a' }] },
    'spec.resourceClaims[0]: Invalid value: {…}: must specify one of: `resourceClaimName`, `resourceClaimTemplateName`',
  ],
  'a claim by a bad name': [
    { 'spec/resourceClaims': [{ name: 'A', resourceClaimName: 'X y' }] },
    "spec.resourceClaims[0].name: Invalid value: \"A\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    "spec.resourceClaims[0].resourceClaimName: Invalid value: \"X y\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ],
  'resources of a Windows pod': [
    { 'spec/os': { name: 'windows' }, 'spec/resources': { limits: { cpu: '1' } } },
    'spec.resources: Forbidden: may not be set for a windows pod',
  ],
  'resources of a pod: claims': [
    { 'spec/resources': { claims: [{ name: 'a' }] }, 'spec/resourceClaims': [{ name: 'a', resourceClaimName: 'x' }] },
    'spec.resources.claims: Forbidden: claims may not be set for Resources at pod-level',
  ],
  'resources of a pod: unknown ones': [
    { 'spec/resources': { limits: { 'ephemeral-storage': '1Gi' } } },
    'spec.resources.limits[ephemeral-storage]: Unsupported value: "ephemeral-storage": supported values: "cpu", "hugepages-", "memory"',
  ],
  'resources of a pod: bad names': [
    { 'spec/resources': { limits: { 'a b': '1' } } },
    "spec.resources.limits[a b]: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
  ],
  'resources of a pod below its containers': [
    { 'spec/resources': { requests: { cpu: '1' } }, 'spec/containers/0/resources': { requests: { cpu: '2' } } },
    'spec.resources.requests[cpu]: Invalid value: "1": must be greater than or equal to aggregate container requests of 2',
  ],
  'limits of a container above the pod’s': [
    { 'spec/resources': { limits: { cpu: '1' } }, 'spec/containers/0/resources': { limits: { cpu: '2' } } },
    'spec.resources.containers[0][cpu].limits: Invalid value: "2": must be less than or equal to pod limits of 1',
    'spec.resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
  ],
  'a restart policy': [
    { 'spec/restartPolicy': 'Sometimes' },
    'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
  ],
  'a DNS policy': [
    { 'spec/dnsPolicy': 'Mine' },
    'spec.dnsPolicy: Unsupported value: "Mine": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"',
  ],
  'a node label': [
    { 'spec/nodeSelector': { 'a b': 'c d' } },
    "spec.nodeSelector: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    "spec.nodeSelector: Invalid value: \"c d\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
  ],
  'a host port that differs on the host network': [
    { 'spec/hostNetwork': true, 'spec/containers/0/ports': [{ containerPort: 80, hostPort: 81 }] },
    'spec.containers[0].ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true',
  ],
  'DNS None without configuration': [
    { 'spec/dnsPolicy': 'None' },
    'spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None',
  ],
  'DNS None without servers': [
    { 'spec/dnsPolicy': 'None', 'spec/dnsConfig': { searches: ['a'] } },
    'spec.dnsConfig.nameservers: Required value: must provide at least one DNS nameserver when `dnsPolicy` is None',
  ],
  'four name servers': [
    { 'spec/dnsConfig': { nameservers: ['1.1.1.1', '1.1.1.2', '1.1.1.3', '1.1.1.4'] } },
    'spec.dnsConfig.nameservers: Invalid value: {…}: must not have more than 3 nameservers',
  ],
  'a name server that is none': [
    { 'spec/dnsConfig': { nameservers: ['x'] } },
    'spec.dnsConfig.nameservers[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
  ],
  '33 search paths': [
    {
      'spec/dnsConfig': {
        searches: [
          'a',
          'a',
          'a',
          'a',
          'a',
          'a',
          'a',
          'a',
          'a',
          'a',
          'a',
          'a',
          'a',
          'a',
          'a',
          'a',
          'a',
          'a',
          'a',
          'a',
          'a',
          'a',
          'a',
          'a',
          'a',
          'a',
          'a',
          'a',
          'a',
          'a',
          'a',
          'a',
          'a',
        ],
      },
    },
    'spec.dnsConfig.searches: Invalid value: {…}: must not have more than 32 search paths',
  ],
  'long search paths': [
    {
      'spec/dnsConfig': {
        searches: [
          'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
          'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
          'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
          'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
          'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
          'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
          'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
          'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
          'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
        ],
      },
    },
    'spec.dnsConfig.searches: Invalid value: {…}: must not have more than 2048 characters (including spaces) in the search list',
  ],
  'a bad search path': [
    { 'spec/dnsConfig': { searches: ['.', 'ok.', 'a b', '-a'] } },
    "spec.dnsConfig.searches[2]: Invalid value: \"a b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')",
    "spec.dnsConfig.searches[3]: Invalid value: \"-a\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')",
  ],
  'a DNS option without name': [
    { 'spec/dnsConfig': { options: [{ value: '1' }] } },
    'spec.dnsConfig.options[0]: Required value: must not be empty',
  ],
  'readiness gates': [
    { 'spec/readinessGates': [{ conditionType: 'a b' }, {}] },
    "spec.readinessGates[0].conditionType: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    'spec.readinessGates[1].conditionType: Invalid value: "": name part must be non-empty',
    "spec.readinessGates[1].conditionType: Invalid value: \"\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
  ],
  'scheduling gates': [
    { 'spec/schedulingGates': [{ name: 'a' }, { name: 'a' }, { name: 'a b' }, {}] },
    'spec.schedulingGates[1]: Duplicate value: "a"',
    "spec.schedulingGates[2]: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    'spec.schedulingGates[3]: Invalid value: "": name part must be non-empty',
    "spec.schedulingGates[3]: Invalid value: \"\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
  ],
  'gates on a node': [
    { 'spec/schedulingGates': [{ name: 'a' }], 'spec/nodeName': 'n' },
    'spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared',
  ],
  names: [
    {
      'spec/serviceAccountName': 'A b',
      'spec/nodeName': 'A b',
      'spec/hostname': 'a.b',
      'spec/subdomain': 'a.b',
      'spec/priorityClassName': 'A b',
      'spec/runtimeClassName': 'A b',
    },
    'spec.hostname: Invalid value: "a.b": must not contain dots',
    "spec.nodeName: Invalid value: \"A b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    "spec.priorityClassName: Invalid value: \"A b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    "spec.runtimeClassName: Invalid value: \"A b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    "spec.serviceAccountName: Invalid value: \"A b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    'spec.subdomain: Invalid value: "a.b": must not contain dots',
  ],
  'an empty runtime class': [
    { 'spec/runtimeClassName': '' },
    "spec.runtimeClassName: Invalid value: \"\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ],
  'a deadline of 0': [
    { 'spec/activeDeadlineSeconds': 0 },
    'spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive',
  ],
  'a deadline too far': [
    { 'spec/activeDeadlineSeconds': 2147483648 },
    'spec.activeDeadlineSeconds: Invalid value: 2147483648: must be between 1 and 2147483647, inclusive',
  ],
  'a host name of its own': [
    {
      'spec/hostnameOverride': 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
      'spec/setHostnameAsFQDN': true,
      'spec/hostNetwork': true,
    },
    'spec.hostnameOverride: Forbidden: may not be specified when hostNetwork is true',
    'spec.hostnameOverride: Forbidden: may not be specified when setHostnameAsFQDN is true',
    'spec.hostnameOverride: Too long: may not be more than 64 bytes',
  ],
  'a bad host name of its own': [
    { 'spec/hostnameOverride': 'A b' },
    "spec.hostnameOverride: Invalid value: \"A b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ],
  'host aliases': [
    { 'spec/hostAliases': [{ ip: 'x', hostnames: ['a b', 'ok'] }] },
    "spec.hostAliases[0].hostnames[0]: Invalid value: \"a b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    'spec.hostAliases[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
  ],
  'a preemption policy': [
    { 'spec/preemptionPolicy': 'Always' },
    'spec.preemptionPolicy: Unsupported value: "Always": supported values: "PreemptLowerPriority", "Never"',
  ],
  'an operating system': [
    { 'spec/os': { name: 'plan9' } },
    'spec.os: Unsupported value: "plan9": supported values: "linux", "windows"',
  ],
  'no operating system': [{ 'spec/os': {} }, 'spec.os.name: Required value'],
  'an overhead': [
    { 'spec/overhead': { cpu: '-1', 'a b': '1' } },
    'spec.overhead.limits[a b]: Invalid value: "a b": must be a standard resource for containers',
    "spec.overhead.limits[a b]: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    'spec.overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0',
  ],
  'a negative grace period': [{ 'spec/terminationGracePeriodSeconds': -5 }],
  'a file of a volume that is not there': [
    { 'spec/containers/0/env': [{ name: 'A', valueFrom: { fileKeyRef: { volumeName: 'v', path: 'p', key: 'K' } } }] },
    'spec.containers[0].env[0].valueFrom.fileKeyRef.volumeName: Not found: "v"',
  ],
  'a file of a volume that is no emptyDir': [
    {
      'spec/containers/0/env': [{ name: 'A', valueFrom: { fileKeyRef: { volumeName: 'v', path: 'p', key: 'K' } } }],
      'spec/volumes': [{ name: 'v', hostPath: { path: '/a' } }],
    },
    'spec.containers[0].env[0].valueFrom.fileKeyRef.volumeName: Invalid value: "v": referenced volume must be of type emptyDir',
  ],
  'ephemeral containers of a new pod': [
    { 'spec/ephemeralContainers': [{ name: 'debug', image: 'x' }] },
    'spec.ephemeralContainers: Forbidden: cannot be set on create',
  ],
});
