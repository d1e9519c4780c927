import type { GroupVersionKind, GroupVersionResource, KubernetesObject } from '@typernetes/openapi/meta';
import type { UserInfo } from '../authentication/authenticator.ts';
import type { Authorizer, RuleResolver } from '../authorization/authorizer.ts';
import type { RbacTarget } from '../authorization/index.ts';
import type { AllocatorMetrics } from './core/services/metrics.ts';
import type { RangeRegistry } from './core/services/ranges.ts';
import type { RegistryReader, RestContext } from './generic/rest.ts';

/** What TokenReview answers, apart from the echoed spec. */
export interface TokenReviewResult {
  authenticated?: boolean;
  user?: { username?: string; uid?: string; groups?: string[]; extra?: Record<string, string[]> };
  audiences?: string[];
  error?: string;
}

export interface RoleReference {
  apiGroup?: string;
  kind: string;
  name: string;
}

export interface PolicyRule {
  verbs: string[];
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
}

export interface ComponentHealth {
  name: string;
  healthy: boolean;
  message: string;
  error: string;
}

/** What the resources' own code needs from the rest of the API server; the composition root supplies it once. */
export interface RegistryDependencies {
  /** CIDR, or two of different families separated by a comma; the first one's family is the default. */
  serviceClusterIPRange: string;
  /** Inclusive, `30000-32767`. */
  nodePortRange: string;
  eventTtlSeconds: number;
  registry: RegistryReader;
  authentication: {
    tokenReview(token: string, audiences: string[]): Promise<TokenReviewResult>;
    issueToken(
      serviceAccount: KubernetesObject,
      tokenRequest: KubernetesObject,
      context: RestContext,
    ): Promise<KubernetesObject>;
  };
  authorization: {
    authorizer: Authorizer;
    rules: RuleResolver;
    /** Throws forbidden if `rules` hold more than the user has and the user may not `escalate`. */
    confirmNoEscalation(
      user: UserInfo,
      rules: readonly PolicyRule[],
      namespace: string,
      target: RbacTarget & { aggregates?: boolean },
    ): Promise<void>;
    /** Throws forbidden if the role holds more than the user has and the user may not `bind` it. */
    confirmBind(user: UserInfo, roleRef: RoleReference, namespace: string, target: RbacTarget): Promise<void>;
  };
  componentStatus(): Promise<ComponentHealth[]>;
  /** The resource that serves a kind, custom ones too; absent: nobody can tell. */
  resolveKind?(kind: GroupVersionKind): GroupVersionResource | undefined;
  /**
   * Where the node port bitmap lives, so that many API servers never give one port twice (`storageRanges(storage)`).
   * Absent: in this process's memory, right for a single API server.
   */
  ranges?: RangeRegistry;
  /** Counts what addresses and ports Services take. */
  allocatorMetrics?: AllocatorMetrics;
  /** For address and port choice; Math.random unless tests want replay. */
  random?: () => number;
}
