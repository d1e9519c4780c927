import type { UserInfo } from '../../authentication/authenticator.ts';
import type { Authorizer, AuthorizerAttributes, AuthorizerResult, RuleResolver } from '../authorizer.ts';
import { type PolicyRule, ruleAllows } from './policy-rule.ts';
import { describeGrant, type RoleIndex } from './role-index.ts';

/** Allows what a role bound to the user or one of its groups allows; never denies. Waits for the index to be filled. */
export class RbacAuthorizer implements Authorizer, RuleResolver {
  readonly #index: RoleIndex;
  #filling: Promise<void> | undefined;

  constructor(index: RoleIndex, ready: Promise<void> = Promise.resolve()) {
    this.#index = index;
    this.#filling = ready;
    ready.then(
      () => (this.#filling = undefined),
      () => undefined, // every decision that waits for it reports the failure
    );
  }

  async authorize(attributes: AuthorizerAttributes): Promise<AuthorizerResult> {
    if (this.#filling !== undefined) await this.#filling;
    let allowedBy: string | undefined;
    const errors: string[] = [];
    this.#index.visitRules(attributes.user, attributes.namespace, (rule, grant, error) => {
      if (error !== undefined) errors.push(error);
      if (rule === undefined || !ruleAllows(attributes, rule)) return true;
      allowedBy = describeGrant(grant);
      return false;
    });
    if (allowedBy !== undefined) return { decision: 'allow', reason: `RBAC: allowed by ${allowedBy}` };
    return { decision: 'noOpinion', reason: errors.length === 0 ? '' : `RBAC: ${aggregate(errors)}` };
  }

  async rulesFor(user: UserInfo, namespace: string): ReturnType<RuleResolver['rulesFor']> {
    const { rules, errors } = await this.policyRulesFor(user, namespace);
    return {
      resourceRules: rules
        .filter((rule) => (rule.resources ?? []).length > 0)
        .map((rule) => ({
          verbs: rule.verbs,
          apiGroups: rule.apiGroups ?? [],
          resources: rule.resources ?? [],
          resourceNames: rule.resourceNames ?? [],
        })),
      nonResourceRules: rules
        .filter((rule) => (rule.nonResourceURLs ?? []).length > 0)
        .map((rule) => ({ verbs: rule.verbs, nonResourceURLs: rule.nonResourceURLs ?? [] })),
      incomplete: false,
      ...(errors.length === 0 ? {} : { evaluationError: aggregate(errors) }),
    };
  }

  async policyRulesFor(user: UserInfo, namespace: string): Promise<{ rules: PolicyRule[]; errors: string[] }> {
    if (this.#filling !== undefined) await this.#filling;
    const rules: PolicyRule[] = [];
    const errors: string[] = [];
    this.#index.visitRules(user, namespace, (rule, _grant, error) => {
      if (rule !== undefined) rules.push(rule);
      if (error !== undefined) errors.push(error);
      return true;
    });
    return { rules, errors };
  }

  async rulesOf(
    roleRef: Parameters<RoleIndex['rulesOf']>[0],
    namespace: string,
  ): Promise<readonly PolicyRule[] | string> {
    if (this.#filling !== undefined) await this.#filling;
    return this.#index.rulesOf(roleRef, namespace);
  }
}

/** Several errors in one line, as upstream's aggregate prints them: each once. */
export function aggregate(errors: readonly string[]): string {
  const distinct = [...new Set(errors)];
  return distinct.length === 1 ? (distinct[0] ?? '') : `[${distinct.join(', ')}]`;
}
