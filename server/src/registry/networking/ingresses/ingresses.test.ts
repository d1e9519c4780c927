import { type Kind, refusals } from '../../testing/rules.ts';

const ingresses: Kind = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  resource: 'ingresses',
  example: {
    spec: {
      rules: [
        {
          host: 'web.example.com',
          http: {
            paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }],
          },
        },
      ],
    },
  },
};

refusals('Ingresses', ingresses, {
  nothing: [{ spec: {} }, 'spec: Invalid value: null: either `defaultBackend` or `rules` must be specified'],
  'a class that is no name': [
    { 'spec/ingressClassName': 'A b' },
    "spec.ingressClassName: Invalid value: \"A b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ],
  'a class twice': [{ 'spec/ingressClassName': 'a', 'metadata/annotations': { 'kubernetes.io/ingress.class': 'a' } }],
  'certificates of bad hosts': [
    { 'spec/tls': [{ hosts: ['A b', '*.', '*.ok.com'], secretName: 'A b' }] },
    "spec.tls[0].hosts[0]: Invalid value: \"A b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    "spec.tls[0].hosts[1]: Invalid value: \"*.\": a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    "spec.tls[0].secretName: Invalid value: \"A b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ],
  'a host that is an address': [
    { 'spec/rules/0/host': '1.2.3.4' },
    'spec.rules[0].host: Invalid value: "1.2.3.4": must be a DNS name, not an IP address',
  ],
  'a host': [
    { 'spec/rules/0/host': 'A b' },
    "spec.rules[0].host: Invalid value: \"A b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ],
  'a host with a star within': [
    { 'spec/rules/0/host': 'a.*.b' },
    "spec.rules[0].host: Invalid value: \"a.*.b\": a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ],
  'a star': [
    { 'spec/rules/0/host': '*' },
    "spec.rules[0].host: Invalid value: \"*\": a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ],
  'no paths': [{ 'spec/rules/0/http/paths': [] }, 'spec.rules[0].http.paths: Required value'],
  'a path type of nonsense': [
    { 'spec/rules/0/http/paths/0/pathType': 'X' },
    'spec.rules[0].http.paths[0].pathType: Unsupported value: "X": supported values: "Exact", "ImplementationSpecific", "Prefix"',
  ],
  'no path type': [
    { 'spec/rules/0/http/paths/0/pathType': undefined },
    'spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified',
  ],
  'a relative path': [
    { 'spec/rules/0/http/paths/0/path': 'a' },
    'spec.rules[0].http.paths[0].path: Invalid value: "a": must be an absolute path',
  ],
  'no path': [
    { 'spec/rules/0/http/paths/0/path': '' },
    'spec.rules[0].http.paths[0].path: Invalid value: "": must be an absolute path',
  ],
  'two slashes': [
    { 'spec/rules/0/http/paths/0/path': '/a//b' },
    'spec.rules[0].http.paths[0].path: Invalid value: "/a//b": must not contain \'//\'',
  ],
  steps: [
    { 'spec/rules/0/http/paths/0/path': '/a/../b/.' },
    'spec.rules[0].http.paths[0].path: Invalid value: "/a/../b/.": cannot end with \'/.\'',
    'spec.rules[0].http.paths[0].path: Invalid value: "/a/../b/.": must not contain \'/../\'',
  ],
  'an encoded slash': [
    { 'spec/rules/0/http/paths/0/path': '/a%2fb' },
    'spec.rules[0].http.paths[0].path: Invalid value: "/a%2fb": must not contain \'%2f\'',
  ],
  'a path of the implementation': [
    { 'spec/rules/0/http/paths/0/pathType': 'ImplementationSpecific', 'spec/rules/0/http/paths/0/path': 'a' },
    'spec.rules[0].http.paths[0].path: Invalid value: "a": must be an absolute path',
  ],
  'no backend': [
    { 'spec/rules/0/http/paths/0/backend': {} },
    'spec.rules[0].http.paths[0].backend: Invalid value: "": resource or service backend is required',
  ],
  'two backends': [
    { 'spec/rules/0/http/paths/0/backend/resource': { kind: 'K', name: 'n', apiGroup: 'g.io' } },
    'spec.rules[0].http.paths[0].backend: Invalid value: "": cannot set both resource and service backends',
  ],
  'a resource': [
    { 'spec/rules/0/http/paths/0/backend': { resource: { kind: '', name: '', apiGroup: 'A b' } } },
    "spec.rules[0].http.paths[0].backend.resource.apiGroup: Invalid value: \"A b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    'spec.rules[0].http.paths[0].backend.resource.kind: Required value',
    'spec.rules[0].http.paths[0].backend.resource.name: Required value',
  ],
  'a service without name': [
    { 'spec/rules/0/http/paths/0/backend/service': { name: '', port: { number: 80 } } },
    'spec.rules[0].http.paths[0].backend.service.name: Required value',
  ],
  'a service of a bad name': [
    { 'spec/rules/0/http/paths/0/backend/service': { name: 'A', port: { number: 80 } } },
    "spec.rules[0].http.paths[0].backend.service.name: Invalid value: \"A\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  ],
  'no port': [
    { 'spec/rules/0/http/paths/0/backend/service/port': {} },
    'spec.rules[0].http.paths[0].backend: Required value: port name or number is required',
  ],
  'two ports': [
    { 'spec/rules/0/http/paths/0/backend/service/port': { name: 'a', number: 80 } },
    'spec.rules[0].http.paths[0].backend: Invalid value: "": cannot set both port name & port number',
  ],
  'a bad port': [
    { 'spec/rules/0/http/paths/0/backend/service/port': { number: 65536 } },
    'spec.rules[0].http.paths[0].backend.service.port.number: Invalid value: 65536: must be between 1 and 65535, inclusive',
  ],
  'a bad port name': [
    { 'spec/rules/0/http/paths/0/backend/service/port': { name: 'A b' } },
    'spec.rules[0].http.paths[0].backend.service.port.name: Invalid value: "A b": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
  ],
  'a default backend': [
    { 'spec/defaultBackend': {} },
    'spec.defaultBackend: Invalid value: "": resource or service backend is required',
  ],
});
