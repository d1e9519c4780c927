/**
 * What upstream leaves to the installer (kubeadm, the DNS add-on): the identities of our own processes, each with no
 * more than it uses. Names carry the prefix `typernetes:` so that they collide with nothing of upstream's.
 */
import type { RoleFacts } from './namespace-roles.ts';

export interface ComponentRoleFacts {
  rules?: readonly string[];
  /** A role that is there already. */
  role?: string;
  subjects: readonly string[];
}

export const componentRoleFacts: Readonly<Record<string, ComponentRoleFacts>> = {
  'typernetes:kube-dns': {
    rules: ['core namespaces,pods,services = list,watch', 'discovery.k8s.io endpointslices = list,watch'],
    subjects: ['user system:kube-dns'],
  },
  'typernetes:kubelet-api-admin': {
    role: 'system:kubelet-api-admin',
    subjects: ['user kube-apiserver-kubelet-client'],
  },
};

export const componentNamespaceRoleFacts: readonly RoleFacts[] = [
  {
    namespace: 'kube-system',
    name: 'typernetes:kube-dns',
    rules: [
      'core services = create',
      'core services [kube-dns] = get,patch,update',
      'discovery.k8s.io endpointslices = create,delete,get,patch,update',
    ],
    subjects: ['user system:kube-dns'],
  },
];
