/** Puts the chosen modes together, in front of them the privileged group. */
import { alwaysAllow, alwaysDeny } from './always.ts';
import type { Authorizer, RuleResolver } from './authorizer.ts';
import { nodeRules } from './bootstrap-policy/policy.ts';
import { NodeAuthorizer } from './node/node-authorizer.ts';
import { NodeGraph } from './node/node-graph.ts';
import type { Follower, ObjectSource } from './object-source.ts';
import { privilegedAuthorizer } from './privileged.ts';
import { type EscalationChecks, escalationChecks } from './rbac/escalation.ts';
import { RbacAuthorizer } from './rbac/rbac-authorizer.ts';
import { RoleIndex } from './rbac/role-index.ts';
import { unionAuthorizer, unionRules } from './union.ts';

export type AuthorizationMode = 'Node' | 'RBAC' | 'ABAC' | 'Webhook' | 'AlwaysAllow' | 'AlwaysDeny';
const modes: readonly string[] = ['Node', 'RBAC', 'ABAC', 'Webhook', 'AlwaysAllow', 'AlwaysDeny'];

/** One in the chain: a mode made here, or an authorizer made from a configuration of its own. */
export type AuthorizationLink = Exclude<AuthorizationMode, 'ABAC' | 'Webhook'> | (Authorizer & RuleResolver);

export interface AuthorizationOptions {
  /** Asked in this order. */
  modes: readonly AuthorizationLink[];
  /** Roles and bindings; needed for every mode list, because escalation checks read them. */
  rbacSource: ObjectSource;
  /** Pods, volumes, attachments and slices, for mode Node. */
  nodeGraphSource: ObjectSource;
}

export interface Authorization extends Authorizer, RuleResolver, EscalationChecks {
  /** Settles when roles and the node graph are loaded; decisions that need them wait for themselves. */
  ready: Promise<void>;
  /** Another chain from now on. */
  replace(modes: readonly AuthorizationLink[]): void;
  stop(): void;
}

/** The modes in a flag's value; throws on a name that is none. */
export function parseAuthorizationModes(text: string): AuthorizationMode[] {
  return text.split(',').map((mode) => {
    if (!modes.includes(mode))
      throw new Error(`unknown authorization mode ${JSON.stringify(mode)}: choose from ${modes.join(', ')}`);
    return mode as AuthorizationMode;
  });
}

export function buildAuthorizer(options: AuthorizationOptions): Authorization {
  const roles = RoleIndex.follow(options.rbacSource);
  const rbac = new RbacAuthorizer(roles.index, roles.ready);
  const followers: Follower[] = [roles];
  let node: NodeAuthorizer | undefined;
  const nodeAuthorizer = (): NodeAuthorizer => {
    if (node !== undefined) return node;
    const graph = NodeGraph.follow(options.nodeGraphSource);
    followers.push(graph);
    return (node = new NodeAuthorizer(graph.graph, nodeRules(), graph.ready));
  };
  const made = (link: AuthorizationLink): Authorizer & RuleResolver => {
    switch (link) {
      case 'Node':
        return nodeAuthorizer();
      case 'RBAC':
        return rbac;
      case 'AlwaysAllow':
        return alwaysAllow;
      case 'AlwaysDeny':
        return alwaysDeny;
      default:
        return link;
    }
  };
  const assemble = (links: readonly AuthorizationLink[]): Authorizer & RuleResolver => {
    const chain = links.map(made);
    return { ...unionAuthorizer(privilegedAuthorizer, ...chain), ...unionRules(...chain) };
  };
  let current = assemble(options.modes);
  const authorizer: Authorizer = { authorize: (attributes) => current.authorize(attributes) };
  return {
    ...authorizer,
    rulesFor: (user, namespace) => current.rulesFor(user, namespace),
    ...escalationChecks(rbac, authorizer),
    ready: Promise.all(followers.map((follower) => follower.ready)).then(() => undefined),
    replace(links) {
      current = assemble(links);
    },
    stop: () => followers.forEach((follower) => follower.stop()),
  };
}
