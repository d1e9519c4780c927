/** Finalizers that keep claims and attribute classes in use and bound volumes from disappearing. */
import {
  Controller,
  type KnownResource,
  keyOf,
  type RestClient,
  type Running,
  resources,
  type WorkQueue,
} from '@typernetes/openapi/client';
import { isNotFound, type KubernetesObject } from '@typernetes/openapi/meta';
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '@typernetes/openapi/types/core/v1';
import type { ControllerContext } from '../context.ts';
import { startControllers } from '../running.ts';

const claimIndex = 'persistentVolumeClaims';

/** Keys of the claims a pod uses, its generic ephemeral volumes' included. */
function claimsUsedBy(pod: Readonly<Pod>): string[] {
  const { namespace = '', name = '' } = pod.metadata ?? {};
  return (pod.spec?.volumes ?? []).flatMap((volume) => {
    if (volume.persistentVolumeClaim) return [`${namespace}/${volume.persistentVolumeClaim.claimName}`];
    return volume.ephemeral ? [`${namespace}/${name}-${volume.name}`] : [];
  });
}

export function startClaimProtection(context: ControllerContext): Running {
  const client = context.clientFor('pvc-protection-controller');
  const pods = context.informers.informer(resources.pods);
  pods.addIndex(claimIndex, claimsUsedBy);
  // A kubelet sees only scheduled pods, and starts none whose claim is being deleted.
  const uses = (pod: Readonly<Pod>): boolean => !!pod.spec?.nodeName;
  return startProtection(context, {
    name: 'pvcprotection',
    client,
    resource: resources.persistentVolumeClaims,
    finalizer: 'kubernetes.io/pvc-protection',
    synced: [pods.synced],
    async isUsed(claim, signal) {
      const key = keyOf(claim);
      if (pods.lister.byIndex(claimIndex, key).some(uses)) return true;
      // Removal cannot be taken back: a pod may be newer than the cache.
      const { items } = await client.resource(resources.pods).list(claim.metadata?.namespace, { signal });
      return items.some((pod) => uses(pod) && claimsUsedBy(pod).includes(key));
    },
    watch: (queue) => [
      pods.addEventHandler({
        update: (previous, pod) => {
          if (previous.metadata?.uid !== pod.metadata?.uid) for (const key of claimsUsedBy(previous)) queue.add(key);
        },
        delete: (pod) => {
          for (const key of claimsUsedBy(pod)) queue.add(key);
        },
      }),
    ],
  });
}

export function startVolumeProtection(context: ControllerContext): Running {
  return startProtection(context, {
    name: 'pvprotection',
    client: context.clientFor('pv-protection-controller'),
    resource: resources.persistentVolumes,
    finalizer: 'kubernetes.io/pv-protection',
    synced: [],
    isUsed: (volume) => Promise.resolve(volume.status?.phase === 'Bound'),
  });
}

const classIndex = 'volumeAttributesClasses';

/** What a claim has, asks for, or is on its way to. */
function classesOfClaim({ spec, status }: Readonly<PersistentVolumeClaim>): string[] {
  const names = [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ];
  return [...new Set(names.filter((name) => !!name))] as string[];
}

const classesOfVolume = ({ spec }: Readonly<PersistentVolume>): string[] =>
  spec?.volumeAttributesClassName ? [spec.volumeAttributesClassName] : [];

export function startAttributesClassProtection(context: ControllerContext): Running {
  const client = context.clientFor('volumeattributesclass-protection-controller');
  const claims = context.informers.informer(resources.persistentVolumeClaims);
  const volumes = context.informers.informer(resources.persistentVolumes);
  claims.addIndex(classIndex, classesOfClaim);
  volumes.addIndex(classIndex, classesOfVolume);
  return startProtection(context, {
    name: 'vacprotection',
    client,
    resource: resources.volumeAttributesClasses,
    finalizer: 'kubernetes.io/vac-protection',
    synced: [claims.synced, volumes.synced],
    async isUsed({ metadata }, signal) {
      const name = metadata?.name ?? '';
      if (claims.lister.byIndex(classIndex, name).length > 0 || volumes.lister.byIndex(classIndex, name).length > 0)
        return true;
      // Removal cannot be taken back: a claim or volume may be newer than the cache.
      const claimed = await client.resource(resources.persistentVolumeClaims).list(undefined, { signal });
      if (claimed.items.some((claim) => classesOfClaim(claim).includes(name))) return true;
      const kept = await client.resource(resources.persistentVolumes).list(undefined, { signal });
      return kept.items.some((volume) => classesOfVolume(volume).includes(name));
    },
    watch(queue) {
      const freed = (names: readonly string[]): void => names.forEach((name) => queue.add(name));
      return [
        claims.addEventHandler({
          update: (previous) => freed(classesOfClaim(previous)),
          delete: (claim) => freed(classesOfClaim(claim)),
        }),
        volumes.addEventHandler({
          update: (previous) => freed(classesOfVolume(previous)),
          delete: (volume) => freed(classesOfVolume(volume)),
        }),
      ];
    },
  });
}

function startProtection<T extends KubernetesObject>(
  context: ControllerContext,
  options: {
    name: string;
    client: RestClient;
    resource: KnownResource<T>;
    finalizer: string;
    synced: readonly Promise<unknown>[];
    isUsed: (object: Readonly<T>, signal: AbortSignal) => Promise<boolean>;
    watch?: (queue: WorkQueue) => { remove(): void }[];
  },
): Running {
  const { finalizer, client, resource } = options;
  const informer = context.informers.informer(resource);
  const controller = new Controller({
    name: options.name,
    synced: [informer.synced, ...options.synced],
    clock: context.clock,
    logger: context.logger,
    reconciler: {
      async reconcile(key, signal) {
        const object = informer.lister.getByKey(key);
        if (!object) return undefined;
        const finalizers = object.metadata?.finalizers ?? [];
        const isProtected = finalizers.includes(finalizer);
        const isGoing = !!object.metadata?.deletionTimestamp;
        if (isProtected !== isGoing) return undefined;
        if (isGoing && (await options.isUsed(object, signal))) return undefined;
        const changed = isGoing ? finalizers.filter((entry) => entry !== finalizer) : [...finalizers, finalizer];
        try {
          await client
            .resource(resource)
            .update({ ...object, metadata: { ...object.metadata, finalizers: changed } }, { signal });
        } catch (error) {
          if (!isNotFound(error)) throw error;
        }
        return undefined;
      },
    },
  });
  const enqueue = (object: Readonly<T>): void => controller.queue.add(keyOf(object));
  const registrations = [
    informer.addEventHandler({ add: enqueue, update: (_, object) => enqueue(object) }),
    ...(options.watch?.(controller.queue) ?? []),
  ];
  return startControllers([controller], registrations);
}
