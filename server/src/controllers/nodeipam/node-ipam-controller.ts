/** Gives every node its own part of the cluster's pod network, one of each address family. */
import { Controller, type Running, resources } from '@typernetes/openapi/client';
import { isNotFound } from '@typernetes/openapi/meta';
import type { Node } from '@typernetes/openapi/types/core/v1';
import type { ControllerContext } from '../context.ts';
import { startControllers } from '../running.ts';
import { CidrSet } from './cidr-set.ts';

export function startNodeIpamController(context: ControllerContext): Running {
  const { options } = context;
  if (!options.allocateNodeCidrs || options.clusterCidrs.length === 0)
    return { ready: Promise.resolve(), stop: () => Promise.resolve() };
  const sets = options.clusterCidrs.map(
    (cidr) => new CidrSet(cidr, cidr.includes(':') ? options.nodeCidrMaskSizeIpv6 : options.nodeCidrMaskSizeIpv4),
  );
  for (const set of sets) for (const range of options.serviceClusterIpRanges) set.occupy(range);
  const client = context.clientFor('node-controller');
  const recorder = context.recorderFor(client, 'cidrAllocator');
  const nodes = context.informers.informer(resources.nodes);
  /** Handed out, but perhaps not on the node yet. */
  const pending = new Map<string, string[]>();
  const occupy = (node: Readonly<Node>): void => {
    for (const cidr of node.spec?.podCIDRs ?? []) for (const set of sets) set.occupy(cidr);
  };
  const release = (cidrs: readonly string[]): void => {
    for (const cidr of cidrs) for (const set of sets) set.release(cidr);
  };
  const controller = new Controller({
    name: 'nodeipam',
    synced: [nodes.synced],
    clock: context.clock,
    logger: context.logger,
    reconciler: {
      async reconcile(name, signal) {
        const node = nodes.lister.get(undefined, name);
        if (!node || (node.spec?.podCIDRs ?? []).length > 0) {
          pending.delete(name);
          return undefined;
        }
        const podCIDRs = pending.get(name) ?? sets.map((set) => set.allocate()).filter((cidr) => cidr !== undefined);
        if (podCIDRs.length < sets.length) {
          release(podCIDRs);
          recorder.event(
            { kind: 'Node', apiVersion: 'v1', name, uid: node.metadata?.uid ?? '' },
            'Normal',
            'CIDRNotAvailable',
            `Node ${name} status is now: CIDRNotAvailable`,
          );
          throw new Error(`failed to allocate cidr for node ${name}: no CIDRs available`);
        }
        pending.set(name, podCIDRs);
        try {
          await client
            .resource(resources.nodes)
            .patch(undefined, name, { spec: { podCIDR: podCIDRs[0], podCIDRs } }, { type: 'merge', signal });
        } catch (error) {
          if (!isNotFound(error)) throw error;
          pending.delete(name);
          release(podCIDRs);
        }
        return undefined;
      },
    },
  });
  const registration = nodes.addEventHandler({
    add: (node) => {
      occupy(node);
      controller.queue.add(node.metadata?.name ?? '');
    },
    update: (_, node) => {
      occupy(node);
      controller.queue.add(node.metadata?.name ?? '');
    },
    delete: (node) => {
      const name = node.metadata?.name ?? '';
      release([...(node.spec?.podCIDRs ?? []), ...(pending.get(name) ?? [])]);
      pending.delete(name);
      controller.queue.add(name);
    },
  });
  return startControllers([controller], [registration]);
}
