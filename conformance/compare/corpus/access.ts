/** Roles, their bindings, and reviews of who may do what. */
import type { Case } from '../case.ts';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../kinds.ts';
import { table, updates, variants } from '../requests.ts';

const review = (kind: string, spec: object, group = 'authorization.k8s.io') => ({
  method: 'POST' as const,
  path: `/apis/${group}/v1/${kind.toLowerCase()}s`,
  body: { apiVersion: `${group}/v1`, kind, spec } as never,
  label: JSON.stringify(spec),
});

export const accessCases: readonly Case[] = [
  {
    name: 'access/roles',
    steps: [
      ...variants(roles, {
        'no verbs': { rules: [{ apiGroups: [''], resources: ['pods'] }] },
        'no groups': { rules: [{ resources: ['pods'], verbs: ['get'] }] },
        'no resources': { rules: [{ apiGroups: [''], verbs: ['get'] }] },
        URLs: { rules: [{ nonResourceURLs: ['/healthz'], verbs: ['get'] }] },
        nothing: { rules: [] },
        'a rule that is empty': { rules: [{}] },
      }),
      ...variants(clusterRoles, {
        URLs: { rules: [{ nonResourceURLs: ['/healthz'], verbs: ['get'] }] },
        'URLs and resources': { rules: [{ nonResourceURLs: ['/healthz'], resources: ['pods'], verbs: ['get'] }] },
        'an aggregation': { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] } },
        'an aggregation of nothing': { aggregationRule: {} },
        'a name with a colon': { 'metadata/name': '$ns:a:b' },
        'a name with a slash': { 'metadata/name': '$ns/a' },
      }),
      ...variants(roleBindings, {
        'no role': { roleRef: undefined },
        'a role of nonsense': { 'roleRef/kind': 'Nonsense' },
        'a role of another group': { 'roleRef/apiGroup': 'example.com' },
        'no role name': { 'roleRef/name': '' },
        'no subjects': { subjects: undefined },
        'a user': { subjects: [{ kind: 'User', name: 'u' }] },
        'a user of the wrong group': { subjects: [{ kind: 'User', apiGroup: 'example.com', name: 'u' }] },
        'an account without namespace': { subjects: [{ kind: 'ServiceAccount', name: 'a' }] },
        'an account with a bad name': { subjects: [{ kind: 'ServiceAccount', name: 'A B', namespace: 'n' }] },
        'a subject of nonsense': { subjects: [{ kind: 'Nonsense', name: 'a' }] },
        'no group': { 'roleRef/apiGroup': undefined },
      }),
      ...updates(roleBindings, { 'another role': { 'roleRef/name': 'other' }, 'another subject': { subjects: [] } }),
      ...updates(clusterRoleBindings, { 'another role': { 'roleRef/name': 'other' } }),
      table(roles),
      table(roleBindings),
    ],
  },
  {
    name: 'access/reviews',
    steps: [
      review('SelfSubjectAccessReview', { resourceAttributes: { verb: 'get', resource: 'pods' } }),
      review('SelfSubjectAccessReview', {}),
      review('SelfSubjectAccessReview', { resourceAttributes: { verb: 'get' }, nonResourceAttributes: { path: '/' } }),
      review('SubjectAccessReview', {
        user: 'nobody',
        resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'n' },
      }),
      review('SubjectAccessReview', {
        user: 'u',
        groups: ['system:masters'],
        nonResourceAttributes: { path: '/healthz', verb: 'get' },
      }),
      review('SubjectAccessReview', { resourceAttributes: { verb: 'get' } }),
      review('SubjectAccessReview', {
        user: 'u',
        resourceAttributes: { verb: 'list', resource: 'pods', fieldSelector: { rawSelector: 'a=b', requirements: [] } },
      }),
      review('SubjectAccessReview', {
        user: 'u',
        resourceAttributes: {
          verb: 'list',
          resource: 'pods',
          labelSelector: { requirements: [{ key: 'a', operator: 'Nonsense' }] },
        },
      }),
      review('SelfSubjectRulesReview', { namespace: '' }),
      review('TokenReview', { token: 'nonsense' }, 'authentication.k8s.io'),
      review('TokenReview', {}, 'authentication.k8s.io'),
      review('SelfSubjectReview', {}, 'authentication.k8s.io'),
      {
        method: 'POST',
        path: '/apis/authorization.k8s.io/v1/namespaces/$ns/localsubjectaccessreviews',
        body: { spec: { user: 'u', resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'other' } } },
      },
      {
        method: 'POST',
        path: '/apis/authorization.k8s.io/v1/namespaces/$ns/localsubjectaccessreviews',
        body: { spec: { user: 'u', resourceAttributes: { verb: 'get', resource: 'pods', namespace: '$ns' } } },
      },
      { method: 'GET', path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews' },
    ],
  },
];
