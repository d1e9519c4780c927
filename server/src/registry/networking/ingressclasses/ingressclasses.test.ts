import { type Kind, refusals, refusedUpdates } from '../../testing/rules.ts';

const ingressclasses: Kind = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  resource: 'ingressclasses',
  example: { spec: { controller: 'example.com/none' } },
};

refusals('IngressClasses', ingressclasses, {
  'no controller': [{ 'spec/controller': '' }, 'spec.controller: Required value'],
  'a controller': [
    { 'spec/controller': 'nonsense' },
    'spec.controller: Invalid value: "nonsense": must be a domain-prefixed path (such as "acme.io/foo")',
  ],
  'a long controller': [
    {
      'spec/controller':
        'example.com/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    },
    'spec.controller: Too long: may not be more than 250 bytes',
  ],
  parameters: [
    { 'spec/parameters': { kind: '', name: '' } },
    'spec.parameters.kind: Required value',
    'spec.parameters.name: Required value',
  ],
  'parameters of nonsense': [
    { 'spec/parameters': { apiGroup: 'A b', kind: 'a/b', name: 'a/b', scope: 'X' } },
    "spec.parameters.apiGroup: Invalid value: \"A b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    'spec.parameters.kind: Invalid value: "a/b": may not contain \'/\'',
    'spec.parameters.name: Invalid value: "a/b": may not contain \'/\'',
    'spec.parameters.scope: Unsupported value: "X": supported values: "Cluster", "Namespace"',
  ],
  'parameters in no namespace': [
    { 'spec/parameters': { kind: 'K', name: 'n', scope: 'Namespace' } },
    "spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'",
  ],
  'parameters in a namespace of the cluster': [
    { 'spec/parameters': { kind: 'K', name: 'n', scope: 'Cluster', namespace: 'a' } },
    "spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'",
  ],
  'parameters in a bad namespace': [
    { 'spec/parameters': { kind: 'K', name: 'n', scope: 'Namespace', namespace: 'A b' } },
    "spec.parameters.namespace: Invalid value: \"A b\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  ],
});

refusedUpdates('updates of IngressClasses', ingressclasses, {
  'another controller': [
    { 'spec/controller': 'example.com/other' },
    'spec.controller: Invalid value: "example.com/other": field is immutable',
  ],
});
