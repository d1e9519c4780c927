/** Roles and bindings inside kube-system and kube-public. Rules as in cluster-roles.ts, subjects as in bindings.ts. */
export interface RoleFacts {
  namespace: string;
  name: string;
  rules: readonly string[];
  /** Who holds it; the binding has the role's name, or `binding`. */
  subjects: readonly string[];
  binding?: string;
}

const leaderLocking = [
  'coordination.k8s.io leases = create,get,list,update,watch',
  'coordination.k8s.io leasecandidates = create,get,list,update,watch',
];
const writeEvents = 'core,events.k8s.io events = create,patch,update';

export const namespaceRoleFacts: readonly RoleFacts[] = [
  {
    namespace: 'kube-public',
    name: 'system:controller:bootstrap-signer',
    rules: ['core configmaps = get,list,watch', 'core configmaps [cluster-info] = update', writeEvents],
    subjects: ['account kube-system/bootstrap-signer'],
  },
  {
    namespace: 'kube-system',
    name: 'extension-apiserver-authentication-reader',
    rules: ['core configmaps [extension-apiserver-authentication] = get,list,watch'],
    subjects: ['user system:kube-controller-manager', 'user system:kube-scheduler'],
    binding: 'system::extension-apiserver-authentication-reader',
  },
  {
    namespace: 'kube-system',
    name: 'system::leader-locking-kube-controller-manager',
    rules: leaderLocking,
    subjects: ['user system:kube-controller-manager', 'account kube-system/kube-controller-manager'],
  },
  {
    namespace: 'kube-system',
    name: 'system::leader-locking-kube-scheduler',
    rules: leaderLocking,
    subjects: ['user system:kube-scheduler', 'account kube-system/kube-scheduler'],
  },
  {
    namespace: 'kube-system',
    name: 'system:controller:bootstrap-signer',
    rules: ['core secrets = get,list,watch'],
    subjects: ['account kube-system/bootstrap-signer'],
  },
  {
    namespace: 'kube-system',
    name: 'system:controller:cloud-provider',
    rules: ['core configmaps = create,get,list,watch'],
    subjects: ['account kube-system/cloud-provider'],
  },
  {
    namespace: 'kube-system',
    name: 'system:controller:token-cleaner',
    rules: ['core secrets = delete,get,list,watch', writeEvents],
    subjects: ['account kube-system/token-cleaner'],
  },
];
