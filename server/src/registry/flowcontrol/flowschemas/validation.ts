import { deepEqual } from '@typernetes/openapi/schema';
import type {
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from '@typernetes/openapi/types/flowcontrol/v1';
import { mandatorySchemas } from '../../../flowcontrol/bootstrap.ts';
import {
  checked,
  dns1123Label,
  dns1123Subdomain,
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  type Path,
  path,
  required,
} from '../../validation/index.ts';
import { validateConditions } from '../conditions.ts';

const distinguishers = ['ByNamespace', 'ByUser'];
const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];
const spec = path('spec');

export function validateFlowSchema(schema: FlowSchema): FieldError[] {
  const name = schema.metadata?.name ?? '';
  const { matchingPrecedence = 0, distinguisherMethod, priorityLevelConfiguration, rules = [] } = schema.spec ?? {};
  const errors: FieldError[] = [];
  const at = spec.child('matchingPrecedence');
  if (matchingPrecedence <= 0) errors.push(invalidValue(at, matchingPrecedence, 'must be a positive value'));
  if (matchingPrecedence > 10_000) errors.push(invalidValue(at, matchingPrecedence, 'must not be greater than 10000'));
  if (matchingPrecedence === 1 && name !== 'exempt') {
    errors.push(invalidValue(at, matchingPrecedence, "only the schema named 'exempt' may have matchingPrecedence 1"));
  }
  if (distinguisherMethod !== undefined && !distinguishers.includes(distinguisherMethod.type)) {
    errors.push(notSupported(spec.child('distinguisherMethod', 'type'), distinguisherMethod, distinguishers));
  }
  const levelAt = spec.child('priorityLevelConfiguration', 'name');
  const level = priorityLevelConfiguration?.name ?? '';
  if (level === '') errors.push(required(levelAt, 'must reference a priority level'));
  else errors.push(...checked(levelAt, level, dns1123Subdomain(level)));
  rules.forEach((rule, index) => errors.push(...validateRule(rule, spec.child('rules').index(index))));
  const mandatory = mandatorySchemas.find(({ metadata }) => metadata?.name === name);
  if (mandatory !== undefined && !deepEqual(comparable(schema), comparable(mandatory))) {
    errors.push(invalidValue(spec, schema.spec, `spec of '${name}' must equal the fixed value`));
  }
  return [...errors, ...validateConditions(schema.status?.conditions)];
}

/** The spec without the zero values that clients may write or leave out. */
function comparable({ spec: given }: FlowSchema) {
  return {
    ...given,
    rules: (given?.rules ?? []).map((rule) => ({
      ...rule,
      resourceRules: (rule.resourceRules ?? []).map((each) => ({ ...each, clusterScope: each.clusterScope === true })),
      nonResourceRules: rule.nonResourceRules ?? [],
    })),
  };
}

function validateRule(rule: PolicyRulesWithSubjects, at: Path): FieldError[] {
  const { subjects, resourceRules = [], nonResourceRules = [] } = rule;
  const errors: FieldError[] = [];
  if ((subjects ?? []).length === 0)
    errors.push(required(at.child('subjects'), 'subjects must contain at least one value'));
  else
    subjects.forEach((subject, index) => errors.push(...validateSubject(subject, at.child('subjects').index(index))));
  if (resourceRules.length === 0 && nonResourceRules.length === 0) {
    errors.push(required(at, 'at least one of resourceRules and nonResourceRules has to be non-empty'));
  }
  resourceRules.forEach((each, index) =>
    errors.push(...validateResourceRule(each, at.child('resourceRules').index(index))),
  );
  nonResourceRules.forEach((each, index) =>
    errors.push(...validateNonResourceRule(each, at.child('nonResourceRules').index(index))),
  );
  return errors;
}

const subjectFields = { User: 'user', Group: 'group', ServiceAccount: 'serviceAccount' } as const;

function isSubjectKind(kind: string): kind is keyof typeof subjectFields {
  return Object.hasOwn(subjectFields, kind);
}

