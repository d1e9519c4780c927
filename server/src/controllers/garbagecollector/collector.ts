/** Deletes objects whose owners are all gone, and carries out foreground deletion and orphaning. */
import type {
  DeletionPropagation,
  EventRecorder,
  KnownResource,
  ReconcileResult,
  Reconciler,
  RestClient,
} from '@typernetes/openapi/client';
import { isNotFound, type KubernetesObject, type OwnerReference } from '@typernetes/openapi/meta';
import {
  blockingDependents,
  foregroundFinalizer,
  type GraphNode,
  type Identity,
  type OwnerGraph,
  orphanFinalizer,
} from './graph.ts';

export interface CollectorOptions {
  client: RestClient;
  graph: OwnerGraph;
  recorder: EventRecorder;
  /** The resource of a kind; undefined while discovery does not know it. */
  resourceOf: (apiVersion: string, kind: string) => KnownResource<KubernetesObject> | undefined;
  attemptToDelete: (uid: string) => void;
  /** The object does not exist (any more), whatever the watches say. */
  absent: (uid: string) => void;
}

type OwnerState = 'solid' | 'dangling' | 'waiting';

export class DeleteAttempt implements Reconciler {
  readonly #options: CollectorOptions;
  /** Owners known not to exist: uids never come back. */
  readonly #absentOwners = new Set<string>();

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  async reconcile(uid: string, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const node = this.#options.graph.get(uid);
    if (!node) return undefined;
    if (node.beingDeleted && !node.deletingDependents) return undefined;
    const live = await this.#get(node.identity, signal);
    if (!live || live.metadata?.uid !== uid) {
      this.#noteAbsent(uid);
      this.#options.absent(uid);
      return undefined;
    }
    if (node.virtual) return undefined;
    if (node.deletingDependents) return this.#finishForeground(node, live, signal);
    const owners = live.metadata.ownerReferences ?? [];
    if (owners.length === 0) return undefined;
    const states = new Map<OwnerReference, OwnerState>();
    for (const owner of owners) states.set(owner, await this.#ownerState(node.identity, owner, signal));
    const isIn = (state: OwnerState) => (owner: OwnerReference) => states.get(owner) === state;
    if (owners.some(isIn('solid'))) {
      const kept = owners.filter(isIn('solid'));
      if (kept.length < owners.length) await this.#patch(node.identity, live, { ownerReferences: kept }, signal);
      return undefined;
    }
    if (owners.some(isIn('waiting')) && node.dependents.size > 0) {
      // A circle of blocking references would never be released.
      if ([...node.dependents].some((dependent) => dependent.deletingDependents)) {
        await this.#patch(
          node.identity,
          live,
          { ownerReferences: owners.map((owner) => ({ ...owner, blockOwnerDeletion: false })) },
          signal,
        );
      }
      await this.#delete(node.identity, live, 'Foreground', signal);
      return undefined;
    }
    await this.#delete(node.identity, live, propagationOf(live), signal);
    return undefined;
  }

