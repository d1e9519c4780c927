/** The objects that decisions depend on, with which both servers are asked: a pod of node a, what it refers to, roles. */
import type { KubernetesObject } from '@typernetes/openapi/meta';
import type { PolicyRule } from '@typernetes/openapi/types/rbac/v1';

export interface Placed {
  /** `resource.group` */
  resource: string;
  object: KubernetesObject;
}

const rbac = 'rbac.authorization.k8s.io';

function binding(name: string, kind: string, role: string, user: string, namespace?: string): Placed {
  return {
    resource: `${namespace === undefined ? 'cluster' : ''}rolebindings.${rbac}`,
    object: {
      metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
      roleRef: { apiGroup: rbac, kind, name: role },
      subjects: [{ apiGroup: rbac, kind: 'User', name: user }],
    } as KubernetesObject,
  };
}

function role(resource: string, metadata: object, rules: readonly PolicyRule[]): Placed {
  return { resource: `${resource}.${rbac}`, object: { metadata, rules } as KubernetesObject };
}

const inTeam = (name: string): { name: string; namespace: string } => ({ name, namespace: 'team' });

/** In the order of creation. */
export const world: readonly Placed[] = [
  { resource: 'namespaces', object: { metadata: { name: 'team' } } },
  { resource: 'namespaces', object: { metadata: { name: 'other' } } },
  { resource: 'serviceaccounts', object: { metadata: inTeam('robot') } },
  {
    resource: 'persistentvolumes',
    object: {
      metadata: { name: 'pv' },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        hostPath: { path: '/x' },
        claimRef: { namespace: 'team', name: 'used' },
      },
    } as KubernetesObject,
  },
  {
    resource: 'pods',
    object: {
      metadata: inTeam('p'),
      spec: {
        nodeName: 'node-a',
        serviceAccountName: 'robot',
        automountServiceAccountToken: false,
        containers: [{ name: 'c', image: 'i', envFrom: [{ configMapRef: { name: 'used' } }] }],
        volumes: [
          { name: 's', secret: { secretName: 'used' } },
          { name: 'c', persistentVolumeClaim: { claimName: 'used' } },
        ],
      },
    } as KubernetesObject,
  },
  binding('viewer', 'ClusterRole', 'view', 'viewer', 'team'),
  binding('editor', 'ClusterRole', 'edit', 'editor', 'team'),
  binding('team-admin', 'ClusterRole', 'admin', 'team-admin', 'team'),
  role('roles', inTeam('by-name'), [
    { apiGroups: [''], resources: ['secrets', 'configmaps'], resourceNames: ['used'], verbs: ['*'] },
  ]),
  binding('by-name', 'Role', 'by-name', 'by-name', 'team'),
  role('clusterroles', { name: 'by-subresource' }, [
    { apiGroups: ['*'], resources: ['*/status', '*/scale'], verbs: ['get', 'update'] },
    { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
    { nonResourceURLs: ['/log*', '/apis/*'], verbs: ['get'] },
  ]),
  binding('by-subresource', 'ClusterRole', 'by-subresource', 'by-subresource'),
];
