import type { UserInfo } from '../authentication/authenticator.ts';

/** What is asked of an Authorizer; names as in SubjectAccessReview. */
export interface AuthorizerAttributes {
  user: UserInfo;
  verb: string;
  /** True for requests to API resources; false for paths such as /healthz, of which only `path` counts. */
  resourceRequest: boolean;
  path: string;
  namespace: string;
  apiGroup: string;
  apiVersion: string;
  resource: string;
  subresource: string;
  name: string;
  fieldSelector?: string;
  labelSelector?: string;
}

export type Decision = 'allow' | 'deny' | 'noOpinion';

export interface AuthorizerResult {
  decision: Decision;
  /** Why, for logs and SubjectAccessReview; clients of a refused request see upstream's forbidden message. */
  reason: string;
  evaluationError?: string;
}

export interface Authorizer {
  authorize(attributes: AuthorizerAttributes): Promise<AuthorizerResult>;
}

export interface ResourceRule {
  verbs: string[];
  apiGroups: string[];
  resources: string[];
  resourceNames: string[];
}

export interface NonResourceRule {
  verbs: string[];
  nonResourceURLs: string[];
}

/** Lists what a user may do: SelfSubjectRulesReview, `kubectl auth can-i --list`. */
export interface RuleResolver {
  rulesFor(
    user: UserInfo,
    namespace: string,
  ): Promise<{
    resourceRules: ResourceRule[];
    nonResourceRules: NonResourceRule[];
    incomplete: boolean;
    evaluationError?: string;
  }>;
}
