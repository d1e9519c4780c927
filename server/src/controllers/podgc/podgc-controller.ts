/**
 * Removes pods that nothing else will: terminated ones beyond a threshold, those bound to nodes that are gone, those
 * being deleted without ever having been scheduled, and those being deleted on nodes marked out of service.
 */
import { type Lister, type RestClient, type Running, resources } from '@typernetes/openapi/client';
import { isNotFound } from '@typernetes/openapi/meta';
import type { Node, Pod } from '@typernetes/openapi/types/core/v1';
import type { ControllerContext } from '../context.ts';
import { periodic } from '../periodic.ts';
import { isPodReady, isPodTerminal } from '../pods/pod-state.ts';
import { timestamp } from '../time.ts';
import { UnknownNodes } from './orphans.ts';

const periodMs = 20_000;
const outOfServiceTaint = 'node.kubernetes.io/out-of-service';

export function startPodGcController(context: ControllerContext): Running {
  const client = context.clientFor('pod-garbage-collector');
  const pods = context.informers.informer(resources.pods);
  const nodes = context.informers.informer(resources.nodes);
  const unknownNodes = new UnknownNodes();
  return periodic(context, {
    name: 'podgc',
    periodMs,
    synced: [pods.synced, nodes.synced],
    run: async (signal) => {
      const all = pods.lister.list();
      const now = context.clock.now();
      for (const pod of terminatedBeyond(all, context.options.terminatedPodGcThreshold))
        await remove(client, pod, undefined, context, signal);
      const gone = await unknownNodes.gone(
        all,
        now,
        (node) => nodes.lister.get(undefined, node) !== undefined,
        (node) => nodeExists(client, node, signal),
      );
      for (const pod of all) {
        if (gone.has(pod.spec?.nodeName ?? '')) {
          const message = 'PodGC: node no longer exists';
          await remove(client, pod, { reason: 'DeletionByPodGC', message }, context, signal);
        } else if (pod.metadata?.deletionTimestamp && !pod.spec?.nodeName)
          await remove(client, pod, undefined, context, signal);
        else if (isOutOfService(pod, nodes.lister)) await remove(client, pod, undefined, context, signal);
      }
    },
  });
}

/** Oldest first. A threshold of 0 or less means none. */
function terminatedBeyond(pods: readonly Readonly<Pod>[], threshold: number): Readonly<Pod>[] {
  if (threshold <= 0) return [];
  const terminated = pods.filter(isPodTerminal);
  const created = (pod: Readonly<Pod>): string => pod.metadata?.creationTimestamp ?? '';
  terminated.sort((a, b) => (created(a) < created(b) ? -1 : 1));
  return terminated.slice(0, Math.max(0, terminated.length - threshold));
}

async function nodeExists(client: RestClient, node: string, signal: AbortSignal): Promise<boolean> {
  try {
    await client.resource(resources.nodes).get(undefined, node, { signal });
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

function isOutOfService(pod: Readonly<Pod>, nodes: Lister<Node>): boolean {
  if (!pod.metadata?.deletionTimestamp || isPodReady(pod)) return false;
  const node = nodes.get(undefined, pod.spec?.nodeName ?? '');
  const isReady = node?.status?.conditions?.some(
    (condition) => condition.type === 'Ready' && condition.status === 'True',
  );
  return !!node && !isReady && (node.spec?.taints?.some((taint) => taint.key === outOfServiceTaint) ?? false);
}

/** Deletes at once. A pod that has not ended is marked failed first, so that its controller sees how it went. */
async function remove(
  client: RestClient,
  pod: Readonly<Pod>,
  target: { reason: string; message: string } | undefined,
  context: ControllerContext,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name = '', uid } = pod.metadata ?? {};
  const resource = client.resource(resources.pods);
  try {
    if (!isPodTerminal(pod)) {
      const others = pod.status?.conditions?.filter((condition) => condition.type !== 'DisruptionTarget') ?? [];
      const conditions = target
        ? [
            ...others,
            { type: 'DisruptionTarget', status: 'True', ...target, lastTransitionTime: timestamp(context.clock) },
          ]
        : (pod.status?.conditions ?? []);
      await resource.patch(
        namespace,
        name,
        { metadata: { uid }, status: { phase: 'Failed', conditions } },
        { type: 'merge', subresource: 'status', signal },
      );
    }
    await resource.delete(namespace, name, { gracePeriodSeconds: 0, preconditions: { uid }, signal });
  } catch (error) {
    if (!isNotFound(error))
      context.logger.warn(
        { controller: 'podgc', pod: `${namespace ?? ''}/${name}`, error: String(error) },
        'cannot remove pod',
      );
  }
}
