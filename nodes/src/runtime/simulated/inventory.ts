/** The sandboxes and containers that there are, found by id, by their pod's uid and by CRI's filters. */
import { type ContainerFilter, CriError, type Input, type PodSandboxFilter } from 'cri-client';
import type { SimulatedContainer } from './container.ts';
import { matchesLabels, type SimulatedSandbox } from './sandbox.ts';

const uidLabel = 'io.kubernetes.pod.uid';

export class Inventory {
  readonly #sandboxes = new Map<string, SimulatedSandbox>();
  readonly #containers = new Map<string, SimulatedContainer>();
  /** A filter on the pod's uid is the kubelet's most frequent question. */
  readonly #byUid = new Map<string, Set<SimulatedSandbox>>();

  /** Throws NOT_FOUND. */
  sandbox(id: string | undefined): SimulatedSandbox {
    const sandbox = this.findSandbox(id);
    if (sandbox === undefined) throw new CriError('NOT_FOUND', `pod sandbox ${JSON.stringify(id ?? '')} not found`);
    return sandbox;
  }

  findSandbox(id: string | undefined): SimulatedSandbox | undefined {
    return this.#sandboxes.get(id ?? '');
  }

  /** Throws NOT_FOUND. */
  container(id: string | undefined): SimulatedContainer {
    const container = this.findContainer(id);
    if (container === undefined) throw new CriError('NOT_FOUND', `container ${JSON.stringify(id ?? '')} not found`);
    return container;
  }

  findContainer(id: string | undefined): SimulatedContainer | undefined {
    return this.#containers.get(id ?? '');
  }

  containers(): IterableIterator<SimulatedContainer> {
    return this.#containers.values();
  }

  addSandbox(sandbox: SimulatedSandbox): void {
    this.#sandboxes.set(sandbox.id, sandbox);
    const uid = sandbox.config.metadata?.uid ?? '';
    this.#byUid.set(uid, (this.#byUid.get(uid) ?? new Set()).add(sandbox));
  }

  /** With the containers that are in it. */
  deleteSandbox(sandbox: SimulatedSandbox): void {
    for (const id of sandbox.containers.keys()) this.#containers.delete(id);
    sandbox.containers.clear();
    this.#sandboxes.delete(sandbox.id);
    const uid = sandbox.config.metadata?.uid ?? '';
    const same = this.#byUid.get(uid);
    same?.delete(sandbox);
    if (same?.size === 0) this.#byUid.delete(uid);
  }

  addContainer(container: SimulatedContainer, sandbox: SimulatedSandbox): void {
    sandbox.containers.set(container.id, container);
    this.#containers.set(container.id, container);
  }

  deleteContainer(container: SimulatedContainer, sandbox: SimulatedSandbox): void {
    this.#containers.delete(container.id);
    sandbox.containers.delete(container.id);
  }

  selectSandboxes(filter: Input<PodSandboxFilter> | undefined): SimulatedSandbox[] {
    const uid = filter?.labelSelector?.[uidLabel];
    const candidates = filter?.id
      ? [this.#sandboxes.get(filter.id)].filter((found) => found !== undefined)
      : uid === undefined
        ? [...this.#sandboxes.values()]
        : [...(this.#byUid.get(uid) ?? [])];
    return candidates.filter(
      (sandbox) =>
        (filter?.state === undefined || (filter.state.state !== 'SANDBOX_NOTREADY') === sandbox.ready) &&
        matchesLabels(sandbox.config.labels, filter?.labelSelector),
    );
  }

  selectContainers(filter: Input<ContainerFilter> | undefined): SimulatedContainer[] {
    const uid = filter?.labelSelector?.[uidLabel];
    const sandboxes = filter?.podSandboxId
      ? [this.#sandboxes.get(filter.podSandboxId)]
      : uid === undefined
        ? undefined
        : [...(this.#byUid.get(uid) ?? [])];
    const candidates = filter?.id
      ? [this.#containers.get(filter.id)].filter((found) => found !== undefined)
      : sandboxes === undefined
        ? [...this.#containers.values()]
        : sandboxes.flatMap((sandbox) => [...(sandbox?.containers.values() ?? [])]);
    return candidates.filter(
      (container) =>
        (filter?.state === undefined || (filter.state.state ?? 'CONTAINER_CREATED') === container.state) &&
        matchesLabels(container.config.labels, filter?.labelSelector),
    );
  }
}
