import type { RestClient } from '@typernetes/openapi/client';
import type { EventHint, Plugin, PostFilterPlugin, Profile } from './framework/framework.ts';
import { defaultBinder } from './plugins/default-binder.ts';
import { imageLocality } from './plugins/image-locality.ts';
import { nodeAffinity } from './plugins/node-affinity.ts';
import { nodeResourcesBalancedAllocation, nodeResourcesFit } from './plugins/node-resources.ts';
import { nodeName, nodePorts, schedulingGates } from './plugins/simple-filters.ts';
import { nodeUnschedulable, taintToleration } from './plugins/taints.ts';

/**
 * The default profile, in upstream's order and weights. Not there yet: PodTopologySpread, InterPodAffinity and the volume
 * plugins.
 */
export function defaultProfile(client: RestClient, preemption: PostFilterPlugin): Profile {
  return {
    schedulerName: 'default-scheduler',
    preEnqueue: [schedulingGates],
    preFilter: [nodeAffinity, nodePorts],
    filter: [nodeUnschedulable, nodeName, taintToleration, nodeAffinity, nodePorts, nodeResourcesFit],
    postFilter: [preemption],
    score: [
      { plugin: taintToleration, weight: 3 },
      { plugin: nodeAffinity, weight: 2 },
      { plugin: nodeResourcesFit, weight: 1 },
      { plugin: nodeResourcesBalancedAllocation, weight: 1 },
      { plugin: imageLocality, weight: 1 },
    ],
    reserve: [],
    permit: [],
    preBind: [],
    bind: defaultBinder(client),
    postBind: [],
  };
}

/** Which events each plugin waits for, by its name. */
export function hintsOf(plugins: Iterable<Plugin>): Map<string, readonly EventHint[]> {
  return new Map([...plugins].map((plugin) => [plugin.name, plugin.events ?? []]));
}
