/**
 * StatusManager: the newest status of each pod, and its way to the API server. Statuses are decided here first and
 * written after; a pod's writes are serial, only the newest is written, equal ones are not. A pod that has ended and is
 * marked for deletion is deleted for good once its last status has been written.
 */

import { type Clock, delay, type Logger, type RestClient, resources } from '@typernetes/openapi/client';
import { formatTime, isConflict, isNotFound } from '@typernetes/openapi/meta';
import type { Pod, PodStatus } from '@typernetes/openapi/types/core/v1';
import { identityOf, isDeleted, isStatic } from '../pod/pod.ts';
import { statusPatch, withTransitionTimes } from './status-patch.ts';

interface Entry {
  pod: Pod;
  status: PodStatus;
  /** What the API server has, as far as we know. */
  applied: PodStatus;
  dirty: boolean;
  writing: boolean;
  /** Nothing of the pod is left on the node: it may be deleted. */
  finished: boolean;
}

export interface StatusManagerOptions {
  client: RestClient;
  clock: Clock;
  logger: Logger;
  /** The newest API object of a pod, or the mirror of a static one. */
  apiPod: (uid: string) => Pod | undefined;
  /** Called after each change of a status. */
  changed: (uid: string) => void;
}

const retryMs = 1000;
const maximumWrites = 16;

export class StatusManager {
  readonly #options: StatusManagerOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #stopping = new AbortController();
  readonly #waiting: (() => void)[] = [];
  #writes = 0;

  constructor(options: StatusManagerOptions) {
    this.#options = options;
  }

  get(uid: string): PodStatus | undefined {
    return this.#entries.get(uid)?.status;
  }

  set(pod: Pod, decided: PodStatus): void {
    const { uid } = identityOf(pod);
    const now = formatTime(new Date(this.#options.clock.now()));
    const old = this.#entries.get(uid);
    const base = old?.status ?? pod.status ?? {};
    const status: PodStatus = {
      ...decided,
      startTime: base.startTime ?? decided.startTime ?? now,
      conditions: withTransitionTimes(decided.conditions ?? [], base.conditions ?? [], now),
    };
    const entry: Entry = old ?? {
      pod,
      status,
      applied: pod.status ?? {},
      dirty: false,
      writing: false,
      finished: false,
    };
    const same = old !== undefined && statusPatch(old.status, status) === undefined;
    entry.pod = pod;
    entry.status = status;
    this.#entries.set(uid, entry);
    if (same && !entry.dirty) return;
    entry.dirty = true;
    if (!same) this.#options.changed(uid);
    void this.#write(uid, entry);
  }

  /** The last status has been set, nothing of the pod is left here. */
  finish(pod: Pod): void {
    const { uid } = identityOf(pod);
    const entry = this.#entries.get(uid);
    if (entry === undefined) return;
    entry.pod = pod;
    entry.finished = true;
    void this.#write(uid, entry);
  }

  /** The API object changed: a deletion may have been asked for. */
  observe(pod: Pod): void {
    const { uid } = identityOf(pod);
    const entry = this.#entries.get(uid);
    if (entry === undefined) return;
    entry.pod = pod;
    if (entry.finished) void this.#write(uid, entry);
  }

  forget(uid: string): void {
    this.#entries.delete(uid);
  }

  async #slot(): Promise<void> {
    while (this.#writes >= maximumWrites) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#writes++;
  }

  async #write(uid: string, entry: Entry): Promise<void> {
    if (entry.writing || this.#stopping.signal.aborted) return;
    entry.writing = true;
    await this.#slot();
    try {
      while (this.#entries.get(uid) === entry && !this.#stopping.signal.aborted) {
        const done = entry.dirty ? await this.#patch(entry) : await this.#remove(entry);
        if (done) break;
      }
    } finally {
      this.#writes--;
      this.#waiting.shift()?.();
      entry.writing = false;
    }
    // Something may have come between the last look and the flag.
    if (this.#entries.get(uid) === entry && entry.dirty) void this.#write(uid, entry);
  }

  /** The object that carries the status: the pod, or a static pod's mirror. */
  #target(entry: Entry): Pod | undefined {
    return isStatic(entry.pod) ? this.#options.apiPod(identityOf(entry.pod).uid) : entry.pod;
  }

  /** Returns whether there is no more to do. */
  async #patch(entry: Entry): Promise<boolean> {
    const { client, logger, clock } = this.#options;
    entry.dirty = false;
    const target = this.#target(entry);
    if (target === undefined) return true;
    const { uid, name, namespace } = identityOf(target);
    const status = entry.status;
    const patch = statusPatch(entry.applied, status);
    if (patch === undefined) return !entry.finished;
    try {
      const written = await client
        .resource(resources.pods)
        .patch(
          namespace,
          name,
          { metadata: { uid }, status: patch },
          { type: 'strategic', subresource: 'status', signal: this.#stopping.signal },
        );
      entry.applied = written.status ?? status;
      return !entry.finished && !entry.dirty;
    } catch (error) {
      if (this.#stopping.signal.aborted) return true;
      // Another pod of that name: this one is gone.
      if (isNotFound(error) || isConflict(error)) return true;
      logger.warn(
        { pod: `${namespace}/${name}`, error: error instanceof Error ? error.message : String(error) },
        'failed to update status for pod',
      );
      entry.dirty = true;
      await delay(clock, retryMs, this.#stopping.signal);
      return false;
    }
  }

  async #remove(entry: Entry): Promise<boolean> {
    const { client, logger, clock } = this.#options;
    if (!entry.finished || !isDeleted(entry.pod) || isStatic(entry.pod)) return true;
    const { uid, name, namespace } = identityOf(entry.pod);
    try {
      await client
        .resource(resources.pods)
        .delete(namespace, name, { gracePeriodSeconds: 0, preconditions: { uid }, signal: this.#stopping.signal });
      return true;
    } catch (error) {
      if (this.#stopping.signal.aborted || isNotFound(error) || isConflict(error)) return true;
      logger.warn(
        { pod: `${namespace}/${name}`, error: error instanceof Error ? error.message : String(error) },
        'failed to delete pod',
      );
      await delay(clock, retryMs, this.#stopping.signal);
      return false;
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
