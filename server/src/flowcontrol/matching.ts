/** Whether a request belongs to a FlowSchema. */
import type {
  FlowSchema,
  NonResourcePolicyRule,
  ResourcePolicyRule,
  Subject,
} from '@typernetes/openapi/types/flowcontrol/v1';
import type { UserInfo } from '../authentication/authenticator.ts';
import type { RequestInfo } from '../endpoints/request-info.ts';

export function matchesSchema(schema: FlowSchema, info: RequestInfo, user: UserInfo): boolean {
  for (const rule of schema.spec?.rules ?? []) {
    if (!rule.subjects.some((subject) => matchesSubject(subject, user))) continue;
    const matches = info.isResourceRequest
      ? rule.resourceRules?.some((each) => matchesResource(each, info))
      : rule.nonResourceRules?.some((each) => matchesPath(each, info));
    if (matches === true) return true;
  }
  return false;
}

function matchesSubject({ kind, user: wanted, group, serviceAccount }: Subject, user: UserInfo): boolean {
  switch (kind) {
    case 'User':
      return wanted !== undefined && (wanted.name === '*' || wanted.name === user.name);
    case 'Group':
      return group !== undefined && (group.name === '*' || user.groups.includes(group.name));
    case 'ServiceAccount': {
      if (serviceAccount === undefined) return false;
      const prefix = `system:serviceaccount:${serviceAccount.namespace}:`;
      return serviceAccount.name === '*' ? user.name.startsWith(prefix) : user.name === prefix + serviceAccount.name;
    }
    default:
      return false;
  }
}

/** A wildcard counts only alone; validation sees to that. */
function contains(list: readonly string[], value: string): boolean {
  return (list.length === 1 && list[0] === '*') || list.includes(value);
}

function matchesResource(rule: ResourcePolicyRule, info: RequestInfo): boolean {
  if (!contains(rule.verbs, info.verb)) return false;
  const resource = info.subresource === '' ? info.resource : `${info.resource}/${info.subresource}`;
  if (!contains(rule.resources, resource) || !contains(rule.apiGroups, info.apiGroup)) return false;
  return info.namespace === '' ? rule.clusterScope === true : contains(rule.namespaces ?? [], info.namespace);
}

function matchesPath(rule: NonResourcePolicyRule, info: RequestInfo): boolean {
  if (!contains(rule.verbs, info.verb)) return false;
  return rule.nonResourceURLs.some((url) => {
    if (url === '*' || url === info.path) return true;
    const prefix = url.endsWith('*') ? url.slice(0, -1) : url;
    return info.path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);
  });
}
