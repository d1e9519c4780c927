import type {
  Clock,
  EventRecorder,
  Logger,
  RestClient,
  Running,
  SharedInformerFactory,
} from '@typernetes/openapi/client';

/** What the controller manager gives each controller. */
export interface ControllerContext {
  /** Shared by all controllers, on the manager's own identity: for reading. */
  readonly informers: SharedInformerFactory;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly options: ControllerSettings;
  /** The manager's own identity, which few may need: see `clientFor`. */
  readonly client: RestClient;
  /** A client with the identity of `kube-system/<serviceAccount>`, or the manager's own: for writing. */
  clientFor(serviceAccount: string): RestClient;
  /** Events of `component`, written by `client`; stopped with the manager. */
  recorderFor(client: RestClient, component: string): EventRecorder;
}

export interface ControllerSettings {
  allocateNodeCidrs: boolean;
  /** IPv4 or IPv6 CIDRs, at most one of each family. */
  clusterCidrs: readonly string[];
  serviceClusterIpRanges: readonly string[];
  nodeCidrMaskSizeIpv4: number;
  nodeCidrMaskSizeIpv6: number;
  /** PEM, published to every namespace; undefined: not published. */
  rootCa: string | undefined;
  /** PEM of the key that signs tokens for Secrets; undefined: none are filled. */
  serviceAccountKey: string | undefined;
  /** The CA that signs approved certificate requests; undefined: none are signed. */
  clusterSigning: { certificate: string; key: string; durationMs: number } | undefined;
  nodeMonitorPeriodMs: number;
  nodeMonitorGracePeriodMs: number;
  nodeStartupGracePeriodMs: number;
  terminatedPodGcThreshold: number;
  /** How long a legacy token must go unused before it is marked, and again before it is deleted. */
  legacyTokenCleanUpPeriodMs: number;
}

/** Starts one controller. It returns at once; `ready` of what it returns resolves when it works. */
export type StartController = (context: ControllerContext) => Running;