  /** Foreground: the finalizer goes when no dependent blocks any more. */
  async #finishForeground(node: GraphNode, live: KubernetesObject, signal: AbortSignal): Promise<undefined> {
    const blocking = blockingDependents(node);
    if (blocking.length === 0) {
      const finalizers = (live.metadata?.finalizers ?? []).filter((finalizer) => finalizer !== foregroundFinalizer);
      if (finalizers.length < (live.metadata?.finalizers ?? []).length)
        await this.#patch(node.identity, live, { finalizers }, signal);
      return undefined;
    }
    for (const dependent of blocking)
      if (!dependent.deletingDependents) this.#options.attemptToDelete(dependent.identity.uid);
    return undefined;
  }

  async #ownerState(dependent: Identity, owner: OwnerReference, signal: AbortSignal): Promise<OwnerState> {
    if (this.#absentOwners.has(owner.uid)) return 'dangling';
    const known = this.#options.graph.get(owner.uid);
    if (known && !known.virtual) return known.deletingDependents ? 'waiting' : 'solid';
    const resource = this.#options.resourceOf(owner.apiVersion, owner.kind);
    if (!resource) throw new Error(`unable to get REST mapping for ${owner.apiVersion}/${owner.kind}`);
    if (resource.namespaced && !dependent.namespace) {
      this.#warnNamespace(dependent, owner, 'namespaced owner of a cluster-scoped object');
      // Upstream never collects it either: the owner cannot be looked up.
      return 'solid';
    }
    const live = await this.#get(
      { ...owner, namespace: resource.namespaced ? dependent.namespace : undefined },
      signal,
    );
    if (!live || live.metadata?.uid !== owner.uid) {
      if (!live && known && known.identity.namespace !== dependent.namespace)
        this.#warnNamespace(dependent, owner, 'owner does not exist in the namespace');
      this.#noteAbsent(owner.uid);
      return 'dangling';
    }
    return live.metadata.deletionTimestamp && live.metadata.finalizers?.includes(foregroundFinalizer)
      ? 'waiting'
      : 'solid';
  }

  #warnNamespace({ apiVersion, kind, namespace, name, uid }: Identity, owner: OwnerReference, why: string): void {
    this.#options.recorder.event(
      { apiVersion, kind, ...(namespace ? { namespace } : {}), name, uid },
      'Warning',
      'OwnerRefInvalidNamespace',
      `ownerRef [${owner.apiVersion}/${owner.kind}, namespace: ${namespace ?? ''}, name: ${owner.name}, uid: ${owner.uid}] does not exist in namespace "${namespace ?? ''}": ${why}`,
    );
  }

  #noteAbsent(uid: string): void {
    if (this.#absentOwners.size >= 500) {
      for (const oldest of this.#absentOwners) {
        this.#absentOwners.delete(oldest);
        break;
      }
    }
    this.#absentOwners.add(uid);
  }

  async #get(identity: Omit<Identity, 'uid'>, signal: AbortSignal): Promise<KubernetesObject | undefined> {
    const resource = this.#resource(identity);
    try {
      return await this.#options.client
        .resource(resource)
        .get(resource.namespaced ? identity.namespace : undefined, identity.name, { metadataOnly: true, signal });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  #resource({ apiVersion, kind }: Pick<Identity, 'apiVersion' | 'kind'>): KnownResource<KubernetesObject> {
    const resource = this.#options.resourceOf(apiVersion, kind);
    if (!resource) throw new Error(`unable to get REST mapping for ${apiVersion}/${kind}`);
    return resource;
  }

  async #patch(
    identity: Identity,
    live: KubernetesObject,
    metadata: { ownerReferences?: OwnerReference[]; finalizers?: string[] },
    signal: AbortSignal,
  ): Promise<void> {
    await patchMetadata(this.#options.client, this.#resource(identity), live, metadata, signal);
  }

  async #delete(
    identity: Identity,
    live: KubernetesObject,
    propagationPolicy: DeletionPropagation,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      await this.#options.client.resource(this.#resource(identity)).delete(identity.namespace, identity.name, {
        propagationPolicy,
        // Not if its owners have changed since we looked.
        preconditions: { uid: identity.uid, resourceVersion: live.metadata?.resourceVersion },
        signal,
      });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

export class OrphanAttempt implements Reconciler {
  readonly #options: CollectorOptions;

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  /** Takes the owner out of its dependents, then lets it go. */
  async reconcile(uid: string, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const owner = this.#options.graph.get(uid);
    if (!owner) return undefined;
    const { client, resourceOf } = this.#options;
    await Promise.all(
      [...owner.dependents].map(async ({ identity }) => {
        const resource = resourceOf(identity.apiVersion, identity.kind);
        if (!resource) throw new Error(`unable to get REST mapping for ${identity.apiVersion}/${identity.kind}`);
        const live = await getOrUndefined(client, resource, identity, signal);
        const ownerReferences = live?.metadata?.ownerReferences?.filter((reference) => reference.uid !== uid);
        if (
          live?.metadata?.uid === identity.uid &&
          ownerReferences &&
          ownerReferences.length < (live.metadata.ownerReferences?.length ?? 0)
        ) {
          await patchMetadata(client, resource, live, { ownerReferences }, signal);
        }
      }),
    );
    const resource = resourceOf(owner.identity.apiVersion, owner.identity.kind);
    const live = resource && (await getOrUndefined(client, resource, owner.identity, signal));
    if (!resource || live?.metadata?.uid !== uid) return undefined;
    const finalizers = live.metadata.finalizers?.filter((finalizer) => finalizer !== orphanFinalizer) ?? [];
    if (finalizers.length < (live.metadata.finalizers?.length ?? 0))
      await patchMetadata(client, resource, live, { finalizers }, signal);
    return undefined;
  }
}

function propagationOf(object: KubernetesObject): DeletionPropagation {
  const finalizers = object.metadata?.finalizers ?? [];
  if (finalizers.includes(orphanFinalizer)) return 'Orphan';
  return finalizers.includes(foregroundFinalizer) ? 'Foreground' : 'Background';
}

async function getOrUndefined(
  client: RestClient,
  resource: KnownResource<KubernetesObject>,
  identity: Identity,
  signal: AbortSignal,
): Promise<KubernetesObject | undefined> {
  try {
    return await client
      .resource(resource)
      .get(resource.namespaced ? identity.namespace : undefined, identity.name, { metadataOnly: true, signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Whole lists, under the version they were read at; a conflict means: look again. */
async function patchMetadata(
  client: RestClient,
  resource: KnownResource<KubernetesObject>,
  live: KubernetesObject,
  metadata: { ownerReferences?: OwnerReference[]; finalizers?: string[] },
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name = '', uid, resourceVersion } = live.metadata ?? {};
  try {
    await client
      .resource(resource)
      .patch(namespace, name, { metadata: { uid, resourceVersion, ...metadata } }, { type: 'merge', signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
