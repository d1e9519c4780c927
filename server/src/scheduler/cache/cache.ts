/**
 * Nodes and the pods on them, as the scheduler must see them: what the API server has said, and pods it has *assumed*
 * to be bound while their binding is under way.
 */
import type { Node } from '@typernetes/openapi/types/core/v1';
import type { NodeReader } from '../framework/framework.ts';
import { NodeInfo } from '../framework/node-info.ts';
import type { PodInfo } from '../framework/pod-info.ts';

export class SchedulerCache implements NodeReader {
  readonly #nodes = new Map<string, NodeInfo>();
  /** Where pods are, assumed ones included. */
  readonly #podNodes = new Map<string, string>();
  readonly #assumed = new Set<string>();
  /** Nodes in an order that takes zones in turn; rebuilt when nodes come and go. */
  #list: readonly NodeInfo[] | undefined;

  get(name: string): NodeInfo | undefined {
    const info = this.#nodes.get(name);
    return info?.node ? info : undefined;
  }

  list(): readonly NodeInfo[] {
    this.#list ??= inZoneOrder([...this.#nodes.values()].filter((info) => info.node));
    return this.#list;
  }

  get assumedCount(): number {
    return this.#assumed.size;
  }

  get podCount(): number {
    return this.#podNodes.size;
  }

  isAssumed(uid: string): boolean {
    return this.#assumed.has(uid);
  }

  putNode(node: Readonly<Node>): NodeInfo {
    const name = node.metadata?.name ?? '';
    const info = this.#info(name);
    if (!info.node || zoneOf(info) !== zoneOf(new NodeInfo(name, node))) this.#list = undefined;
    info.setNode(node);
    return info;
  }

  deleteNode(name: string): void {
    const info = this.#nodes.get(name);
    if (!info) return;
    this.#list = undefined;
    info.setNode(undefined);
    this.#drop(info);
  }

  /** The scheduler has decided; the binding is on its way. */
  assume(pod: PodInfo, node: string): void {
    this.#place(pod, node);
    this.#assumed.add(pod.uid);
  }

  /** The binding failed. */
  forget(uid: string): void {
    if (this.#assumed.delete(uid)) this.#remove(uid);
  }

  /** A pod that the API server says is on a node, whatever was assumed. */
  putPod(pod: PodInfo): void {
    this.#assumed.delete(pod.uid);
    this.#place(pod, pod.pod.spec?.nodeName ?? '');
  }

  deletePod(uid: string): void {
    this.#assumed.delete(uid);
    this.#remove(uid);
  }

  #place(pod: PodInfo, node: string): void {
    const before = this.#podNodes.get(pod.uid);
    if (before !== undefined && before !== node) this.#remove(pod.uid);
    this.#info(node).addPod(pod);
    this.#podNodes.set(pod.uid, node);
  }

  #remove(uid: string): void {
    const node = this.#podNodes.get(uid);
    if (node === undefined) return;
    this.#podNodes.delete(uid);
    const info = this.#nodes.get(node);
    info?.removePod(uid);
    if (info) this.#drop(info);
  }

  #info(name: string): NodeInfo {
    let info = this.#nodes.get(name);
    if (!info) {
      info = new NodeInfo(name);
      this.#nodes.set(name, info);
    }
    return info;
  }

  #drop(info: NodeInfo): void {
    if (!info.node && info.pods.size === 0) this.#nodes.delete(info.name);
  }
}

function zoneOf(info: NodeInfo): string {
  const labels = info.node?.metadata?.labels;
  return `${labels?.['topology.kubernetes.io/region'] ?? ''}/${labels?.['topology.kubernetes.io/zone'] ?? ''}`;
}

/** One of each zone, then the second of each, and so on: a sample of the first nodes touches all zones. */
function inZoneOrder(nodes: readonly NodeInfo[]): NodeInfo[] {
  const zones = [...Map.groupBy(nodes, zoneOf).values()];
  const longest = Math.max(0, ...zones.map((zone) => zone.length));
  return Array.from({ length: longest }, (_, index) => zones.flatMap((zone) => zone[index] ?? [])).flat();
}
