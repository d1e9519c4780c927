import { type Kind, refusals } from '../../testing/rules.ts';

const roles: Kind = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'Role',
  resource: 'roles',
  example: { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] },
};

refusals('Roles', roles, {
  'no verbs': [
    { rules: [{ apiGroups: [''], resources: ['pods'], verbs: [] }] },
    'rules[0].verbs: Required value: verbs must contain at least one value',
  ],
  'no groups': [
    { rules: [{ resources: ['pods'], verbs: ['get'] }] },
    'rules[0].apiGroups: Required value: resource rules must supply at least one api group',
  ],
  'no resources': [
    { rules: [{ apiGroups: [''], verbs: ['get'] }] },
    'rules[0].resources: Required value: resource rules must supply at least one resource',
  ],
  URLs: [
    { rules: [{ nonResourceURLs: ['/healthz'], verbs: ['get'] }] },
    'rules[0].nonResourceURLs: Invalid value: {…}: namespaced rules cannot apply to non-resource URLs',
  ],
});
