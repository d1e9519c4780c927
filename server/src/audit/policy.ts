/** audit.k8s.io/v1 Policy: which requests are recorded, and how much of them. */
import { yamlSerializer } from '@typernetes/openapi/codec';
import {
  aggregateFieldErrors,
  dns1123Subdomain,
  type FieldError,
  invalidValue,
  notSupported,
  path,
  required,
} from '@typernetes/openapi/meta';
import type { UserInfo } from '../authentication/authenticator.ts';
import type { RequestInfo } from '../endpoints/request-info.ts';

export const levels = ['None', 'Metadata', 'Request', 'RequestResponse'] as const;
export const stages = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const;
export type Level = (typeof levels)[number];
export type Stage = (typeof stages)[number];

export interface GroupResources {
  group?: string;
  resources?: string[];
  resourceNames?: string[];
}

export interface PolicyRule {
  level: Level;
  users?: string[];
  userGroups?: string[];
  verbs?: string[];
  resources?: GroupResources[];
  namespaces?: string[];
  nonResourceURLs?: string[];
  omitStages?: Stage[];
  omitManagedFields?: boolean;
}

export interface Policy {
  rules: PolicyRule[];
  omitStages?: Stage[];
  omitManagedFields?: boolean;
}

/** What the policy says of one request. */
export interface AuditDecision {
  level: Level;
  omitStages: ReadonlySet<Stage>;
  omitManagedFields: boolean;
}

export function atLeast(level: Level, wanted: Level): boolean {
  return levels.indexOf(level) >= levels.indexOf(wanted);
}

/** Throws on what is no valid policy. */
export function parsePolicy(text: string, file: string): Policy {
  const where = `from file ${file}`;
  const { object } = yamlSerializer.decode(Buffer.from(text), { strict: false });
  const { apiVersion = '', kind = '' } = object as { apiVersion?: string; kind?: string };
  if (apiVersion !== 'audit.k8s.io/v1' || kind !== 'Policy') {
    throw new Error(`unknown group version field ${apiVersion}, Kind=${kind} in policy: ${where}`);
  }
  const policy = object as unknown as Policy;
  const errors = validatePolicy(policy);
  if (errors.length > 0) throw new Error(`${aggregateFieldErrors(errors)}: ${where}`);
  if ((policy.rules ?? []).length === 0) throw new Error(`loaded illegal policy with 0 rules: ${where}`);
  return policy;
}

function validatePolicy({ rules, omitStages }: Partial<Policy>): FieldError[] {
  return [
    ...validateStages(omitStages, path('omitStages')),
    ...(rules ?? []).flatMap((rule, index) => validateRule(rule, path('rules').index(index))),
  ];
}

type Path = ReturnType<typeof path>;

function validateStages(given: readonly string[] | undefined, at: Path): FieldError[] {
  return (given ?? []).flatMap((stage, index) =>
    (stages as readonly string[]).includes(stage)
      ? []
      : [invalidValue(at.index(index), stage, `allowed stages are ${stages.join(',')}`)],
  );
}

function validateRule(rule: PolicyRule, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const level: string = rule.level ?? '';
  if (level === '') errors.push(required(at.child('level'), ''));
  else if (!(levels as readonly string[]).includes(level)) {
    errors.push(notSupported(at.child('level'), level, [...levels]));
  }
  const urls = rule.nonResourceURLs ?? [];
  const urlsAt = at.child('nonResourceURLs');
  urls.forEach((url, index) => {
    if (url === '*') return;
    if (!url.startsWith('/')) {
      const message = "non-resource URL rules must begin with a '/' character";
      errors.push(invalidValue(urlsAt.index(index), url, message));
    }
    if (url.slice(0, -1).includes('*')) {
      const message = "non-resource URL wildcards '*' must be the final character of the rule";
      errors.push(invalidValue(urlsAt.index(index), url, message));
    }
  });
  for (const { group = '', resources = [], resourceNames = [] } of rule.resources ?? []) {
    const groupAt = at.child('resources', 'group');
    if (group !== '' && group !== '*') {
      const problems = dns1123Subdomain(group);
      if (problems.length > 0) errors.push(invalidValue(groupAt, group, problems.join(',')));
    }
    if (resourceNames.length > 0 && resources.length === 0) {
      const message = 'using resourceNames requires at least one resource';
      errors.push(invalidValue(at.child('resources', 'resourceNames'), resourceNames, message));
    }
  }
  errors.push(...validateStages(rule.omitStages, at.child('omitStages')));
  if (urls.length > 0 && ((rule.resources ?? []).length > 0 || (rule.namespaces ?? []).length > 0)) {
    const message = 'rules cannot apply to both regular resources and non-resource URLs';
    errors.push(invalidValue(urlsAt, urls, message));
  }
  return errors;
}

/** The first rule that matches decides; none is level None. */
export class PolicyEvaluator {
  readonly #rules: { rule: PolicyRule; decision: AuditDecision }[];
  readonly #otherwise: AuditDecision;

  constructor(policy: Policy) {
    const { omitStages = [], omitManagedFields = false } = policy;
    this.#otherwise = { level: 'None', omitStages: new Set(omitStages), omitManagedFields };
    this.#rules = policy.rules.map((rule) => ({
      rule,
      decision: {
        level: rule.level,
        omitStages: new Set([...omitStages, ...(rule.omitStages ?? [])]),
        omitManagedFields: rule.omitManagedFields ?? omitManagedFields,
      },
    }));
  }

  decide(info: RequestInfo, user: UserInfo): AuditDecision {
    return this.#rules.find(({ rule }) => matches(rule, info, user))?.decision ?? this.#otherwise;
  }
}

function allows(list: readonly string[] | undefined, value: string): boolean {
  return list === undefined || list.length === 0 || list.includes(value);
}

function matches(rule: PolicyRule, info: RequestInfo, user: UserInfo): boolean {
  const { userGroups = [], namespaces = [], resources = [], nonResourceURLs = [] } = rule;
  if (!allows(rule.users, user.name) || !allows(rule.verbs, info.verb)) return false;
  if (userGroups.length > 0 && !user.groups.some((group) => userGroups.includes(group))) return false;
  if (namespaces.length > 0 || resources.length > 0) {
    if (!info.isResourceRequest || !allows(namespaces, info.namespace)) return false;
    return resources.length === 0 || resources.some((each) => matchesResource(each, info));
  }
  if (nonResourceURLs.length === 0) return true;
  return !info.isResourceRequest && nonResourceURLs.some((url) => matchesPath(url, info.path));
}

function matchesPath(pattern: string, requested: string): boolean {
  if (pattern === '*' || pattern === requested) return true;
  return pattern.endsWith('*') && requested.startsWith(pattern.replace(/\*+$/, ''));
}

function matchesResource({ group = '', resources = [], resourceNames }: GroupResources, info: RequestInfo): boolean {
  if (group !== '*' && group !== info.apiGroup) return false;
  if (resources.length === 0) return true;
  if (!allows(resourceNames, info.name)) return false;
  const { resource, subresource } = info;
  const combined = subresource === '' ? resource : `${resource}/${subresource}`;
  return resources.some((pattern) => {
    if (pattern === combined || pattern === '*') return true;
    if (subresource !== '' && pattern === `*/${subresource}`) return true;
    return pattern.endsWith('/*') && pattern.slice(0, -2) === resource;
  });
}
