/** `rules` of webhooks, `resourceRules` of policies: which requests they are about. */
import type { GroupVersionResource } from '@typernetes/openapi/meta';
import type { RuleWithOperations } from '@typernetes/openapi/types/admissionregistration/v1';
import type { AdmissionAttributes, Operation } from '../admission.ts';

export interface RuleSubject {
  operation: Operation;
  resource: GroupVersionResource;
  subresource: string;
  /** Of the Namespace itself, its own name. */
  namespace: string;
}

const includes = (items: readonly string[] | undefined, requested: string): boolean =>
  (items ?? []).some((item) => item === '*' || item === requested);

export function ruleMatches(rule: RuleWithOperations, subject: RuleSubject): boolean {
  const { operation, resource } = subject;
  return (
    inScope(rule.scope ?? '*', subject) &&
    includes(rule.operations, operation) &&
    includes(rule.apiGroups, resource.group) &&
    includes(rule.apiVersions, resource.version) &&
    (rule.resources ?? []).some((pattern) => resourceMatches(pattern, subject))
  );
}

function inScope(scope: string, { resource, namespace }: RuleSubject): boolean {
  const clusterScoped =
    namespace === '' || (resource.group === '' && resource.version === 'v1' && resource.resource === 'namespaces');
  switch (scope) {
    case '*':
      return true;
    case 'Namespaced':
      return !clusterScoped;
    case 'Cluster':
      return clusterScoped;
    default:
      return false;
  }
}

function resourceMatches(pattern: string, { resource, subresource }: RuleSubject): boolean {
  const slash = pattern.indexOf('/');
  const name = slash < 0 ? pattern : pattern.slice(0, slash);
  const below = slash < 0 ? '' : pattern.slice(slash + 1);
  return (name === '*' || name === resource.resource) && (below === '*' || below === subresource);
}

const configurationKinds = new Set([
  'ValidatingWebhookConfiguration',
  'MutatingWebhookConfiguration',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionPolicyBinding',
]);

/** What configures admission is never put before webhooks and policies: nobody could repair them. */
export function isAdmissionConfiguration({ kind }: AdmissionAttributes): boolean {
  return kind.group === 'admissionregistration.k8s.io' && configurationKinds.has(kind.kind);
}
