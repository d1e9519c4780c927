/**
 * Binds claims to volumes that are there, and asks external provisioners for those that are not. Both sides of a bond
 * name each other; it is made in steps, each of which can be taken again.
 */
import {
  Controller,
  type EventRecorder,
  keyOf,
  type Lister,
  type RestClient,
  type Running,
  resources,
} from '@typernetes/openapi/client';
import type { PersistentVolume, PersistentVolumeClaim } from '@typernetes/openapi/types/core/v1';
import type { StorageClass } from '@typernetes/openapi/types/storage/v1';
import type { ControllerContext } from '../context.ts';
import { semanticallyEqual } from '../objects/equality.ts';
import { startControllers } from '../running.ts';
import { findVolume, isKeptFor, storageClassOf } from './matching.ts';

type Claim = Readonly<PersistentVolumeClaim>;
type Volume = Readonly<PersistentVolume>;

const bindCompleted = 'pv.kubernetes.io/bind-completed';
const boundByController = 'pv.kubernetes.io/bound-by-controller';
const selectedNode = 'volume.kubernetes.io/selected-node';
const provisionerAnnotations = [
  'volume.beta.kubernetes.io/storage-provisioner',
  'volume.kubernetes.io/storage-provisioner',
];

class VolumeBinder {
  readonly #client: RestClient;
  readonly #recorder: EventRecorder;
  readonly #claims: Lister<PersistentVolumeClaim>;
  readonly #volumes: Lister<PersistentVolume>;
  readonly #classes: Lister<StorageClass>;

  constructor(options: {
    client: RestClient;
    recorder: EventRecorder;
    claims: Lister<PersistentVolumeClaim>;
    volumes: Lister<PersistentVolume>;
    classes: Lister<StorageClass>;
  }) {
    this.#client = options.client;
    this.#recorder = options.recorder;
    this.#claims = options.claims;
    this.#volumes = options.volumes;
    this.#classes = options.classes;
  }

  async syncClaim(key: string, signal: AbortSignal): Promise<void> {
    const claim = this.#claims.getByKey(key);
    if (!claim) return;
    const isComplete = claim.metadata?.annotations?.[bindCompleted] !== undefined;
    const wanted = claim.spec?.volumeName;
    if (!wanted) return this.#bindUnbound(claim, signal);
    const volume = this.#volumes.get(undefined, wanted);
    if (!volume) {
      if (!isComplete) return this.#setPhase(claim, 'Pending', signal);
      const message = 'Bound claim has lost its PersistentVolume. Data on the volume is lost!';
      return this.#lose(claim, 'ClaimLost', message, signal);
    }
    if (!volume.spec?.claimRef || isKeptFor(volume, claim)) return this.#bind(claim, volume, signal);
    if (isComplete) {
      const message = 'Two claims are bound to the same volume, this one is bound incorrectly';
      return this.#lose(claim, 'ClaimMisbound', message, signal);
    }
    const message = `volume "${wanted}" already bound to a different claim.`;
    this.#recorder.event(claim, 'Warning', 'FailedBinding', message);
    await this.#setPhase(claim, 'Pending', signal);
  }

  async syncVolume(key: string, signal: AbortSignal): Promise<void> {
    const volume = this.#volumes.getByKey(key);
    if (!volume) return;
    const reference = volume.spec?.claimRef;
    if (!reference?.uid) return this.#setVolumePhase(volume, 'Available', signal);
    const claim = this.#claims.get(reference.namespace, reference.name ?? '');
    if (!claim || claim.metadata?.uid !== reference.uid) return this.#setVolumePhase(volume, 'Released', signal);
    if (claim.spec?.volumeName === key) return this.#setVolumePhase(volume, 'Bound', signal);
    if (claim.spec?.volumeName && volume.metadata?.annotations?.[boundByController]) {
      // The claim was bound to another volume in the meantime.
      const { [boundByController]: _, ...annotations } = volume.metadata.annotations;
      const { claimRef: _claim, ...spec } = volume.spec ?? {};
      await this.#client
        .resource(resources.persistentVolumes)
        .update({ ...volume, metadata: { ...volume.metadata, annotations }, spec }, { signal });
    }
  }

