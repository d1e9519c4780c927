/** Creates, corrects and deletes a StatefulSet's pods and their claims, with the events that tell of it. */
import { type EventRecorder, type Lister, type RestClient, resources } from '@typernetes/openapi/client';
import { isAlreadyExists, isNotFound } from '@typernetes/openapi/meta';
import type { StatefulSet } from '@typernetes/openapi/types/apps/v1';
import type { PersistentVolumeClaim, Pod } from '@typernetes/openapi/types/core/v1';
import { isNamespaceTerminating, messageOf } from '../pods/pod-control.ts';
import { desiredOwners, hasConflictingController, isStale } from './claim-owners.ts';
import { claimsOf, hasIdentity, ordinalOf, withIdentity } from './identity.ts';

type Set = Readonly<StatefulSet>;

export class StatefulPodControl {
  readonly #client: RestClient;
  readonly #recorder: EventRecorder;
  readonly #claims: Lister<PersistentVolumeClaim>;

  constructor(client: RestClient, recorder: EventRecorder, claims: Lister<PersistentVolumeClaim>) {
    this.#client = client;
    this.#recorder = recorder;
    this.#claims = claims;
  }

  async create(set: Set, pod: Readonly<Pod>, signal: AbortSignal): Promise<void> {
    const { namespace } = set.metadata ?? {};
    let created: Pod;
    try {
      await this.createClaims(set, pod, signal);
      created = await this.#client.resource(resources.pods).create(namespace, pod, { signal });
    } catch (error) {
      if (!isAlreadyExists(error) && !signal.aborted && !isNamespaceTerminating(error))
        this.#record('Create', set, pod, error);
      throw error;
    }
    await this.#recorded('Update', set, pod, signal, () => this.correctClaims(set, created, signal));
    this.#record('Create', set, pod);
  }

  /** Gives the pod what belongs to its ordinal, if it lacks it. */
  async correct(set: Set, pod: Readonly<Pod>, signal: AbortSignal): Promise<void> {
    const ordinal = ordinalOf(set, pod) ?? 0;
    if (hasIdentity(set, ordinal, pod)) {
      await this.#recorded('Update', set, pod, signal, () => this.correctClaims(set, pod, signal));
      return;
    }
    await this.#recorded('Update', set, pod, signal, async () => {
      await this.createClaims(set, pod, signal);
      await this.correctClaims(set, pod, signal);
      await this.#client.resource(resources.pods).update(withIdentity(set, ordinal, pod), { signal });
    });
    this.#record('Update', set, pod);
  }

  async delete(set: Set, pod: Readonly<Pod>, signal: AbortSignal): Promise<void> {
    const { namespace, name = '' } = pod.metadata ?? {};
    await this.#recorded('Delete', set, pod, signal, async () => {
      try {
        await this.#client.resource(resources.pods).delete(namespace, name, { signal });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    });
    this.#record('Delete', set, pod);
  }

  /** A claim of the pod is still to be deleted with its predecessor. */
  hasStaleClaim(set: Set, pod: Readonly<Pod>): boolean {
    return this.#presentClaims(set, pod).some((claim) => isStale(claim, set, pod));
  }

  async createClaims(set: Set, pod: Readonly<Pod>, signal: AbortSignal): Promise<void> {
    for (const claim of claimsOf(set, ordinalOf(set, pod) ?? 0)) {
      const { namespace, name = '' } = claim.metadata ?? {};
      const present = this.#claims.get(namespace, name);
      if (present?.metadata?.deletionTimestamp) throw new Error(`pvc ${name} is being deleted`);
      if (present) continue;
      const subject = `Claim ${name}`;
      const podAndSet = `Pod ${pod.metadata?.name ?? ''} in StatefulSet ${set.metadata?.name ?? ''}`;
      try {
        await this.#client.resource(resources.persistentVolumeClaims).create(namespace, claim, { signal });
        this.#recorder.event(set, 'Normal', 'SuccessfulCreate', `Create ${subject} ${podAndSet} success`);
      } catch (error) {
        if (isAlreadyExists(error)) continue;
        const message = `Create ${subject} for ${podAndSet} failed error: ${messageOf(error)}`;
        if (!signal.aborted) this.#recorder.event(set, 'Warning', 'FailedCreate', message);
        throw new Error(`failed to create PVC ${name}: ${messageOf(error)}`, { cause: error });
      }
    }
  }

  async correctClaims(set: Set, pod: Readonly<Pod>, signal: AbortSignal): Promise<void> {
    for (const claim of this.#presentClaims(set, pod)) {
      const ownerReferences = desiredOwners(claim, set, pod);
      if (ownerReferences === undefined) continue;
      if (hasConflictingController(claim, set, pod)) {
        const message = `PersistentVolumeClaim ${claim.metadata?.name ?? ''} has a conflicting OwnerReference that acts as a manging controller, the retention policy is ignored for this claim`;
        this.#recorder.event(set, 'Warning', 'ConflictingController', message);
      }
      const changed = { ...claim, metadata: { ...claim.metadata, ownerReferences } };
      await this.#client.resource(resources.persistentVolumeClaims).update(changed, { signal });
    }
  }

  #presentClaims(set: Set, pod: Readonly<Pod>): Readonly<PersistentVolumeClaim>[] {
    return claimsOf(set, ordinalOf(set, pod) ?? 0)
      .map(({ metadata }) => this.#claims.get(metadata?.namespace, metadata?.name ?? ''))
      .filter((claim) => claim !== undefined);
  }

  async #recorded(
    verb: Verb,
    set: Set,
    pod: Readonly<Pod>,
    signal: AbortSignal,
    run: () => Promise<void>,
  ): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (!signal.aborted) this.#record(verb, set, pod, error);
      throw error;
    }
  }

  #record(verb: Verb, set: Set, pod: Readonly<Pod>, error?: unknown): void {
    const what = `${verb} Pod ${pod.metadata?.name ?? ''} in StatefulSet ${set.metadata?.name ?? ''}`;
    if (error === undefined) this.#recorder.event(set, 'Normal', `Successful${verb}`, `${what} successful`);
    else this.#recorder.event(set, 'Warning', `Failed${verb}`, `${what} failed error: ${messageOf(error)}`);
  }
}

type Verb = 'Create' | 'Update' | 'Delete';
