/** --authorization-policy-file: one rule as JSON a line. The oldest way, kept for those who have such files. */

import type { UserInfo } from '../authentication/authenticator.ts';
import type { Authorizer, AuthorizerAttributes, RuleResolver } from './authorizer.ts';

interface Policy {
  user?: string;
  group?: string;
  readonly?: boolean;
  apiGroup?: string;
  resource?: string;
  namespace?: string;
  nonResourcePath?: string;
}

const readVerbs = new Set(['get', 'list', 'watch']);

/** Throws an error that names the line that cannot be read. */
export function abacAuthorizer(text: string, file: string): Authorizer & RuleResolver {
  const policies = text.split('\n').flatMap((line, index): Policy[] => {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) return [];
    try {
      const { apiVersion, kind, spec } = JSON.parse(trimmed) as { apiVersion?: string; kind?: string; spec?: Policy };
      if (apiVersion !== 'abac.authorization.kubernetes.io/v1beta1' || kind !== 'Policy' || spec === undefined)
        throw new Error(
          `no kind ${JSON.stringify(kind ?? '')} is registered for version ${JSON.stringify(apiVersion ?? '')}`,
        );
      return [spec];
    } catch (error) {
      const message = `error reading policy file ${file}, line ${index}: ${trimmed}: ${(error as Error).message}`;
      throw new Error(message, { cause: error });
    }
  });
  return {
    async authorize(attributes) {
      const allowed = policies.some((policy) => isFor(policy, attributes.user) && allows(policy, attributes));
      return allowed ? { decision: 'allow', reason: '' } : { decision: 'noOpinion', reason: 'No policy matched.' };
    },
    async rulesFor(user, namespace) {
      const own = policies.filter((policy) => isFor(policy, user));
      const verbs = (policy: Policy): string[] => (policy.readonly === true ? [...readVerbs] : ['*']);
      return {
        resourceRules: own
          .filter(({ namespace: home = '' }) => home === '*' || home === namespace)
          .map((policy) => ({
            verbs: verbs(policy),
            apiGroups: [policy.apiGroup ?? ''],
            resources: [policy.resource ?? ''],
            resourceNames: [],
          })),
        nonResourceRules: own
          .filter(({ nonResourcePath = '' }) => nonResourcePath !== '')
          .map((policy) => ({ verbs: verbs(policy), nonResourceURLs: [policy.nonResourcePath ?? ''] })),
        incomplete: false,
      };
    },
  };
}

function isFor({ user = '', group = '' }: Policy, who: UserInfo): boolean {
  if (user === '' && group === '') return false;
  if (user !== '' && user !== '*' && user !== who.name) return false;
  return group === '' || group === '*' || who.groups.includes(group);
}

function allows(policy: Policy, attributes: AuthorizerAttributes): boolean {
  if (policy.readonly === true && !readVerbs.has(attributes.verb)) return false;
  if (!attributes.resourceRequest) {
    const { nonResourcePath: pattern = '' } = policy;
    if (pattern === '*' || pattern === attributes.path) return pattern !== '';
    return pattern.endsWith('*') && attributes.path.startsWith(pattern.replace(/\*+$/, ''));
  }
  const is = (wanted: string | undefined, actual: string): boolean => wanted === '*' || (wanted ?? '') === actual;
  return (
    is(policy.namespace, attributes.namespace) &&
    is(policy.resource, attributes.resource) &&
    is(policy.apiGroup, attributes.apiGroup)
  );
}
