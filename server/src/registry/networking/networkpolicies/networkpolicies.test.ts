import { type Kind, refusals } from '../../testing/rules.ts';

const networkpolicies: Kind = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  resource: 'networkpolicies',
  example: { spec: { podSelector: {} } },
};

refusals('NetworkPolicies', networkpolicies, {
  'a selector': [
    { 'spec/podSelector': { matchExpressions: [{ key: 'a', operator: 'X' }] } },
    'spec.podSelector.matchExpressions[0].operator: Invalid value: "X": not a valid selector operator',
  ],
  'a port': [
    { 'spec/ingress': [{ ports: [{ port: 0 }, { port: 'A b' }, { protocol: 'X', port: 80 }] }] },
    'spec.ingress[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
    'spec.ingress[0].ports[1].port: Invalid value: "A b": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
    'spec.ingress[0].ports[2].protocol: Unsupported value: "X": supported values: "TCP", "UDP", "SCTP"',
  ],
  'an end before the port': [
    { 'spec/ingress': [{ ports: [{ port: 80, endPort: 79 }] }] },
    'spec.ingress[0].ports[0].endPort: Invalid value: 80: must be greater than or equal to `port`',
  ],
  'an end without a port': [
    { 'spec/ingress': [{ ports: [{ endPort: 79 }] }] },
    'spec.ingress[0].ports[0].endPort: Invalid value: 79: may not be specified when `port` is not specified',
  ],
  'an end of a name': [
    { 'spec/ingress': [{ ports: [{ port: 'a', endPort: 79 }] }] },
    'spec.ingress[0].ports[0].endPort: Invalid value: 79: may not be specified when `port` is non-numeric',
  ],
  'an end too high': [
    { 'spec/ingress': [{ ports: [{ port: 80, endPort: 65536 }] }] },
    'spec.ingress[0].ports[0].endPort: Invalid value: 65536: must be between 1 and 65535, inclusive',
  ],
  nobody: [{ 'spec/ingress': [{ from: [{}] }] }, 'spec.ingress[0].from[0]: Required value: must specify a peer'],
  'a range and a selector': [
    { 'spec/ingress': [{ from: [{ podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } }] }] },
    'spec.ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer',
  ],
  'a range': [
    { 'spec/ingress': [{ from: [{ ipBlock: { cidr: '' } }, { ipBlock: { cidr: 'x' } }] }] },
    'spec.ingress[0].from[0].ipBlock.cidr: Required value',
    'spec.ingress[0].from[1].ipBlock.cidr: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
  ],
  exceptions: [
    { 'spec/ingress': [{ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['x', '11.0.0.0/8', '10.0.0.0/8'] } }] }] },
    'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    'spec.ingress[0].from[0].ipBlock.except[1]: Invalid value: "11.0.0.0/8": must be a strict subset of `cidr`',
    'spec.ingress[0].from[0].ipBlock.except[2]: Invalid value: "10.0.0.0/8": must be a strict subset of `cidr`',
  ],
  'bad selectors': [
    {
      'spec/ingress': [
        {
          from: [
            { podSelector: { matchLabels: { 'a b': 'c' } } },
            { namespaceSelector: { matchLabels: { 'a b': 'c' } } },
          ],
        },
      ],
    },
    "spec.ingress[0].from[0].podSelector.matchLabels: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    "spec.ingress[0].from[1].namespaceSelector.matchLabels: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
  ],
  egress: [
    { 'spec/egress': [{ to: [{}], ports: [{ port: 0 }] }] },
    'spec.egress[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
    'spec.egress[0].to[0]: Required value: must specify a peer',
  ],
  types: [
    { 'spec/policyTypes': ['X'] },
    'spec.policyTypes[0]: Unsupported value: "X": supported values: "Ingress", "Egress"',
  ],
  'three types': [
    { 'spec/policyTypes': ['Ingress', 'Egress', 'Ingress'] },
    'spec.policyTypes: Invalid value: {…}: may not specify more than two policyTypes',
  ],
});
