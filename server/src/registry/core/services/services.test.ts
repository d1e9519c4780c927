import { type Kind, refusals } from '../../testing/rules.ts';

const services: Kind = {
  apiVersion: 'v1',
  kind: 'Service',
  resource: 'services',
  example: { spec: { type: 'ClusterIP', selector: { app: 'web' }, ports: [{ port: 80 }] } },
};

refusals('Services', services, {
  'no ports': [{ 'spec/ports': [] }, 'spec.ports: Required value'],
  'an unnamed port of two': [
    { 'spec/ports': [{ port: 80 }, { port: 81 }] },
    'spec.ports[0].name: Required value',
    'spec.ports[1].name: Required value',
  ],
  'names of ports': [
    {
      'spec/ports': [
        { name: 'A b', port: 80 },
        { name: 'a', port: 81 },
        { name: 'a', port: 82 },
      ],
    },
    "spec.ports[0].name: Invalid value: \"A b\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    'spec.ports[2].name: Duplicate value: "a"',
  ],
  'a port twice': [
    {
      'spec/ports': [
        { name: 'a', port: 80 },
        { name: 'b', port: 80 },
      ],
    },
    'spec.ports[1]: Duplicate value: {…}',
  ],
  'ports out of range': [
    { 'spec/ports': [{ port: 0 }, { name: 'b', port: 65536, targetPort: 65536 }] },
    'spec.ports[0].name: Required value',
    'spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
    'spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive',
    'spec.ports[1].port: Invalid value: 65536: must be between 1 and 65535, inclusive',
    'spec.ports[1].targetPort: Invalid value: 65536: must be between 1 and 65535, inclusive',
  ],
  'a target by a bad name': [
    { 'spec/ports/0/targetPort': 'A b' },
    'spec.ports[0].targetPort: Invalid value: "A b": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
  ],
  'a protocol': [
    { 'spec/ports/0/protocol': 'X' },
    'spec.ports[0].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"',
  ],
  'an application protocol': [
    { 'spec/ports/0/appProtocol': 'a b' },
    "spec.ports[0].appProtocol: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
  ],
  'a selector': [
    { 'spec/selector': { 'a b': 'c d' } },
    "spec.selector: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    "spec.selector: Invalid value: \"c d\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
  ],
  'an affinity': [
    { 'spec/sessionAffinity': 'X' },
    'spec.sessionAffinity: Unsupported value: "X": supported values: "ClientIP", "None"',
  ],
  'an affinity’s configuration for none': [{ 'spec/sessionAffinityConfig': { clientIP: { timeoutSeconds: 5 } } }],
  'an affinity’s time': [
    { 'spec/sessionAffinity': 'ClientIP', 'spec/sessionAffinityConfig': { clientIP: { timeoutSeconds: 86401 } } },
    'spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400',
  ],
  'an external name of none': [{ 'spec/type': 'ExternalName' }, 'spec.externalName: Required value'],
  'an external name': [
    { 'spec/type': 'ExternalName', 'spec/externalName': 'A b', 'spec/clusterIP': undefined },
    "spec.externalName: Invalid value: \"A b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ],
  'external addresses': [
    { 'spec/externalIPs': ['x', '127.0.0.1', '0.0.0.0', '224.0.0.1', '169.254.0.1'] },
    'spec.externalIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    'spec.externalIPs[1]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    'spec.externalIPs[2]: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0)',
    'spec.externalIPs[3]: Invalid value: "224.0.0.1": may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
    'spec.externalIPs[4]: Invalid value: "169.254.0.1": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
  ],
  'source ranges': [
    { 'spec/type': 'LoadBalancer', 'spec/loadBalancerSourceRanges': ['x', '10.0.0.0/8'] },
    'spec.LoadBalancerSourceRanges[0]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
  ],
  'source ranges without balancer': [
    { 'spec/loadBalancerSourceRanges': ['10.0.0.0/8'] },
    "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
  ],
  'source ranges in an annotation': [
    {
      'spec/type': 'LoadBalancer',
      'metadata/annotations': { 'service.beta.kubernetes.io/load-balancer-source-ranges': 'x' },
    },
    'metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
  ],
  'a class without balancer': [
    { 'spec/loadBalancerClass': 'a/b' },
    "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'",
  ],
  'a bad class': [
    { 'spec/type': 'LoadBalancer', 'spec/loadBalancerClass': 'A b' },
    "spec.loadBalancerClass: Invalid value: \"A b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
  ],
  'node ports without balancer': [
    { 'spec/allocateLoadBalancerNodePorts': true },
    "spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'",
  ],
  policies: [
    { 'spec/type': 'NodePort', 'spec/externalTrafficPolicy': 'X', 'spec/internalTrafficPolicy': 'Y' },
    'spec.externalTrafficPolicy: Unsupported value: "X": supported values: "Cluster", "Local"',
    'spec.internalTrafficPolicy: Unsupported value: "Y": supported values: "Cluster", "Local"',
  ],
  'a policy for no outside': [
    { 'spec/externalTrafficPolicy': 'Local' },
    'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
  ],
  'a health check’s port for no outside': [
    { 'spec/healthCheckNodePort': 30000 },
    "spec.healthCheckNodePort: Invalid value: 30000: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
  ],
  'a distribution': [
    { 'spec/trafficDistribution': 'X' },
    'spec.trafficDistribution: Unsupported value: "X": supported values: "PreferClose", "PreferSameZone", "PreferSameNode"',
  ],
  'a type': [
    { 'spec/type': 'X' },
    'spec.type: Unsupported value: "X": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
  ],
  families: [
    { 'spec/ipFamilies': ['X'] },
    'spec.ipFamilies[0]: Unsupported value: "X": supported values: "IPv4", "IPv6"',
  ],
  'a family policy': [
    { 'spec/ipFamilyPolicy': 'X' },
    'spec.ipFamilyPolicy: Unsupported value: "X": supported values: "PreferDualStack", "RequireDualStack", "SingleStack"',
  ],
  'a family twice': [{ 'spec/ipFamilies': ['IPv4', 'IPv4'] }, 'spec.ipFamilies[1]: Duplicate value: "IPv4"'],
  'a node port of a cluster address': [
    { 'spec/ports/0/nodePort': 30000 },
    "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
  ],
});
