/**
 * Roles and bindings in memory, indexed by subject, so that a decision looks only at the bindings that name the user
 * or one of its groups. Kept current by an ObjectSource; all methods are synchronous on what has arrived so far.
 */
import { quote } from '@typernetes/openapi/meta';
import type {
  ClusterRole,
  ClusterRoleBinding,
  Role,
  RoleBinding,
  RoleRef,
  Subject,
} from '@typernetes/openapi/types/rbac/v1';
import type { UserInfo } from '../../authentication/authenticator.ts';
import { type ChangeType, type Follower, follow, type ObjectSource } from '../object-source.ts';
import type { PolicyRule } from './policy-rule.ts';

export const rbacGroup = 'rbac.authorization.k8s.io';
type Binding = ClusterRoleBinding | RoleBinding;

/** A binding as it concerns one subject. */
interface Grant {
  binding: Readonly<Binding>;
  subject: Subject;
  namespace: string;
}

/** Called for every rule that applies, or for a role that is missing; false ends the visit. */
export type RuleVisitor = (rule: Readonly<PolicyRule> | undefined, grant: Grant, error: string | undefined) => boolean;

export class RoleIndex {
  readonly #clusterRoles = new Map<string, readonly PolicyRule[]>();
  readonly #roles = new Map<string, readonly PolicyRule[]>();
  /** Namespace ('' for cluster) → subject → binding name → grant. */
  readonly #grants = new Map<string, Map<string, Map<string, Grant>>>();
  /** Namespace/binding → the subjects it is filed under. */
  readonly #filed = new Map<string, string[]>();

  /** Everything in `source`, from now on. */
  static follow(source: ObjectSource): { index: RoleIndex } & Follower {
    const index = new RoleIndex();
    const followers = [
      follow<ClusterRole>(source, { group: rbacGroup, resource: 'clusterroles' }, (type, role) =>
        index.clusterRole(type, role),
      ),
      follow<Role>(source, { group: rbacGroup, resource: 'roles' }, (type, role) => index.role(type, role)),
      follow<ClusterRoleBinding>(source, { group: rbacGroup, resource: 'clusterrolebindings' }, (type, binding) =>
        index.binding(type, binding),
      ),
      follow<RoleBinding>(source, { group: rbacGroup, resource: 'rolebindings' }, (type, binding) =>
        index.binding(type, binding),
      ),
    ];
    const ready = Promise.all(followers.map((follower) => follower.ready)).then(() => undefined);
    return { index, ready, stop: () => followers.forEach((follower) => follower.stop()) };
  }

  clusterRole(type: ChangeType, role: Readonly<ClusterRole>): void {
    set(this.#clusterRoles, role.metadata?.name ?? '', type === 'put' ? (role.rules ?? []) : undefined);
  }

  role(type: ChangeType, role: Readonly<Role>): void {
    const key = `${role.metadata?.namespace ?? ''}/${role.metadata?.name ?? ''}`;
    set(this.#roles, key, type === 'put' ? (role.rules ?? []) : undefined);
  }

  binding(type: ChangeType, binding: Readonly<Binding>): void {
    const namespace = binding.metadata?.namespace ?? '';
    const name = binding.metadata?.name ?? '';
    this.#unfile(namespace, name);
    if (type === 'delete') return;
    const bySubject = this.#grants.get(namespace) ?? new Map<string, Map<string, Grant>>();
    this.#grants.set(namespace, bySubject);
    const keys: string[] = [];
    for (const subject of binding.subjects ?? []) {
      const key = subjectKey(subject, namespace);
      if (key === undefined) continue;
      const grants = bySubject.get(key) ?? new Map<string, Grant>();
      bySubject.set(key, grants);
      if (!grants.has(name)) grants.set(name, { binding, subject, namespace });
      keys.push(key);
    }
    this.#filed.set(`${namespace}/${name}`, keys);
  }

  #unfile(namespace: string, name: string): void {
    const bySubject = this.#grants.get(namespace);
    for (const key of this.#filed.get(`${namespace}/${name}`) ?? []) {
      const grants = bySubject?.get(key);
      grants?.delete(name);
      if (grants?.size === 0) bySubject?.delete(key);
    }
    this.#filed.delete(`${namespace}/${name}`);
    if (bySubject?.size === 0) this.#grants.delete(namespace);
  }

  /** Cluster-wide grants first, then those of `namespace`. */
  visitRules(user: UserInfo, namespace: string, visit: RuleVisitor): void {
    if (!this.#visitGrants(this.#grants.get(''), user, visit) || namespace === '') return;
    this.#visitGrants(this.#grants.get(namespace), user, visit);
  }

  #visitGrants(bySubject: Map<string, Map<string, Grant>> | undefined, user: UserInfo, visit: RuleVisitor): boolean {
    if (bySubject === undefined) return true;
    for (const key of [`u:${user.name}`, ...user.groups.map((group) => `g:${group}`)]) {
      for (const grant of bySubject.get(key)?.values() ?? []) {
        const rules = this.rulesOf(grant.binding.roleRef, grant.namespace);
        if (typeof rules === 'string') {
          if (!visit(undefined, grant, rules)) return false;
          continue;
        }
        for (const rule of rules) if (!visit(rule, grant, undefined)) return false;
      }
    }
    return true;
  }

  /** The rules of a role, or what is wrong with the reference. */
  rulesOf(roleRef: RoleRef, namespace: string): readonly PolicyRule[] | string {
    if (roleRef.kind === 'ClusterRole') {
      return this.#clusterRoles.get(roleRef.name) ?? `clusterrole.${rbacGroup} ${quote(roleRef.name)} not found`;
    }
    if (roleRef.kind === 'Role') {
      return this.#roles.get(`${namespace}/${roleRef.name}`) ?? `role.${rbacGroup} ${quote(roleRef.name)} not found`;
    }
    return `unsupported role reference kind: ${quote(roleRef.kind)}`;
  }
}

/** Where upstream says which binding allowed a request. */
export function describeGrant({ binding, subject, namespace }: Grant): string {
  const name = binding.metadata?.name ?? '';
  const { roleRef } = binding;
  const subjectName =
    subject.kind === 'ServiceAccount' ? `${subject.name}/${subject.namespace || namespace}` : subject.name;
  const source =
    namespace === '' ? `ClusterRoleBinding ${quote(name)}` : `RoleBinding ${quote(`${name}/${namespace}`)}`;
  return `${source} of ${roleRef.kind} ${quote(roleRef.name)} to ${subject.kind} ${quote(subjectName)}`;
}

function subjectKey(subject: Subject, namespace: string): string | undefined {
  switch (subject.kind) {
    case 'User':
      return `u:${subject.name}`;
    case 'Group':
      return `g:${subject.name}`;
    case 'ServiceAccount': {
      const home = subject.namespace || namespace;
      return home === '' ? undefined : `u:system:serviceaccount:${home}:${subject.name}`;
    }
    default:
      return undefined;
  }
}

function set<V>(map: Map<string, V>, key: string, value: V | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}
