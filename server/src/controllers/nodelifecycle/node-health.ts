/**
 * Looks at every node every few seconds: one whose status and lease have not moved for the grace period gets conditions
 * Unknown; one that is not ready gets the NoExecute taint, as fast as its zone allows, and its pods are marked not ready.
 */
import {
  type Clock,
  type EventRecorder,
  type Lister,
  type Logger,
  type RestClient,
  resources,
} from '@typernetes/openapi/client';
import { isConflict, isNotFound } from '@typernetes/openapi/meta';
import type { Lease } from '@typernetes/openapi/types/coordination/v1';
import type { Node, Pod } from '@typernetes/openapi/types/core/v1';
import { isPodReady } from '../pods/pod-state.ts';
import { millisecondsOf, timestamp } from '../time.ts';
import { nodeCondition, notReadyTaint, unknownConditions, unreachableTaint, withNoExecuteTaint } from './conditions.ts';
import { ZoneLimits, zoneOf } from './zones.ts';

const leaseNamespace = 'kube-node-lease';
const taintAttempts = 5;
export const podsByNodeIndex = 'nodeName';

/** When we last saw a sign of life; by our clock, so that nodes' clocks need not be right. */
interface Observation {
  heartbeat: string | undefined;
  renewTime: string | undefined;
  probedAt: number;
}

export interface NodeHealthOptions {
  client: RestClient;
  recorder: EventRecorder;
  nodes: Lister<Node>;
  leases: Lister<Lease>;
  /** With index `podsByNodeIndex`. */
  pods: Lister<Pod>;
  clock: Clock;
  logger: Logger;
  gracePeriodMs: number;
  startupGracePeriodMs: number;
}

export class NodeHealth {
  readonly #options: NodeHealthOptions;
  readonly #observations = new Map<string, Observation>();
  readonly #zones: ZoneLimits;
  /** Nodes whose pods still have to be marked not ready. */
  readonly #podsToMark = new Set<string>();

  constructor(options: NodeHealthOptions) {
    this.#options = options;
    this.#zones = new ZoneLimits(options.clock);
  }

  async check(signal: AbortSignal): Promise<void> {
    const nodes = this.#options.nodes.list();
    this.#noteArrivals(nodes);
    const readiness = new Map<string, string>();
    const zones = new Map<string, { ready: number; notReady: number }>();
    for (const node of nodes) {
      const name = node.metadata?.name ?? '';
      const before = nodeCondition(node, 'Ready')?.status;
      let current = node;
      try {
        current = await this.#refresh(node, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!isConflict(error) && !isNotFound(error))
          this.#options.logger.warn({ node: name, error: String(error) }, 'cannot update node status');
      }
      const status = nodeCondition(current, 'Ready')?.status;
      if (status === undefined) continue;
      readiness.set(name, status);
      const zone = zones.get(zoneOf(node)) ?? { ready: 0, notReady: 0 };
      zones.set(zoneOf(node), zone);
      if (!node.metadata?.labels?.['node.kubernetes.io/exclude-disruption'])
        zone[status === 'True' ? 'ready' : 'notReady']++;
      if (status !== 'True' && before === 'True') {
        this.#options.recorder.event(
          nodeSubject(node),
          'Normal',
          'NodeNotReady',
          `Node ${name} status is now: NodeNotReady`,
        );
      }
      if (status === 'True') this.#podsToMark.delete(name);
      else if (before === 'True') this.#podsToMark.add(name);
    }
    this.#zones.update(zones);
    for (const node of nodes) await this.#taint(node, readiness.get(node.metadata?.name ?? ''), signal);
    for (const name of this.#podsToMark) await this.#markPods(name, signal);
  }

