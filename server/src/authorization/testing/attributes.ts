import type { UserInfo } from '../../authentication/authenticator.ts';
import type { AuthorizerAttributes } from '../authorizer.ts';

/**
 * A request in one line: `get pods`, `create pods/eviction in default`, `update leases.coordination.k8s.io node-1 in
 * kube-node-lease`, `list pods where spec.nodeName=node-1`, `get /healthz`.
 */
export function request(user: UserInfo, line: string): AuthorizerAttributes {
  const match = /^(\S+) (\S+)(?: (?!in |where )(\S+))?(?: in (\S+))?(?: where (\S+))?$/.exec(line);
  if (match === null) throw new Error(`not a request: ${line}`);
  const [, verb = '', what = '', name = '', namespace = '', fieldSelector] = match;
  const base = {
    user,
    verb,
    namespace: '',
    apiGroup: '',
    apiVersion: '',
    resource: '',
    subresource: '',
    name: '',
    path: '',
  };
  if (what.startsWith('/')) return { ...base, resourceRequest: false, path: what };
  const [full = '', subresource = ''] = what.split('/');
  const [resource = '', ...group] = full.split('.');
  return {
    ...base,
    resourceRequest: true,
    resource,
    subresource,
    apiGroup: group.join('.'),
    apiVersion: 'v1',
    name,
    namespace,
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  };
}

export function user(name: string, ...groups: string[]): UserInfo {
  return { name, groups };
}
