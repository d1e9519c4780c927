import type { Authorizer, AuthorizerResult, NonResourceRule, ResourceRule, RuleResolver } from './authorizer.ts';

/** The first that allows or denies decides; no opinion from anyone refuses, with all reasons given. */
export function unionAuthorizer(...authorizers: readonly Authorizer[]): Authorizer {
  return {
    async authorize(attributes): Promise<AuthorizerResult> {
      const reasons: string[] = [];
      const errors: string[] = [];
      for (const authorizer of authorizers) {
        const result = await authorizer.authorize(attributes);
        if (result.evaluationError !== undefined) errors.push(result.evaluationError);
        if (result.reason !== '') reasons.push(result.reason);
        if (result.decision === 'allow') return result;
        if (result.decision === 'deny') return result;
      }
      return {
        decision: 'noOpinion',
        reason: reasons.join('\n'),
        ...(errors.length === 0 ? {} : { evaluationError: errors.join('; ') }),
      };
    },
  };
}

export function unionRules(...resolvers: readonly RuleResolver[]): RuleResolver {
  return {
    async rulesFor(user, namespace) {
      const resourceRules: ResourceRule[] = [];
      const nonResourceRules: NonResourceRule[] = [];
      const errors: string[] = [];
      let incomplete = false;
      for (const resolver of resolvers) {
        const rules = await resolver.rulesFor(user, namespace);
        resourceRules.push(...rules.resourceRules);
        nonResourceRules.push(...rules.nonResourceRules);
        incomplete ||= rules.incomplete;
        if (rules.evaluationError !== undefined) errors.push(rules.evaluationError);
      }
      return {
        resourceRules,
        nonResourceRules,
        incomplete,
        ...(errors.length === 0 ? {} : { evaluationError: errors.join('; ') }),
      };
    },
  };
}
