/** Whether they may: RBAC, the node authorizer, webhooks and ABAC behind one `Authorizer`, and the default policy. */
export type {
  Authorizer,
  AuthorizerAttributes,
  AuthorizerResult,
  Decision,
  NonResourceRule,
  ResourceRule,
  RuleResolver,
} from './authorizer.ts';
export { type BootstrapPolicy, bootstrapPolicy, nodeRules } from './bootstrap-policy/policy.ts';
export { ensureBootstrapPolicy } from './bootstrap-policy/reconcile.ts';
export {
  type Authorization,
  type AuthorizationLink,
  type AuthorizationMode,
  type AuthorizationOptions,
  buildAuthorizer,
  parseAuthorizationModes,
} from './build.ts';
export { forbiddenError } from './forbidden.ts';
export { nodeIdentity } from './node/node-identity.ts';
export type { ChangeType, Follower, ObjectSource } from './object-source.ts';
export { privilegedGroup } from './privileged.ts';
export type { EscalationChecks, RbacTarget } from './rbac/escalation.ts';
export { unionAuthorizer, unionRules } from './union.ts';
