import { type Kind, refusals, refusedUpdates } from '../../testing/rules.ts';

const rolebindings: Kind = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  resource: 'rolebindings',
  example: {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
    subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'default' }],
  },
};

refusals('RoleBindings', rolebindings, {
  'a role of another group': [
    { 'roleRef/apiGroup': 'example.com' },
    'roleRef.apiGroup: Unsupported value: "example.com": supported values: "rbac.authorization.k8s.io"',
  ],
  'a role of nonsense': [
    { 'roleRef/kind': 'X' },
    'roleRef.kind: Unsupported value: "X": supported values: "Role", "ClusterRole"',
  ],
  'no role': [{ 'roleRef/name': '' }, 'roleRef.name: Required value'],
  'a role’s name': [{ 'roleRef/name': 'a/b' }, 'roleRef.name: Invalid value: "a/b": may not contain \'/\''],
  subjects: [
    {
      subjects: [
        { kind: 'X', name: 'a' },
        { kind: 'User', apiGroup: 'example.com', name: 'a' },
        { kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: '' },
        { kind: 'ServiceAccount', name: 'a' },
        { kind: 'ServiceAccount', name: 'A b', namespace: 'n' },
        { kind: 'ServiceAccount', name: 'a', namespace: 'n', apiGroup: 'x' },
      ],
    },
    'subjects[0].kind: Unsupported value: "X": supported values: "ServiceAccount", "User", "Group"',
    'subjects[1].apiGroup: Unsupported value: "example.com": supported values: "rbac.authorization.k8s.io"',
    'subjects[2].name: Required value',
    "subjects[4].name: Invalid value: \"A b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    'subjects[5].apiGroup: Unsupported value: "x": supported values: ""',
  ],
});

refusedUpdates('updates of RoleBindings', rolebindings, {
  'another role': [{ 'roleRef/name': 'other' }, 'roleRef: Invalid value: {…}: cannot change roleRef'],
});
