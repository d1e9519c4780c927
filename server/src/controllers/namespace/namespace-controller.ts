/** Empties namespaces that are being deleted, pods first, then lets them go. */
import {
  type Clock,
  Controller,
  type Lister,
  type ReconcileResult,
  type Reconciler,
  type RestClient,
  type Running,
  resources,
} from '@typernetes/openapi/client';
import { isMethodNotSupported, isNotFound, type KubernetesObject } from '@typernetes/openapi/meta';
import type { Namespace } from '@typernetes/openapi/types/core/v1';
import type { ControllerContext } from '../context.ts';
import { type DiscoveredResource, type Discovery, discover } from '../discovery/discovery.ts';
import { semanticallyEqual } from '../objects/equality.ts';
import { messageOf } from '../pods/pod-control.ts';
import { startControllers } from '../running.ts';
import { timestamp } from '../time.ts';
import { namespaceConditions } from './conditions.ts';

const finalizer = 'kubernetes';
/** How soon to look again while content is left; the deletion of pods also wakes us. */
const recheckMs = 2000;
const parallel = 8;

interface Progress {
  remaining: Map<string, number>;
  finalizers: Map<string, number>;
  errors: string[];
}

class NamespaceReconciler implements Reconciler {
  readonly #client: RestClient;
  readonly #namespaces: Lister<Namespace>;
  readonly #clock: Clock;
  readonly #discover: (client: RestClient, signal: AbortSignal) => Promise<Discovery>;

  constructor(options: {
    client: RestClient;
    namespaces: Lister<Namespace>;
    clock: Clock;
    discover?: typeof discover;
  }) {
    this.#client = options.client;
    this.#namespaces = options.namespaces;
    this.#clock = options.clock;
    this.#discover = options.discover ?? discover;
  }

  async reconcile(name: string, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    if (!this.#namespaces.get(undefined, name)?.metadata?.deletionTimestamp) return undefined;
    let namespace: Namespace;
    try {
      namespace = await this.#client.resource(resources.namespaces).get(undefined, name, { signal });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
    if (!namespace.metadata?.deletionTimestamp || !namespace.spec?.finalizers?.includes(finalizer)) return undefined;
    const progress: Progress = { remaining: new Map(), finalizers: new Map(), errors: [] };
    let discoveryError: string | undefined;
    try {
      const { resources: discovered, failed } = await this.#discover(this.#client, signal);
      if (failed.length > 0)
        discoveryError = `Discovery failed for some groups, ${failed.length} failing: ${failed.join(', ')}`;
      await this.#deleteContent(name, discovered, progress, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      discoveryError = messageOf(error);
    }
    const done = progress.remaining.size === 0 && progress.errors.length === 0 && discoveryError === undefined;
    const conditions = namespaceConditions(
      namespace.status?.conditions ?? [],
      {
        discoveryError,
        contentErrors: progress.errors,
        remaining: progress.remaining,
        finalizers: progress.finalizers,
      },
      timestamp(this.#clock),
    );
    if (!semanticallyEqual(conditions, namespace.status?.conditions) && !done) {
      const status = { ...namespace.status, phase: 'Terminating', conditions };
      namespace = await this.#client.resource(resources.namespaces).updateStatus({ ...namespace, status }, { signal });
    }
    if (discoveryError !== undefined || progress.errors.length > 0)
      throw new Error(discoveryError ?? progress.errors.join('; '));
    if (!done) return { requeueAfter: recheckMs };
    await this.#finalize(namespace, signal);
    return undefined;
  }

  async #deleteContent(
    namespace: string,
    discovered: readonly DiscoveredResource[],
    progress: Progress,
    signal: AbortSignal,
  ): Promise<void> {
    const targets = discovered.filter(
      (entry) => entry.namespaced && entry.preferred && entry.verbs.includes('delete') && entry.verbs.includes('list'),
    );
    const isPods = (entry: DiscoveredResource): boolean => entry.group === '' && entry.resource === 'pods';
    const pods = targets.filter(isPods);
    const others = targets.filter((entry) => !isPods(entry));
    // Pods go first: what they use (their network policies, their secrets) stays until they are gone.
    for (const entry of pods) await this.#deleteResource(namespace, entry, progress, signal);
    if (progress.remaining.size > 0 || progress.errors.length > 0) return;
    const worker = async (): Promise<void> => {
      for (let entry = others.shift(); entry; entry = others.shift())
        await this.#deleteResource(namespace, entry, progress, signal);
    };
    await Promise.all(Array.from({ length: parallel }, worker));
  }

  async #deleteResource(
    namespace: string,
    entry: DiscoveredResource,
    progress: Progress,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      const resource = this.#client.resource(entry);
      const list = async (): Promise<KubernetesObject[]> =>
        (await resource.list(namespace, { metadataOnly: true, signal })).items;
      let items = await list();
      if (items.length === 0) return;
      if (entry.verbs.includes('deletecollection'))
        await resource.deleteCollection(namespace, { propagationPolicy: 'Background', signal });
      else {
        for (const item of items) {
          await resource
            .delete(namespace, item.metadata?.name ?? '', { propagationPolicy: 'Background', signal })
            .catch((error: unknown) => {
              if (!isNotFound(error)) throw error;
            });
        }
      }
      items = await list();
      if (items.length === 0) return;
      progress.remaining.set(`${entry.resource}.${entry.group}`, items.length);
      for (const item of items) {
        for (const name of item.metadata?.finalizers ?? [])
          progress.finalizers.set(name, (progress.finalizers.get(name) ?? 0) + 1);
      }
    } catch (error) {
      if (signal.aborted) throw error;
      // Discovered, but gone since.
      if (isNotFound(error) || isMethodNotSupported(error)) return;
      progress.errors.push(messageOf(error));
    }
  }

  /** Takes our finalizer off; the server removes the namespace when it was the last. */
  async #finalize(namespace: Readonly<Namespace>, signal: AbortSignal): Promise<void> {
    const finalizers = namespace.spec?.finalizers?.filter((entry) => entry !== finalizer) ?? [];
    try {
      await this.#client
        .resource(resources.namespaces)
        .update({ ...namespace, spec: { ...namespace.spec, finalizers } }, { subresource: 'finalize', signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

export function startNamespaceController(context: ControllerContext): Running {
  const client = context.clientFor('namespace-controller');
  const informer = context.informers.informer(resources.namespaces);
  const pods = context.informers.informer(resources.pods);
  const controller = new Controller({
    name: 'namespace',
    reconciler: new NamespaceReconciler({ client, namespaces: informer.lister, clock: context.clock }),
    concurrency: 10,
    synced: [informer.synced],
    clock: context.clock,
    logger: context.logger,
    maxDelayMs: 60_000,
  });
  const enqueue = (namespace: Readonly<Namespace> | undefined): void => {
    if (namespace?.metadata?.deletionTimestamp) controller.queue.add(namespace.metadata.name ?? '');
  };
  const registrations = [
    informer.addEventHandler({ add: enqueue, update: (_, namespace) => enqueue(namespace) }),
    pods.addEventHandler({ delete: (pod) => enqueue(informer.lister.get(undefined, pod.metadata?.namespace ?? '')) }),
  ];
  return startControllers([controller], registrations);
}
