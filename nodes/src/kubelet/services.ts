/** The Services of the cluster, for environment variables. */

import { type Clock, type Logger, type RestClient, resources, SharedInformer } from '@typernetes/openapi/client';
import type { Service } from '@typernetes/openapi/types/core/v1';
import type { ServiceSource } from './runtime-helper.ts';

/** Runs until the signal aborts; may be shared by all kubelets of a process. */
export function watchServices(
  client: RestClient,
  clock: Clock,
  logger: Logger,
  signal: AbortSignal,
): ServiceSource & { stopped: Promise<void> } {
  const informer = new SharedInformer<Service>(client.resource(resources.services), { clock, logger });
  const stopped = informer.run(signal);
  return {
    stopped,
    get hasSynced() {
      return informer.hasSynced;
    },
    list: () => informer.lister.list() as Service[],
  };
}
