import { type Kind, refusals } from '../../testing/rules.ts';

const flowschemas: Kind = {
  apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
  kind: 'FlowSchema',
  resource: 'flowschemas',
  example: {
    spec: {
      matchingPrecedence: 9000,
      priorityLevelConfiguration: { name: 'global-default' },
      distinguisherMethod: { type: 'ByUser' },
      rules: [
        {
          subjects: [{ kind: 'User', user: { name: 'u' } }],
          resourceRules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'], namespaces: ['*'] }],
        },
      ],
    },
  },
};

refusals('FlowSchemas', flowschemas, {
  precedences: [{ 'spec/matchingPrecedence': 0 }],
  'a precedence too low': [
    { 'spec/matchingPrecedence': 10001 },
    'spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000',
  ],
  'the precedence of the exempt': [
    { 'spec/matchingPrecedence': 1 },
    "spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
  ],
  'a method': [
    { 'spec/distinguisherMethod': { type: 'X' } },
    'spec.distinguisherMethod.type: Unsupported value: {…}: supported values: "ByNamespace", "ByUser"',
  ],
  'no level': [
    { 'spec/priorityLevelConfiguration': { name: '' } },
    'spec.priorityLevelConfiguration.name: Required value: must reference a priority level',
  ],
  'a level': [
    { 'spec/priorityLevelConfiguration': { name: 'A b' } },
    "spec.priorityLevelConfiguration.name: Invalid value: \"A b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ],
  nobody: [
    { 'spec/rules/0/subjects': [] },
    'spec.rules[0].subjects: Required value: subjects must contain at least one value',
  ],
  nothing: [
    { 'spec/rules/0/resourceRules': [] },
    'spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty',
  ],
  subjects: [
    {
      'spec/rules/0/subjects': [
        { kind: 'X' },
        { kind: 'User' },
        { kind: 'User', user: { name: '' } },
        { kind: 'Group', group: { name: '' } },
        { kind: 'ServiceAccount', serviceAccount: { name: '', namespace: '' } },
        { kind: 'User', user: { name: 'a' }, group: { name: 'b' } },
        { kind: 'ServiceAccount', serviceAccount: { name: 'A b', namespace: 'A b' } },
      ],
    },
    'spec.rules[0].subjects[0].kind: Unsupported value: "X": supported values: "Group", "ServiceAccount", "User"',
    "spec.rules[0].subjects[1].user: Required value: user is required when subject kind is 'User'",
    'spec.rules[0].subjects[2].user.name: Required value',
    'spec.rules[0].subjects[3].group.name: Required value',
    'spec.rules[0].subjects[4].serviceAccount.name: Required value',
    'spec.rules[0].subjects[4].serviceAccount.namespace: Required value: must specify namespace for service account',
    "spec.rules[0].subjects[5].group: Forbidden: group is forbidden when subject kind is not 'Group'",
    "spec.rules[0].subjects[6].serviceAccount.name: Invalid value: \"A b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    "spec.rules[0].subjects[6].serviceAccount.namespace: Invalid value: \"A b\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  ],
  verbs: [
    { 'spec/rules/0/resourceRules/0/verbs': ['*', 'get'] },
    "spec.rules[0].resourceRules[0].verbs: Invalid value: {…}: if '*' is present, must not specify other verbs",
  ],
  'verbs of nonsense': [
    { 'spec/rules/0/resourceRules/0/verbs': ['x'] },
    'spec.rules[0].resourceRules[0].verbs: Unsupported value: {…}: supported values: "create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"',
  ],
  'no verbs': [
    { 'spec/rules/0/resourceRules/0/verbs': [] },
    'spec.rules[0].resourceRules[0].verbs: Required value: verbs must contain at least one value',
  ],
  'groups and resources': [
    { 'spec/rules/0/resourceRules/0/apiGroups': ['*', ''], 'spec/rules/0/resourceRules/0/resources': ['*', 'pods'] },
    "spec.rules[0].resourceRules[0].apiGroups: Invalid value: {…}: if '*' is present, must not specify other api groups",
    "spec.rules[0].resourceRules[0].resources: Invalid value: {…}: if '*' is present, must not specify other resources",
  ],
  'no groups and resources': [
    { 'spec/rules/0/resourceRules/0/apiGroups': [], 'spec/rules/0/resourceRules/0/resources': [] },
    'spec.rules[0].resourceRules[0].apiGroups: Required value: resource rules must supply at least one api group',
    'spec.rules[0].resourceRules[0].resources: Required value: resource rules must supply at least one resource',
  ],
  'no namespaces': [
    { 'spec/rules/0/resourceRules/0/namespaces': [] },
    'spec.rules[0].resourceRules[0].namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace',
  ],
  namespaces: [
    { 'spec/rules/0/resourceRules/0/namespaces': ['*', 'a'], 'spec/rules/0/resourceRules/0/clusterScope': true },
    "spec.rules[0].resourceRules[0].namespaces: Invalid value: {…}: if '*' is present, must not specify other namespaces",
  ],
  'a bad namespace': [
    { 'spec/rules/0/resourceRules/0/namespaces': ['A b'] },
    "spec.rules[0].resourceRules[0].namespaces[0]: Invalid value: \"A b\": each member of this list must be '*' or a DNS-1123 label; a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  ],
  URLs: [
    {
      'spec/rules/0/nonResourceRules': [
        { verbs: ['get'], nonResourceURLs: ['nonsense', '/a*', '/b b', '//c', '*'] },
        { verbs: [], nonResourceURLs: [] },
      ],
    },
    "spec.rules[0].nonResourceRules[0].nonResourceURLs: Invalid value: {…}: if '*' is present, must not specify other non-resource URLs",
    'spec.rules[0].nonResourceRules[1].nonResourceURLs: Required value: nonResourceURLs must contain at least one value',
    'spec.rules[0].nonResourceRules[1].verbs: Required value: verbs must contain at least one value',
  ],
});
