/**
 * Who owns whom, by uid: built from what the resources' watches tell. Pure; it answers each change with the uids that
 * must now be looked at. An owner that is referred to but has not been seen is in the graph as `virtual`, until its own
 * event comes or it turns out not to exist.
 */
import type { KubernetesObject, OwnerReference } from '@typernetes/openapi/meta';

export const foregroundFinalizer = 'foregroundDeletion';
export const orphanFinalizer = 'orphan';

/** Enough to address an object. */
export interface Identity {
  apiVersion: string;
  kind: string;
  namespace: string | undefined;
  name: string;
  uid: string;
}

export interface GraphNode {
  identity: Identity;
  owners: readonly OwnerReference[];
  readonly dependents: Set<GraphNode>;
  /** Known only from references to it. */
  virtual: boolean;
  beingDeleted: boolean;
  /** Deleted in the foreground: goes when its blocking dependents are gone. */
  deletingDependents: boolean;
}

export interface GraphChange {
  attemptToDelete: string[];
  attemptToOrphan: string[];
}

export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>();

  get size(): number {
    return this.#nodes.size;
  }

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  /** An object was added or changed. */
  put(identity: Identity, object: Readonly<KubernetesObject>): GraphChange {
    const change: GraphChange = { attemptToDelete: [], attemptToOrphan: [] };
    const metadata = object.metadata ?? {};
    const owners = metadata.ownerReferences ?? [];
    const finalizers = metadata.finalizers ?? [];
    const beingDeleted = !!metadata.deletionTimestamp;
    const known = this.#nodes.get(identity.uid);
    const node: GraphNode = known ?? {
      identity,
      owners: [],
      dependents: new Set(),
      virtual: false,
      beingDeleted: false,
      deletingDependents: false,
    };
    if (!known) this.#nodes.set(identity.uid, node);
    const wasBeingDeleted = node.beingDeleted;
    const wasDeletingDependents = node.deletingDependents;
    node.identity = identity;
    node.virtual = false;
    node.beingDeleted = beingDeleted;
    node.deletingDependents = beingDeleted && finalizers.includes(foregroundFinalizer);
    this.#setOwners(node, owners, change);
    if (beingDeleted && finalizers.includes(orphanFinalizer) && !wasBeingDeleted)
      change.attemptToOrphan.push(identity.uid);
    if (node.deletingDependents && !wasDeletingDependents) {
      for (const dependent of node.dependents) change.attemptToDelete.push(dependent.identity.uid);
      change.attemptToDelete.push(identity.uid);
    }
    // A dependent that begins to be deleted may be the last its owner waits for once it is gone; nothing to do until then.
    return change;
  }

  /** An object is gone. */
  delete(uid: string): GraphChange {
    const change: GraphChange = { attemptToDelete: [], attemptToOrphan: [] };
    const node = this.#nodes.get(uid);
    if (!node) return change;
    for (const owner of node.owners) {
      const ownerNode = this.#nodes.get(owner.uid);
      if (!ownerNode) continue;
      ownerNode.dependents.delete(node);
      if (ownerNode.deletingDependents) change.attemptToDelete.push(owner.uid);
      this.#dropUnneeded(ownerNode);
    }
    for (const dependent of node.dependents) change.attemptToDelete.push(dependent.identity.uid);
    if (node.dependents.size === 0) this.#nodes.delete(uid);
    else {
      // Its dependents still refer to it.
      node.virtual = true;
      node.owners = [];
      node.beingDeleted = false;
      node.deletingDependents = false;
    }
    return change;
  }

  #setOwners(node: GraphNode, owners: readonly OwnerReference[], change: GraphChange): void {
    const previous = node.owners;
    node.owners = owners;
    for (const owner of previous) {
      const now = owners.find((entry) => entry.uid === owner.uid);
      const ownerNode = this.#nodes.get(owner.uid);
      if (!ownerNode) continue;
      if (!now) ownerNode.dependents.delete(node);
      const unblocked = owner.blockOwnerDeletion === true && now?.blockOwnerDeletion !== true;
      if (ownerNode.deletingDependents && (unblocked || !now)) change.attemptToDelete.push(owner.uid);
      if (!now) this.#dropUnneeded(ownerNode);
    }
    for (const owner of owners) {
      let ownerNode = this.#nodes.get(owner.uid);
      if (!ownerNode) {
        const { apiVersion, kind, name, uid } = owner;
        const identity = { apiVersion, kind, name, uid, namespace: node.identity.namespace };
        ownerNode = {
          identity,
          owners: [],
          dependents: new Set(),
          virtual: true,
          beingDeleted: false,
          deletingDependents: false,
        };
        this.#nodes.set(uid, ownerNode);
      }
      const isNew = !previous.some((entry) => entry.uid === owner.uid);
      ownerNode.dependents.add(node);
      // An owner nobody has seen may not exist; one that is being deleted takes its dependents with it.
      if (isNew && (ownerNode.virtual || ownerNode.deletingDependents)) change.attemptToDelete.push(node.identity.uid);
    }
  }

  #dropUnneeded(node: GraphNode): void {
    if (node.virtual && node.dependents.size === 0) this.#nodes.delete(node.identity.uid);
  }
}

/** Dependents that must be gone before an owner deleted in the foreground may go. */
export function blockingDependents(node: Readonly<GraphNode>): GraphNode[] {
  return [...node.dependents].filter((dependent) =>
    dependent.owners.some((owner) => owner.uid === node.identity.uid && owner.blockOwnerDeletion === true),
  );
}