  async #bindUnbound(claim: Claim, signal: AbortSignal): Promise<void> {
    const className = storageClassOf(claim);
    const storageClass = this.#classes.get(undefined, className);
    const waits =
      storageClass?.volumeBindingMode === 'WaitForFirstConsumer' && !claim.metadata?.annotations?.[selectedNode];
    const volumes = this.#volumes.list();
    const volume = findVolume(claim, waits ? volumes.filter((candidate) => isKeptFor(candidate, claim)) : volumes);
    if (volume) return this.#bind(claim, volume, signal);
    if (waits) {
      const message = 'waiting for first consumer to be created before binding';
      this.#recorder.event(claim, 'Normal', 'WaitForFirstConsumer', message);
    } else if (className === '') {
      const message = 'no persistent volumes available for this claim and no storage class is set';
      this.#recorder.event(claim, 'Normal', 'FailedBinding', message);
    } else if (!storageClass) {
      const message = `storageclass.storage.k8s.io "${className}" not found`;
      this.#recorder.event(claim, 'Warning', 'ProvisioningFailed', message);
    } else if (storageClass.provisioner !== 'kubernetes.io/no-provisioner') {
      const { provisioner } = storageClass;
      claim = await this.#annotate(
        claim,
        Object.fromEntries(provisionerAnnotations.map((name) => [name, provisioner])),
        signal,
      );
      const message = `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`;
      this.#recorder.event(claim, 'Normal', 'ExternalProvisioning', message);
    }
    await this.#setPhase(claim, 'Pending', signal);
  }

  async #bind(claim: Claim, volume: Volume, signal: AbortSignal): Promise<void> {
    const { namespace, name, uid, resourceVersion } = claim.metadata ?? {};
    let bound = volume;
    if (!isKeptFor(volume, claim) || volume.spec?.claimRef?.uid !== uid) {
      const claimRef = {
        ...volume.spec?.claimRef,
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        ...(namespace ? { namespace } : {}),
        ...(name ? { name } : {}),
        ...(uid ? { uid } : {}),
        ...(resourceVersion ? { resourceVersion } : {}),
      };
      const annotations = {
        ...volume.metadata?.annotations,
        ...(volume.spec?.claimRef ? {} : { [boundByController]: 'yes' }),
      };
      bound = await this.#client
        .resource(resources.persistentVolumes)
        .update(
          { ...volume, metadata: { ...volume.metadata, annotations }, spec: { ...volume.spec, claimRef } },
          { signal },
        );
    }
    await this.#setVolumePhase(bound, 'Bound', signal);
    let current = claim;
    const annotations = claim.metadata?.annotations ?? {};
    const volumeName = volume.metadata?.name ?? '';
    if (claim.spec?.volumeName !== volumeName || annotations[bindCompleted] === undefined) {
      const added = { [bindCompleted]: 'yes', ...(claim.spec?.volumeName ? {} : { [boundByController]: 'yes' }) };
      current = await this.#client.resource(resources.persistentVolumeClaims).update(
        {
          ...claim,
          metadata: { ...claim.metadata, annotations: { ...annotations, ...added } },
          spec: { ...claim.spec, volumeName },
        },
        { signal },
      );
    }
    const { accessModes, capacity } = volume.spec ?? {};
    const status = {
      ...current.status,
      phase: 'Bound',
      ...(accessModes ? { accessModes } : {}),
      // Resizing is the resizer's to report.
      ...(current.status?.phase === 'Bound' || !capacity ? {} : { capacity }),
    };
    if (!semanticallyEqual(status, current.status))
      await this.#client.resource(resources.persistentVolumeClaims).updateStatus({ ...current, status }, { signal });
  }

  async #annotate(claim: Claim, annotations: Record<string, string>, signal: AbortSignal): Promise<Claim> {
    const present = claim.metadata?.annotations ?? {};
    if (Object.entries(annotations).every(([name, value]) => present[name] === value)) return claim;
    const metadata = { ...claim.metadata, annotations: { ...present, ...annotations } };
    return this.#client.resource(resources.persistentVolumeClaims).update({ ...claim, metadata }, { signal });
  }

  async #lose(claim: Claim, reason: string, message: string, signal: AbortSignal): Promise<void> {
    if (claim.status?.phase === 'Lost') return;
    await this.#setPhase(claim, 'Lost', signal);
    this.#recorder.event(claim, 'Warning', reason, message);
  }

  async #setPhase(claim: Claim, phase: string, signal: AbortSignal): Promise<void> {
    if (claim.status?.phase === phase) return;
    const status = phase === 'Pending' ? { ...claim.status, phase } : { phase };
    await this.#client.resource(resources.persistentVolumeClaims).updateStatus({ ...claim, status }, { signal });
  }

  async #setVolumePhase(volume: Volume, phase: string, signal: AbortSignal): Promise<void> {
    if (volume.status?.phase === phase) return;
    const { lastPhaseTransitionTime } = volume.status ?? {};
    const status = { phase, ...(lastPhaseTransitionTime ? { lastPhaseTransitionTime } : {}) };
    await this.#client.resource(resources.persistentVolumes).updateStatus({ ...volume, status }, { signal });
  }
}