  #noteArrivals(nodes: readonly Readonly<Node>[]): void {
    const names = new Set(nodes.map((node) => node.metadata?.name ?? ''));
    for (const node of nodes) {
      const name = node.metadata?.name ?? '';
      if (this.#observations.has(name)) continue;
      this.#options.recorder.event(
        nodeSubject(node),
        'Normal',
        'RegisteredNode',
        `Node ${name} event: Registered Node ${name} in Controller`,
      );
    }
    for (const name of this.#observations.keys()) {
      if (names.has(name)) continue;
      this.#observations.delete(name);
      this.#podsToMark.delete(name);
      this.#options.recorder.event(
        { kind: 'Node', apiVersion: 'v1', name },
        'Normal',
        'RemovingNode',
        `Node ${name} event: Removing Node ${name} from Controller`,
      );
    }
  }

  /** Notes signs of life; the node after its conditions were set to Unknown, if they had to be. */
  async #refresh(node: Readonly<Node>, signal: AbortSignal): Promise<Readonly<Node>> {
    const { clock, gracePeriodMs, startupGracePeriodMs } = this.#options;
    const name = node.metadata?.name ?? '';
    const ready = nodeCondition(node, 'Ready');
    const heartbeat = ready?.lastHeartbeatTime;
    const renewTime = this.#options.leases.get(leaseNamespace, name)?.spec?.renewTime;
    const last = this.#observations.get(name);
    const isAlive = !last || last.heartbeat !== heartbeat || (renewTime !== undefined && renewTime !== last.renewTime);
    const firstProbe = ready ? clock.now() : millisecondsOf(node.metadata?.creationTimestamp, clock.now());
    const probedAt = !last ? firstProbe : isAlive ? clock.now() : last.probedAt;
    this.#observations.set(name, { heartbeat, renewTime, probedAt });
    if (clock.now() <= probedAt + (ready ? gracePeriodMs : startupGracePeriodMs)) return node;
    if (ready?.status === 'Unknown') return node;
    const status = { ...node.status, conditions: unknownConditions(node, timestamp(clock)) };
    const updated = await this.#options.client.resource(resources.nodes).updateStatus({ ...node, status }, { signal });
    const after = nodeCondition(updated, 'Ready')?.lastHeartbeatTime;
    this.#observations.set(name, { heartbeat: after, renewTime, probedAt });
    return updated;
  }

  async #taint(node: Readonly<Node>, ready: string | undefined, signal: AbortSignal): Promise<void> {
    if (ready === undefined) return;
    let wanted: string | undefined;
    if (ready !== 'True' && !this.#zones.allDisrupted) wanted = ready === 'False' ? notReadyTaint : unreachableTaint;
    const { name = '' } = node.metadata ?? {};
    if (!withNoExecuteTaint(node, wanted, '')) return;
    const hasOther = node.spec?.taints?.some(
      (taint) => taint.effect === 'NoExecute' && (taint.key === notReadyTaint || taint.key === unreachableTaint),
    );
    // Swapping one for the other, and taking them off, is not held back.
    if (wanted !== undefined && !hasOther && !this.#zones.tryTake(zoneOf(node))) return;
    // The conditions' own taints are often written at the same moment: the turn just taken must not be lost to that.
    for (let attempt = 1; attempt <= taintAttempts; attempt++) {
      try {
        const fresh = await this.#options.client.resource(resources.nodes).get(undefined, name, { signal });
        const taints = withNoExecuteTaint(fresh, wanted, timestamp(this.#options.clock));
        if (!taints) return;
        const patch = { metadata: { resourceVersion: fresh.metadata?.resourceVersion }, spec: { taints } };
        await this.#options.client.resource(resources.nodes).patch(undefined, name, patch, { type: 'merge', signal });
        return;
      } catch (error) {
        if (signal.aborted || isNotFound(error)) return;
        if (isConflict(error)) continue;
        this.#options.logger.warn({ node: name, error: String(error) }, 'cannot taint node');
        return;
      }
    }
  }

  /** Nobody else will: the kubelet is silent. */
  async #markPods(name: string, signal: AbortSignal): Promise<void> {
    let failed = false;
    for (const pod of this.#options.pods.byIndex(podsByNodeIndex, name)) {
      if (!isPodReady(pod)) continue;
      const { namespace, name: podName = '', uid } = pod.metadata ?? {};
      const conditions = pod.status?.conditions?.map((condition) =>
        condition.type === 'Ready'
          ? { ...condition, status: 'False', lastTransitionTime: timestamp(this.#options.clock) }
          : condition,
      );
      try {
        const patch = { metadata: { uid, resourceVersion: pod.metadata?.resourceVersion }, status: { conditions } };
        await this.#options.client
          .resource(resources.pods)
          .patch(namespace, podName, patch, { type: 'merge', subresource: 'status', signal });
        this.#options.recorder.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready');
      } catch (error) {
        if (signal.aborted) return;
        if (!isNotFound(error)) failed = true;
      }
    }
    if (!failed) this.#podsToMark.delete(name);
  }
}

/** Events about nodes are found by the node's name, not its uid. */
function nodeSubject(node: Readonly<Node>): { kind: string; apiVersion: string; name: string; uid: string } {
  const { name = '', uid = '' } = node.metadata ?? {};
  return { kind: 'Node', apiVersion: 'v1', name, uid };
}
