/** The node's Lease in kube-node-lease: a small write every quarter of its duration says that the kubelet lives. */

import { type Clock, delay, jitter, type Logger, type RestClient, resources } from '@typernetes/openapi/client';
import { formatMicroTime, isNotFound } from '@typernetes/openapi/meta';
import type { Lease } from '@typernetes/openapi/types/coordination/v1';
import type { Node } from '@typernetes/openapi/types/core/v1';

const namespace = 'kube-node-lease';

export interface NodeLeaseOptions {
  client: RestClient;
  clock: Clock;
  random: () => number;
  logger: Logger;
  nodeName: string;
  leaseDurationSeconds: number;
  node: () => Node | undefined;
}

export class NodeLease {
  readonly #options: NodeLeaseOptions;
  #lease: Lease | undefined;
  #running: Promise<void> | undefined;

  constructor(options: NodeLeaseOptions) {
    this.#options = options;
  }

  /** Renews until the signal aborts; a second call does nothing. */
  start(signal: AbortSignal): void {
    this.#running ??= this.#run(signal);
  }

  async stopped(): Promise<void> {
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, random, logger, leaseDurationSeconds } = this.#options;
    const interval = leaseDurationSeconds * 250;
    let failed = false;
    while (!signal.aborted) {
      let wait = jitter(interval, 0.04, random);
      try {
        await this.#renew();
        failed = false;
      } catch (error) {
        if (!failed && !signal.aborted)
          logger.warn(
            { error: error instanceof Error ? error.message : String(error) },
            'failed to update the node lease',
          );
        failed = true;
        this.#lease = undefined;
        wait = Math.min(interval, 1000);
      }
      await delay(clock, wait, signal);
    }
  }

  async #renew(): Promise<void> {
    const { client, clock, nodeName, leaseDurationSeconds, node } = this.#options;
    const leases = client.resource(resources.leases);
    const renewTime = formatMicroTime(new Date(clock.now()));
    const spec = { holderIdentity: nodeName, leaseDurationSeconds, renewTime };
    const { name = nodeName, uid } = node()?.metadata ?? {};
    const metadata = {
      name: nodeName,
      namespace,
      ...(uid === undefined ? {} : { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }] }),
    };
    if (this.#lease === undefined) {
      try {
        this.#lease = await leases.get(namespace, nodeName);
      } catch (error) {
        if (!isNotFound(error)) throw error;
        this.#lease = await leases.create(namespace, { metadata, spec });
        return;
      }
    }
    this.#lease = await leases.update({ ...this.#lease, spec: { ...this.#lease.spec, ...spec } });
  }
}
