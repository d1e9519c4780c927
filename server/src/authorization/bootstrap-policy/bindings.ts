/** The ClusterRoleBindings every cluster starts with, named like their roles: `user X`, `group X`, `account namespace/name`. */
export const clusterRoleBindingFacts: Readonly<Record<string, readonly string[]>> = {
  'cluster-admin': ['group system:masters'],
  'system:basic-user': ['group system:authenticated'],
  'system:discovery': ['group system:authenticated'],
  'system:kube-controller-manager': ['user system:kube-controller-manager'],
  'system:kube-dns': ['account kube-system/kube-dns'],
  'system:kube-scheduler': ['user system:kube-scheduler'],
  'system:monitoring': ['group system:monitoring'],
  // Nodes are authorized by the Node authorizer; the binding stays, without subjects, as upstream's does.
  'system:node': [],
  'system:node-proxier': ['user system:kube-proxy'],
  'system:public-info-viewer': ['group system:authenticated', 'group system:unauthenticated'],
  'system:service-account-issuer-discovery': ['group system:serviceaccounts'],
  'system:volume-scheduler': ['user system:kube-scheduler'],
};
