/** ControllerRevisions: the pod templates that a StatefulSet or DaemonSet has had, numbered. */
import { type KnownResource, type Lister, type RestClient, resources } from '@typernetes/openapi/client';
import {
  isAlreadyExists,
  isNotFound,
  type JsonValue,
  type KubernetesObject,
  selectorFromLabelSelector,
} from '@typernetes/openapi/meta';
import type { ControllerRevision } from '@typernetes/openapi/types/apps/v1';
import type { PodTemplateSpec } from '@typernetes/openapi/types/core/v1';
import type { LabelSelector } from '@typernetes/openapi/types/meta/v1';
import { semanticallyEqual } from '../objects/equality.ts';
import { templateHash } from '../objects/template-hash.ts';
import { claim } from '../ownership/claim.ts';
import { controlledAndOrphans, controllerReference } from '../ownership/controller-reference.ts';
import { millisecondsOf } from '../time.ts';

export interface RevisionOwner extends KubernetesObject {
  spec?: { selector?: LabelSelector; template: PodTemplateSpec } | undefined;
}

/** The owner's revisions, oldest first, orphans that it selects among them. */
export async function claimRevisions<T extends RevisionOwner>(
  client: RestClient,
  owner: Readonly<T>,
  ownerResource: KnownResource<T>,
  revisions: Lister<ControllerRevision>,
  signal: AbortSignal,
): Promise<Readonly<ControllerRevision>[]> {
  const claimed = await claim({
    client,
    owner,
    ownerResource,
    resource: resources.controllerRevisions,
    selector: selectorFromLabelSelector(owner.spec?.selector),
    candidates: controlledAndOrphans(revisions, owner),
    signal,
  });
  return sortRevisions(claimed);
}

/** Oldest first. */
function sortRevisions(revisions: readonly Readonly<ControllerRevision>[]): Readonly<ControllerRevision>[] {
  const created = (revision: Readonly<ControllerRevision>): number =>
    millisecondsOf(revision.metadata?.creationTimestamp);
  return [...revisions].sort(
    (a, b) =>
      a.revision - b.revision ||
      created(a) - created(b) ||
      ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1),
  );
}

export function nextRevisionNumber(sorted: readonly Readonly<ControllerRevision>[]): number {
  return (sorted.at(-1)?.revision ?? 0) + 1;
}

/** A strategic merge patch that restores the template. */
function revisionData(owner: Readonly<RevisionOwner>): { spec: { template: PodTemplateSpec } } {
  return { spec: { template: { ...owner.spec?.template, $patch: 'replace' } as PodTemplateSpec } };
}

/** The template that the revision restores; undefined if it is not one of ours. */
export function templateOf(revision: Readonly<ControllerRevision>): PodTemplateSpec | undefined {
  const template = (revision.data as { spec?: { template?: PodTemplateSpec & { $patch?: string } } } | undefined)?.spec
    ?.template;
  if (!template) return undefined;
  const { $patch: _, ...rest } = template;
  return rest;
}

export function isRevisionOf(revision: Readonly<ControllerRevision>, owner: Readonly<RevisionOwner>): boolean {
  return semanticallyEqual(templateOf(revision), owner.spec?.template);
}

/** @param hashLabel carries the hash on the revision */
function newRevision<T extends RevisionOwner>(
  owner: Readonly<T>,
  resource: KnownResource<T>,
  revision: number,
  collisionCount: number,
  hashLabel: string,
): ControllerRevision {
  const { name = '', namespace, annotations } = owner.metadata ?? {};
  const data = revisionData(owner);
  const hash = templateHash(data, collisionCount);
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${name.slice(0, 223)}-${hash}`,
      ...(namespace ? { namespace } : {}),
      labels: { ...owner.spec?.template.metadata?.labels, [hashLabel]: hash },
      ...(annotations ? { annotations } : {}),
      ownerReferences: [controllerReference(owner, resource)],
    },
    data: data as unknown as NonNullable<ControllerRevision['data']> & JsonValue,
    revision,
  };
}

/** Tries other hashes while the name is taken by another template. */
export async function createRevision<T extends RevisionOwner>(
  client: RestClient,
  owner: Readonly<T>,
  resource: KnownResource<T>,
  options: { revision: number; collisionCount: number; hashLabel: string; signal: AbortSignal },
): Promise<{ revision: Readonly<ControllerRevision>; collisionCount: number }> {
  const { signal } = options;
  const revisions = client.resource(resources.controllerRevisions);
  for (let { collisionCount } = options; ; collisionCount++) {
    const desired = newRevision(owner, resource, options.revision, collisionCount, options.hashLabel);
    const { namespace, name = '' } = desired.metadata ?? {};
    try {
      return { revision: await revisions.create(namespace, desired, { signal }), collisionCount };
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      const present = await revisions.get(namespace, name, { signal });
      if (isRevisionOf(present, owner)) return { revision: present, collisionCount };
    }
  }
}

/** Makes an older revision the newest again. */
export async function renumber(
  client: RestClient,
  revision: Readonly<ControllerRevision>,
  number: number,
  signal: AbortSignal,
): Promise<Readonly<ControllerRevision>> {
  if (revision.revision === number) return revision;
  return client.resource(resources.controllerRevisions).update({ ...revision, revision: number }, { signal });
}

/** Deletes the oldest that are not in use, beyond the limit. */
export async function truncateHistory(
  client: RestClient,
  sorted: readonly Readonly<ControllerRevision>[],
  isLive: (revision: Readonly<ControllerRevision>) => boolean,
  limit: number,
  signal: AbortSignal,
): Promise<void> {
  const unused = sorted.filter((revision) => !isLive(revision));
  for (const revision of unused.slice(0, Math.max(0, unused.length - limit))) {
    const { namespace, name = '' } = revision.metadata ?? {};
    try {
      await client.resource(resources.controllerRevisions).delete(namespace, name, { signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
