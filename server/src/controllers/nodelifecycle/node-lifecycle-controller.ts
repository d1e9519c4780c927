import { Controller, type Running, resources } from '@typernetes/openapi/client';
import { isNotFound } from '@typernetes/openapi/meta';
import type { ControllerContext } from '../context.ts';
import { periodic } from '../periodic.ts';
import { startControllers } from '../running.ts';
import { timestamp } from '../time.ts';
import { withNoScheduleTaints } from './conditions.ts';
import { NodeHealth, podsByNodeIndex } from './node-health.ts';

export function startNodeLifecycleController(context: ControllerContext): Running {
  const client = context.clientFor('node-controller');
  const nodes = context.informers.informer(resources.nodes);
  const pods = context.informers.informer(resources.pods);
  const leases = context.informers.informer(resources.leases, { namespace: 'kube-node-lease' });
  pods.addIndex(podsByNodeIndex, (pod) => (pod.spec?.nodeName ? [pod.spec.nodeName] : []));
  const taints = new Controller({
    name: 'nodelifecycle',
    synced: [nodes.synced],
    clock: context.clock,
    logger: context.logger,
    reconciler: {
      /** NoSchedule taints follow conditions at once. */
      async reconcile(name, signal) {
        const node = nodes.lister.get(undefined, name);
        const wanted = node && withNoScheduleTaints(node, timestamp(context.clock));
        if (!wanted) return undefined;
        try {
          const patch = { metadata: { resourceVersion: node.metadata?.resourceVersion }, spec: { taints: wanted } };
          await client.resource(resources.nodes).patch(undefined, name, patch, { type: 'merge', signal });
        } catch (error) {
          if (!isNotFound(error)) throw error;
        }
        return undefined;
      },
    },
  });
  const registration = nodes.addEventHandler({
    add: (node) => taints.queue.add(node.metadata?.name ?? ''),
    update: (_, node) => taints.queue.add(node.metadata?.name ?? ''),
  });
  const health = new NodeHealth({
    client,
    recorder: context.recorderFor(client, 'node-controller'),
    nodes: nodes.lister,
    leases: leases.lister,
    pods: pods.lister,
    clock: context.clock,
    logger: context.logger,
    gracePeriodMs: context.options.nodeMonitorGracePeriodMs,
    startupGracePeriodMs: context.options.nodeStartupGracePeriodMs,
  });
  const monitor = {
    start: () =>
      periodic(context, {
        name: 'nodelifecycle',
        periodMs: context.options.nodeMonitorPeriodMs,
        synced: [nodes.synced, pods.synced, leases.synced],
        run: (signal) => health.check(signal),
      }),
  };
  return startControllers([taints, monitor], [registration]);
}
