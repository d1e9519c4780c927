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

export type AuthorizationMode = 'Node' | 'RBAC' | 'Webhook' | 'AlwaysAllow' | 'AlwaysDeny';
const modes: readonly string[] = ['Node', 'RBAC', 'Webhook', 'AlwaysAllow', 'AlwaysDeny'];

export interface AuthorizationOptions {
  /** --authorization-mode, asked in this order. */
  modes: readonly AuthorizationMode[];
  /** Roles and bindings; needed for every mode list, because escalation checks read them. */
  rbacSource: ObjectSource;
  /** Pods, volumes, attachments and slices, for mode Node. */
  nodeGraphSource: ObjectSource;
  /** What answers for mode Webhook. */
  webhook?: Authorizer;
}

export interface Authorization extends Authorizer, RuleResolver, EscalationChecks {
  /** Settles when roles and the node graph are loaded; decisions that need them wait for themselves. */
  ready: Promise<void>;
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
  const chosen: Authorizer[] = [privilegedAuthorizer];
  const resolvers: RuleResolver[] = [];
  for (const mode of options.modes) {
    switch (mode) {
      case 'Node': {
        const graph = NodeGraph.follow(options.nodeGraphSource);
        const node = new NodeAuthorizer(graph.graph, nodeRules(), graph.ready);
        followers.push(graph);
        chosen.push(node);
        resolvers.push(node);
        break;
      }
      case 'RBAC':
        chosen.push(rbac);
        resolvers.push(rbac);
        break;
      case 'Webhook':
        if (options.webhook === undefined) throw new Error('authorization mode Webhook needs a webhook');
        chosen.push(options.webhook);
        break;
      case 'AlwaysAllow':
        chosen.push(alwaysAllow);
        resolvers.push(alwaysAllow);
        break;
      case 'AlwaysDeny':
        chosen.push(alwaysDeny);
        resolvers.push(alwaysDeny);
        break;
      default:
        throw new Error(`unknown authorization mode ${String(mode satisfies never)}`);
    }
  }
  const authorizer = unionAuthorizer(...chosen);
  return {
    ...authorizer,
    ...unionRules(...resolvers),
    ...escalationChecks(rbac, authorizer),
    ready: Promise.all(followers.map((follower) => follower.ready)).then(() => undefined),
    stop: () => followers.forEach((follower) => follower.stop()),
  };
}