const volumePrefix = 'volume:';

export function startVolumeBinder(context: ControllerContext): Running {
  const client = context.clientFor('persistent-volume-binder');
  const claims = context.informers.informer(resources.persistentVolumeClaims);
  const volumes = context.informers.informer(resources.persistentVolumes);
  const classes = context.informers.informer(resources.storageClasses);
  const binder = new VolumeBinder({
    client,
    recorder: context.recorderFor(client, 'persistentvolume-controller'),
    claims: claims.lister,
    volumes: volumes.lister,
    classes: classes.lister,
  });
  const controller = new Controller({
    name: 'persistentvolume-binder',
    synced: [claims.synced, volumes.synced, classes.synced],
    clock: context.clock,
    logger: context.logger,
    // One at a time: two claims must not choose the same volume.
    concurrency: 1,
    reconciler: {
      async reconcile(key, signal) {
        if (key.startsWith(volumePrefix)) await binder.syncVolume(key.slice(volumePrefix.length), signal);
        else await binder.syncClaim(key, signal);
        return undefined;
      },
    },
  });
  const { queue } = controller;
  const enqueueClaim = (claim: Claim): void => {
    queue.add(keyOf(claim));
    if (claim.spec?.volumeName) queue.add(`${volumePrefix}${claim.spec.volumeName}`);
  };
  const enqueueVolume = (volume: Volume): void => {
    queue.add(`${volumePrefix}${keyOf(volume)}`);
    const reference = volume.spec?.claimRef;
    if (reference) queue.add(`${reference.namespace ?? ''}/${reference.name ?? ''}`);
    else enqueueUnbound(storageClassOf(volume));
  };
  const enqueueUnbound = (className: string): void => {
    for (const claim of claims.lister.list())
      if (!claim.spec?.volumeName && storageClassOf(claim) === className) queue.add(keyOf(claim));
  };
  const registrations = [
    claims.addEventHandler({
      add: enqueueClaim,
      update: (previous, claim) => {
        const isSame =
          semanticallyEqual(previous.spec, claim.spec) &&
          semanticallyEqual(previous.metadata?.annotations, claim.metadata?.annotations) &&
          previous.status?.phase === claim.status?.phase;
        if (!isSame) enqueueClaim(claim);
      },
      delete: enqueueClaim,
    }),
    volumes.addEventHandler({
      add: enqueueVolume,
      update: (_, volume) => enqueueVolume(volume),
      delete: enqueueVolume,
    }),
    classes.addEventHandler({ add: (storageClass) => enqueueUnbound(storageClass.metadata?.name ?? '') }),
  ];
  return startControllers([controller], registrations);
}