function validateSubject(subject: Subject, at: Path): FieldError[] {
  const kind = subject.kind ?? '';
  if (!isSubjectKind(kind)) return [notSupported(at.child('kind'), kind, ['Group', 'ServiceAccount', 'User'])];
  const errors: FieldError[] = [];
  const field = subjectFields[kind];
  const given = subject[field];
  if (given === undefined) {
    errors.push(required(at.child(field), `${field} is required when subject kind is '${kind}'`));
  } else if ((given.name ?? '') === '') errors.push(required(at.child(field, 'name'), ''));
  if (kind === 'ServiceAccount' && subject.serviceAccount !== undefined) {
    errors.push(...validateServiceAccount(subject.serviceAccount, at.child(field)));
  }
  // In upstream's order of the others.
  const others =
    kind === 'ServiceAccount'
      ? (['User', 'Group'] as const)
      : (['ServiceAccount', kind === 'User' ? 'Group' : 'User'] as const);
  for (const other of others) {
    const name = subjectFields[other];
    if (subject[name] === undefined) continue;
    errors.push(forbiddenField(at.child(name), `${name} is forbidden when subject kind is not '${other}'`));
  }
  return errors;
}

function validateServiceAccount({ name, namespace }: { name: string; namespace: string }, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  if ((name ?? '') !== '' && name !== '*') errors.push(...checked(at.child('name'), name, dns1123Subdomain(name)));
  const namespaceAt = at.child('namespace');
  if ((namespace ?? '') === '') errors.push(required(namespaceAt, 'must specify namespace for service account'));
  else errors.push(...checked(namespaceAt, namespace, dns1123Label(namespace)));
  return errors;
}

function validateVerbs(given: readonly string[] | undefined, at: Path): FieldError[] {
  if (given === undefined || given.length === 0) return [required(at, 'verbs must contain at least one value')];
  if (given.includes('*')) {
    return given.length > 1 ? [invalidValue(at, given, "if '*' is present, must not specify other verbs")] : [];
  }
  return given.every((verb) => verbs.includes(verb)) ? [] : [notSupported(at, given, verbs)];
}

function validateResourceRule(rule: ResourcePolicyRule, at: Path): FieldError[] {
  const errors = validateVerbs(rule.verbs, at.child('verbs'));
  const lists = [
    ['apiGroups', 'api group', 'api groups'],
    ['resources', 'resource', 'resources'],
  ] as const;
  for (const [field, one, many] of lists) {
    const given = rule[field] ?? [];
    if (given.length === 0) errors.push(required(at.child(field), `resource rules must supply at least one ${one}`));
    else if (given.length > 1 && given.includes('*')) {
      errors.push(invalidValue(at.child(field), given, `if '*' is present, must not specify other ${many}`));
    }
  }
  const namespaces = rule.namespaces ?? [];
  const namespacesAt = at.child('namespaces');
  if (namespaces.length === 0 && rule.clusterScope !== true) {
    errors.push(
      required(namespacesAt, 'resource rules that are not cluster scoped must supply at least one namespace'),
    );
  } else if (namespaces.includes('*')) {
    if (namespaces.length > 1) {
      errors.push(invalidValue(namespacesAt, namespaces, "if '*' is present, must not specify other namespaces"));
    }
  } else {
    namespaces.forEach((namespace, index) => {
      for (const message of dns1123Label(namespace)) {
        const introduction = "each member of this list must be '*' or a DNS-1123 label; ";
        errors.push(invalidValue(namespacesAt.index(index), namespace, introduction + message));
      }
    });
  }
  return errors;
}

function validateNonResourceRule(rule: NonResourcePolicyRule, at: Path): FieldError[] {
  const errors = validateVerbs(rule.verbs, at.child('verbs'));
  const urls = rule.nonResourceURLs ?? [];
  const urlsAt = at.child('nonResourceURLs');
  if (urls.length === 0) errors.push(required(urlsAt, 'nonResourceURLs must contain at least one value'));
  else if (urls.includes('*')) {
    if (urls.length > 1) {
      errors.push(invalidValue(urlsAt, urls, "if '*' is present, must not specify other non-resource URLs"));
    }
  } else urls.forEach((url, index) => errors.push(...validateUrl(url, urlsAt.index(index))));
  return errors;
}

function validateUrl(url: string, at: Path): FieldError[] {
  const problem = urlProblem(url);
  return problem === undefined ? [] : [invalidValue(at, url, problem)];
}

function urlProblem(url: string): string | undefined {
  if (url === '') return 'must not be empty';
  if (url === '/') return undefined;
  if (!url.startsWith('/')) return 'must start with slash';
  if (url.includes(' ')) return 'must not contain white-space';
  if (url.includes('//')) return 'must not contain double slash';
  const wildcards = url.split('*').length - 1;
  if (wildcards > 1 || (wildcards === 1 && !url.endsWith('/*'))) return 'wildcard can only do suffix matching';
  return undefined;
}
