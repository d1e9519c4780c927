/** A node with the sums over its pods kept up to date, so that a filter never has to add up. */
import type { Node } from '@typernetes/openapi/types/core/v1';
import type { HostPort, PodInfo } from './pod-info.ts';
import { accumulate, addList, countOf, noResources, type Resources } from './resources.ts';

export class NodeInfo {
  readonly name: string;
  /** Undefined: pods are known to be there, the node itself is not (any more). */
  node: Readonly<Node> | undefined;
  allocatable: Resources = noResources();
  allowedPods = 0;
  readonly requested: Resources;
  readonly nonZeroRequested: Resources;
  readonly pods: Map<string, PodInfo>;
  /** `protocol/port` → addresses in use, with how many pods use each. */
  readonly #hostPorts: Map<string, Map<string, number>>;
  #imageNames: Set<string> | undefined;

  constructor(name: string, node?: Readonly<Node>) {
    this.name = name;
    this.requested = noResources();
    this.nonZeroRequested = noResources();
    this.pods = new Map();
    this.#hostPorts = new Map();
    if (node) this.setNode(node);
  }

  setNode(node: Readonly<Node> | undefined): void {
    this.node = node;
    const list = node?.status?.allocatable;
    this.allocatable = addList(noResources(), list);
    this.allowedPods = countOf(list, 'pods');
    this.#imageNames = undefined;
  }

  get imageNames(): ReadonlySet<string> {
    this.#imageNames ??= new Set(this.node?.status?.images?.flatMap((image) => image.names ?? []));
    return this.#imageNames;
  }

  addPod(info: PodInfo): void {
    if (this.pods.has(info.uid)) this.removePod(info.uid);
    this.pods.set(info.uid, info);
    this.#account(info, 1);
  }

  removePod(uid: string): PodInfo | undefined {
    const info = this.pods.get(uid);
    if (!info) return undefined;
    this.pods.delete(uid);
    this.#account(info, -1);
    return info;
  }

  /** Whether the port is taken; 0.0.0.0 stands for every address. */
  usesPort({ ip, protocol, port }: HostPort): boolean {
    const addresses = this.#hostPorts.get(`${protocol}/${port}`);
    if (!addresses) return false;
    return ip === '0.0.0.0' || addresses.has('0.0.0.0') || addresses.has(ip);
  }

  /** A copy to try things on. */
  clone(): NodeInfo {
    const copy = new NodeInfo(this.name, this.node);
    for (const info of this.pods.values()) copy.addPod(info);
    return copy;
  }

  #account(info: PodInfo, sign: 1 | -1): void {
    accumulate(this.requested, info.requests, sign);
    accumulate(this.nonZeroRequested, info.nonZero, sign);
    for (const { ip, protocol, port } of info.hostPorts) {
      const key = `${protocol}/${port}`;
      const addresses = this.#hostPorts.get(key) ?? new Map<string, number>();
      this.#hostPorts.set(key, addresses);
      const count = (addresses.get(ip) ?? 0) + sign;
      if (count > 0) addresses.set(ip, count);
      else addresses.delete(ip);
      if (addresses.size === 0) this.#hostPorts.delete(key);
    }
  }
}
