import type { PolicyRule, RoleRef, Subject } from '@typernetes/openapi/types/rbac/v1';
import type { FieldError, Path } from '../validation/index.ts';
import {
  checked,
  dns1123Subdomain,
  invalidValue,
  notSupported,
  path,
  pathSegmentName,
  required,
  semanticEqual,
} from '../validation/index.ts';

export const RBAC_GROUP = 'rbac.authorization.k8s.io';

export function validateRules(rules: readonly PolicyRule[] | undefined, namespaced: boolean): FieldError[] {
  return (rules ?? []).flatMap((rule, index) => validateRule(rule, namespaced, path('rules').index(index)));
}

function validateRule(rule: PolicyRule, namespaced: boolean, at: Path): FieldError[] {
  const { nonResourceURLs = [], apiGroups = [], resources = [], resourceNames = [] } = rule;
  const verbs = rule.verbs ?? [];
  const errors: FieldError[] = [];
  if (verbs.length === 0) errors.push(required(at.child('verbs'), 'verbs must contain at least one value'));
  if (nonResourceURLs.length > 0) {
    const here = at.child('nonResourceURLs');
    if (namespaced)
      errors.push(invalidValue(here, nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs'));
    if (apiGroups.length + resources.length + resourceNames.length > 0) {
      errors.push(
        invalidValue(here, nonResourceURLs, 'rules cannot apply to both regular resources and non-resource URLs'),
      );
    }
    return errors;
  }
  if (apiGroups.length === 0)
    errors.push(required(at.child('apiGroups'), 'resource rules must supply at least one api group'));
  if (resources.length === 0)
    errors.push(required(at.child('resources'), 'resource rules must supply at least one resource'));
  return errors;
}

interface BindingLike {
  roleRef: RoleRef;
  subjects?: Subject[];
}

export function defaultBinding(binding: BindingLike): void {
  if (binding.roleRef) binding.roleRef.apiGroup ||= RBAC_GROUP;
  for (const subject of binding.subjects ?? []) {
    if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ||= RBAC_GROUP;
  }
}

export function validateBinding(binding: BindingLike, roleKinds: readonly string[], namespaced: boolean): FieldError[] {
  const { apiGroup = '' } = binding.roleRef ?? {};
  const kind = binding.roleRef?.kind ?? '';
  const name = binding.roleRef?.name ?? '';
  const at = path('roleRef');
  const errors: FieldError[] = [];
  if (apiGroup !== RBAC_GROUP) errors.push(notSupported(at.child('apiGroup'), apiGroup, [RBAC_GROUP]));
  if (!roleKinds.includes(kind)) errors.push(notSupported(at.child('kind'), kind, roleKinds));
  if (name === '') errors.push(required(at.child('name'), ''));
  else errors.push(...checked(at.child('name'), name, pathSegmentName(name)));
  for (const [index, subject] of (binding.subjects ?? []).entries()) {
    errors.push(...validateSubject(subject, namespaced, path('subjects').index(index)));
  }
  return errors;
}

function validateSubject(subject: Subject, namespaced: boolean, at: Path): FieldError[] {
  const { kind, namespace = '', apiGroup = '' } = subject;
  const name = subject.name ?? '';
  const errors: FieldError[] = name === '' ? [required(at.child('name'), '')] : [];
  switch (kind) {
    case 'ServiceAccount':
      if (name !== '') errors.push(...checked(at.child('name'), name, dns1123Subdomain(name)));
      if (apiGroup !== '') errors.push(notSupported(at.child('apiGroup'), apiGroup, ['']));
      if (!namespaced && namespace === '') errors.push(required(at.child('namespace'), ''));
      break;
    case 'User':
    case 'Group':
      if (apiGroup !== RBAC_GROUP) errors.push(notSupported(at.child('apiGroup'), apiGroup, [RBAC_GROUP]));
      break;
    default:
      errors.push(notSupported(at.child('kind'), kind ?? '', ['ServiceAccount', 'User', 'Group']));
  }
  return errors;
}

/** Who is bound can change, to what cannot: that would be another grant under an old name. */
export function validateSameRole(binding: BindingLike, old: Readonly<BindingLike>): FieldError[] {
  if (semanticEqual(binding.roleRef, old.roleRef)) return [];
  const { apiGroup, kind, name } = binding.roleRef;
  // Upstream shows its internal type.
  return [invalidValue(path('roleRef'), { APIGroup: apiGroup, Kind: kind, Name: name }, 'cannot change roleRef')];
}

/** Users, groups and service accounts, each as one cell. */
export function subjectCells(
  subjects: readonly Subject[] | undefined,
): [users: string, groups: string, accounts: string] {
  const of = (kind: string, text: (subject: Subject) => string): string =>
    (subjects ?? [])
      .filter((subject) => subject.kind === kind)
      .map(text)
      .join(', ');
  return [
    of('User', ({ name }) => name),
    of('Group', ({ name }) => name),
    of('ServiceAccount', ({ namespace, name }) => (namespace ? `${namespace}/${name}` : `/${name}`)),
  ];
}
